// @ts-check
/** [edge] Who sits in the rig, in which session, and in which place. */
import { attributeOf, cell, el, textOf } from "../cells.js";
import { capital, cleanName, isKnown, place, sessionClock, UNKNOWN, whole, word } from "../format.js";
import { LABELS } from "../words.js";

/** @param {string} badge The rig's letter. @param {string} rigId */
export function createIdentity(badge, rigId) {
  const name = cell("driver_name", "identity-name", "bdi");
  const team = cell("team", "", "bdi");
  const number = cell("race_number");
  const track = cell("track", "", "bdi");
  const kind = cell("session_type");
  const clock = cell("session_time_left_s", "identity-clock");
  const weather = cell("weather");
  const packets = cell("packets_per_s");
  const position = cell("position", "identity-place");
  const cars = cell("cars");
  const rig = el("span", "");
  textOf(rig)(rigId);
  const left = el("span", "", " · ", clock.node, ` ${LABELS.left}`);
  const hideLeft = attributeOf(left, "hidden");

  const node = el(
    "header",
    "identity",
    el("span", "badge", badge),
    el(
      "div",
      "identity-who",
      el("h2", "identity-heading", name.node),
      el("p", "identity-line", rig, " · ", team.node, " · #", number.node, " · ", packets.node, ` ${LABELS.packets}`),
    ),
    el(
      "div",
      "identity-session",
      el("p", "identity-line", el("span", "identity-track", track.node), " · ", weather.node),
      el("p", "identity-line", kind.node, left),
    ),
    el("div", "identity-position", position.node, el("span", "identity-cars", `${LABELS.of} `, cars.node)),
  );

  /** @param {Record<string, any>} data */
  const update = (data) => {
    name.write(cleanName(data.driver_name) ?? UNKNOWN);
    team.write(cleanName(data.team) ?? UNKNOWN);
    number.write(whole(data.race_number));
    track.write(word(data.track));
    kind.write(word(data.session_type));
    clock.write(sessionClock(data.session_time_left_s));
    hideLeft(isKnown(data.session_time_left_s) ? null : "");
    weather.write(capital(data.weather));
    packets.write(whole(data.packets_per_s));
    position.write(place(data.position));
    cars.write(isKnown(data.cars) && data.cars > 0 ? whole(data.cars) : UNKNOWN);
  };
  return { node, update };
}
