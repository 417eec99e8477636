// @ts-check
/** [edge] Who is faster and by how much: over the lap, and sector by sector. */
import { attributeOf, cell, el, textOf } from "../cells.js";
import { sectorTime } from "../format.js";
import { COMPARE, deltaWord, LETTERS, WINS } from "../words/compare.js";

/** @typedef {import("../compare/figures.js").Figure} Figure */
/** @typedef {import("../words/compare.js").Side} Side */

const ROWS = 4;

/** The sign of the faster one, on its side; a word for those who do not see it. @param {Side} side */
function createWin(side) {
  const [glyph, word] = [el("span", "compare-win"), el("span", "visually-hidden")];
  glyph.setAttribute("aria-hidden", "true");
  const [glyphText, wordText] = [textOf(glyph), textOf(word)];
  /** @param {Side | null} winner */
  const update = (winner) => {
    glyphText(winner === side ? WINS[side].glyph : "");
    wordText(winner === side ? `, ${WINS[side].text}` : "");
  };
  return { nodes: [glyph, word], update };
}

function createRow() {
  const head = el("th", "compare-row-label");
  head.scope = "row";
  const [left, right] = [createWin("a"), createWin("b")];
  const [a, b, difference] = [cell("figure.a"), cell("figure.b"), cell("figure.difference")];
  const node = el(
    "tr",
    "compare-row",
    el("td", "compare-row-a", a.node, ...left.nodes),
    head,
    el("td", "compare-row-difference", difference.node),
    el("td", "compare-row-b", ...right.nodes, b.node),
  );
  const label = textOf(head);
  const [key, wins] = [attributeOf(node, "data-figure"), attributeOf(node, "data-winner")];
  /** @param {Figure} figure */
  const update = (figure) => {
    key(figure.key);
    wins(figure.winner);
    label(figure.label);
    a.write(figure.a);
    b.write(figure.b);
    difference.write(figure.difference);
    left.update(figure.winner);
    right.update(figure.winner);
  };
  return { node, update };
}

/** @param {string} className @param {...(Node | string)} children */
function columnHead(className, ...children) {
  const node = el("th", className, ...children);
  node.scope = "col";
  return node;
}

/** @param {Side} side */
function letter(side) {
  const node = el("span", "badge compare-letter", LETTERS[side]);
  node.dataset.badge = LETTERS[side];
  return node;
}

/**
 * @param {HTMLElement} mount A section.
 * @param {HTMLElement} swap The button between the two.
 */
export function createFigures(mount, swap) {
  const rows = Array.from({ length: ROWS }, createRow);
  const word = el("span", "compare-final-word");
  const final = cell("final_delta_ms", "compare-final-figure");
  const wordText = textOf(word);
  const winner = attributeOf(mount, "data-winner");
  const heads = el(
    "tr",
    "compare-row compare-heads",
    columnHead("compare-row-a", letter("a")),
    columnHead("compare-row-label", el("span", "visually-hidden", COMPARE.figure)),
    columnHead("compare-row-difference", COMPARE.difference),
    columnHead("compare-row-b", letter("b")),
  );
  const table = el("table", "compare-table", el("thead", "", heads), el("tbody", "", ...rows.map((row) => row.node)));
  const signs = /** @type {const} */ (["a", "b"]).map(createWin);
  table.setAttribute("aria-label", COMPARE.figures);
  mount.dataset.widget = "figures";
  mount.setAttribute("aria-label", COMPARE.figures);
  mount.replaceChildren(
    el("p", "compare-final", word, el("span", "compare-final-line", signs[0].nodes[0], final.node, signs[1].nodes[0])),
    swap,
    table,
  );

  /** @param {import("../compare.js").CompareView} view */
  const update = (view) => {
    winner(view.winner);
    wordText(deltaWord(view.finalMs));
    final.write(sectorTime(view.finalMs === null ? null : Math.abs(view.finalMs)));
    for (const sign of signs) sign.update(view.winner);
    view.figures.forEach((figure, at) => rows[at].update(figure));
  };
  return { update };
}
