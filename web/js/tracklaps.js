// @ts-check
/**
 * [edge] Asks the gateway for all laps of one track, and again when the day has changed. One question at a time; one
 * that failed is asked again.
 */
import { ask } from "./ask.js";

const RETRY_MS = 5_000;

/**
 * @typedef {object} Seams What it needs from its surroundings.
 * @property {(url: string) => Promise<unknown>} get The parsed body of a good answer; throws without one.
 * @property {() => number} now A clock in milliseconds that nobody sets.
 */

/**
 * @param {(told: {track: string, body: unknown}) => void} onLaps
 * @param {Seams} seams
 * @returns {(track: string | null, version: number | null) => void} Say what is wanted, as often as you like.
 */
export function createTrackLaps(onLaps, seams = browserSeams()) {
  let got = "";
  let isAsking = false;
  let failedAt = -RETRY_MS;

  /** @param {string} track @param {string} wanted */
  const learn = async (track, wanted) => {
    isAsking = true;
    try {
      const body = await seams.get(`/api/laps?track=${encodeURIComponent(track)}`);
      got = wanted;
      onLaps({ track, body });
    } catch {
      failedAt = seams.now();
    } finally {
      isAsking = false;
    }
  };

  return (track, version) => {
    if (track === null || version === null || isAsking || seams.now() - failedAt < RETRY_MS) return;
    const wanted = JSON.stringify([track, version]);
    if (wanted !== got) learn(track, wanted);
  };
}

/** @returns {Seams} */
const browserSeams = () => ({
  get: async (url) => {
    const { status, body } = await ask(url);
    if (status !== 200) throw new Error(`${url}: ${status}`);
    return body;
  },
  now: () => performance.now(),
});
