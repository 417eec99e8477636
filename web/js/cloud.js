// @ts-check
/**
 * What the gateway tells of Data Cloud (`GET /api/cloud`): taken from a body that may hold anything, and turned into
 * the words of the pill and the panel. Pure; `now` is the page's monotonic clock in milliseconds.
 *
 * Theory: evidence only. "connected" needs a row accepted within `PROVEN_S`. A word of the gateway that is old, or was
 * followed by a poll that failed, says nothing of now: counts stay as the last ones known, what moves becomes "–".
 */
import { age, bytes, count, UNKNOWN, wallClock } from "./format.js";
import { amount, instant, isRecord, name, record, sentence } from "./untrusted.js";
import {
  CLOUD_LABELS,
  CLOUD_NOT_ASKED,
  CLOUD_OFF,
  CLOUD_WORDS,
  cloudSilence,
  cloudSilenceSentence,
  cloudStatus,
  cloudUnproven,
  creditsWord,
  etaWord,
  latestLetter,
  limitWord,
  lostWord,
  packUpReason,
  packUpWord,
  rateWord,
  rowsWord,
  TELEMETRY_STOPPED,
  waitingWord,
} from "./words/cloud.js";

export const PROVEN_S = 60;
export const STALE_AFTER_MS = 10_000;

const MOST_OBJECTS = 8;
const MOST_PROBLEMS = 8;

/** @typedef {"off" | "starting" | "connected" | "offline" | "auth_failed" | "parked" | "throttled" | "storage_failed" | "draining"} CloudState */
/** @typedef {"live" | "quiet" | "busy" | "alert" | "lost" | "off"} Mark How the pill looks; its words say the same. */
/** @typedef {readonly (readonly [name: string, rows: number | null])[]} ByObject */

/** @type {Readonly<Record<CloudState, Mark>>} */
const MARKS = Object.freeze({
  off: "off",
  starting: "busy",
  connected: "live",
  offline: "busy",
  auth_failed: "alert",
  parked: "alert",
  throttled: "busy",
  storage_failed: "alert",
  draining: "busy",
});

/**
 * @typedef {object} Report One body, read; `null` is unknown.
 * @property {CloudState | null} state
 * @property {string | null} sentence
 * @property {{atMs: number | null, ageS: number | null, object: string | null}} accepted
 * @property {{rows: number | null, bytes: number | null, oldestS: number | null, byObject: ByObject}} waiting
 * @property {number | null} rate Rows a second.
 * @property {number | null} etaS
 * @property {boolean | null} isSafe
 * @property {string | null} packUpSentence
 * @property {{rows: number | null, byObject: ByObject, object: string | null, reason: string | null}} letters
 * @property {{rows: number | null, credits: number | null, creditsPer8h: number | null, limit: number | null, isStopped: boolean}} today `limit` is `Infinity` for none.
 * @property {{evicted: number | null, notStored: number | null, damaged: number | null}} lost
 * @property {readonly string[]} problems
 * @property {string | null} target
 */

/** @typedef {{report: Report | null, receivedAt: number, isFailing: boolean}} Cloud What the page knows: the last word, and whether the poll after it failed. */

// --- reading -------------------------------------------------------------------------------------

/** @param {unknown} value @returns {ByObject} */
const byObject = (value) =>
  Object.entries(record(value))
    .slice(0, MOST_OBJECTS)
    .map(([object, rows]) => [name(object) ?? UNKNOWN, amount(rows)]);

/** @param {unknown} value @returns {readonly string[]} */
const sentences = (value) =>
  (Array.isArray(value) ? value : [])
    .map(sentence)
    .filter((text) => text !== null)
    .slice(0, MOST_PROBLEMS);

/** @param {unknown} value @returns {CloudState | null} */
const stateOf = (value) => (typeof value === "string" && Object.hasOwn(MARKS, value) ? /** @type {CloudState} */ (value) : null);

/** @param {Record<string, any>} today @returns {Report["today"]} */
const readToday = (today) => ({
  rows: amount(today.rows),
  credits: amount(today.credits),
  creditsPer8h: amount(today.credits_per_8h),
  limit: today.limit_rows === null ? Infinity : amount(today.limit_rows),
  isStopped: today.telemetry_stopped === true,
});

/** @param {Record<string, any>} letters @returns {Report["letters"]} */
function readLetters(letters) {
  const latest = record(letters.latest);
  return { rows: amount(letters.rows), byObject: byObject(letters.by_object), object: name(latest.object), reason: sentence(latest.reason) };
}

/**
 * What a body says; whatever is not as the contract has it is unknown.
 *
 * @param {unknown} body
 * @returns {Report | null} `null` for what is no answer at all.
 */
export function readCloud(body) {
  if (!isRecord(body)) return null;
  const [evidence, waiting, lost] = [record(body.evidence), record(body.waiting), record(body.lost)];
  return {
    state: stateOf(body.state),
    sentence: sentence(body.sentence),
    accepted: { atMs: instant(evidence.last_accepted_at), ageS: amount(evidence.last_accepted_age_s), object: name(evidence.last_object) },
    waiting: {
      rows: amount(waiting.rows),
      bytes: amount(waiting.bytes),
      oldestS: amount(waiting.oldest_age_s),
      byObject: byObject(waiting.by_object),
    },
    rate: amount(body.rate_rows_per_s),
    etaS: amount(body.drain_eta_s),
    isSafe: typeof body.safe_to_pack_up === "boolean" ? body.safe_to_pack_up : null,
    packUpSentence: sentence(body.pack_up_sentence),
    letters: readLetters(record(body.dead_letters)),
    today: readToday(record(body.today)),
    lost: { evicted: amount(lost.evicted), notStored: amount(lost.not_stored), damaged: amount(lost.damaged) },
    problems: sentences(body.problems),
    target: sentence(body.target),
  };
}

/** @returns {Cloud} Before the first answer. */
export const notAsked = () => ({ report: null, receivedAt: 0, isFailing: false });

/** @param {Cloud} cloud @param {unknown} body @param {number} now @returns {Cloud} */
export function answered(cloud, body, now) {
  const report = readCloud(body);
  return report === null ? failed(cloud) : { report, receivedAt: now, isFailing: false };
}

/** @param {Cloud} cloud @returns {Cloud} */
export const failed = (cloud) => ({ ...cloud, isFailing: true });

// --- what may be claimed -------------------------------------------------------------------------

/** @param {number | null} seconds @param {number} elapsedS */
const older = (seconds, elapsedS) => (seconds === null ? null : seconds + elapsedS);

/** A report with its ages as they are now. @param {Report} report @param {number} elapsedS @returns {Report} */
const aged = (report, elapsedS) => ({
  ...report,
  accepted: { ...report.accepted, ageS: older(report.accepted.ageS, elapsedS) },
  waiting: { ...report.waiting, oldestS: older(report.waiting.oldestS, elapsedS) },
});

/** A report of which nothing is shown as live. @param {Report} report @returns {Report} */
const frozen = (report) => ({
  ...report,
  accepted: { ...report.accepted, ageS: null },
  waiting: { ...report.waiting, oldestS: null },
  rate: null,
  etaS: null,
  isSafe: null,
});

/** @param {Report} report */
const isProven = ({ accepted }) => accepted.ageS !== null && accepted.ageS < PROVEN_S;

/** Which of our words a state deserves. @param {Report} report @returns {keyof typeof CLOUD_WORDS} */
function wordOf(report) {
  if (report.state === null) return "unknown";
  if (report.state !== "connected" || isProven(report)) return report.state;
  return report.waiting.rows === 0 ? "idle" : "unproven";
}

/** @param {Report} report @param {keyof typeof CLOUD_WORDS} word @returns {Mark} */
function markOf(report, word) {
  if (word === "idle") return "quiet";
  return word === "unproven" || report.state === null ? "busy" : MARKS[report.state];
}

/** Rows that wait are a fact; a gateway that calls that safe is not believed. @param {Report} report */
function isSafe({ isSafe: told, waiting }) {
  if (told !== true) return told;
  return waiting.rows === null ? null : waiting.rows === 0;
}

/**
 * For how long at least nothing has got through, in seconds: no longer than a row has been waiting. `null` when
 * nothing waits, for then nothing was tried.
 *
 * @param {Report} report
 */
function stuckS({ accepted, waiting }) {
  if (waiting.oldestS === null || waiting.rows === 0) return null;
  return accepted.ageS === null ? waiting.oldestS : Math.min(waiting.oldestS, accepted.ageS);
}

/** @param {Report} report */
const isFlagged = ({ letters, lost, problems, today }) =>
  [letters.rows, lost.evicted, lost.notStored, lost.damaged].some((rows) => rows !== null && rows > 0) || problems.length > 0 || today.isStopped;

// --- words ---------------------------------------------------------------------------------------

/** @typedef {"plain" | "alert" | "caution"} LineTone */
/** @typedef {{value: string, detail: string, hint: string, tone: LineTone}} Line */

/** @param {string} value @param {string} detail @param {LineTone} tone @param {string} hint @returns {Line} */
const line = (value, detail = "", tone = "plain", hint = "") => ({ value, detail, tone, hint });

/** @param {...(string | null)} parts */
const joined = (...parts) => parts.filter((part) => part !== null && part !== "").join(" · ");

/** @param {ByObject} objects @returns {string} */
const listed = (objects) => joined(...objects.map(([object, rows]) => `${object} ${count(rows)}`));

/** @param {Report["letters"]} letters */
function lettersLine({ rows, byObject: objects, object, reason }) {
  if (rows === null || rows === 0) return line(rowsWord(rows));
  const latest = reason === null ? null : latestLetter(object, reason);
  const concerned = objects.filter(([, held]) => held !== 0);
  return line(rowsWord(rows), joined(listed(concerned), latest), "alert", CLOUD_LABELS.lettersCommand);
}

/** @param {Report["lost"]} lost */
function lostLine({ evicted, notStored, damaged }) {
  const rows = evicted === null || notStored === null || damaged === null ? null : evicted + notStored + damaged;
  return line(rowsWord(rows), rows === 0 ? "" : lostWord(evicted, notStored, damaged), rows === null || rows === 0 ? "plain" : "alert");
}

/** @param {Report} report @returns {Record<keyof typeof import("./words/cloud.js").CLOUD_LINES, Line>} */
const linesOf = ({ accepted, waiting, rate, etaS, letters, today, lost, target }) => ({
  waiting: line(rowsWord(waiting.rows), joined(bytes(waiting.bytes), listed(waiting.byObject))),
  oldest: line(age(waiting.oldestS)),
  rate: line(rateWord(rate)),
  last: line(
    accepted.ageS === null ? UNKNOWN : `${age(accepted.ageS)} ago`,
    joined(accepted.atMs === null ? null : wallClock(accepted.atMs), accepted.object),
  ),
  eta: line(etaWord(etaS)),
  letters: lettersLine(letters),
  today: line(rowsWord(today.rows), creditsWord(today.credits, today.creditsPer8h)),
  limit: line(limitWord(today.limit), today.isStopped ? TELEMETRY_STOPPED : "", today.isStopped ? "caution" : "plain"),
  lost: lostLine(lost),
  target: line(target ?? UNKNOWN),
});

/**
 * @typedef {object} CloudView
 * @property {Mark} mark
 * @property {string} status Beside the pill's name.
 * @property {boolean} isFlagged Something in the panel wants a look.
 * @property {string} word The state, in the panel's head.
 * @property {string} sentence
 * @property {import("./words/cloud.js").PackUp | null} packUp
 * @property {string} packUpWhy
 * @property {ReturnType<typeof linesOf> | null} lines `null` when there is nothing to count.
 * @property {readonly string[]} problems
 * @property {boolean} isStale The lines are the last ones known.
 */

/** @param {Mark} mark @param {string} status @param {string} word @param {string} text @returns {CloudView} */
const bare = (mark, status, word, text) => ({
  mark, status, word, sentence: text, isFlagged: false, packUp: null, packUpWhy: "", lines: null, problems: [], isStale: false,
});

/** @param {Report} report @param {number} silenceS @returns {CloudView} */
const silentView = (report, silenceS) => ({
  ...bare("lost", `${CLOUD_WORDS.silent} ${age(silenceS)}`, CLOUD_WORDS.silent, cloudSilenceSentence(silenceS)),
  packUp: packUpWord(null, null),
  lines: linesOf(frozen(report)),
  isStale: true,
});

/** @param {Report} report @param {keyof typeof CLOUD_WORDS} word */
function statusOf(report, word) {
  const { rows } = report.waiting;
  if (word === "connected") return waitingWord(rows);
  return cloudStatus(CLOUD_WORDS[word], word === "offline" ? stuckS(report) : null, rows);
}

/** @param {Report} report @returns {CloudView} */
function toldView(report) {
  const word = wordOf(report);
  const isDoubted = word === "idle" || word === "unproven";
  const safe = isSafe(report);
  const packUp = packUpWord(safe, report.waiting.rows);
  return {
    mark: markOf(report, word),
    status: statusOf(report, word),
    isFlagged: isFlagged(report),
    word: CLOUD_WORDS[word],
    sentence: isDoubted ? cloudUnproven(report.accepted.ageS) : report.sentence ?? UNKNOWN,
    packUp,
    packUpWhy: safe === report.isSafe ? packUpReason(packUp.text, report.packUpSentence) : "",
    lines: linesOf(report),
    problems: report.problems,
    isStale: false,
  };
}

/**
 * What the page shows of Data Cloud at this moment.
 *
 * @param {Cloud} cloud
 * @param {number} now
 * @returns {CloudView}
 */
export function cloudView({ report, receivedAt, isFailing }, now) {
  const { silent, unknown, off } = CLOUD_WORDS;
  if (report === null) return isFailing ? bare("lost", silent, silent, cloudSilence(null)) : bare("quiet", unknown, unknown, CLOUD_NOT_ASKED);
  const elapsedMs = Math.max(0, now - receivedAt);
  if (isFailing || elapsedMs >= STALE_AFTER_MS) return silentView(report, elapsedMs / 1000);
  if (report.state === "off") return { ...bare("off", off, off, CLOUD_OFF), problems: report.problems };
  return toldView(aged(report, elapsedMs / 1000));
}
