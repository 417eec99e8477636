// @ts-check
/** The words of Data Cloud. Values in, words out; figures come from `format.js`. */
import { age, capital, coarseAge, count, credits, isKnown, oneDecimal, UNKNOWN } from "../format.js";

export const CLOUD_LABELS = Object.freeze({
  pill: "Cloud",
  title: "Data Cloud",
  close: "Close",
  figures: "Rows on their way to Data Cloud",
  problems: "What to do",
  flagged: "needs a look",
  lettersCommand: "python -m app.datacloud letters",
});

/** The lines of the panel, in their order. */
export const CLOUD_LINES = Object.freeze({
  waiting: "Waiting",
  oldest: "Oldest waits",
  rate: "Rate",
  last: "Last accepted",
  eta: "All sent in",
  letters: "Dead letters",
  today: "Today (UTC)",
  limit: "Limit a day",
  lost: "Lost",
  target: "Sent to",
});

/** A state of the contract; `idle` and `unproven` are what the page makes of a connection without fresh evidence. */
export const CLOUD_WORDS = Object.freeze({
  off: "off",
  starting: "starting",
  connected: "connected",
  idle: "idle",
  unproven: "unproven",
  offline: "offline",
  auth_failed: "login refused",
  parked: "parked",
  throttled: "throttled",
  storage_failed: "outbox failed",
  draining: "draining",
  unknown: UNKNOWN,
  silent: "no word",
});

export const CLOUD_OFF = "Rows are not kept and not sent: set DATACLOUD_ENABLED=true as docs/salesforce.md tells, and start the gateway anew.";
export const CLOUD_NOT_ASKED = "Waiting for the gateway's first word";
const LAST_VALUES = "the values are the last ones received";

/** @param {number | null} silenceS `null` when it has never answered. */
export const cloudSilence = (silenceS) =>
  silenceS === null ? "no word from the gateway yet" : `no word from the gateway for ${age(silenceS)}`;

/** @param {number | null} silenceS */
export const cloudSilenceSentence = (silenceS) =>
  silenceS === null ? cloudSilence(null) : `${cloudSilence(silenceS)}: ${LAST_VALUES}`;

/** Why a connection without fresh evidence is not called one. @param {number | null} acceptedAgeS */
export const cloudUnproven = (acceptedAgeS) =>
  acceptedAgeS === null ? "No row has been accepted yet" : `No row has been accepted for ${age(acceptedAgeS)}`;

/** @param {number | null} rows */
export const rowsWord = (rows) => (rows === null ? UNKNOWN : `${count(rows)} ${rows === 1 ? "row" : "rows"}`);

/** @param {number | null} rows */
export const waitingWord = (rows) => `${count(rows)} waiting`;

/** @param {string} word @param {number | null} sinceS @param {number | null} rows @returns {string} `offline 3 min · 4 120 waiting` */
export const cloudStatus = (word, sinceS, rows) =>
  `${word}${sinceS === null ? "" : ` ${coarseAge(sinceS)}`} · ${waitingWord(rows)}`;

/** @typedef {{glyph: string, text: string, tone: "good" | "wait" | "unknown"}} PackUp */

/** @param {boolean | null} isSafe `null` when unknown. @param {number | null} rows @returns {PackUp} */
export function packUpWord(isSafe, rows) {
  if (isSafe === null) return { glyph: "?", text: "Not known whether it is safe to pack up", tone: "unknown" };
  if (isSafe) return { glyph: "✓", text: "Safe to pack up", tone: "good" };
  const why = isKnown(rows) && rows > 0 ? `: ${rowsWord(rows)} ${rows === 1 ? "waits" : "wait"}` : "";
  return { glyph: "■", text: `Not yet${why}`, tone: "wait" };
}

const PACK_UP_LEAD = /^(safe to pack up|not yet)[:,.–-]*\s*/i;

/** @param {string} text */
const bareWords = (text) => text.replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();

/** What the gateway's sentence adds to our own headline. @param {string} headline @param {string | null} told */
export function packUpReason(headline, told) {
  const added = (told ?? "").replace(PACK_UP_LEAD, "");
  return added === "" || bareWords(added) === bareWords(headline.replace(PACK_UP_LEAD, "")) ? "" : capital(added);
}

/** @param {number | null} rowsPerS */
export const rateWord = (rowsPerS) => (rowsPerS === null ? UNKNOWN : `${oneDecimal(rowsPerS)} rows/s`);

/** @param {string | null} object @param {string} reason */
export const latestLetter = (object, reason) => `latest: ${object === null ? "" : `${object} `}${reason}`;

/** @param {number | null} seconds */
export function etaWord(seconds) {
  if (seconds === null) return UNKNOWN;
  return seconds === 0 ? "nothing waits" : `about ${age(Math.ceil(seconds))}`;
}

/** @param {number | null} spent @param {number | null} per8h */
export const creditsWord = (spent, per8h) => `${credits(spent)} credits · ${credits(per8h)} in 8 h at this rate`;

/** @param {number | null} rows `Infinity` for none. */
export const limitWord = (rows) => (rows === Infinity ? "none" : rowsWord(rows));
export const TELEMETRY_STOPPED = "reached: telemetry has stopped for today, all else goes on";

/** @param {number | null} evicted @param {number | null} notStored @param {number | null} damaged */
export const lostWord = (evicted, notStored, damaged) =>
  `${count(evicted)} pushed out of a full outbox · ${count(notStored)} never stored · ${count(damaged)} in a damaged file`;
