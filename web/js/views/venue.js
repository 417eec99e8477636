// @ts-check
/** [edge] The head of the column: the event, and for each place where rigs are its track, session, weather and clock. */
import { attributeOf, cell, el, hiddenOf, textOf } from "../cells.js";
import { badgeOf, cleanText, sessionClock, UNKNOWN, whole } from "../format.js";
import { temperature, temperatureUnit } from "../units.js";
import { DUEL, joined } from "../words/duel.js";

/** More places than this would leave no room for the duel. */
const MOST_PLACES = 4;
const EVENT_LENGTH = 80;

/** @param {string} label @param {HTMLElement} value */
const degrees = (label, value) => el("span", "venue-temperature", el("span", "label", `${label} `), value);

function createPlace() {
  const badges = el("span", "venue-badges");
  const track = cell("venue.track", "venue-track", "bdi");
  const session = cell("venue.session", "venue-session", "bdi");
  const trackHeat = cell("venue.track_temperature", "venue-degrees");
  const airHeat = cell("venue.air_temperature", "venue-degrees");
  const clock = cell("venue.clock", "venue-time");
  const clockKind = el("span", "label");
  const clockKindText = textOf(clockKind);
  const node = el(
    "div",
    "venue-place",
    el("p", "venue-line", badges, track.node, el("span", "venue-clock", clockKind, clock.node)),
    el("p", "venue-line is-small", session.node, degrees(DUEL.trackTemperature, trackHeat.node), degrees(DUEL.airTemperature, airHeat.node)),
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
    const sign = temperatureUnit(unit);
    /** @param {number | null} celsius */
    const heat = (celsius) => (celsius === null ? UNKNOWN : `${whole(temperature(celsius, unit))} ${sign}`);
    hide(false);
    live(scene.isLive ? "" : null);
    name(isNamed ? scene.indexes : []);
    track.write(scene.track ?? UNKNOWN);
    session.write(joined([scene.session, scene.weather]) || UNKNOWN);
    trackHeat.write(heat(scene.trackC));
    airHeat.write(heat(scene.airC));
    clockKindText(scene.clock === null ? "" : scene.clock.isLeft ? DUEL.clockLeft : DUEL.clockRun);
    clock.write(scene.clock === null ? "" : sessionClock(scene.clock.seconds)); // two sessions have no one clock
  };
  return { node, show, hide: () => hide(true) };
}

/** @type {import("../venue.js").Scene} */
const NOWHERE = Object.freeze({ indexes: [], isLive: false, track: null, session: null, weather: null, trackC: null, airC: null, clock: null });

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
