// @ts-check
/** [edge] The rev counter: an arc that fills, with the gear inside and the engine speed below. */
import { attributeOf, cell, el, styleOf } from "../cells.js";
import { gearName, isKnown, whole } from "../format.js";
import { LABELS } from "../words/labels.js";

const SVG = "http://www.w3.org/2000/svg";
const CENTRE = 100;
const RADIUS = 88;
const START_DEG = 135; // the arc leaves a quarter open at the bottom, for the figures
const SWEEP_DEG = 270;
const RED_FROM = 0.93; // the last lights of the bar come on about here; the game sends no red line of its own

/** @param {number} share 0..1 along the arc */
function pointAt(share) {
  const angle = ((START_DEG + SWEEP_DEG * share) * Math.PI) / 180;
  return `${(CENTRE + RADIUS * Math.cos(angle)).toFixed(2)} ${(CENTRE + RADIUS * Math.sin(angle)).toFixed(2)}`;
}

/** @param {string} className @param {number} from @param {number} to */
function arc(className, from, to) {
  const path = document.createElementNS(SVG, "path");
  const isLong = (to - from) * SWEEP_DEG > 180 ? 1 : 0;
  path.setAttribute("class", className);
  path.setAttribute("d", `M ${pointAt(from)} A ${RADIUS} ${RADIUS} 0 ${isLong} 1 ${pointAt(to)}`);
  path.setAttribute("pathLength", "100");
  return path;
}

export function createDial() {
  const filled = arc("dial-fill", 0, 1);
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 200 200");
  drawing.setAttribute("class", "dial-arc");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(arc("dial-track", 0, 1), arc("dial-red", RED_FROM, 1), filled);

  const gear = cell("gear", "dial-gear");
  const rpm = cell("engine_rpm", "dial-rpm");
  const maxRpm = cell("max_rpm");
  const node = el(
    "div",
    "dial",
    drawing,
    gear.node,
    el("p", "dial-figures", rpm.node, el("span", "label", "/ ", maxRpm.node, ` ${LABELS.rpm}`)),
  );
  node.dataset.widget = "dial";
  const length = styleOf(filled, "stroke-dasharray");
  const isRed = attributeOf(filled, "data-red");

  /** @param {Record<string, any>} data */
  const update = (data) => {
    const isDrawn = isKnown(data.engine_rpm) && isKnown(data.max_rpm) && data.max_rpm > 0;
    const share = isDrawn ? Math.min(1, data.engine_rpm / data.max_rpm) : 0;
    gear.write(gearName(data.gear));
    rpm.write(whole(data.engine_rpm));
    maxRpm.write(whole(data.max_rpm));
    length(`${(share * 100).toFixed(1)} 200`);
    isRed(share >= RED_FROM ? "" : null);
  };
  return { node, update };
}
