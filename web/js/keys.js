// @ts-check
/**
 * What the keyboard does to the wall: (layout, key) -> layout. Pure; full screen is the one wish that only an edge can grant.
 *
 * `1`..`9` put one rig alone beside the centre, and again all of them; `m` gives the map the room of the board, and
 * again; Escape undoes both.
 */

/** @typedef {{focus: number | null, map: boolean}} Layout Index of the rig that stands alone; whether the map is large. */

/** @type {Layout} */
export const USUAL_LAYOUT = Object.freeze({ focus: null, map: false });

/**
 * @param {Layout} layout
 * @param {string} key `KeyboardEvent.key`.
 * @param {number} rigs How many there are.
 * @returns {Layout} The same one when the key means nothing here.
 */
export function pressed(layout, key, rigs) {
  if (key === "m" || key === "M") return { ...layout, map: !layout.map };
  if (key === "Escape") return layout.focus === null && !layout.map ? layout : USUAL_LAYOUT;
  if (!/^[1-9]$/.test(key)) return layout;
  const index = Number(key) - 1;
  if (index >= rigs) return layout;
  return { ...layout, focus: layout.focus === index ? null : index };
}

/** Is a key meant for the page, and not for a field or the browser? @param {{ctrlKey: boolean, metaKey: boolean, altKey: boolean, target: any}} event */
export const isForPage = ({ ctrlKey, metaKey, altKey, target }) =>
  !ctrlKey && !metaKey && !altKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(target?.tagName ?? "");
