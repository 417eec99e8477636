// @ts-check
/** The figures above the charts and beside them: what two laps took, how fast they were, what they did at one place. Pure. */
import { delta, gearName, percent, sectorTime, UNKNOWN, whole } from "../format.js";
import { speed, speedUnit } from "../units.js";
import { COMPARE } from "../words/compare.js";
import { difference, topSpeed } from "./trace.js";

/** @typedef {import("./laps.js").Lap} Lap */
/** @typedef {import("./trace.js").Trace} Trace */
/** @typedef {import("../words/compare.js").Side} Side */

/** @typedef {{key: string, label: string, a: string, b: string, difference: string, winner: Side | null}} Figure */

/** @param {number | null} ms time(B) − time(A). @returns {Side | null} Who was faster; `null` when unknown or equal. */
export const fasterOf = (ms) => (ms === null || ms === 0 ? null : ms > 0 ? "a" : "b");

/** What B took longer than A over the whole lap. @param {Lap | null} a @param {Lap | null} b */
export const finalDelta = (a, b) => difference(a?.lapTimeMs ?? null, b?.lapTimeMs ?? null);

/** @param {Lap | null} a @param {Lap | null} b @param {number} sector 0, 1, 2. @param {boolean} isComparable @returns {Figure} */
function sectorFigure(a, b, sector, isComparable) {
  const [left, right] = [a?.sectorsMs[sector] ?? null, b?.sectorsMs[sector] ?? null];
  const ms = isComparable ? difference(left, right) : null;
  return { key: `s${sector + 1}`, label: `S${sector + 1}`, a: sectorTime(left), b: sectorTime(right), difference: delta(ms), winner: fasterOf(ms) };
}

/** @param {{kph: number | null, isAtLeast: boolean}} top @param {import("../units.js").SpeedUnit} unit */
const topText = ({ kph, isAtLeast }, unit) => (kph === null ? UNKNOWN : `${isAtLeast ? "≥ " : ""}${whole(speed(kph, unit))}`);

/** @param {Trace | null} a @param {Trace | null} b @param {import("../units.js").SpeedUnit} unit @param {boolean} isComparable @returns {Figure} */
function topFigure(a, b, unit, isComparable) {
  const [left, right] = [topSpeed(a), topSpeed(b)];
  // As the rounded figures beside it say, so that 318 against 318 is no win.
  const shown = [left, right].map(({ kph, isAtLeast }) => (kph === null || isAtLeast ? null : Math.round(speed(kph, unit) ?? 0)));
  const more = isComparable ? difference(shown[0], shown[1]) : null;
  return {
    key: "top",
    label: `${COMPARE.top} ${speedUnit(unit)}`,
    a: topText(left, unit),
    b: topText(right, unit),
    difference: more === null ? UNKNOWN : `${more < 0 ? "−" : "+"}${Math.abs(more)}`,
    winner: fasterOf(more === null ? null : -more),
  };
}

/**
 * @param {Lap | null} a
 * @param {Lap | null} b
 * @param {Trace | null} traceA
 * @param {Trace | null} traceB
 * @param {import("../units.js").SpeedUnit} unit
 * @param {boolean} isComparable Whether one may be held against the other.
 * @returns {readonly Figure[]} Three sectors and the top speed.
 */
export const figuresOf = (a, b, traceA, traceB, unit, isComparable) => [
  ...[0, 1, 2].map((sector) => sectorFigure(a, b, sector, isComparable)),
  topFigure(traceA, traceB, unit, isComparable),
];

/**
 * What a lap says at one place, by chart.
 *
 * @param {import("./trace.js").Point} point
 * @param {import("../units.js").SpeedUnit} unit
 */
export const pointTexts = ({ speedKph, throttle, brake, gear }, unit) => ({
  speed: whole(speed(speedKph, unit)),
  throttle: percent(throttle),
  brake: percent(brake),
  gear: gearName(gear),
});
