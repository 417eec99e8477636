// @ts-check
/**
 * One rig's valid laps of the day on one track, fastest first: out of the list of the track's laps, and the rig's best
 * out of the board of the day, which is told more often. Pure.
 */
import { listingOf } from "./compare/laps.js";
import { RIG_LAPS, noneAt } from "./words/rig.js";

/** @typedef {import("./board.js").Day} Day */
/** @typedef {{lapId: string, driverName: string | null, lapTimeMs: number, isNewest: boolean}} RigLap */
/** @typedef {{track: string, body: unknown}} Told A body of /api/laps, and the track that it was asked for. */
/** @typedef {{track: string | null, rows: readonly RigLap[], note: string}} RigLaps `note` is empty where nothing is to be said. */

/** A rig's rows on a board: its best where the gateway tells it, and those among the first ones. @param {import("./board.js").Board} board @param {string} rigId */
const onBoard = ({ rows, rigs, newest }, rigId) =>
  [...(rigs ?? []), ...rows, ...(newest === null ? [] : [newest])].filter((row) => row.rigId === rigId);

/**
 * The track whose laps are shown: the one that the rig drives; else the one with the day's newest lap of those on
 * which it has a lap.
 *
 * @param {Day} day
 * @param {string} rigId
 * @param {string | null} driven
 * @returns {string | null}
 */
export const trackFor = (day, rigId, driven) => driven ?? day.boards.find((board) => onBoard(board, rigId).length > 0)?.track ?? null;

/** What is to be said beside or instead of rows. @param {Day} day @param {string} rigId @param {string | null} track @param {boolean} isEmpty */
function noteOf(day, rigId, track, isEmpty) {
  if (day.isOld) return RIG_LAPS.old;
  if (!isEmpty) return "";
  // Without each rig's best, a rig with no row among the first ones may have a lap all the same.
  if (!day.isKnown || day.boards.some(({ rigs }) => rigs === null)) return RIG_LAPS.asked;
  const hasElsewhere = day.boards.some((board) => onBoard(board, rigId).length > 0);
  return hasElsewhere && track !== null ? noneAt(track) : RIG_LAPS.none;
}

/**
 * @param {Day} day
 * @param {Told | null} told The last list of a track's laps.
 * @param {string} rigId
 * @param {string | null} driven
 * @returns {RigLaps}
 */
export function rigLapsOf(day, told, rigId, driven) {
  const track = trackFor(day, rigId, driven);
  const board = day.boards.find((each) => each.track === track);
  const best = board === undefined ? [] : onBoard(board, rigId);
  const newestId = board?.newest?.lapId ?? null;
  const listing = told !== null && told.track === track ? listingOf(told.body) : null;
  /** @type {Map<string, RigLap>} What the board tells is newer than the list. */
  const laps = new Map();
  for (const { lapId, rigId: whose, driverName, lapTimeMs, isValid, track: where } of listing?.laps ?? []) {
    if (whose !== rigId || where !== track || isValid !== true || lapTimeMs === null || lapTimeMs === 0) continue;
    laps.set(lapId, { lapId, driverName, lapTimeMs, isNewest: lapId === newestId });
  }
  for (const { lapId, driverName, lapTimeMs, isNewest } of best) laps.set(lapId, { lapId, driverName, lapTimeMs, isNewest });
  const rows = [...laps.values()].sort((one, other) => one.lapTimeMs - other.lapTimeMs);
  return { track, rows, note: noteOf(day, rigId, track, rows.length === 0) };
}
