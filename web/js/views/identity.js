// @ts-check
/** [edge] Who sits in the rig, what is driven, and in which place. */
import { cell, el, textOf } from "../cells.js";
import { cleanName, isKnown, place, UNKNOWN, whole, word } from "../format.js";
import { LABELS } from "../words/labels.js";

/** @param {string} badge The rig's letter. @param {string} rigId */
export function createIdentity(badge, rigId) {
  const name = cell("driver_name", "identity-name", "bdi");
  const team = cell("team", "", "bdi");
  const track = cell("track", "", "bdi");
  const kind = cell("session_type");
  const position = cell("position", "identity-place");
  const cars = cell("cars");
  const rig = el("span", "");
  textOf(rig)(rigId);
  name.node.dataset.mayCut = "";

  const line = el("p", "identity-line", rig, " · ", team.node, " · ", track.node, " · ", kind.node);
  line.dataset.mayCut = "";
  const node = el(
    "header",
    "identity",
    el("span", "badge", badge),
    el("div", "identity-who", el("h2", "identity-heading", name.node), line),
    el("div", "identity-position", position.node, el("span", "identity-cars", `${LABELS.of} `, cars.node)),
  );
  node.dataset.widget = "identity";

  /** @param {Record<string, any>} data */
  const update = (data) => {
    name.write(cleanName(data.driver_name) ?? UNKNOWN);
    team.write(cleanName(data.team) ?? UNKNOWN);
    track.write(word(data.track));
    kind.write(word(data.session_type));
    position.write(place(data.position));
    cars.write(isKnown(data.cars) && data.cars > 0 ? whole(data.cars) : UNKNOWN);
  };
  return { node, update };
}
