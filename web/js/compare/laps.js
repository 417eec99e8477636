// @ts-check
/**
 * The laps of a day, out of a body of which nothing is promised, and which two of them are shown when nobody has
 * chosen. Pure.
 */
import { cleanName } from "../format.js";
import { amount, instant, isRecord, list, record, texts, truth } from "../untrusted.js";

const MOST_LAPS = 1_000; // as many as the gateway tells of a day
const MOST_DAYS = 400;
const MOST_TRACKS = 100;
const LAP_ID_LENGTH = 200;

/**
 * @typedef {object} Lap
 * @property {string} lapId
 * @property {string} rigId
 * @property {string | null} driverName
 * @property {string | null} track
 * @property {string | null} sessionType
 * @property {string | null} compound
 * @property {number | null} lapNumber
 * @property {number | null} lapTimeMs
 * @property {readonly (number | null)[]} sectorsMs Three.
 * @property {boolean | null} isValid
 * @property {boolean | null} isPitLap
 * @property {number | null} completedMs Since 1970.
 * @property {boolean} hasTrace
 */

/** @typedef {{day: string, days: readonly string[], tracks: readonly string[], laps: readonly Lap[]}} Listing Newest first, all of it. */
/** @typedef {{a: string | null, b: string | null}} Choice Two laps by their ids. */

/** A day of the calendar. @param {unknown} text @returns {string | null} */
export const dayOf = (text) => (typeof text === "string" && /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : null);

/** @param {unknown} text @returns {string | null} */
export const lapIdOf = (text) => (typeof text === "string" && text !== "" && text.length <= LAP_ID_LENGTH ? text : null);

/** @param {unknown} told A row of the contract. @returns {Lap | null} */
export function lapOf(told) {
  if (!isRecord(told)) return null;
  const [lapId, rigId] = [lapIdOf(told.lap_id), cleanName(told.rig_id)];
  if (lapId === null || rigId === null) return null;
  return {
    lapId,
    rigId,
    driverName: cleanName(told.driver_name),
    track: cleanName(told.track),
    sessionType: cleanName(told.session_type),
    compound: cleanName(told.tyre_compound),
    lapNumber: amount(told.lap_number),
    lapTimeMs: amount(told.lap_time_ms),
    sectorsMs: [told.sector1_time_ms, told.sector2_time_ms, told.sector3_time_ms].map(amount),
    isValid: truth(told.valid),
    isPitLap: truth(told.pit_lap),
    completedMs: instant(told.completed_at),
    hasTrace: told.has_trace === true,
  };
}

/** @param {unknown} body Of /api/laps. @returns {Listing | null} `null` for something else. */
export function listingOf(body) {
  const day = dayOf(record(body).day);
  if (day === null) return null;
  const { days, tracks, laps } = record(body);
  return {
    day,
    days: texts(days, MOST_DAYS, dayOf),
    tracks: texts(tracks, MOST_TRACKS, cleanName),
    laps: list(laps, MOST_LAPS).flatMap((told) => lapOf(told) ?? []),
  };
}

/** @param {Listing | null} listing @param {string | null} lapId @returns {Lap | null} */
export const listed = (listing, lapId) => listing?.laps.find((lap) => lap.lapId === lapId) ?? null;

/** A lap that can be drawn and is worth it. @param {Lap} lap */
const counts = ({ isValid, hasTrace, lapTimeMs }) => isValid === true && hasTrace && lapTimeMs !== null;

/** Fastest first; of equal time the earlier. @param {Lap} one @param {Lap} other */
const byPace = (one, other) => (one.lapTimeMs ?? Infinity) - (other.lapTimeMs ?? Infinity) || (one.completedMs ?? 0) - (other.completedMs ?? 0);

/**
 * The laps of a track in three kinds: those that count, those that do not, those that cannot be drawn; each fastest first.
 *
 * @param {readonly Lap[]} laps
 * @param {string | null} track
 */
export function sorted(laps, track) {
  const here = laps.filter((lap) => lap.track === track).toSorted(byPace);
  return { valid: here.filter(counts), other: here.filter((lap) => lap.hasTrace && !counts(lap)), traceless: here.filter((lap) => !lap.hasTrace) };
}

/**
 * What stands in a place of the choice that is still empty: the two fastest laps of different rigs, else the two
 * fastest. Where both places are empty, the rig that comes first in the gateway's order stands left, as on the wall.
 *
 * @param {readonly Lap[]} laps
 * @param {string | null} track
 * @param {Choice} choice
 * @param {readonly string[]} rigIds The gateway's order; none when not known.
 * @returns {Choice} The same one when there is nothing to add.
 */
export function filled(laps, track, choice, rigIds) {
  const taken = [choice.a, choice.b].filter((lapId) => lapId !== null);
  if (taken.length === 2) return choice;
  const free = sorted(laps, track).valid.filter(({ lapId }) => !taken.includes(lapId));
  if (taken.length === 1) {
    const kept = laps.find(({ lapId }) => lapId === taken[0]);
    const found = (free.find(({ rigId }) => rigId !== kept?.rigId) ?? free.at(0))?.lapId ?? null;
    return { a: choice.a ?? found, b: choice.b ?? found };
  }
  const [first, ...others] = free;
  if (first === undefined) return choice;
  const second = others.find(({ rigId }) => rigId !== first.rigId) ?? others.at(0);
  if (second === undefined) return { a: first.lapId, b: null };
  const isSecondLeft = placeOf(second.rigId, rigIds) < placeOf(first.rigId, rigIds);
  return isSecondLeft ? { a: second.lapId, b: first.lapId } : { a: first.lapId, b: second.lapId };
}

/** A rig's place among all; by name where the gateway's order is not known. @param {string} rigId @param {readonly string[]} rigIds */
const placeOf = (rigId, rigIds) => (rigIds.includes(rigId) ? String(rigIds.indexOf(rigId)).padStart(4, "0") : rigId);
