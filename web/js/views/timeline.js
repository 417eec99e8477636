// @ts-check
/** [edge] What happened on all rigs, newest first, with a choice of rig and kind. */
import { attributeOf, el, hiddenOf, textOf } from "../cells.js";
import { chronicle } from "../chronicle.js";
import { badgeOf, wallClock } from "../format.js";
import { USUAL_DISPLAY } from "../units.js";
import { lineOf } from "../words/facts.js";
import { CATEGORIES, LABELS } from "../words/labels.js";

/** @typedef {import("../chronicle.js").Line} Line */

const EVERY = "";

/** @param {number} index The rig's place; -1 for one that is no more, which has no badge. */
function badge(index) {
  const node = el("span", index < 0 ? "" : "badge is-small", index < 0 ? "" : badgeOf(index)); // its room is kept
  if (index >= 0) node.dataset.badge = badgeOf(index);
  return node;
}

/** @param {Line} row @param {(rigId: string) => number} placeOf */
function createRow(row, placeOf) {
  const glyph = el("span", "fact-glyph");
  const text = el("bdi", "fact-text");
  text.dataset.mayCut = "";
  const badges = el("span", "fact-badges");
  const node = el("li", "fact", el("time", "fact-time value", wallClock(row.at)), badges, glyph, text);
  let worn = "";
  const glyphText = textOf(glyph);
  const factText = textOf(text);
  const tone = attributeOf(node, "data-tone");
  /** @param {Line} now @param {import("../units.js").SpeedUnit} unit */
  const update = ({ told, event, rig_id, rigIds }, unit) => {
    node.dataset.kind = event.kind;
    node.dataset.rigId = rig_id;
    if (rigIds.join() !== worn) {
      worn = rigIds.join();
      badges.replaceChildren(...rigIds.map(placeOf).sort((one, other) => one - other).map(badge));
    }
    glyphText(told.glyph);
    factText(lineOf(told, unit));
    tone(told.tone);
  };
  return { node, update };
}

/**
 * A row of buttons of which one is pressed.
 *
 * @param {string} label
 * @param {(choice: string) => void} onChoice
 */
function createChoice(label, onChoice) {
  const node = el("div", "choice");
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", label);
  let chosen = EVERY;
  const mark = () => {
    for (const button of node.children) button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.choice === chosen));
  };
  /** @param {readonly (readonly [string, string])[]} choices Value and words of each. */
  const offer = (choices) => {
    node.replaceChildren(
      ...choices.map(([value, words]) => {
        const button = el("button", "choice-button", words);
        button.type = "button";
        button.dataset.choice = value;
        button.addEventListener("click", () => {
          chosen = value;
          mark();
          onChoice(value);
        });
        return button;
      }),
    );
    if (!choices.some(([value]) => value === chosen)) chosen = EVERY;
    mark();
    onChoice(chosen);
  };
  return { node, offer };
}

/** @param {HTMLElement} mount @param {string | null} onlyRig The rig whose page this is; `null` for all, with a choice. */
export function createTimeline(mount, onlyRig = null) {
  let rigWanted = onlyRig ?? EVERY;
  let kindWanted = EVERY;
  let offered = "";
  /** @type {readonly import("../store.js").Row[]} */
  let drawn = [];
  /** @type {readonly Line[]} */
  let lines = [];
  /** @type {readonly import("../store.js").Rig[]} */
  let rigs = [];
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  let rows = new Map();
  let unit = USUAL_DISPLAY.speedUnit;

  const list = el("ol", "facts");
  const nothing = el("p", "facts-nothing", LABELS.noFacts);
  const nothingHidden = hiddenOf(nothing);

  /** @param {Line} line */
  const isWanted = ({ rigIds, told }) =>
    (rigWanted === EVERY || rigIds.includes(rigWanted)) && (kindWanted === EVERY ? told.isMinor !== true : told.category === kindWanted);

  /** @param {string} rigId */
  const placeOf = (rigId) => rigs.findIndex(({ rig_id }) => rig_id === rigId);

  const draw = () => {
    const wanted = lines.filter(isWanted);
    const kept = new Map(wanted.map((row) => [row.id, rows.get(row.id) ?? createRow(row, placeOf)]));
    for (const [id, { node }] of rows) if (!kept.has(id)) node.remove();
    rows = kept;
    wanted.forEach((row, place) => {
      const { node, update } = /** @type {ReturnType<typeof createRow>} */ (rows.get(row.id));
      update(row, unit);
      if (list.children[place] !== node) list.insertBefore(node, list.children[place] ?? null);
    });
    nothingHidden(wanted.length > 0);
  };

  const byRig = createChoice(LABELS.filterRig, (choice) => {
    rigWanted = choice;
    draw();
  });
  const byKind = createChoice(LABELS.filterKind, (choice) => {
    kindWanted = choice;
    draw();
  });
  byKind.offer([[EVERY, LABELS.everyKind], ...Object.entries(CATEGORIES)]);
  const head = el("div", "timeline-head", el("h2", "timeline-title", LABELS.timeline), ...(onlyRig === null ? [byRig.node] : []), byKind.node);
  const scroller = el("div", "timeline-rows", nothing, list);
  scroller.tabIndex = 0; // it scrolls in itself, by keys too
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", LABELS.timelineRows);
  mount.dataset.widget = "timeline";
  mount.replaceChildren(head, scroller);

  /** @param {import("../store.js").State} state */
  const update = (state) => {
    const wanted = JSON.stringify(state.rigs.map((rig) => rig.rig_id));
    const isOtherUnit = state.display.speedUnit !== unit;
    unit = state.display.speedUnit;
    const areOtherRigs = wanted !== offered;
    if (areOtherRigs) {
      offered = wanted;
      rigs = state.rigs;
      for (const { node } of rows.values()) node.remove();
      rows = new Map(); // a row's badge and colour are its rig's place
      if (onlyRig === null) byRig.offer([[EVERY, LABELS.everyRig], ...rigs.map((rig, index) => /** @type {[string, string]} */ ([rig.rig_id, badgeOf(index)]))]);
    }
    if (state.timeline === drawn && !isOtherUnit && !areOtherRigs) return;
    drawn = state.timeline;
    lines = chronicle(onlyRig === null ? drawn : drawn.filter(({ rig_id }) => rig_id === onlyRig));
    draw();
  };
  return { update };
}
