// @ts-check
/**
 * Where each rig's pane stands on the wall: in columns left and right of the centre, row by row in the gateway's order.
 * Two rigs stand side by side, three and four two by two, five and six in three columns, more in four. Pure.
 */

/** @typedef {"left" | "right"} Side Of the centre. */
/** @typedef {{side: Side, column: number, row: number}} Place `column` and `row` of the stage's grid, from 1; the centre has a column of its own. */
/** @typedef {{left: number, right: number, rows: number, places: readonly Place[]}} Plan Columns to either side, and a place for each rig. */

/** The columns of panes that so many rigs need: a pane in one of four is as high as in one of two, and still readable. @param {number} rigs */
function columnsFor(rigs) {
  if (rigs <= 1) return 1;
  if (rigs <= 4) return 2;
  return rigs <= 6 ? 3 : 4;
}

/** @param {number} rigs How many there are. @returns {Plan} */
export function planFor(rigs) {
  const columns = columnsFor(rigs);
  const left = Math.ceil(columns / 2);
  const places = Array.from({ length: rigs }, (_, index) => {
    const at = index % columns;
    const isLeft = at < left;
    return { side: /** @type {Side} */ (isLeft ? "left" : "right"), column: at + (isLeft ? 1 : 2), row: Math.floor(index / columns) + 1 };
  });
  return { left, right: columns - left, rows: Math.max(1, Math.ceil(rigs / columns)), places };
}

/** Which side of the centre a rig's pane is on. @param {number} rigs @param {number} index @returns {Side | null} `null` for no rig. */
export const sideOf = (rigs, index) => planFor(rigs).places.at(index)?.side ?? null;
