// @ts-check
/** [edge] The fifteen rev lights on the pane's top edge. */
import { attributeOf, el } from "../cells.js";
import { revLights } from "../format.js";
import { LABELS } from "../words/labels.js";

const LIGHTS = 15;

export function createRevLights() {
  const lamps = Array.from({ length: LIGHTS }, () => el("span", "revlight"));
  const lit = lamps.map((lamp) => attributeOf(lamp, "data-lit"));
  const node = el("div", "revlights", ...lamps);
  node.dataset.cell = "rev_lights_bits";
  node.dataset.widget = "revlights";
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", LABELS.revLights);

  /** @param {Record<string, any>} data */
  const update = (data) => {
    const lights = revLights(data.rev_lights_bits, data.rev_lights_percent);
    lit.forEach((write, index) => write(lights?.[index] ? "" : null));
  };
  return { node, update };
}
