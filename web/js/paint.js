// @ts-check
/**
 * Any number of states in, at most one paint per screen refresh out. Knows nothing of what is painted.
 */

/**
 * Coalesce any number of states into one paint per screen refresh; the newest wins.
 *
 * @template State
 * @param {(state: State) => void} paint
 * @param {(callback: () => void) => unknown} schedule Calls back once, before the next refresh.
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
