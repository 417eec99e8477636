// @ts-check
/**
 * [edge] Ask the gateway one question again and again, one at a time: what it answers is handed over parsed, what it
 * fails to answer is told. What an answer means lives elsewhere.
 *
 * The next question waits for the end of the last, so a slow gateway is never asked twice at once. A hidden page
 * asks seldom, and at once when it is looked at again.
 */

export const PERIOD_MS = 2_000;
export const HIDDEN_PERIOD_MS = 30_000;
export const TIMEOUT_MS = 4_000;

/**
 * @typedef {object} Seams What the poll needs from its surroundings.
 * @property {(url: string, signal: AbortSignal) => Promise<unknown>} get The parsed body of a good answer; throws without one.
 * @property {(callback: () => void, ms: number) => any} setTimer
 * @property {(timer: any) => void} clearTimer
 * @property {() => boolean} isHidden
 * @property {(callback: () => void) => () => void} onVisibility Returns how to stop listening.
 */

/**
 * Ask now, and from then on.
 *
 * @param {string} url
 * @param {{onBody: (body: unknown) => void, onFailure: () => void}} listener
 * @param {Seams} seams
 * @returns {() => void} Stop for good.
 */
export function poll(url, listener, seams = browserSeams()) {
  /** @type {any} */
  let nextTimer = null;
  /** @type {AbortController | null} */
  let asking = null;
  let isStopped = false;

  const ask = async () => {
    seams.clearTimer(nextTimer);
    const question = new AbortController();
    asking = question;
    const deadline = seams.setTimer(() => question.abort(), TIMEOUT_MS);
    const told = await seams.get(url, question.signal).then(
      (body) => () => listener.onBody(body),
      () => listener.onFailure,
    );
    seams.clearTimer(deadline);
    asking = null;
    if (isStopped) return;
    nextTimer = seams.setTimer(ask, seams.isHidden() ? HIDDEN_PERIOD_MS : PERIOD_MS);
    told();
  };

  const stopListening = seams.onVisibility(() => {
    if (!seams.isHidden() && asking === null) ask();
  });
  ask();
  return () => {
    isStopped = true;
    stopListening();
    seams.clearTimer(nextTimer);
    asking?.abort();
  };
}

/** @param {string} url @param {AbortSignal} signal @returns {Promise<unknown>} */
async function getJson(url, signal) {
  const answer = await fetch(url, { signal, cache: "no-store" });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}

/** @returns {Seams} */
const browserSeams = () => ({
  get: getJson,
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer),
  isHidden: () => document.hidden,
  onVisibility: (callback) => {
    document.addEventListener("visibilitychange", callback);
    return () => document.removeEventListener("visibilitychange", callback);
  },
});
