// @ts-check
/**
 * How it ended: what a rig's screen keeps of its race after the flag, until it drives again. Pure.
 *
 * After the chequered flag the car rolls on, then the game goes to its menu and its screen is empty at once; a wall is
 * to show the result for as long as people stand before it.
 */
import { isKnown } from "./format.js";

/** @typedef {Record<string, any>} RigData */
/** @typedef {"finished" | "retired" | "did not finish" | "disqualified" | "not classified"} Ending */

const ENDINGS = new Set(["finished", "retired", "did not finish", "disqualified", "not classified"]);

/** What of the last state still holds in the menu. */
const KEPT = Object.freeze([
  "driver_name",
  "team",
  "race_number",
  "track",
  "session_uid",
  "session_type",
  "position",
  "cars",
  "grid_position",
  "lap_number",
  "total_laps",
  "last_lap_time_ms",
  "last_lap_valid",
  "best_lap_time_ms",
  "result_status",
  "gap_to_leader_ms",
  "penalties_s",
  "warnings",
  "other_rig_id",
  "same_race",
  "gap_to_other_ms",
  "chasing",
  "sectors_lap_number",
  "sector_times_ms",
  "sector_marks",
]);

/** @type {ReadonlySet<unknown>} Modes in which a screen that has just ended stays. */
const AFTER = new Set(["menu", "none"]);

/** How the rig's race ended; `null` while it has not. @param {RigData} data @returns {Ending | null} */
export const endingOf = ({ result_status: status }) => (ENDINGS.has(status) ? status : null);

/**
 * What is kept of the end after a new state.
 *
 * @param {RigData | null} kept
 * @param {RigData} data
 * @returns {RigData | null}
 */
export function endAfter(kept, data) {
  if (data.mode !== "driving") return AFTER.has(data.mode) ? kept : null;
  if (endingOf(data) === null) return null;
  const end = Object.fromEntries(KEPT.map((name) => [name, data[name] ?? null]));
  // The two states of a pair need not tell the gap to the end: the last one told stands.
  if (kept !== null && kept.session_uid === end.session_uid && !isKnown(end.gap_to_other_ms)) {
    return { ...end, same_race: kept.same_race, other_rig_id: kept.other_rig_id, gap_to_other_ms: kept.gap_to_other_ms, chasing: kept.chasing };
  }
  return end;
}

/**
 * A rig's state as it is shown: in the menu after a race with what is kept of it.
 *
 * @param {RigData | null} data
 * @param {RigData | null} end
 * @returns {RigData | null}
 */
export function shownData(data, end) {
  if (data === null || end === null || !AFTER.has(data.mode)) return data;
  return { ...data, ...end };
}

/** The end of a race that two rigs drove together; `null` unless it has come for both. @param {RigData} one @param {RigData} other */
export function isCommonEnd(one, other) {
  const isOneRace = one.same_race === true && other.same_race === true && typeof one.session_uid === "string" && one.session_uid === other.session_uid;
  return isOneRace && endingOf(one) !== null && endingOf(other) !== null;
}
