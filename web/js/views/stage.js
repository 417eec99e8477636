// @ts-check
/** [edge] The panes, as many as the gateway has rigs, around the centre; on a phone one of them at a time. */
import { el, hiddenOf, textOf } from "../cells.js";
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
  let shown = "";
  mount.replaceChildren(note);

  /** @param {readonly import("../store.js").Rig[]} rigs */
  const rebuild = (rigs) => {
    for (const pane of panes) pane.destroy();
    panes = rigs.map(createPane);
    // The centre stands between the first two, for those who read the page in its order.
    const nodes = panes.map((pane) => pane.node);
    mount.replaceChildren(note, ...nodes.slice(0, 1), ...(rigs.length > 0 ? [centre.node] : []), ...nodes.slice(1));
    document.body.dataset.rigs = rigs.length > 4 ? "many" : String(rigs.length);
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

  /** @param {import("../keys.js").Layout} layout */
  const arrange = ({ focus, map }) => {
    const isFocused = focus !== null && focus < panes.length;
    document.body.toggleAttribute("data-focus", isFocused);
    if (map) document.body.dataset.map = "large";
    else delete document.body.dataset.map;
    panes.forEach(({ node }, index) => node.toggleAttribute("data-focused", isFocused && index === focus));
  };

  /** On a phone: the rig in this place, or the centre. @param {number | null} index `null` for the centre. */
  const showOnPhone = (index) => {
    centre.node.toggleAttribute("data-tab-shown", index === null);
    panes.forEach(({ node }, place) => node.toggleAttribute("data-tab-shown", place === index));
  };
  return { update, arrange, showOnPhone };
}
