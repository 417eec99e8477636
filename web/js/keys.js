// @ts-check
/**
 * What the keyboard does to the wall: (layout, key, rigs) -> layout. Pure; full screen is the one wish that only an edge can grant.
 *
 * `1`..`9` put one rig alone beside the centre, and again all of them; `m` gives the map the room of the board, and
 * again; Escape undoes both.
 */

/** @typedef {{focus: string | null, map: boolean}} Layout Id of the rig that stands alone, so that it still does when others come or go; whether the map is large. */

/** @type {Layout} */
export const USUAL_LAYOUT = Object.freeze({ focus: null, map: false });

/**
 * @param {Layout} layout
 * @param {string} key `KeyboardEvent.key`.
 * @param {readonly string[]} rigIds In the gateway's order.
 * @returns {Layout} The same one when the key means nothing here.
 */
export function pressed(layout, key, rigIds) {
  if (key === "m" || key === "M") return { ...layout, map: !layout.map };
  if (key === "Escape") return layout.focus === null && !layout.map ? layout : USUAL_LAYOUT;
  if (!/^[1-9]$/.test(key)) return layout;
  const rigId = rigIds.at(Number(key) - 1);
  if (rigId === undefined) return layout;
  return { ...layout, focus: layout.focus === rigId ? null : rigId };
}

/**
 * Is a key meant for the page, and not for a field or the browser? One that is held down is pressed once.
 *
 * @param {{ctrlKey: boolean, metaKey: boolean, altKey: boolean, repeat: boolean, target: any}} event
 */
export const isForPage = ({ ctrlKey, metaKey, altKey, repeat, target }) =>
  !repeat && !ctrlKey && !metaKey && !altKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(target?.tagName ?? "");
