// @ts-check
/** [edge] One rig's pane: puts its widgets together and says how far they may be believed. */
import { attributeOf, el } from "../cells.js";
import { badgeOf, isKnown } from "../format.js";
import { controlOf } from "../racecontrol.js";
import { shownData } from "../result.js";
import { isSessionBest, silentS } from "../store.js";
import { endingWord, paneNotice } from "../words/pane.js";
import { createDial } from "./dial.js";
import { createEnergy } from "./energy.js";
import { createIdentity } from "./identity.js";
import { createLaps, createSectors } from "./laps.js";
import { createNotice } from "./notice.js";
import { createPedals } from "./pedals.js";
import { createRevLights } from "./revlights.js";
import { createSpeed } from "./speed.js";
import { createTrace } from "./trace.js";
import { createTyres } from "./tyres.js";

/** @type {Record<string, any>} Before the first state every key is unknown. */
const NO_DATA = Object.freeze({});

/** @param {import("../store.js").Rig} rig @param {number} index Its place in the gateway's order. */
export function createPane(rig, index) {
  const revLights = createRevLights();
  const identity = createIdentity(badgeOf(index), rig.rig_id);
  const dial = createDial();
  const speed = createSpeed();
  const laps = createLaps();
  const sectors = createSectors();
  const pedals = createPedals();
  const trace = createTrace();
  const tyres = createTyres();
  const energy = createEnergy();
  const notice = createNotice();

  const body = el(
    "div",
    "pane-body",
    revLights.node,
    identity.node,
    el("div", "hero", dial.node, speed.node),
    laps.node,
    sectors.node,
    el("div", "pulse", pedals.pedals, trace.node, pedals.wheel),
    el("div", "strip", tyres.node, energy.node),
  );
  const node = el("section", "pane", body, notice.node);
  node.dataset.rig = rig.rig_id;
  node.dataset.badge = badgeOf(index);
  node.setAttribute("aria-label", rig.rig_id);
  const linkMark = attributeOf(node, "data-link");
  const modeMark = attributeOf(node, "data-mode");
  const widgets = [revLights, identity, dial, speed, sectors, pedals, tyres];
  /** @type {unknown} */
  let drawn = null;
  /** @type {unknown} */
  let drawnFor = null;
  /** @type {unknown} */
  let drawnFlag = null;

  /**
   * @param {import("../store.js").Rig} now
   * @param {import("../store.js").Link} link
   * @param {number} clockMs
   * @param {import("../units.js").Display} display
   */
  const update = (now, link, clockMs, display) => {
    const data = shownData(now.data, now.end) ?? NO_DATA;
    if (now.data !== drawn || display !== drawnFor || now.redFlag !== drawnFlag) {
      drawn = now.data;
      drawnFor = display;
      drawnFlag = now.redFlag;
      for (const widget of widgets) widget.update(data, display);
      energy.update(data, controlOf(data, now.redFlag) === "red flag");
    }
    laps.update(data, isSessionBest(now));
    trace.update(now.trace);
    notice.update(paneNotice(now, link, { mode: data.mode, ending: endingWord(data), hasValues: isKnown(data.speed_kph) || isKnown(data.lap_number), silentS: silentS(now, clockMs), hasSent: now.hasSent, packetsPerS: data.packets_per_s }));
    linkMark(link);
    modeMark(typeof data.mode === "string" ? data.mode : null);
  };
  return { node, update, destroy: trace.destroy };
}
