// @ts-check
/**
 * How far the clock of this screen is ahead of the gateway's, and how sure that is. Pure.
 *
 * Theory: the gateway wrote its time at some moment between question and answer, and cut it to whole milliseconds.
 * So the difference lies in a span as wide as the round trip; its middle is told, and half its width as the doubt.
 * Of the last sightings the narrowest counts, since all look at the same two clocks.
 */

export const KEPT_SIGHTINGS = 30; // half a minute; a clock that is set shows within that time

const CUT_MS = 1; // the gateway's time has three digits of a second

/** @typedef {{aheadMs: number, doubtMs: number}} Sighting */

/**
 * @param {number} gatewayMs What the gateway wrote, milliseconds since 1970.
 * @param {number} screenMs What this screen's clock said when the answer was here.
 * @param {number} roundTripMs
 * @returns {Sighting}
 */
export function sighting(gatewayMs, screenMs, roundTripMs) {
  const width = Math.max(0, roundTripMs) + CUT_MS;
  return { aheadMs: screenMs - gatewayMs - width / 2, doubtMs: width / 2 };
}

/** The newest sightings, oldest first. @param {readonly Sighting[]} sightings @param {Sighting} newest @returns {readonly Sighting[]} */
export const noted = (sightings, newest) => [...sightings, newest].slice(-KEPT_SIGHTINGS);

/** The surest of them; `null` when there is none. @param {readonly Sighting[]} sightings @returns {Sighting | null} */
export const surest = (sightings) =>
  sightings.reduce((best, one) => (best === null || one.doubtMs < best.doubtMs ? one : best), /** @type {Sighting | null} */ (null));
