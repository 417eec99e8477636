// @ts-check
/** [edge] The head of the column: the event, and for each place where rigs are its track, session, weather and clock. */
import { attributeOf, cell, el, hiddenOf, textOf } from "../cells.js";
import { badgeOf, cleanText, sessionClock, UNKNOWN, whole } from "../format.js";
import { temperature, temperatureUnit } from "../units.js";
import { CONTROLS, DUEL, joined } from "../words/duel.js";

/** More places than this would leave no room for the duel. */
const MOST_PLACES = 4;
const EVENT_LENGTH = 80;

/** A temperature under its label; both are left out while rigs differ, or none tells. @param {string} label @param {string} name */
function createDegrees(label, name) {
  const value = cell(name, "venue-degrees");
  const node = el("span", "venue-temperature", el("span", "label", `${label} `), value.node);
  const hide = hiddenOf(node);
  /** @param {number | null} celsius @param {import("../units.js").TemperatureUnit} unit */
  const write = (celsius, unit) => {
    hide(celsius === null);
    value.write(celsius === null ? "" : `${whole(temperature(celsius, unit))} ${temperatureUnit(unit)}`);
  };
  return { node, write };
}

function createPlace() {
  const badges = el("span", "venue-badges");
  const track = cell("venue.track", "venue-track", "bdi");
  const session = cell("venue.session", "venue-session", "bdi");
  const trackHeat = createDegrees(DUEL.trackTemperature, "venue.track_temperature");
  const airHeat = createDegrees(DUEL.airTemperature, "venue.air_temperature");
  const clock = cell("venue.clock", "venue-time");
  const control = cell("venue.control", "venue-control");
  const controlHidden = hiddenOf(control.node);
  const controlTone = attributeOf(control.node, "data-control");
  const clockKind = el("span", "label");
  const clockKindText = textOf(clockKind);
  const node = el(
    "div",
    "venue-place",
    el("p", "venue-line", badges, track.node, control.node, el("span", "venue-clock", clockKind, clock.node)),
    el("p", "venue-line is-small", session.node, trackHeat.node, airHeat.node),
  );
  track.node.dataset.mayCut = "";
  session.node.dataset.mayCut = "";
  const hide = hiddenOf(node);
  const live = attributeOf(node, "data-live");
  let shown = "";

  /** @param {readonly number[]} indexes The rigs to name; none when all are here. */
  const name = (indexes) => {
    if (indexes.join() === shown) return;
    shown = indexes.join();
    badges.replaceChildren(
      ...indexes.map((index) => {
        const badge = el("span", "badge is-small", badgeOf(index));
        badge.dataset.badge = badgeOf(index);
        return badge;
      }),
    );
  };

  /** @param {import("../venue.js").Scene} scene @param {boolean} isNamed @param {import("../units.js").TemperatureUnit} unit */
  const show = (scene, isNamed, unit) => {
    hide(false);
    live(scene.isLive ? "" : null);
    name(isNamed ? scene.indexes : []);
    track.write(scene.track ?? UNKNOWN);
    control.write(scene.control === null ? "" : CONTROLS[scene.control]);
    controlHidden(scene.control === null);
    controlTone(scene.control);
    session.write(joined([scene.session, scene.weather]) || UNKNOWN);
    trackHeat.write(scene.trackC, unit);
    airHeat.write(scene.airC, unit);
    clockKindText(scene.clock === null ? "" : scene.clock.isLeft ? DUEL.clockLeft : DUEL.clockRun);
    clock.write(scene.clock === null ? "" : sessionClock(scene.clock.seconds)); // two sessions have no one clock
  };
  return { node, show, hide: () => hide(true) };
}

/** @type {import("../venue.js").Scene} */
const NOWHERE = Object.freeze({ indexes: [], isLive: false, track: null, session: null, weather: null, control: null, trackC: null, airC: null, clock: null });

export function createVenue() {
  const places = Array.from({ length: MOST_PLACES }, createPlace);
  const event = el("bdi", "venue-event");
  event.dataset.cell = "venue.event";
  event.dataset.mayCut = "";
  const eventText = textOf(event);
  const eventHidden = hiddenOf(event);
  const node = el("header", "venue", event, ...places.map((place) => place.node));
  node.dataset.widget = "venue";
  const count = attributeOf(node, "data-places");

  /** @param {readonly import("../venue.js").Scene[]} scenes @param {import("../units.js").Display} display */
  const update = (scenes, { eventName, temperatureUnit: unit }) => {
    const shown = scenes.length === 0 ? [NOWHERE] : scenes.slice(0, MOST_PLACES);
    const name = cleanText(eventName, EVENT_LENGTH);
    eventText(name ?? "");
    eventHidden(name === null);
    count(String(scenes.length));
    places.forEach((place, index) => (index < shown.length ? place.show(shown[index], shown.length > 1, unit) : place.hide()));
  };
  return { node, update };
}
