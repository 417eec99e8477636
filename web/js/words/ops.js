// @ts-check
/** The words of the ops page. Values in, words out; figures come from `format.js`. */
import { age, count, oneDecimal, UNKNOWN, whole } from "../format.js";

/** @typedef {"live" | "stale" | "never" | "lost" | "unknown"} LinkMark */
/** @typedef {"ok" | "bad" | "unknown"} CheckMark */

export const OPS = Object.freeze({
  wrong: "What is wrong",
  gatewayTag: "Gateway",
  cloudTag: "Cloud",
  typeIn: "Type this into the game",
  typeInWhere: "Settings → Telemetry Settings",
  setting: "Setting",
  value: "Value",
  check: "What arrives",
  packets: "Packets a second",
  packet: "Packet",
  expected: "Expected",
  seen: "Seen",
  total: "In all",
  nowAndThen: "Now and then",
  noPackets: "Nothing has arrived yet",
  facts: "What the gateway sees",
  gateway: "Gateway",
  host: "This host",
  parts: "Parts",
  queues: "Queues",
  queue: "Reader",
  waiting: "Waiting",
  delivered: "Passed on",
  dropped: "Dropped",
  conflated: "Merged",
  clients: "Screens",
  address: "Address",
  connected: "Since",
  shows: "Shows",
  skipped: "Skipped",
  noClients: "No screen is connected",
  senders: "Senders",
  noSenders: "Nobody sends to the rigs' ports",
  sentAs: "Taken as",
  rate: "Datagrams",
  clock: "Clock",
  more: "More pages",
  noRigs: "The gateway has no rigs configured: set RIGS",
  state: "State",
  short: "short",
  enough: "enough",
  or: "or",
});

/** The game's menu, in its order and its words. */
export const TYPE_IN = Object.freeze({
  telemetry: "UDP Telemetry",
  broadcast: "UDP Broadcast Mode",
  addresses: "UDP IP Address",
  port: "UDP Port",
  sendRate: "UDP Send Rate",
  format: "UDP Format",
  yourTelemetry: "Your Telemetry",
});

/** What stands on a rig's card, in its order. */
export const RIG_FACTS = Object.freeze({
  last: "Last packet",
  loss: "Lost",
  received: "Packets",
  source: "Sent from",
  game: "Game",
  session: "Session",
  rejected: "Rejected",
  buffer: "Buffer",
});

/** What stands in the gateway's part, in its order. */
export const GATEWAY_FACTS = Object.freeze({
  address: "Address",
  host: "Name",
  uptime: "Running for",
  version: "Version",
  lag: "Loop lag",
});

export const CLOCK_FACTS = Object.freeze({
  utc: "Host, UTC",
  local: "Host, local",
  screen: "This screen",
  org: "Data Cloud",
});

/** @type {readonly (readonly [href: string, text: string])[]} */
export const MORE_PAGES = Object.freeze([
  ["/", "Wall"],
  ["/compare", "Compare laps"],
  ["/health", "/health"],
  ["/metrics", "/metrics"],
]);

/** @type {Readonly<Record<CheckMark, string>>} */
export const CHECK_GLYPHS = Object.freeze({ ok: "✓", bad: "✕", unknown: "?" });

/** @type {Readonly<Record<LinkMark, string>>} */
export const LINK_GLYPHS = Object.freeze({ live: "●", stale: "◐", never: "○", lost: "?", unknown: "?" });

/** How it stands with a rig. @param {LinkMark} link @param {number | null} silentS */
export function linkWord(link, silentS) {
  if (link === "live") return "live";
  if (link === "stale") return silentS === null ? "silent" : `silent for ${age(silentS)}`;
  return link === "never" ? "has not sent yet" : "not known";
}

/** How long ago, for what comes many times a second. @param {number | null} seconds */
export function agoWord(seconds) {
  if (seconds === null) return UNKNOWN;
  return seconds < 2 ? "just now" : `${age(seconds)} ago`;
}

/** `wrong_length` as words. @param {string} name */
export const spaced = (name) => name.replaceAll("_", " ");

/** @param {readonly (readonly [string, number])[]} tally */
export const tallyWord = (tally) => tally.map(([reason, times]) => `${spaced(reason)} ${count(times)}`).join(" · ");

/** @param {number | null} hz */
export const hertz = (hz) => (hz === null ? UNKNOWN : `${whole(hz)} Hz`);

/** @param {number | null} percent */
export const lossWord = (percent) => (percent === null ? UNKNOWN : `${oneDecimal(percent)} %`);

/** @param {number | null} perS */
export const perSecond = (perS) => (perS === null ? UNKNOWN : `${count(perS)} a second`);

/** @param {number | null} received */
export const inAll = (received) => (received === null ? "" : `${count(received)} in all`);

/** @param {number | null} format */
export const formatWord = (format) => (format === null ? UNKNOWN : `format ${format}`);

/** @param {string | null} version */
export const versionWord = (version) => (version === null ? "" : `version ${version}`);

/** @param {number} problems */
export const flagWord = (problems) => (problems === 1 ? "1 problem" : `${count(problems)} problems`);

// --- what can be told of a setting from what arrives -----------------------------------------------

export const CHECKS = Object.freeze({
  arrives: "packets arrive",
  nothing: "nothing arrives",
  unseen: "cannot be seen",
  unknown: "not known",
  notYet: "not seen yet",
});

/** @param {string} value */
export const seenWord = (value) => `sends ${value}`;

/** @param {string} value */
export const lastSeenWord = (value) => `last sent ${value}`;

/** A newer format than the one asked for is read as well. @param {number} format */
export const newerWord = (format) => `sends ${format}, fine too`;

/** @param {boolean} isPublic */
export const publicWord = (isPublic) => (isPublic ? "public" : "restricted");

// --- what is wrong ---------------------------------------------------------------------------------

export const VERDICTS = Object.freeze({
  waiting: { glyph: "…", headline: "Waiting for the gateway's first word" },
  silent: { glyph: "✕", headline: "The gateway does not answer" },
  wrong: { glyph: "!" },
  well: { glyph: "✓", headline: "All is well" },
  unproven: { glyph: "?", headline: "Nothing is known to be wrong, but not all is proven" },
});

/** @param {number} problems */
export const wrongHeadline = (problems) => (problems === 1 ? "One thing needs a hand" : `${count(problems)} things need a hand`);

/** @param {number | null} silenceS `null` when it has never answered. */
export const silentSentence = (silenceS) =>
  `${silenceS === null ? "No word from the gateway yet" : `No word from the gateway for ${age(silenceS)}`}: see that its program runs and that this screen is in its network`;

/** @param {boolean} isKnown Whether there is an older word. */
export const silentDetail = (isKnown) => (isKnown ? "What stands below is the last it said; nothing is known of now." : "");

/** @param {string} rigId @param {number | null} rateHz @param {number | null} perS */
export const sendsWord = (rigId, rateHz, perS) =>
  rateHz === null ? `${rigId} sends ${perSecond(perS)} packets` : `${rigId} sends ${whole(rateHz)} times a second`;

/** @param {number | null} percent */
export const lostShort = (percent) => (percent === null ? "loss not known yet" : `${oneDecimal(percent)} % lost`);

/** @param {string} rigId @param {LinkMark} link @param {number | null} silentS */
export const notSending = (rigId, link, silentS) =>
  link === "never" || link === "stale" ? `${rigId} ${link === "never" ? "" : "is "}${linkWord(link, silentS)}` : `${rigId}: not known whether it sends`;

/** @param {string} ago */
export const rowAccepted = (ago) => `Last row accepted ${ago}`;

/** @param {string} word */
export const cloudIs = (word) => `Data Cloud: ${word}`;
export const CLOUD_IS_OFF = "Data Cloud is off: no rows are kept";
export const CLOUD_UNKNOWN = "Data Cloud: not known";

/** @param {number} parts */
export const allPartsRun = (parts) => `All ${count(parts)} parts of the gateway run`;
export const PARTS_UNKNOWN = "The gateway's parts: not known";

/** @param {readonly string[]} names */
export const partsStopped = (names) => `The gateway has stopped in part (${names.join(", ")}): start it anew`;

/** @param {number} more */
export const moreWord = (more) => (more > 0 ? `and ${count(more)} more` : "");

// --- gateway ---------------------------------------------------------------------------------------

/** @type {Readonly<Record<"ok" | "degraded" | "failed" | "unknown", string>>} */
export const STATUS = Object.freeze({ ok: "runs", degraded: "needs a hand", failed: "stopped in part", unknown: "not known" });

/** @param {boolean | null} isUp */
export const partWord = (isUp) => (isUp === null ? CHECKS.unknown : isUp ? "runs" : "stopped");

/** @param {number | null} newestMs @param {number | null} worstMs */
export const lagWord = (newestMs, worstMs) => ({
  value: newestMs === null ? UNKNOWN : `${oneDecimal(newestMs)} ms`,
  detail: worstMs === null ? "" : `worst of the last minute ${oneDecimal(worstMs)} ms`,
});

/** @param {number | null} cut @param {number | null} refused */
export const clientsNote = (cut, refused) =>
  [cut === null || cut === 0 ? null : `${count(cut)} cut off as too slow`, refused === null || refused === 0 ? null : `${count(refused)} refused as too many`]
    .filter(Boolean)
    .join(" · ");

/** What a sender is taken for. @param {"accepted" | "refused" | "unclaimed" | null} state @param {string | null} rigId @param {number | null} port */
export function senderWord(state, rigId, port) {
  if (state === "accepted") return rigId ?? UNKNOWN;
  if (state === "refused") return rigId === null ? "refused" : `refused by ${rigId}`;
  if (state === "unclaimed") return port === null ? "nobody's" : `nobody's, on port ${port}`;
  return UNKNOWN;
}

/** How often it sends, or for how long it has not. @param {number | null} perS @param {number | null} ageS */
export const senderRateWord = (perS, ageS) => (ageS !== null && ageS >= 2 ? `silent for ${age(ageS)}` : perSecond(perS === null ? null : Math.round(perS)));

/** A date and time of day: `2026-11-25 10:00:00`. @param {number | null} instantMs Milliseconds since 1970. */
export function dateClock(instantMs) {
  const at = new Date(instantMs ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? UNKNOWN : at.toISOString().slice(0, 19).replace("T", " ");
}

/** @param {number | null} offsetS */
export function zoneWord(offsetS) {
  if (offsetS === null) return "";
  const minutes = Math.abs(Math.round(offsetS / 60));
  return `UTC${offsetS < 0 ? "−" : "+"}${Math.floor(minutes / 60)}${minutes % 60 === 0 ? "" : `:${String(minutes % 60).padStart(2, "0")}`}`;
}

/** @param {number} seconds Not negative. */
const span = (seconds) => (seconds < 1 ? `${seconds.toFixed(2)} s` : seconds < 60 ? `${seconds.toFixed(1)} s` : age(seconds));

/** How a clock stands to the host's. @param {number | null} aheadS @param {number} doubtS */
export function aheadWord(aheadS, doubtS) {
  if (aheadS === null) return UNKNOWN;
  if (Math.abs(aheadS) <= doubtS) return "as the host's";
  return `${span(Math.abs(aheadS))} ${aheadS > 0 ? "ahead of the host" : "behind the host"}`;
}

/** @param {number} doubtS */
export const doubtWord = (doubtS) => `sure to ± ${span(Math.max(0.01, Math.ceil(doubtS * 100) / 100))}`;
