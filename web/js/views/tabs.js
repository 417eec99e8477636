// @ts-check
/** [edge] On a phone: which part of the wall is shown. On a wall this is hidden, since all parts are. */
import { el } from "../cells.js";
import { badgeOf } from "../format.js";
import { LABELS } from "../words/labels.js";

/** Words that no rig can be called: an id has neither spaces nor signs but `_` and `-`. */
export const DUEL = "#duel";
export const EVENTS = "#events";

/**
 * @param {HTMLElement} mount
 * @param {(tab: string) => void} onTab A rig's id, or `DUEL`, or `EVENTS`.
 */
export function createTabs(mount, onTab) {
  let chosen = "";
  let picked = ""; // what somebody chose; before that it is the first rig
  let shown = "";
  mount.setAttribute("aria-label", LABELS.tabs);

  const mark = () => {
    for (const button of mount.children) button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.tab === chosen));
  };
  /** @param {string} tab */
  const choose = (tab) => {
    chosen = tab;
    mark();
    onTab(tab);
  };
  /** @param {string} tab @param {...(Node | string)} children */
  const tabOf = (tab, ...children) => {
    const button = el("button", "tab", ...children);
    button.type = "button";
    button.dataset.tab = tab;
    button.addEventListener("click", () => {
      picked = tab;
      choose(tab);
    });
    return button;
  };

  /** By its badge, and its id where there is room for that. @param {string} rigId @param {number} index */
  const rigTab = (rigId, index) => {
    const badge = el("span", "badge tab-badge", badgeOf(index));
    const name = el("span", "tab-name", rigId);
    name.dataset.mayCut = "";
    const button = tabOf(rigId, badge, name);
    button.dataset.badge = badgeOf(index);
    button.setAttribute("aria-label", rigId);
    return button;
  };

  /** @param {import("../store.js").State} state */
  const update = ({ rigs }) => {
    const wanted = JSON.stringify(rigs.map((rig) => rig.rig_id));
    if (wanted === shown) return;
    shown = wanted;
    mount.replaceChildren(...rigs.map(({ rig_id }, index) => rigTab(rig_id, index)), tabOf(DUEL, LABELS.tabDuel), tabOf(EVENTS, LABELS.timeline));
    const isStill = picked === DUEL || picked === EVENTS || rigs.some(({ rig_id }) => rig_id === picked);
    choose(isStill ? picked : rigs[0]?.rig_id ?? DUEL);
  };
  return { update };
}
