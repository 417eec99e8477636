// @ts-check
/** One event as a line of the timeline. */
import { age, capital, cleanName, count, isKnown, isolated, lapTime, sectorTime, whole } from "../format.js";
import { speed, speedUnit } from "../units.js";
import { figure } from "../untrusted.js";

/** @typedef {"purple" | "green" | "yellow" | "alert" | "flag" | "plain" | "quiet"} Tone */
/** @typedef {"laps" | "race" | "penalties" | "rigs"} Category */

/**
 * @typedef {object} Told
 * @property {string} glyph
 * @property {string} text All of it, but where a speed follows.
 * @property {{kph: number | null, after: string}} [speed] Told in the unit that the screen has when it is drawn.
 * @property {Tone} tone
 * @property {Category} category
 * @property {boolean} [isMinor] Of cars of the game's own alone: told where its category is asked for, not among all.
 */

/** @typedef {Record<string, any>} GameEvent One canonical event; its fields by kind: docs/websocket.md. */

/** @param {unknown} name */
const nameOr = (name, fallback = "unnamed car") => isolated(cleanName(name) ?? fallback);

/** @param {GameEvent} event */
const who = (event) => nameOr(event.driver_name);

/** @param {string} glyph @param {Tone} tone @param {Category} category @param {string} text @returns {Told} */
const told = (glyph, tone, category, text) => ({ glyph, tone, category, text });

/** @param {(string | false | null | undefined)[]} marks */
const suffix = (...marks) => marks.filter(Boolean).map((mark) => ` · ${mark}`).join("");

/** @param {GameEvent} event */
function lapCompleted(event) {
  const marks = suffix(
    event.session_best ? "session best" : event.personal_best && "personal best",
    event.valid === false && "invalid",
    event.pit_lap && "pit lap",
    event.status === "corrected" && "corrected",
  );
  const text = `Lap ${whole(event.lap_number)} – ${lapTime(event.lap_time_ms)}, ${who(event)}${marks}`;
  if (event.valid === false) return told("✕", "alert", "laps", text);
  if (event.session_best) return told("◆", "purple", "laps", text);
  return event.personal_best ? told("▲", "green", "laps", text) : told("●", "plain", "laps", text);
}

/** @param {GameEvent} event */
function penalty(event) {
  const time = isKnown(event.time_s) ? ` ${event.time_s} s` : "";
  const with_ = event.other_driver_name ? ` with ${nameOr(event.other_driver_name)}` : "";
  const tone = event.penalty === "Warning" ? "flag" : "alert";
  return told("!", tone, "penalties", `${capital(event.penalty)}${time} – ${capital(event.infringement)}${with_}, ${who(event)}`);
}

/** @param {GameEvent} event */
function classification(event) {
  const cars = Array.isArray(event.cars) ? event.cars : [];
  const podium = [1, 2, 3]
    .map((position) => cars.find((car) => car.position === position))
    .filter(Boolean)
    .map((car) => `${car.position} ${nameOr(car.name)}`);
  return told("■", "plain", "race", `Result${podium.length === 0 ? "" : ` – ${podium.join(", ")}`}`);
}

/** @type {Readonly<Record<string, string>>} */
const ENDINGS = Object.freeze({
  new_session: "Session ended, a new one began",
  silence: "Session closed after a long silence",
});

/** @param {GameEvent} event */
function sharedRace(event) {
  const rigs = `${event.rig_id} and ${event.other_rig_id}`;
  return event.same_car === true
    ? told("!", "alert", "rigs", `${rigs} send the same car: give each game its own port`)
    : told("●", "plain", "rigs", `${rigs} are in one race`);
}

/** Is this slot the rig's own car? Facts of laps say so themselves, by `own`. @param {unknown} carIndex @param {number | null} ownCar */
const isOwnCar = (carIndex, ownCar) => ownCar !== null && carIndex === ownCar;

/** @type {Readonly<Record<string, (event: GameEvent, ownCar: number | null) => Told | null>>} */
const TELLERS = Object.freeze({
  SessionStarted: (event) =>
    told("►", "plain", "rigs", `${event.session_type ? capital(event.session_type) : "Session"}${event.track ? ` at ${event.track}` : ""}`),
  SessionEnded: (event) => told("■", "quiet", "rigs", ENDINGS[event.reason] ?? "Session ended"),
  ParticipantsChanged: (event) => told("·", "quiet", "race", `${whole(event.num_active_cars)} ${event.num_active_cars === 1 ? "car" : "cars"} in the session`),
  SectorCompleted: (event) =>
    event.own && event.sector !== 3 // sector 3 ends the lap, which is told as a lap
      ? told("·", "quiet", "laps", `Sector ${whole(event.sector)} – ${sectorTime(event.sector_time_ms)}, ${who(event)}`)
      : null,
  LapCompleted: (event) => (event.own || event.session_best ? lapCompleted(event) : null),
  LapWithdrawn: (event) =>
    event.own ? told("↶", "flag", "laps", `Flashback: lap ${whole(event.lap_number)} undone, ${who(event)}`) : null,
  LapInvalidated: (event) =>
    event.own ? told("✕", "alert", "laps", `Lap ${whole(event.lap_number)} will not count, ${who(event)}`) : null,
  FlashbackUsed: (event) => told("↶", "flag", "race", `Flashback used, ${who(event)}`),
  FinalClassification: classification,
  FastestLap: (event) => told("◆", "purple", "laps", `Fastest lap – ${lapTime(event.lap_time_ms)}, ${who(event)}`),
  SpeedTrap: (event, ownCar) =>
    event.session_best || (event.personal_best && isOwnCar(event.car_index, ownCar))
      ? { ...told("»", event.session_best ? "purple" : "green", "laps", "Speed trap"), speed: { kph: figure(event.speed_kph), after: `, ${who(event)}` } }
      : null,
  PenaltyIssued: penalty,
  PenaltyServed: (event) => told("!", "plain", "penalties", `${capital(event.penalty)} served, ${who(event)}`),
  Overtake: (event, ownCar) => {
    const concerns = isOwnCar(event.car_index, ownCar) || isOwnCar(event.overtaken_car_index, ownCar);
    const text = `${who(event)} overtakes ${nameOr(event.overtaken_driver_name)}`;
    return concerns ? told("↑", "plain", "race", text) : { ...told("↑", "quiet", "race", text), isMinor: true };
  },
  Collision: (event) => told("×", "flag", "race", `Collision – ${who(event)} and ${nameOr(event.other_driver_name)}`),
  Retirement: (event) => told("✕", "alert", "race", `${who(event)} retires${event.reason ? ` – ${event.reason}` : ""}`),
  TeamMateInPits: () => told("·", "quiet", "race", "Team-mate in the pits"),
  LightsOut: () => told("►", "plain", "race", "Lights out"),
  ChequeredFlag: () => told("⚑", "plain", "race", "Chequered flag"),
  RaceWinner: (event) => told("◆", "plain", "race", `${who(event)} wins`),
  RedFlag: () => told("⚑", "alert", "race", "Red flag"),
  SafetyCar: (event) => told("⚑", "flag", "race", `${capital(event.safety_car)} – ${event.action}`),
  DrsChanged: (event) =>
    told("»", "quiet", "race", event.enabled ? "DRS enabled" : `DRS disabled${event.reason ? ` – ${event.reason}` : ""}`),
  RigOnline: (event) =>
    told("●", "green", "rigs", `${event.rig_id} is online${isKnown(event.silent_s) ? ` after ${age(event.silent_s)} of silence` : ""}`),
  RigSilent: (event) => told("○", "alert", "rigs", `${event.rig_id} went silent`),
  SharedRace: sharedRace,
  // LapDisputed is left out: it tells engineers that two rigs disagree, and the audience could not judge which is right.
});

/** The whole line, its speed in the screen's unit. @param {Told} told @param {import("../units.js").SpeedUnit} unit */
export const lineOf = ({ text, speed: trap }, unit) =>
  trap === undefined ? text : `${text} ${whole(speed(trap.kph, unit))} ${speedUnit(unit)}${trap.after}`;

/**
 * One event as a line of the timeline; `null` when it is not for the audience, or of a kind unknown to this page.
 *
 * @param {GameEvent} event
 * @param {number | null} ownCar The slot of the rig's own car in the event's session; `null` when unknown.
 * @returns {Told | null}
 */
export function tell(event, ownCar = null) {
  return Object.hasOwn(TELLERS, event.kind) ? TELLERS[event.kind](event, ownCar) : null;
}
