// @ts-check
/** [edge] Connection: one pill for the gateway, one for each rig, and the banner when the gateway is gone. */
import { attributeOf, el, hiddenOf, textOf } from "../cells.js";
import { UNKNOWN } from "../format.js";
import { linkOf } from "../store.js";
import { LABELS, LINKS, SOCKETS } from "../words/labels.js";

/** @param {string} name */
function createPill(name) {
  const status = el("span", "pill-status");
  const rate = el("span", "pill-rate value");
  const label = el("span", "pill-name");
  textOf(label)(name);
  label.dataset.mayCut = "";
  const node = el("span", "pill", el("span", "pill-dot"), label, status, rate);
  const link = attributeOf(node, "data-link");
  const statusText = textOf(status);
  const rateText = textOf(rate);
  /** @param {string} mark @param {string} text @param {string} perSecond */
  const update = (mark, text, perSecond) => {
    link(mark);
    statusText(text);
    rateText(perSecond);
  };
  return { node, update };
}

/** @param {HTMLElement} mount */
export function createLinks(mount) {
  const gateway = createPill(LABELS.gateway);
  gateway.node.dataset.pill = "gateway";
  /** @type {ReturnType<typeof createPill>[]} */
  let pills = [];
  let shown = "";

  /** @param {readonly import("../store.js").Rig[]} rigs */
  const rebuild = (rigs) => {
    pills = rigs.map((rig, index) => {
      const pill = createPill(rig.rig_id);
      pill.node.dataset.pill = rig.rig_id;
      return pill;
    });
    mount.replaceChildren(...pills.map((pill) => pill.node), gateway.node);
  };
  rebuild([]);

  /** @param {import("../store.js").State} state @param {number} now */
  const update = (state, now) => {
    const wanted = JSON.stringify(state.rigs.map((rig) => rig.rig_id));
    if (wanted !== shown) {
      shown = wanted;
      rebuild(state.rigs);
    }
    gateway.update(state.socket === "open" ? "live" : state.socket, SOCKETS[state.socket], "");
    state.rigs.forEach((rig, index) => {
      const link = linkOf(state, rig, now);
      const rate = link === "live" ? rig.rate.perSecond : null; // the reminders of a silent rig are no messages of it
      pills[index].update(link, LINKS[link], `${rate ?? UNKNOWN}/s`);
    });
  };
  return { update };
}

/** @param {HTMLElement} mount */
export function createBanner(mount) {
  const text = textOf(mount);
  const hide = hiddenOf(mount);
  /** @param {import("../store.js").State} state */
  const update = (state) => {
    hide(state.socket !== "lost");
    text(state.socket === "lost" ? LABELS.lostBanner : "");
  };
  return { update };
}
