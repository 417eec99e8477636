// @ts-check
/** [edge] The panes side by side, as many as the gateway has rigs. */
import { el, hiddenOf, textOf } from "../cells.js";
import { linkOf } from "../store.js";
import { LABELS } from "../words.js";
import { createPane } from "./pane.js";

/** @param {HTMLElement} mount */
export function createStage(mount) {
  const note = el("p", "stage-note");
  const noteText = textOf(note);
  const noteHidden = hiddenOf(note);
  /** @type {ReturnType<typeof createPane>[]} */
  let panes = [];
  let shown = "";
  mount.replaceChildren(note);

  /** @param {readonly import("../store.js").Rig[]} rigs */
  const rebuild = (rigs) => {
    for (const pane of panes) pane.destroy();
    panes = rigs.map(createPane);
    mount.replaceChildren(note, ...panes.map((pane) => pane.node));
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
    state.rigs.forEach((rig, index) => panes[index].update(rig, linkOf(state, rig, now), now));
  };
  return { update };
}
