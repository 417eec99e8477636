// @ts-check
/** [edge] The four tyres as seen from above, and what they are made of. */
import { attributeOf, cell, el, textOf } from "../cells.js";
import { compoundLetter, tyreZone, whole, word } from "../format.js";
import { temperature } from "../units.js";
import { LABELS, TYRE_ZONES, WHEELS } from "../words/labels.js";

const ORDER = /** @type {const} */ (["fl", "fr", "rl", "rr"]);

/** @param {(typeof ORDER)[number]} wheel */
function createWheel(wheel) {
  const surface = cell(`tyre_surface_temperature_c.${wheel}`, "wheel-figure");
  const inner = cell(`tyre_inner_temperature_c.${wheel}`);
  const wear = cell(`tyre_wear_percent.${wheel}`);
  const zone = el("span", "wheel-zone");
  zone.setAttribute("role", "img");
  const node = el(
    "div",
    "wheel",
    el("span", "wheel-heat", surface.node, el("span", "wheel-unit", "°"), zone),
    el("span", "wheel-more", inner.node, "° · ", wear.node, " %"),
  );
  node.dataset.wheel = wheel;
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", WHEELS[wheel]);
  const zoneText = textOf(zone);
  const zoneLabel = attributeOf(zone, "aria-label");
  const zoneMark = attributeOf(node, "data-zone");

  /** @param {Record<string, any>} data @param {import("../units.js").Display} display */
  const update = (data, { temperatureUnit }) => {
    const celsius = data.tyre_surface_temperature_c?.[wheel];
    const found = tyreZone(celsius);
    const { glyph, text } = TYRE_ZONES[found ?? "unknown"];
    surface.write(whole(temperature(celsius, temperatureUnit)));
    inner.write(whole(temperature(data.tyre_inner_temperature_c?.[wheel], temperatureUnit)));
    wear.write(whole(data.tyre_wear_percent?.[wheel]));
    zoneText(glyph);
    zoneLabel(text);
    zoneMark(found);
  };
  return { node, update };
}

export function createTyres() {
  const compound = cell("tyre_compound", "compound");
  const actual = cell("tyre_compound_actual");
  const laps = cell("tyre_age_laps", "figure");
  const unit = el("span", "label");
  const unitText = textOf(unit);
  const letter = attributeOf(compound.node, "data-compound");
  const title = attributeOf(compound.node, "title");
  const wheels = ORDER.map(createWheel);
  const node = el(
    "div",
    "tyres",
    el(
      "div",
      "tyres-set",
      compound.node,
      el("span", "tyres-age", laps.node, unit),
      el("span", "tyres-actual", actual.node),
    ),
    el("div", "tyres-wheels", ...wheels.map((wheel) => wheel.node)),
  );
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", LABELS.tyres);
  node.dataset.widget = "tyres";

  /** @param {Record<string, any>} data @param {import("../units.js").Display} display */
  const update = (data, display) => {
    const found = compoundLetter(data.tyre_compound);
    compound.write(found);
    letter(found);
    title(word(data.tyre_compound));
    actual.write(word(data.tyre_compound_actual));
    laps.write(whole(data.tyre_age_laps));
    unitText(data.tyre_age_laps === 1 ? LABELS.lapUnit : LABELS.lapsUnit);
    for (const wheel of wheels) wheel.update(data, display);
  };
  return { node, update };
}
