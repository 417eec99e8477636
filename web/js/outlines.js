// @ts-check
/**
 * [edge] Asks the gateway for the learned line of each track that is driven, until it has it. A track is asked for
 * again when a new lap may have taught it; a line that is known is asked for anew only when the page says so.
 */
import { ask } from "./ask.js";

const RETRY_MS = 5_000;

/**
 * @typedef {object} Seams What it needs from its surroundings.
 * @property {(url: string) => Promise<unknown>} get The parsed body of a good answer; throws without one.
 * @property {() => number} now A clock in milliseconds that nobody sets.
 */

/**
 * @param {(track: string, body: unknown) => void} onOutline
 * @param {Seams} seams
 */
export function createOutlines(onOutline, seams = browserSeams()) {
  /** @type {Map<string, number>} When each unknown track was last asked for. */
  const askedAt = new Map();
  /** @type {Set<string>} */
  const known = new Set();
  let generation = 0; // counts what may have made a line better

  /** @param {string} track */
  const learn = async (track) => {
    askedAt.set(track, seams.now());
    const asked = generation;
    try {
      const body = await seams.get(`/api/map?track=${encodeURIComponent(track)}`);
      if (asked === generation) known.add(track); // else it is drawn, and asked for anew
      onOutline(track, body);
    } catch {
      // Not learned yet, or no gateway: it is asked for again.
    }
  };

  /** @param {readonly unknown[]} tracks Names as the gateway told them; anything else is passed over. */
  const want = (tracks) => {
    for (const track of new Set(tracks)) {
      if (typeof track !== "string" || known.has(track)) continue;
      if (seams.now() - (askedAt.get(track) ?? -RETRY_MS) >= RETRY_MS) learn(track);
    }
  };
  /** A lap was completed or undone: what is not known may be now, and what is known may have become better. */
  const refresh = () => {
    generation += 1;
    askedAt.clear();
    known.clear();
  };
  return { want, refresh };
}

/** @returns {Seams} */
const browserSeams = () => ({
  get: async (url) => {
    const { status, body } = await ask(url);
    if (status !== 200) throw new Error(`${url}: ${status}`); // 204: not learned yet
    return body;
  },
  now: () => performance.now(),
});
