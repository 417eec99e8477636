// @ts-check
/** The words of a rig's pane. Values in, words out; figures come from `format.js`. */
import { age, capital, isKnown, place, sectorTime, UNKNOWN } from "../format.js";
import { endingOf } from "../result.js";
import { LABELS } from "./labels.js";

/** @typedef {import("./facts.js").Tone} Tone */
/** @typedef {{rig_id: string, udp_port: number | null}} RigAddress */

/** @type {Readonly<Record<string, string>>} */
const MODES = Object.freeze({
  none: "packets arrive, nothing known yet",
  menu: "in the menu, no session",
  spectating: "spectating, no car of its own",
  no_car: "the game names a car that has no data",
});

/**
 * How the rig's race ended: `finished P7`, `retired`; `null` while it has not.
 *
 * @param {Record<string, any>} data
 */
export function endingWord(data) {
  const ending = endingOf(data);
  return ending === "finished" && isKnown(data.position) && data.position >= 1 ? `${ending} ${place(data.position)}` : ending;
}

/** @param {boolean | null | undefined} open @param {boolean | null | undefined} allowed */
export function drsWord(open, allowed) {
  if (open === true) return "open";
  if (allowed === true) return "available";
  return open === false && allowed === false ? "closed" : UNKNOWN;
}

/** @param {unknown} status A pit status of the contract. */
export const pitWord = (status) => (status === "none" ? "track" : capital(status).toLowerCase());

/** @param {number | null | undefined} seconds */
export const penaltyWord = (seconds) => (isKnown(seconds) ? `${seconds > 0 ? "+" : ""}${seconds} s` : UNKNOWN);

/** @param {unknown} flag @param {unknown} safetyCar @param {boolean} isRed @returns {string} What race control shows, the gravest first. */
export function flagWord(flag, safetyCar, isRed = false) {
  if (isRed) return "RED";
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
 * A live delta as a sign: faster or slower than the own best lap at this place; `null` when unknown or even.
 *
 * @param {unknown} ms
 * @returns {{glyph: string, text: string, tone: Tone} | null}
 */
export function deltaVerdict(ms) {
  if (!isKnown(ms)) return null;
  if (ms === 0) return { glyph: "●", text: "even", tone: "plain" };
  return ms < 0 ? { glyph: "▲", text: "faster", tone: "green" } : { glyph: "▼", text: "slower", tone: "yellow" };
}

/** @type {Readonly<Record<string, {glyph: string, text: string, tone: Tone}>>} */
const SECTOR_VERDICTS = Object.freeze({
  session_best: { glyph: "◆", text: "session best", tone: "purple" },
  personal_best: { glyph: "▲", text: "own best", tone: "green" },
  slower: { glyph: "▼", text: "slower", tone: "yellow" },
});

/**
 * Does another rig drive the same track in a session of its own? Then both may have their session's best, which says
 * nothing of the two: it is no purple, or the wall would show two best laps beside a board that ranks them.
 *
 * @param {Record<string, any>} data
 */
export const isContested = ({ other_rig_id: other, same_race: isShared }) => typeof other === "string" && isShared !== true;

/**
 * How a sector stands beside the others; `null` when that is not known.
 *
 * @param {unknown} mark A value of `sector_marks`.
 * @param {boolean} isOfMany The session is one of several, see `isContested`.
 */
export function sectorVerdict(mark, isOfMany = false) {
  if (typeof mark !== "string" || !Object.hasOwn(SECTOR_VERDICTS, mark)) return null;
  return SECTOR_VERDICTS[isOfMany && mark === "session_best" ? "personal_best" : mark];
}

/** @type {Readonly<Record<string, string>>} */
const PARTS = Object.freeze({
  front_left_wing: "wing L",
  front_right_wing: "wing R",
  rear_wing: "rear wing",
  floor: "floor",
  diffuser: "diffuser",
  sidepod: "sidepod",
  gearbox: "gearbox",
  engine: "engine",
});

/** @typedef {{label: string, text: string, tone: Tone | null}} Damage `label` stands above the text. */

/**
 * The worst damage under the name of its part, with how many parts are damaged besides: side by side the two would
 * not fit into a pane.
 *
 * @param {unknown} damage Percent by part.
 * @returns {Damage}
 */
export function damageWord(damage) {
  const unhurt = { label: LABELS.damage, tone: null };
  if (damage === null || typeof damage !== "object") return { ...unhurt, text: UNKNOWN };
  const known = Object.entries(damage).filter(([part, percent]) => Object.hasOwn(PARTS, part) && isKnown(percent));
  if (known.length === 0) return { ...unhurt, text: UNKNOWN };
  const hurt = known.filter(([, percent]) => percent > 0).sort(([, one], [, other]) => other - one);
  if (hurt.length === 0) return { ...unhurt, text: "none" };
  const [part, percent] = hurt[0];
  const more = hurt.length > 1 ? ` +${hurt.length - 1}` : "";
  return { label: `${capital(PARTS[part])}${more}`, text: `${Math.ceil(percent)} %`, tone: percent >= 30 ? "alert" : "flag" };
}

/** Active aero of the 2026 rules. @param {unknown} aero */
export const aeroWord = (aero) => (typeof aero === "string" && aero !== "" ? aero : UNKNOWN);

/** @type {Readonly<Record<string, string>>} */
const OVERTAKE = Object.freeze({ off: "off", available: "ready", active: "active" });

/** Overtake mode of the 2026 rules. @param {unknown} overtake */
export const overtakeWord = (overtake) => (typeof overtake === "string" ? OVERTAKE[overtake] ?? overtake : UNKNOWN);

/**
 * How a last lap stands beside the others; `null` when that is not known.
 *
 * @param {{last: number | null, best: number | null, sessionBest: boolean, valid: boolean | null, isOfMany?: boolean}} lap `isOfMany`: the session is one of several, see `isContested`.
 * @returns {{glyph: string, text: string, tone: Tone} | null}
 */
export function lapVerdict({ last, best, sessionBest, valid, isOfMany = false }) {
  if (!isKnown(last)) return null;
  if (valid === false) return { glyph: "✕", text: "invalid", tone: "quiet" };
  if (sessionBest && !isOfMany) return { glyph: "◆", text: "session best", tone: "purple" };
  if (!isKnown(best)) return null;
  if (last <= best) return valid === true ? { glyph: "▲", text: "own best", tone: "green" } : null;
  return { glyph: "▼", text: `+${sectorTime(last - best)}`, tone: "yellow" };
}

/**
 * What lies over a pane that is not simply live and driving; `null` when it is.
 *
 * @param {RigAddress} rig
 * @param {"live" | "stale" | "never" | "lost"} link
 * @param {{mode: unknown, silentS: number | null, packetsPerS?: number | null, ending?: string | null, hasValues?: boolean, hasSent?: boolean}} facts `ending` of the race that is over; `hasValues`: figures stand there; `hasSent`: it was live before.
 * @returns {{title: string, detail: string} | null}
 */
export function paneNotice(rig, link, { mode, silentS, packetsPerS = 0, ending = null, hasValues = true, hasSent = false }) {
  if (link === "lost") {
    return { title: "connection to the gateway lost", detail: silentS === null ? "" : `last data ${age(silentS)} ago` };
  }
  if (link === "stale") {
    const note = typeof mode === "string" ? MODES[mode] : undefined;
    if (isKnown(packetsPerS) && packetsPerS > 0) {
      return { title: note ?? `no new values for ${age(silentS)}`, detail: "the game is paused or in its menus" };
    }
    return { title: `no packets for ${age(silentS)}`, detail: hasValues ? "the values are the last ones received" : "" };
  }
  if (link === "never") {
    const port = rig.udp_port;
    if (hasSent) return { title: `nothing from ${rig.rig_id} since the gateway restarted`, detail: port === null ? "" : `its game sends to port ${port} when it drives` };
    if (port === null) return { title: `waiting for ${rig.rig_id}`, detail: "" };
    return {
      title: `waiting for ${rig.rig_id}`,
      detail: `in the game set UDP to this host, port ${port}, format 2025`,
    };
  }
  const note = typeof mode === "string" ? MODES[mode] : undefined;
  if (note === undefined) return null;
  return ending === null ? { title: note, detail: "" } : { title: ending, detail: note };
}
