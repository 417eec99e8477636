// @ts-check
/** [edge] A table whose rows come and go: one cell per column, written only when its text changed. */
import { attributeOf, el, hiddenOf, textOf } from "../cells.js";

/**
 * @typedef {object} Column
 * @property {string} key Of the row.
 * @property {string} label
 * @property {boolean} [isFigure] Stands to the right.
 * @property {boolean} [isHead] Says whose row it is.
 * @property {boolean} [isSign] Holds a glyph, `key`, and the word that says the same, `word`.
 */

/** @param {Column} column */
const classOf = ({ isFigure, isSign }) => (isFigure ? "ops-figure" : isSign ? "ops-sign" : "");

/** @param {Column} column */
function headOf(column) {
  const node = el("th", classOf(column), column.isSign ? el("span", "visually-hidden", column.label) : column.label);
  node.scope = "col";
  return node;
}

/** @param {Column} column */
function createSign(column) {
  const [glyph, word] = [el("span"), el("span", "visually-hidden")];
  glyph.setAttribute("aria-hidden", "true");
  const [glyphText, wordText] = [textOf(glyph), textOf(word)];
  /** @param {Record<string, any>} row */
  const update = (row) => {
    glyphText(row[column.key]);
    wordText(row.word);
  };
  return { node: el("td", classOf(column), glyph, word), update };
}

/** @param {Column} column */
function createCell(column) {
  if (column.isSign) return createSign(column);
  const text = el("bdi");
  const node = el(column.isHead ? "th" : "td", classOf(column), text);
  if (column.isHead) node.setAttribute("scope", "row");
  const write = textOf(text);
  /** @param {Record<string, any>} row */
  const update = (row) => write(row[column.key]);
  return { node, update };
}

/** @param {readonly Column[]} columns */
function createRow(columns) {
  const cells = columns.map(createCell);
  const node = el("tr", "", ...cells.map((cell) => cell.node));
  const mark = attributeOf(node, "data-mark");
  /** @param {Record<string, any>} row */
  const update = (row) => {
    for (const cell of cells) cell.update(row);
    mark(row.mark ?? null);
  };
  return { node, update };
}

/**
 * @param {string} label What the table is of.
 * @param {readonly Column[]} columns
 */
export function createTable(label, columns) {
  const body = el("tbody");
  const node = el("table", "ops-table", el("thead", "", el("tr", "", ...columns.map(headOf))), body);
  node.setAttribute("aria-label", label);
  const hide = hiddenOf(node);
  /** @type {ReturnType<typeof createRow>[]} */
  let rows = [];

  /** @param {readonly Record<string, any>[]} wanted */
  const update = (wanted) => {
    hide(wanted.length === 0);
    while (rows.length < wanted.length) {
      const row = createRow(columns);
      rows.push(row);
      body.append(row.node);
    }
    for (const row of rows.splice(wanted.length)) row.node.remove();
    wanted.forEach((row, index) => rows[index].update(row));
  };
  return { node, update };
}
