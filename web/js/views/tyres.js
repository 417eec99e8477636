// @ts-check
/** [edge] The four tyres as seen from above, and what they are made of. */
import { attributeOf, cell, el, textOf } from "../cells.js";
import { compoundLetter, tyreZone, whole, word } from "../format.js";
import { LABELS, TYRE_ZONES, WHEELS } from "../words.js";

const ORDER = /** @type {const} */ (["fl", "fr", "rl", "rr"]);

/** @param {(typeof ORDER)[number]} wheel */
function createWheel(wheel) {
  const surface = cell(`tyre_surface_temperature_c.${wheel}`, "wheel-figure");
  const inner = cell(`tyre_inner_temperature_c.${wheel}`);
  const wear = cell(`tyre_wear_percent.${wheel}`);
  const zone = el("span", "wheel-zone");
  const node = el(
    "div",
    "wheel",
    el("span", "wheel-heat", surface.node, el("span", "wheel-unit", "°"), zone),
    el("span", "wheel-more", `${LABELS.core} `, inner.node, `° · ${LABELS.wear} `, wear.node, " %"),
  );
  node.dataset.wheel = wheel;
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", WHEELS[wheel]);
  const zoneText = textOf(zone);
  const zoneMark = attributeOf(node, "data-zone");

  /** @param {Record<string, any>} data */
  const update = (data) => {
    const celsius = data.tyre_surface_temperature_c?.[wheel];
    const found = tyreZone(celsius);
    const { glyph, text } = TYRE_ZONES[found ?? "unknown"];
    surface.write(whole(celsius));
    inner.write(whole(data.tyre_inner_temperature_c?.[wheel]));
    wear.write(whole(data.tyre_wear_percent?.[wheel]));
    zoneText(`${glyph} ${text}`.trim());
    zoneMark(found);
  };
  return { node, update };
}

export function createTyres() {
  const compound = cell("tyre_compound", "compound");
  const actual = cell("tyre_compound_actual");
  const laps = cell("tyre_age_laps", "figure");
  const letter = attributeOf(compound.node, "data-compound");
  const title = attributeOf(compound.node, "title");
  const wheels = ORDER.map(createWheel);
  const node = el(
    "section",
    "tyres",
    el(
      "div",
      "tyres-set",
      compound.node,
      el("span", "tyres-age", laps.node, el("span", "label", LABELS.tyreAge)),
      el("span", "label tyres-actual", actual.node),
    ),
    el("div", "tyres-wheels", ...wheels.map((wheel) => wheel.node)),
  );
  node.setAttribute("aria-label", LABELS.tyres);

  /** @param {Record<string, any>} data */
  const update = (data) => {
    const found = compoundLetter(data.tyre_compound);
    compound.write(found);
    letter(found);
    title(word(data.tyre_compound));
    actual.write(word(data.tyre_compound_actual));
    laps.write(whole(data.tyre_age_laps));
    for (const wheel of wheels) wheel.update(data);
  };
  return { node, update };
}
