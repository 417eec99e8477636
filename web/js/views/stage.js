// @ts-check
/** [edge] The panes, as many as the gateway has rigs, around the centre; on a phone one of them at a time. */
import { el, hiddenOf, textOf } from "../cells.js";
import { USUAL_LAYOUT } from "../keys.js";
import { planFor } from "../places.js";
import { linkOf } from "../store.js";
import { LABELS } from "../words/labels.js";
import { createCentre } from "./centre.js";
import { createPane } from "./pane.js";

/** @param {HTMLElement} mount */
export function createStage(mount) {
  const note = el("p", "stage-note");
  const noteText = textOf(note);
  const noteHidden = hiddenOf(note);
  const centre = createCentre();
  /** @type {ReturnType<typeof createPane>[]} */
  let panes = [];
  /** @type {readonly string[]} */
  let rigIds = [];
  let shown = "";
  let layout = USUAL_LAYOUT;
  /** @type {string | null} */
  let tab = null;
  mount.replaceChildren(note);

  /** @param {readonly import("../store.js").Rig[]} rigs */
  const rebuild = (rigs) => {
    for (const pane of panes) pane.destroy();
    panes = rigs.map(createPane);
    rigIds = rigs.map(({ rig_id }) => rig_id);
    // The centre stands between the first two, for those who read the page in its order.
    const nodes = panes.map((pane) => pane.node);
    mount.replaceChildren(note, ...nodes.slice(0, 1), ...(rigs.length > 0 ? [centre.node] : []), ...nodes.slice(1));
    document.body.dataset.rigs = rigs.length > 2 ? "many" : String(rigs.length);
    spread();
    place();
  };

  /** Custom properties, which a phone and a rig that stands alone pass over. */
  const spread = () => {
    const { left, right, rows, places } = planFor(panes.length);
    for (const [name, count] of Object.entries({ left, right, rows })) mount.style.setProperty(`--${name}`, String(count));
    panes.forEach(({ node }, index) => {
      node.style.setProperty("--column", String(places[index].column));
      node.style.setProperty("--row", String(places[index].row));
    });
  };

  /** @param {import("../store.js").State} state @param {number} now */
  const update = (state, now) => {
    const wanted = JSON.stringify(state.rigs.map((rig) => rig.rig_id));
    if (wanted !== shown) {
      shown = wanted;
      rebuild(state.rigs);
    }
    noteHidden(state.rigs.length > 0);
    noteText(state.greeted ? LABELS.noRigs : LABELS.connecting);
    centre.update(state, now);
    state.rigs.forEach((rig, index) => panes[index].update(rig, linkOf(state, rig, now), now, state.display));
  };

  /** @param {import("../keys.js").Layout} wanted */
  const arrange = (wanted) => {
    layout = wanted;
    place();
  };

  /** On a phone: the pane of a rig, or the centre, or neither. @param {string | null} wanted A rig's id; `null` for the centre. */
  const showOnPhone = (wanted) => {
    tab = wanted;
    place();
  };

  const place = () => {
    const isFocused = layout.focus !== null && rigIds.includes(layout.focus);
    document.body.toggleAttribute("data-focus", isFocused);
    if (layout.map) document.body.dataset.map = "large";
    else delete document.body.dataset.map;
    centre.node.toggleAttribute("data-tab-shown", tab === null);
    panes.forEach(({ node }, index) => {
      node.toggleAttribute("data-focused", isFocused && rigIds[index] === layout.focus);
      node.toggleAttribute("data-tab-shown", rigIds[index] === tab);
    });
  };
  return { update, arrange, showOnPhone };
}
