// @ts-check
/** [edge] What is wrong, one line per problem with its remedy; or that nothing is, with the evidence. */
import { attributeOf, el, hiddenOf, textOf } from "../cells.js";
import { OPS } from "../words/ops.js";

/** @param {string} className @param {string} text */
function sign(className, text) {
  const node = el("span", className, text);
  node.setAttribute("aria-hidden", "true");
  return node;
}

/** @param {string | null} badge @param {string} tag @returns {Node} */
function whose(badge, tag) {
  if (badge === null) return el("span", "ops-tag", tag);
  const node = el("span", "badge ops-badge", badge);
  node.dataset.badge = badge;
  return el("span", "ops-tag", node);
}

/** @param {import("../ops/verdict.js").Problem} problem */
const problemLine = ({ badge, tag, what, remedy }) =>
  el("li", "ops-problem", whose(badge, tag), el("bdi", "", el("span", "ops-problem-what", what), " ", el("span", "ops-remedy", remedy)));

/** @param {import("../ops/verdict.js").Evidence} evidence */
function evidenceLine({ isProven, glyph, text }) {
  const node = el("li", "ops-evidence", sign("ops-check", glyph), el("bdi", "", text));
  node.dataset.mark = isProven ? "ok" : "unknown";
  return node;
}

/**
 * A list that is drawn anew when it changed.
 *
 * @template Item
 * @param {HTMLElement} node
 * @param {(item: Item) => Node} draw
 */
function listOf(node, draw) {
  const hide = hiddenOf(node);
  let drawn = "";
  /** @param {readonly Item[]} items */
  return (items) => {
    hide(items.length === 0);
    const wanted = JSON.stringify(items);
    if (wanted === drawn) return;
    drawn = wanted;
    node.replaceChildren(...items.map(draw));
  };
}

/** @param {HTMLElement} mount A section. */
export function createVerdict(mount) {
  const glyph = sign("ops-verdict-sign", "");
  const headline = el("h2", "ops-headline");
  const announced = el("div", "ops-announced", headline);
  announced.setAttribute("role", "status");
  const [detail, more] = [el("p", "ops-verdict-detail"), el("p", "ops-verdict-detail")];
  const [problems, evidence] = [el("ul", "ops-problems"), el("ul", "ops-proofs")];
  mount.setAttribute("aria-label", OPS.wrong);
  mount.replaceChildren(el("p", "label ops-question", OPS.wrong), glyph, announced, el("div", "ops-verdict-body", problems, more, evidence, detail));
  const [glyphText, headlineText, detailText, moreText] = [textOf(glyph), textOf(headline), textOf(detail), textOf(more)];
  const tone = attributeOf(mount, "data-verdict");
  const [drawProblems, drawEvidence] = [listOf(problems, problemLine), listOf(evidence, evidenceLine)];

  /** @param {import("../ops.js").OpsView} view */
  const update = ({ verdict }) => {
    tone(verdict.tone);
    glyphText(verdict.glyph);
    headlineText(verdict.headline);
    detailText(verdict.detail);
    moreText(verdict.more);
    drawProblems(verdict.problems);
    drawEvidence(verdict.evidence);
  };
  return { update };
}
