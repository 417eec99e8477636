// @ts-check
/**
 * [edge] Ask the gateway one question again and again, one at a time: what it answers is handed over parsed, what it
 * fails to answer is told. What an answer means lives elsewhere.
 *
 * The next question waits for the end of the last, so a slow gateway is never asked twice at once. A hidden page
 * asks seldom, and at once when it is looked at again. Whoever knows that there is news may have it asked at once.
 */

export const PERIOD_MS = 2_000;
export const HIDDEN_PERIOD_MS = 30_000;
export const TIMEOUT_MS = 4_000;

/**
 * @typedef {object} Seams What the poll needs from its surroundings.
 * @property {(url: string, signal: AbortSignal, cache: RequestCache) => Promise<unknown>} get The parsed body of a good answer; throws without one.
 * @property {(callback: () => void, ms: number) => any} setTimer
 * @property {(timer: any) => void} clearTimer
 * @property {() => number} now A clock in milliseconds that nobody sets.
 * @property {() => boolean} isHidden
 * @property {(callback: () => void) => () => void} onVisibility Returns how to stop listening.
 */

/** @typedef {{askedAt: number, answeredAt: number}} Trip When a question left and its answer was here, on the page's clock. */

/**
 * Ask now, and from then on.
 *
 * @param {string} url
 * @param {{onBody: (body: unknown, trip: Trip) => void, onFailure: () => void}} listener
 * @param {object} options
 * @param {number} [options.periodMs] From one answer to the next question.
 * @param {boolean} [options.isTagged] The answer has an ETag, so that the gateway need not tell it again while it is the same.
 * @param {Seams} [options.seams]
 * @returns {{poke: () => void, stop: () => void}} `poke` asks at once, or again as soon as the answer under way is
 *   here; `stop` ends it for good.
 */
export function poll(url, listener, { periodMs = PERIOD_MS, isTagged = false, seams = browserSeams() } = {}) {
  /** @type {any} */
  let nextTimer = null;
  /** @type {AbortController | null} */
  let asking = null;
  let isStopped = false;
  let isPoked = false;

  const ask = async () => {
    seams.clearTimer(nextTimer);
    isPoked = false;
    const question = new AbortController();
    asking = question;
    const deadline = seams.setTimer(() => question.abort(), TIMEOUT_MS);
    const askedAt = seams.now();
    const told = await seams.get(url, question.signal, isTagged ? "no-cache" : "no-store").then(
      (body) => {
        const trip = { askedAt, answeredAt: seams.now() };
        return () => listener.onBody(body, trip);
      },
      () => listener.onFailure,
    );
    seams.clearTimer(deadline);
    asking = null;
    if (isStopped) return;
    nextTimer = seams.setTimer(ask, pause());
    told();
  };

  const pause = () => {
    if (isPoked) return 0;
    return seams.isHidden() ? HIDDEN_PERIOD_MS : periodMs;
  };
  const poke = () => {
    if (isStopped) return;
    if (asking === null) ask();
    else isPoked = true; // what is being answered may be older than the news
  };
  const stopListening = seams.onVisibility(() => {
    if (!seams.isHidden() && asking === null) ask();
  });
  ask();
  const stop = () => {
    isStopped = true;
    stopListening();
    seams.clearTimer(nextTimer);
    asking?.abort();
  };
  return { poke, stop };
}

/** @param {string} url @param {AbortSignal} signal @param {RequestCache} cache @returns {Promise<unknown>} */
async function getJson(url, signal, cache) {
  const answer = await fetch(url, { signal, cache });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

/** @returns {Seams} */
const browserSeams = () => ({
  get: getJson,
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer),
  now: () => performance.now(),
  isHidden: () => document.hidden,
  onVisibility: (callback) => {
    document.addEventListener("visibilitychange", callback);
    return () => document.removeEventListener("visibilitychange", callback);
  },
});
