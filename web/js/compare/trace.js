// @ts-check
/**
 * A lap along its distance, and two of them laid over each other. Pure.
 *
 * Theory: both laps are stored on one grid, entry i at i * step metres, so a comparison at equal distance needs no
 * arithmetic but a difference. What either does not know, the comparison does not know.
 */
import { amount, figure, list, record } from "../untrusted.js";
import { lapOf } from "./laps.js";

const MOST_ENTRIES = 10_000; // 40 km at 4 m
const SAME_LENGTH_M = 25; // the game's own track lengths do not differ between sessions; layouts differ by far more
const SEEN_HOLE_M = 60; // a top speed does not hide in less: a car gains some 3 km/h over it

const COLUMNS = /** @type {const} */ (["time_ms", "speed_kph", "throttle", "brake", "gear"]);

/** @typedef {(number | null)[]} Column */
/** @typedef {Record<typeof COLUMNS[number], Column>} Columns All of one length. */

/**
 * @typedef {object} Trace
 * @property {import("./laps.js").Lap} lap As it was when the trace was read.
 * @property {number} stepM
 * @property {number | null} lengthM
 * @property {number | null} sector2StartM
 * @property {number | null} sector3StartM
 * @property {number} count Entries of a column.
 * @property {Columns} columns
 */

/**
 * @typedef {object} Pair
 * @property {number[]} distance Metres.
 * @property {number} stepM
 * @property {number} lengthM Of the track; where it is not known, as far as was driven.
 * @property {readonly {label: string, startM: number, endM: number}[]} sectors None where a boundary is not known.
 * @property {Columns} a As long as `distance`; all unknown without a lap.
 * @property {Columns} b
 * @property {Column} delta time(B) − time(A) in ms at equal distance: positive means that B was slower.
 */

/** @typedef {{distanceM: number, deltaMs: number | null, a: Point, b: Point}} Reading */
/** @typedef {{speedKph: number | null, throttle: number | null, brake: number | null, gear: number | null}} Point */

/** @param {unknown} body Of /api/laps/{lap_id}. @returns {Trace | null} `null` for something else. */
export function traceOf(body) {
  const told = record(body);
  const [lap, stepM] = [lapOf(told.lap), amount(told.step_m)];
  if (lap === null || stepM === null || stepM === 0) return null;
  const read = COLUMNS.map((name) => list(told[name], MOST_ENTRIES).map(figure));
  const count = Math.max(...read.map((column) => column.length));
  if (count === 0) return null;
  return {
    lap,
    stepM,
    lengthM: amount(told.length_m),
    sector2StartM: amount(told.sector2_start_m),
    sector3StartM: amount(told.sector3_start_m),
    count,
    columns: named(read, count),
  };
}

/** @param {readonly Column[]} columns @param {number} count @returns {Columns} */
const named = (columns, count) =>
  /** @type {Columns} */ (Object.fromEntries(COLUMNS.map((name, at) => [name, padded(columns[at] ?? [], count)])));

/** @param {Column} column @param {number} count @returns {Column} */
const padded = (column, count) => Array.from({ length: count }, (_, at) => column[at] ?? null);

/** @param {Trace | null} trace @param {number} count @returns {Columns} */
const stretched = (trace, count) => named(trace === null ? [] : COLUMNS.map((name) => trace.columns[name]), count);

/** Why two traces cannot be laid over each other; `null` when they can. @param {Trace} a @param {Trace} b @returns {"twoTracks" | "twoLengths" | "twoSteps" | null} */
export function obstacle(a, b) {
  if (a.lap.track !== b.lap.track) return "twoTracks";
  if (a.lengthM !== null && b.lengthM !== null && Math.abs(a.lengthM - b.lengthM) > SAME_LENGTH_M) return "twoLengths";
  return a.stepM === b.stepM ? null : "twoSteps";
}

/** time(B) − time(A) at equal distance. @param {Column} a @param {Column} b @returns {Column} */
const deltaOf = (a, b) => a.map((time, at) => difference(time, b[at] ?? null));

/** B − A, unknown where either is. @param {number | null} a @param {number | null} b */
export const difference = (a, b) => (a === null || b === null ? null : b - a);

/**
 * Two laps over one distance.
 *
 * @param {Trace | null} a
 * @param {Trace | null} b
 * @returns {Pair | null} `null` when there is nothing to draw, or the two cannot be laid over each other.
 */
export function pairOf(a, b) {
  const known = [a, b].filter((trace) => trace !== null);
  if (known.length === 0 || (a !== null && b !== null && obstacle(a, b) !== null)) return null;
  const { stepM } = known[0];
  const count = Math.max(...known.map((trace) => trace.count));
  const [left, right] = [stretched(a, count), stretched(b, count)];
  const lengthM = a?.lengthM ?? b?.lengthM ?? (count - 1) * stepM;
  return {
    distance: Array.from({ length: count }, (_, at) => at * stepM),
    stepM,
    lengthM,
    sectors: sectorsOf(a?.sector2StartM ?? b?.sector2StartM ?? null, a?.sector3StartM ?? b?.sector3StartM ?? null, lengthM),
    a: left,
    b: right,
    delta: deltaOf(left.time_ms, right.time_ms),
  };
}

/** @param {number | null} second @param {number | null} third @param {number} lengthM @returns {Pair["sectors"]} */
function sectorsOf(second, third, lengthM) {
  if (second === null || third === null || !(0 < second && second < third && third < lengthM)) return [];
  return [
    { label: "S1", startM: 0, endM: second },
    { label: "S2", startM: second, endM: third },
    { label: "S3", startM: third, endM: lengthM },
  ];
}

/** What both laps say at one place. @param {Pair} pair @param {number} index @returns {Reading} */
export function readingAt(pair, index) {
  const at = Math.max(0, Math.min(pair.distance.length - 1, index));
  return { distanceM: pair.distance[at], deltaMs: pair.delta[at], a: pointAt(pair.a, at), b: pointAt(pair.b, at) };
}

/** @param {Columns} columns @param {number} at @returns {Point} */
const pointAt = (columns, at) => ({ speedKph: columns.speed_kph[at], throttle: columns.throttle[at], brake: columns.brake[at], gear: columns.gear[at] });

/**
 * The highest speed of a lap; `isAtLeast` when so much of it was not seen that there may have been a higher one.
 *
 * @param {Trace | null} trace
 * @returns {{kph: number | null, isAtLeast: boolean}}
 */
export function topSpeed(trace) {
  if (trace === null) return { kph: null, isAtLeast: false };
  const speeds = trace.columns.speed_kph;
  const known = speeds.filter((speed) => speed !== null);
  const missing = Math.max(0, Math.ceil((trace.lengthM ?? 0) / trace.stepM) - trace.count);
  return { kph: known.length === 0 ? null : Math.max(...known), isAtLeast: (longestHole(speeds) + missing) * trace.stepM > SEEN_HOLE_M };
}

/** How many unknown entries follow each other at most. @param {Column} column */
function longestHole(column) {
  let [longest, hole] = [0, 0];
  for (const value of column) {
    hole = value === null ? hole + 1 : 0;
    longest = Math.max(longest, hole);
  }
  return longest;
}
