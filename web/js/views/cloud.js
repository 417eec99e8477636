// @ts-check
/** [edge] Data Cloud: a pill in the masthead that opens and closes a panel over the page. */
import { attributeOf, el, hiddenOf, textOf } from "../cells.js";
import { cloudView } from "../cloud.js";
import { CLOUD_LABELS, CLOUD_LINES } from "../words/cloud.js";

const REDRAW_MS = 250; // the ages count in seconds; the rest changes with an answer
const PANEL_ID = "cloud-panel";
const CLOUD_GLYPH = "\u2601\ufe0e"; // the selector keeps it a letter where fonts have it as a picture

/** @typedef {import("../cloud.js").CloudView} CloudView */

/** A sign beside words that say the same. @param {string} className @param {string} text */
function glyph(className, text = "") {
  const node = el("span", className, text);
  node.setAttribute("aria-hidden", "true");
  return node;
}

function createPill() {
  const status = el("span", "pill-status value");
  const flag = el("span", "cloud-flag", "!");
  flag.title = CLOUD_LABELS.flagged;
  flag.setAttribute("role", "img");
  flag.setAttribute("aria-label", CLOUD_LABELS.flagged);
  const node = el("button", "pill cloud-pill", glyph("cloud-glyph", CLOUD_GLYPH), el("span", "pill-name", CLOUD_LABELS.pill), " ", status, flag);
  node.type = "button";
  node.dataset.pill = "cloud";
  node.setAttribute("aria-controls", PANEL_ID);
  const mark = attributeOf(node, "data-mark");
  const statusText = textOf(status);
  const flagHidden = hiddenOf(flag);
  /** @param {CloudView} view */
  const update = (view) => {
    mark(view.mark);
    statusText(view.status);
    flagHidden(!view.isFlagged);
  };
  return { node, expanded: attributeOf(node, "aria-expanded"), update };
}

/** @param {string} name @param {string} label */
function createLine(name, label) {
  const value = el("bdi", "cloud-value value");
  const detail = el("bdi", "cloud-detail");
  const hint = el("code", "cloud-hint");
  const node = el("div", "cloud-line", el("dt", "label", label), el("dd", "cloud-what", value, detail, hint));
  node.dataset.line = name;
  const [valueText, detailText, hintText] = [textOf(value), textOf(detail), textOf(hint)];
  const tone = attributeOf(node, "data-tone");
  /** @param {import("../cloud.js").Line} line */
  const update = (line) => {
    valueText(line.value);
    detailText(line.detail);
    hintText(line.hint);
    tone(line.tone);
  };
  return { node, update };
}

function createPackUp() {
  const sign = glyph("cloud-sign");
  const text = el("span", "cloud-headline");
  const why = el("bdi", "cloud-why");
  const node = el("div", "cloud-pack-up", sign, text, why);
  const [signText, headline, whyText] = [textOf(sign), textOf(text), textOf(why)];
  const tone = attributeOf(node, "data-tone");
  const hide = hiddenOf(node);
  /** @param {CloudView} view */
  const update = ({ packUp, packUpWhy }) => {
    hide(packUp === null);
    signText(packUp?.glyph ?? "");
    headline(packUp?.text ?? "");
    whyText(packUpWhy);
    tone(packUp?.tone ?? null);
  };
  return { node, update };
}

function createLines() {
  const lines = Object.entries(CLOUD_LINES).map(([name, label]) => /** @type {const} */ ([name, createLine(name, label)]));
  const node = el("dl", "cloud-lines", ...lines.map(([, line]) => line.node));
  node.setAttribute("aria-label", CLOUD_LABELS.figures);
  const hide = hiddenOf(node);
  /** @param {CloudView} view */
  const update = ({ lines: told }) => {
    hide(told === null);
    if (told === null) return;
    for (const [name, line] of lines) line.update(told[/** @type {keyof typeof CLOUD_LINES} */ (name)]);
  };
  return { node, update };
}

function createProblems() {
  const list = el("ul", "cloud-problem-list");
  const node = el("div", "cloud-problems", el("h3", "cloud-subtitle", CLOUD_LABELS.problems), list);
  const hide = hiddenOf(node);
  let drawn = "";
  /** @param {CloudView} view */
  const update = ({ problems }) => {
    hide(problems.length === 0);
    const wanted = JSON.stringify(problems);
    if (wanted === drawn) return;
    drawn = wanted;
    list.replaceChildren(...problems.map((problem) => el("li", "cloud-problem", glyph("cloud-problem-sign", "!"), el("bdi", "", problem))));
  };
  return { node, update };
}

/** @param {() => void} onClose */
function createClose(onClose) {
  const node = el("button", "choice-button cloud-close", CLOUD_LABELS.close);
  node.type = "button";
  node.addEventListener("click", onClose);
  return node;
}

/**
 * All there is to say of Data Cloud.
 *
 * @param {(() => void) | null} onClose `null` for a panel that is always open.
 */
export function createPanel(onClose = null) {
  const word = el("span", "cloud-word");
  const sentence = el("bdi", "cloud-sentence");
  const parts = [createPackUp(), createProblems(), createLines()];
  const head = el("div", "cloud-head", glyph("cloud-glyph", CLOUD_GLYPH), el("h2", "cloud-title", CLOUD_LABELS.title), word);
  if (onClose !== null) head.append(createClose(onClose));
  const body = el("div", "cloud-body", sentence, ...parts.map((part) => part.node));
  body.tabIndex = 0; // on a small screen it scrolls, by keys too
  const node = el("section", "cloud-panel", head, body);
  node.id = PANEL_ID;
  node.setAttribute("aria-label", CLOUD_LABELS.title);
  const [wordText, sentenceText] = [textOf(word), textOf(sentence)];
  const mark = attributeOf(node, "data-mark");
  const stale = attributeOf(node, "data-stale");
  /** @param {CloudView} view */
  const update = (view) => {
    mark(view.mark);
    stale(view.isStale ? "" : null);
    wordText(view.word);
    sentenceText(view.sentence);
    for (const part of parts) part.update(view);
  };
  return { node, hide: hiddenOf(node), update };
}

/** @param {HTMLElement} mount */
export function createCloud(mount) {
  const pill = createPill();
  const panel = createPanel(() => close());
  let isOpen = false;
  /** @type {import("../cloud.js").Cloud | null} */
  let drawn = null;
  let drawnAt = 0;

  /** @param {boolean} wanted */
  const open = (wanted) => {
    isOpen = wanted;
    pill.expanded(String(wanted));
    panel.hide(!wanted);
  };
  const close = () => {
    open(false);
    pill.node.focus();
  };
  pill.node.addEventListener("click", () => open(!isOpen));
  document.addEventListener("keydown", (pressed) => {
    if (pressed.key === "Escape" && isOpen) close();
  });
  open(false);
  mount.replaceChildren(pill.node, panel.node);

  /** @param {import("../store.js").State} state @param {number} now */
  const update = ({ cloud }, now) => {
    if (cloud === drawn && now - drawnAt < REDRAW_MS) return;
    drawn = cloud;
    drawnAt = now;
    const view = cloudView(cloud, now);
    pill.update(view);
    panel.update(view);
  };
  return { update };
}
