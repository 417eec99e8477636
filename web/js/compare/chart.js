// @ts-check
/** What each of the five charts shows of two laps: its lines, its scale, and where the scale is written. Pure. */
import { delta } from "../format.js";
import { speed } from "../units.js";

const SPEED_STEP = 50;
const LEAST_DELTA_S = 0.1;
const LEAST_HALF = 0.3; // of the delta's scale for either side of zero, so that its word has room
const SPARE = 1.1; // what the delta's scale has beyond its ends

/** @typedef {import("./trace.js").Pair} Pair */
/** @typedef {import("./trace.js").Column} Column */
/** @typedef {"speed" | "throttle" | "brake" | "gear" | "delta"} ChartName */

/**
 * @typedef {object} ChartView
 * @property {readonly Column[]} lines Over `pair.distance`: of A and of B; for the delta its part above zero, that below, and all of it.
 * @property {readonly [number, number]} range Of the scale.
 * @property {readonly number[]} [splits] Where it is written; left to the chart otherwise.
 * @property {boolean} [isStepped] A value holds until the next one.
 * @property {boolean} isKnown Whether there is anything to be seen.
 */

/** @param {...Column} columns @returns {number[]} */
const known = (...columns) => columns.flat().filter((value) => value !== null);

/** From one round figure to another. @param {readonly number[]} values @param {number} step @returns {readonly [number, number]} */
function roundRange(values, step) {
  if (values.length === 0) return [0, step];
  const low = Math.floor(Math.min(...values) / step) * step;
  return [low, Math.max(low + step, Math.ceil(Math.max(...values) / step) * step)];
}

/** From the lowest to the highest, with room for either side of zero. @param {readonly number[]} seconds @returns {readonly [number, number]} */
function deltaRange(seconds) {
  const [low, high] = [Math.min(0, ...seconds), Math.max(0, ...seconds)];
  const least = Math.max(high - low, LEAST_DELTA_S) * LEAST_HALF;
  return [-Math.max(-low * SPARE, least), Math.max(high * SPARE, least)];
}

/** @param {Column} a @param {Column} b @returns {ChartView} */
function ratios(a, b) {
  const lines = [a, b].map((column) => column.map((ratio) => (ratio === null ? null : ratio * 100)));
  return { lines, range: [-6, 106], splits: [0, 50, 100], isKnown: known(...lines).length > 0 };
}

/** @type {Readonly<Record<ChartName, (pair: Pair, unit: import("../units.js").SpeedUnit) => ChartView>>} */
const CHARTS = Object.freeze({
  speed: (pair, unit) => {
    const lines = [pair.a, pair.b].map((columns) => columns.speed_kph.map((kph) => speed(kph, unit)));
    return { lines, range: roundRange(known(...lines), SPEED_STEP), isKnown: known(...lines).length > 0 };
  },
  throttle: ({ a, b }) => ratios(a.throttle, b.throttle),
  brake: ({ a, b }) => ratios(a.brake, b.brake),
  gear: ({ a, b }) => {
    const gears = known(a.gear, b.gear);
    return { lines: [a.gear, b.gear], range: [Math.min(1, ...gears) - 0.4, 8.4], splits: [2, 4, 6, 8], isStepped: true, isKnown: gears.length > 0 };
  },
  delta: (pair) => {
    const seconds = pair.delta.map((ms) => (ms === null ? null : ms / 1000));
    const [above, below] = [Math.max, Math.min].map((half) => seconds.map((value) => (value === null ? null : half(0, value))));
    const isKnown = known(seconds).length > 0;
    return { lines: [above, below, seconds], range: deltaRange(known(seconds)), ...(isKnown ? {} : { splits: [0] }), isKnown };
  },
});

/** @param {ChartName} name @param {Pair} pair @param {import("../units.js").SpeedUnit} unit @returns {ChartView} */
export const chartOf = (name, pair, unit) => CHARTS[name](pair, unit);

/** As many marks of a scale as have room: every other one and the last where they have not. @param {readonly number[]} splits @param {number} most */
export const thinned = (splits, most) => (splits.length > most ? splits.filter((_, at) => (splits.length - 1 - at) % 2 === 0) : splits);

/** A lap distance along the scale: `0`, `0.5`, `1 km`. @param {number} metres */
export const distanceText = (metres) => (metres === 0 ? "0" : metres % 1000 === 0 ? `${metres / 1000} km` : `${metres / 1000}`);

/** A delta along the scale, with as few decimals as say it: `+0.2`, `−0.025`, `0`. @param {number} seconds */
export const secondsText = (seconds) => (seconds === 0 ? "0" : delta(seconds * 1000).replace(/0{1,2}$/, ""));
