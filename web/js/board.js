// @ts-check
/**
 * The board of the day, out of a body of /api/day of which nothing is promised: what cannot be read is left out.
 * Pure.
 */
import { cleanName } from "./format.js";
import { amount, isRecord, list, record } from "./untrusted.js";

const MOST_TRACKS = 100;
const MOST_ROWS = 50; // as many as the gateway tells of a track

/**
 * @typedef {object} BoardRow
 * @property {string} lapId
 * @property {number} rank 1 is the fastest.
 * @property {string} rigId
 * @property {string | null} driverName
 * @property {number} lapTimeMs
 * @property {number} gapMs To the first.
 * @property {boolean} isNewest The lap that was completed last of all.
 */

/** @typedef {{track: string, laps: number | null, rows: readonly BoardRow[]}} Board */
/** @typedef {{isKnown: boolean, isOld: boolean, boards: readonly Board[]}} Day `isOld` when it may not be what is true now. */

/** @type {Day} Before the first answer. */
export const NO_DAY = Object.freeze({ isKnown: false, isOld: false, boards: Object.freeze([]) });

/** @param {unknown} told A row of the contract. @returns {Omit<BoardRow, "rank" | "gapMs"> | null} */
function rowOf(told) {
  if (!isRecord(told) || told.valid === false) return null;
  const lapTimeMs = amount(told.lap_time_ms);
  if (lapTimeMs === null || lapTimeMs === 0 || typeof told.lap_id !== "string" || typeof told.rig_id !== "string") return null;
  return { lapId: told.lap_id, rigId: told.rig_id, driverName: cleanName(told.driver_name), lapTimeMs, isNewest: told.newest === true };
}

/** @param {unknown} told @returns {Board | null} */
function boardOf(told) {
  const track = cleanName(record(told).track);
  if (track === null) return null;
  const rows = list(record(told).board, MOST_ROWS).flatMap((row) => rowOf(row) ?? []);
  const isInOrder = rows.every((row, place) => place === 0 || row.lapTimeMs >= rows[place - 1].lapTimeMs);
  const ranked = isInOrder ? rows : rows.toSorted((one, other) => one.lapTimeMs - other.lapTimeMs);
  return {
    track,
    laps: amount(record(told).laps),
    rows: ranked.map((row, place) => ({ ...row, rank: place + 1, gapMs: row.lapTimeMs - ranked[0].lapTimeMs })),
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
    isOld: failed === true || (body.problem !== null && body.problem !== undefined),
    boards: list(body.tracks, MOST_TRACKS).flatMap((told) => boardOf(told) ?? []),
  };
}

/** The board of a track; without rows when the day has none. @param {Day} day @param {string | null} track @returns {Board | null} */
export function boardFor(day, track) {
  if (track === null) return null;
  return day.boards.find((board) => board.track === track) ?? { track, laps: null, rows: [] };
}

/**
 * The rows that fit: the first ones, and the newest in any case: where it stands below them, it takes the last line.
 *
 * @param {readonly BoardRow[]} rows
 * @param {number} room Lines.
 * @returns {readonly BoardRow[]}
 */
export function rowsShown(rows, room) {
  const lines = Math.max(0, Math.floor(room));
  const newest = rows.findIndex(({ isNewest }) => isNewest);
  if (lines === 0 || newest < lines) return rows.slice(0, lines);
  return [...rows.slice(0, lines - 1), rows[newest]];
}
