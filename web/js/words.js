// @ts-check
/**
 * Every English sentence and label of the page. Values in, words out; figures come from `format.js`.
 */
import { age, capital, cleanName, coarseAge, count, credits, isKnown, isolated, lapTime, oneDecimal, sectorTime, UNKNOWN, whole } from "./format.js";

/** @typedef {"purple" | "green" | "yellow" | "alert" | "flag" | "plain" | "quiet"} Tone */
/** @typedef {"laps" | "race" | "penalties" | "rigs"} Category */
/** @typedef {{glyph: string, text: string, tone: Tone, category: Category}} Told */
/** @typedef {Record<string, any>} GameEvent One canonical event; its fields by kind: docs/websocket.md. */
/** @typedef {{rig_id: string, udp_port: number | null}} RigAddress */

export const LABELS = Object.freeze({
  speed: "Speed",
  speedUnit: "km/h",
  gear: "Gear",
  rpm: "rpm",
  throttle: "Throttle",
  brake: "Brake",
  steering: "Steering",
  lap: "Lap",
  invalid: "✕ invalid",
  last: "Last",
  best: "Best",
  sector1: "S1",
  sector2: "S2",
  gapToLeader: "To leader",
  interval: "To car ahead",
  leader: "leader",
  drs: "DRS",
  pit: "Pit",
  flag: "Flag",
  penalties: "Penalties",
  warnings: "Warnings",
  tyres: "Tyres",
  wear: "wear",
  core: "core",
  tyreAge: "laps",
  ers: "ERS",
  ersUnit: "MJ",
  fuel: "Fuel kg, laps",
  of: "of",
  left: "left",
  packets: "packets/s",
  position: "Position",
  revLights: "Rev lights",
  trace: "Last 10 seconds: speed, throttle, brake",
  traceSpan: "last 10 s",
  timeline: "Timeline",
  noFacts: "Nothing has happened yet",
  everyRig: "All rigs",
  everyKind: "All",
  filterRig: "Show events of",
  filterKind: "Show kinds of events",
  lostBanner: "connection to the gateway lost, retrying",
  connecting: "Connecting to the gateway",
  noRigs: "The gateway has no rigs configured",
  gateway: "Gateway",
});

/** @type {Readonly<Record<Category, string>>} */
export const CATEGORIES = Object.freeze({ laps: "Laps", race: "Race", penalties: "Penalties", rigs: "Rigs" });

/** @type {Readonly<Record<string, string>>} */
export const WHEELS = Object.freeze({ fl: "front left", fr: "front right", rl: "rear left", rr: "rear right" });

/** Colour is never the only sign: each tyre zone has a glyph and a word. */
export const TYRE_ZONES = Object.freeze({
  cold: { glyph: "▼", text: "cold" },
  optimal: { glyph: "●", text: "optimal" },
  hot: { glyph: "▲", text: "hot" },
  unknown: { glyph: "", text: UNKNOWN },
});

/** @type {Readonly<Record<"live" | "stale" | "never" | "lost", string>>} */
export const LINKS = Object.freeze({ live: "live", stale: "silent", never: "waiting", lost: "lost" });

/** @type {Readonly<Record<"connecting" | "open" | "lost", string>>} */
export const SOCKETS = Object.freeze({ connecting: "connecting", open: "live", lost: "lost" });

// --- Data Cloud ----------------------------------------------------------------------------------

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

/** @type {Readonly<Record<string, string>>} */
const MODES = Object.freeze({
  none: "packets arrive, nothing known yet",
  menu: "in the menu, no session",
  spectating: "spectating, no car of its own",
  no_car: "the game names a car that has no data",
});

/** @param {boolean | null | undefined} open @param {boolean | null | undefined} allowed */
export function drsWord(open, allowed) {
  if (open === true) return "open";
  if (allowed === true) return "available";
  return open === false && allowed === false ? "closed" : UNKNOWN;
}

/** @param {unknown} status A pit status of the contract. */
export const pitWord = (status) => (status === "none" ? "on track" : capital(status).toLowerCase());

/** @param {number | null | undefined} seconds */
export const penaltyWord = (seconds) => (isKnown(seconds) ? `${seconds > 0 ? "+" : ""}${seconds} s` : UNKNOWN);

/** @param {unknown} flag @param {unknown} safetyCar @returns {string} What race control shows, the gravest first. */
export function flagWord(flag, safetyCar) {
  if (typeof safetyCar === "string" && safetyCar !== "no safety car") return SAFETY_CAR_SHORT[safetyCar] ?? safetyCar;
  if (flag === "unknown") return UNKNOWN;
  return flag === null || flag === undefined ? UNKNOWN : String(flag);
}

/** @type {Readonly<Record<string, string>>} */
const SAFETY_CAR_SHORT = Object.freeze({
  "full safety car": "SC",
  "virtual safety car": "VSC",
  "formation lap": "formation",
});

/**
 * How a last lap stands beside the others; `null` when that is not known.
 *
 * @param {{last: number | null, best: number | null, sessionBest: boolean, valid: boolean | null}} lap
 * @returns {{glyph: string, text: string, tone: Tone} | null}
 */
export function lapVerdict({ last, best, sessionBest, valid }) {
  if (!isKnown(last)) return null;
  if (valid === false) return { glyph: "✕", text: "does not count", tone: "quiet" };
  if (sessionBest) return { glyph: "◆", text: "session best", tone: "purple" };
  if (!isKnown(best)) return null;
  if (last <= best) return valid === true ? { glyph: "▲", text: "own best", tone: "green" } : null;
  return { glyph: "▼", text: `+${sectorTime(last - best)}`, tone: "yellow" };
}

/**
 * What lies over a pane that is not simply live and driving; `null` when it is.
 *
 * @param {RigAddress} rig
 * @param {"live" | "stale" | "never" | "lost"} link
 * @param {{mode: unknown, silentS: number | null, packetsPerS?: number | null}} facts
 * @returns {{title: string, detail: string} | null}
 */
export function paneNotice(rig, link, { mode, silentS, packetsPerS = 0 }) {
  if (link === "lost") {
    return { title: "connection to the gateway lost", detail: silentS === null ? "" : `last data ${age(silentS)} ago` };
  }
  if (link === "stale") {
    const note = typeof mode === "string" ? MODES[mode] : undefined;
    if (isKnown(packetsPerS) && packetsPerS > 0) {
      return { title: note ?? `no new values for ${age(silentS)}`, detail: "the game is paused or in its menus" };
    }
    return { title: `no packets for ${age(silentS)}`, detail: "the values are the last ones received" };
  }
  if (link === "never") {
    const port = rig.udp_port;
    if (port === null) return { title: `waiting for ${rig.rig_id}`, detail: "" };
    return {
      title: `waiting for ${rig.rig_id} on UDP ${port}:`,
      detail: `set UDP to this host, port ${port}, format 2025`,
    };
  }
  const note = typeof mode === "string" ? MODES[mode] : undefined;
  return note === undefined ? null : { title: note, detail: "" };
}

// --- facts ---------------------------------------------------------------------------------------

/** @param {unknown} name */
const nameOr = (name, fallback = "unnamed car") => isolated(cleanName(name) ?? fallback);

/** @param {GameEvent} event */
const who = (event) => nameOr(event.driver_name);

/** @param {string} glyph @param {Tone} tone @param {Category} category @param {string} text @returns {Told} */
const told = (glyph, tone, category, text) => ({ glyph, tone, category, text });

/** @param {(string | false | null | undefined)[]} marks */
const suffix = (...marks) => marks.filter(Boolean).map((mark) => ` · ${mark}`).join("");

/** @param {GameEvent} event */
function lapCompleted(event) {
  const marks = suffix(
    event.session_best ? "session best" : event.personal_best && "personal best",
    event.valid === false && "invalid",
    event.pit_lap && "pit lap",
    event.status === "corrected" && "corrected",
  );
  const text = `Lap ${whole(event.lap_number)} – ${lapTime(event.lap_time_ms)}, ${who(event)}${marks}`;
  if (event.valid === false) return told("✕", "alert", "laps", text);
  if (event.session_best) return told("◆", "purple", "laps", text);
  return event.personal_best ? told("▲", "green", "laps", text) : told("●", "plain", "laps", text);
}

/** @param {GameEvent} event */
function penalty(event) {
  const time = isKnown(event.time_s) ? ` ${event.time_s} s` : "";
  const with_ = event.other_driver_name ? ` with ${nameOr(event.other_driver_name)}` : "";
  const tone = event.penalty === "Warning" ? "flag" : "alert";
  return told("!", tone, "penalties", `${capital(event.penalty)}${time} – ${capital(event.infringement)}${with_}, ${who(event)}`);
}

/** @param {GameEvent} event */
function classification(event) {
  const cars = Array.isArray(event.cars) ? event.cars : [];
  const podium = [1, 2, 3]
    .map((position) => cars.find((car) => car.position === position))
    .filter(Boolean)
    .map((car) => `${car.position} ${nameOr(car.name)}`);
  return told("■", "plain", "race", `Result${podium.length === 0 ? "" : ` – ${podium.join(", ")}`}`);
}

/** @type {Readonly<Record<string, string>>} */
const ENDINGS = Object.freeze({
  new_session: "Session ended, a new one began",
  silence: "Session closed after a long silence",
});

/** @param {GameEvent} event */
function sharedRace(event) {
  const rigs = `${event.rig_id} and ${event.other_rig_id}`;
  return event.same_car === true
    ? told("!", "alert", "rigs", `${rigs} send the same car: give each game its own port`)
    : told("●", "plain", "rigs", `${rigs} are in one race`);
}

/** Is this slot the rig's own car? Facts of laps say so themselves, by `own`. @param {unknown} carIndex @param {number | null} ownCar */
const isOwnCar = (carIndex, ownCar) => ownCar !== null && carIndex === ownCar;

/** @type {Readonly<Record<string, (event: GameEvent, ownCar: number | null) => Told | null>>} */
const TELLERS = Object.freeze({
  SessionStarted: (event) =>
    told("►", "plain", "rigs", `${event.session_type ? capital(event.session_type) : "Session"}${event.track ? ` at ${event.track}` : ""}`),
  SessionEnded: (event) => told("■", "quiet", "rigs", ENDINGS[event.reason] ?? "Session ended"),
  ParticipantsChanged: (event) => told("·", "quiet", "race", `${whole(event.num_active_cars)} ${event.num_active_cars === 1 ? "car" : "cars"} in the session`),
  SectorCompleted: (event) =>
    event.own && event.sector !== 3 // sector 3 ends the lap, which is told as a lap
      ? told("·", "quiet", "laps", `Sector ${whole(event.sector)} – ${sectorTime(event.sector_time_ms)}, ${who(event)}`)
      : null,
  LapCompleted: (event) => (event.own || event.session_best ? lapCompleted(event) : null),
  LapWithdrawn: (event) =>
    event.own ? told("↶", "flag", "laps", `Flashback: lap ${whole(event.lap_number)} undone, ${who(event)}`) : null,
  LapInvalidated: (event) =>
    event.own ? told("✕", "alert", "laps", `Lap ${whole(event.lap_number)} will not count, ${who(event)}`) : null,
  FlashbackUsed: (event) => told("↶", "flag", "race", `Flashback used, ${who(event)}`),
  FinalClassification: classification,
  FastestLap: (event) => told("◆", "purple", "laps", `Fastest lap – ${lapTime(event.lap_time_ms)}, ${who(event)}`),
  SpeedTrap: (event, ownCar) =>
    event.session_best || (event.personal_best && isOwnCar(event.car_index, ownCar))
      ? told("»", event.session_best ? "purple" : "green", "laps", `Speed trap ${whole(event.speed_kph)} km/h, ${who(event)}`)
      : null,
  PenaltyIssued: penalty,
  PenaltyServed: (event) => told("!", "plain", "penalties", `${capital(event.penalty)} served, ${who(event)}`),
  Overtake: (event, ownCar) => {
    const concerns = isOwnCar(event.car_index, ownCar) || isOwnCar(event.overtaken_car_index, ownCar);
    return told("↑", concerns ? "plain" : "quiet", "race", `${who(event)} overtakes ${nameOr(event.overtaken_driver_name)}`);
  },
  Collision: (event) => told("×", "flag", "race", `Collision – ${who(event)} and ${nameOr(event.other_driver_name)}`),
  Retirement: (event) => told("✕", "alert", "race", `${who(event)} retires${event.reason ? ` – ${event.reason}` : ""}`),
  TeamMateInPits: () => told("·", "quiet", "race", "Team-mate in the pits"),
  LightsOut: () => told("►", "plain", "race", "Lights out"),
  ChequeredFlag: () => told("⚑", "plain", "race", "Chequered flag"),
  RaceWinner: (event) => told("◆", "plain", "race", `${who(event)} wins`),
  RedFlag: () => told("⚑", "alert", "race", "Red flag"),
  SafetyCar: (event) => told("⚑", "flag", "race", `${capital(event.safety_car)} – ${event.action}`),
  DrsChanged: (event) =>
    told("»", "quiet", "race", event.enabled ? "DRS enabled" : `DRS disabled${event.reason ? ` – ${event.reason}` : ""}`),
  RigOnline: (event) =>
    told("●", "green", "rigs", `${event.rig_id} is online${isKnown(event.silent_s) ? ` after ${age(event.silent_s)} of silence` : ""}`),
  RigSilent: (event) => told("○", "alert", "rigs", `${event.rig_id} went silent`),
  SharedRace: sharedRace,
  // LapDisputed is left out: it tells engineers that two rigs disagree, and the audience could not judge which is right.
});

/**
 * One event as a line of the timeline; `null` when it is not for the audience, or of a kind unknown to this page.
 *
 * @param {GameEvent} event
 * @param {number | null} ownCar The slot of the rig's own car in the event's session; `null` when unknown.
 * @returns {Told | null}
 */
export function tell(event, ownCar = null) {
  return Object.hasOwn(TELLERS, event.kind) ? TELLERS[event.kind](event, ownCar) : null;
}
