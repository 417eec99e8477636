// @ts-check
/**
 * The board of the day, out of a body of /api/day of which nothing is promised: what cannot be read is left out.
 * Pure.
 */
import { cleanName } from "./format.js";
import { amount, isRecord, list, record } from "./untrusted.js";

const MOST_TRACKS = 100;
const MOST_ROWS = 50; // as many as the gateway tells of a track
const MOST_RIGS = 100;

/**
 * @typedef {object} BoardRow
 * @property {string} lapId
 * @property {number | null} rank 1 is the fastest; `null` for a lap that is not on the board, since its guest has a faster one there.
 * @property {string} rigId
 * @property {string | null} driverName
 * @property {number} lapTimeMs
 * @property {number | null} gapMs To the first; `null` when not known.
 * @property {boolean} isNewest The lap that was completed last of all.
 * @property {boolean} isNewestGuest The guest's best lap, and the guest has just driven another one.
 */

/**
 * @typedef {object} Board
 * @property {string} track
 * @property {number | null} laps
 * @property {readonly BoardRow[]} rows The first ones, fastest first.
 * @property {BoardRow | null} newest The day's newest lap where it was on this track, also when it is not among the rows.
 * @property {readonly BoardRow[] | null} rigs Each rig's best lap, fastest first; `null` when not told.
 */

/**
 * @typedef {object} Day
 * @property {boolean} isKnown
 * @property {boolean} isOld It may not be what is true now.
 * @property {number | null} version Another one when something has changed.
 * @property {readonly Board[]} boards
 */

/** @type {Day} Before the first answer. */
export const NO_DAY = Object.freeze({ isKnown: false, isOld: false, version: null, boards: Object.freeze([]) });

/** @typedef {Omit<BoardRow, "rank" | "gapMs"> & {rankTold: number | null}} ReadRow */

/** @param {unknown} told A row of the contract. @returns {ReadRow | null} */
function rowOf(told) {
  if (!isRecord(told) || told.valid === false) return null;
  const lapTimeMs = amount(told.lap_time_ms);
  if (lapTimeMs === null || lapTimeMs === 0 || typeof told.lap_id !== "string" || typeof told.rig_id !== "string") return null;
  return {
    lapId: told.lap_id,
    rigId: told.rig_id,
    driverName: cleanName(told.driver_name),
    lapTimeMs,
    isNewest: told.newest === true,
    isNewestGuest: told.newest_guest === true && told.newest !== true,
    rankTold: Number.isSafeInteger(told.rank) && told.rank >= 1 ? told.rank : null,
  };
}

/** @param {unknown} told @param {number} most @returns {readonly ReadRow[]} Fastest first, of equal time in the gateway's order. */
const rowsOf = (told, most) => list(told, most).flatMap((row) => rowOf(row) ?? []).toSorted((one, other) => one.lapTimeMs - other.lapTimeMs);

/** @param {unknown} told @returns {Board | null} */
function boardOf(told) {
  const track = cleanName(record(told).track);
  if (track === null) return null;
  const { board, laps, newest, rigs } = record(told);
  const ranked = rowsOf(board, MOST_ROWS);
  /** @param {ReadRow} row @param {number | null} rank @returns {BoardRow} */
  const placed = ({ rankTold, ...row }, rank) => {
    const gapMs = ranked.length === 0 ? null : row.lapTimeMs - ranked[0].lapTimeMs;
    return { ...row, rank, gapMs: gapMs === null || gapMs < 0 ? null : gapMs };
  };
  const rows = ranked.map((row, place) => placed(row, place + 1));
  const last = rowOf(newest);
  return {
    track,
    laps: amount(laps),
    rows,
    // A gateway of before does not tell it apart: there the newest is known only where it is among the rows.
    newest: rows.find((row) => row.isNewest) ?? (last === null ? null : placed({ ...last, isNewest: true }, last.rankTold)),
    rigs: Array.isArray(rigs) ? rowsOf(rigs, MOST_RIGS).map((row) => placed(row, row.rankTold)) : null,
  };
}

/**
 * What was last told of the day.
 *
 * @param {{body: unknown, failed: boolean} | null | undefined} asked `null` before the first answer.
 * @returns {Day}
 */
export function dayOf(asked) {
  if (!isRecord(asked)) return NO_DAY;
  const { body, failed } = asked;
  if (!isRecord(body)) return { ...NO_DAY, isOld: failed === true };
  return {
    isKnown: true,
    isOld: failed === true, // a problem of the gateway's disk is for the ops page: what is told here is from its memory
    version: amount(body.version),
    boards: list(body.tracks, MOST_TRACKS).flatMap((told) => boardOf(told) ?? []),
  };
}

/** The board of a track; without rows when the day has none. @param {Day} day @param {string | null} track @returns {Board | null} */
export function boardFor(day, track) {
  if (track === null) return null;
  return day.boards.find((board) => board.track === track) ?? { track, laps: null, rows: [], newest: null, rigs: null };
}

/**
 * The rows that fit: the first ones, and the newest in any case: where it stands below them or is not on the board, it
 * takes the last line.
 *
 * @param {Board} board
 * @param {number} room Lines.
 * @returns {readonly BoardRow[]}
 */
export function rowsShown({ rows, newest }, room) {
  const lines = Math.max(0, Math.floor(room));
  const first = rows.slice(0, lines);
  if (lines === 0 || newest === null || first.some(({ lapId }) => lapId === newest.lapId)) return first;
  return [...rows.slice(0, lines - 1), newest];
}
