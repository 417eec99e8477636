// @ts-check
/**
 * Any number of states in, at most one paint per screen refresh out, and no sooner than a given time after the last.
 * Knows nothing of what is painted.
 */

/** @typedef {(callback: () => void) => unknown} Schedule Calls back once. */

/**
 * Coalesce any number of states into one paint per screen refresh; the newest wins.
 *
 * @template State
 * @param {(state: State) => void} paint
 * @param {Schedule} schedule Calls back before a refresh.
 * @returns {(state: State) => void} Ask for this state to be painted.
 */
export function createPainter(paint, schedule = (callback) => requestAnimationFrame(callback)) {
  let scheduled = false;
  /** @type {State} */
  let latest;
  const flush = () => {
    scheduled = false;
    paint(latest);
  };
  return (state) => {
    latest = state;
    if (scheduled) return;
    scheduled = true;
    schedule(flush);
  };
}

/**
 * The next screen refresh that is at least so long after the last one given.
 *
 * The states of several rigs arrive out of step. Painting each by itself would cost a paint per rig and tick.
 *
 * @param {number} apartMs
 * @param {{now: () => number, refresh: Schedule, wait: (callback: () => void, ms: number) => unknown}} browser
 * @returns {Schedule}
 */
export function pacedRefresh(
  apartMs,
  { now, refresh, wait } = {
    now: () => performance.now(),
    refresh: (callback) => requestAnimationFrame(callback),
    wait: (callback, ms) => setTimeout(callback, ms),
  },
) {
  let last = -Infinity;
  return (callback) => {
    const give = () => {
      last = now();
      callback();
    };
    const left = last + apartMs - now();
    if (left > 0) wait(() => refresh(give), left);
    else refresh(give);
  };
}
