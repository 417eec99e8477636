// @ts-check
/**
 * The last ten seconds of one rig as columns of fixed length, ready for a chart.
 *
 * Theory: time is cut into slots of 50 ms of the page's clock, one per state at 20 Hz. The network jitters, so a
 * slot may get two states (the newest wins) or none (the one before is held); a hole longer than `HOLD_SLOTS` is
 * not jitter but silence, and stays `null`, which a chart draws as a gap. Values in, a new ring out.
 */

export const SLOT_MS = 50;
export const SLOTS = 200;
const HOLD_SLOTS = 5;

export const CHANNELS = /** @type {const} */ (["speed_kph", "throttle", "brake"]);

/** @typedef {(typeof CHANNELS)[number]} Channel */
/** @typedef {Record<Channel, number | null>} TraceSample */
/** @typedef {{slot: number | null, columns: Record<Channel, (number | null)[]>}} Ring */

/** @type {TraceSample} */
export const NOTHING = Object.freeze({ speed_kph: null, throttle: null, brake: null });

const emptyColumn = () => /** @type {(number | null)[]} */ (new Array(SLOTS).fill(null));

/** @returns {Ring} A ring that holds nothing. */
export const emptyRing = () => ({
  slot: null,
  columns: { speed_kph: emptyColumn(), throttle: emptyColumn(), brake: emptyColumn() },
});

/** @param {(number | null)[]} column @param {number} steps @param {number | null} value */
function shifted(column, steps, value) {
  if (steps === 0) return [...column.slice(0, -1), value];
  const before = column[SLOTS - 1];
  const hole = new Array(Math.min(steps, SLOTS) - 1).fill(steps <= HOLD_SLOTS ? before : null);
  return [...column, ...hole, value].slice(-SLOTS);
}

/**
 * Write one sample at its time.
 *
 * @param {Ring} ring
 * @param {TraceSample} sample
 * @param {number} now Milliseconds of the page's monotonic clock.
 * @returns {Ring}
 */
export function push(ring, sample, now) {
  const slot = Math.floor(now / SLOT_MS);
  const steps = ring.slot === null ? 1 : Math.max(0, slot - ring.slot);
  const columns = /** @type {Ring["columns"]} */ ({});
  for (const channel of CHANNELS) columns[channel] = shifted(ring.columns[channel], steps, sample[channel]);
  return { slot, columns };
}

/**
 * Let time pass without a sample: silence longer than jitter moves the trace on and leaves a gap.
 *
 * @param {Ring} ring
 * @param {number} now
 * @returns {Ring} The same ring when nothing is to be seen of it.
 */
export function age(ring, now) {
  if (ring.slot === null || Math.floor(now / SLOT_MS) - ring.slot <= HOLD_SLOTS) return ring;
  const isBlank = CHANNELS.every((channel) => ring.columns[channel].every((value) => value === null));
  return isBlank ? ring : push(ring, NOTHING, now);
}
