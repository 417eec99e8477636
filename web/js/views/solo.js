// @ts-check
/** [edge] One rig's pane alone on a page of its own; a rig that the gateway does not have is said so. */
import { el, hiddenOf, textOf } from "../cells.js";
import { linkOf } from "../store.js";
import { LABELS } from "../words/labels.js";
import { noSuchRig } from "../words/rig.js";
import { createPane } from "./pane.js";

/** @param {HTMLElement} mount @param {string} rigId */
export function createSolo(mount, rigId) {
  const note = el("p", "stage-note");
  const noteText = textOf(note);
  const noteHidden = hiddenOf(note);
  /** @type {ReturnType<typeof createPane> | null} */
  let pane = null;
  mount.replaceChildren(note);

  /** @param {import("../store.js").State} state @param {number} now */
  const update = (state, now) => {
    const index = state.rigs.findIndex(({ rig_id }) => rig_id === rigId);
    noteHidden(index >= 0);
    if (index < 0) {
      noteText(state.greeted ? noSuchRig(rigId, state.rigs.map(({ rig_id }) => rig_id)) : LABELS.connecting);
      pane?.destroy();
      pane = null;
      mount.replaceChildren(note);
      return;
    }
    const rig = state.rigs[index];
    if (pane === null) {
      pane = createPane(rig, index);
      mount.replaceChildren(note, pane.node);
    }
    pane.update(rig, linkOf(state, rig, now), now, state.display);
  };
  return { update };
}
