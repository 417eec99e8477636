// @ts-check
/**
 * What race control has ordered: red flag, safety car, virtual safety car. Pure.
 *
 * The game tells of a red flag once and never of its end. So it stands until something happens that does not happen
 * under one: lights out, a safety car, DRS enabled, a record, the chequered flag, another session; or until the rig's
 * own car, which has stood since, drives at racing speed again.
 */
import { isKnown } from "./format.js";

/** @typedef {{sessionUid: unknown, sessionTimeS: number | null, hasStood: boolean}} RedFlag */
/** @typedef {"red flag" | "full safety car" | "virtual safety car" | "formation lap"} Control */

const STANDS_KPH = 5;
const RACES_KPH = 120; // well above the limits of all pit lanes, 80 km/h
const REWOUND_S = 1;

const ENDS = new Set(["LightsOut", "SafetyCar", "FastestLap", "SpeedTrap", "ChequeredFlag", "RaceWinner", "FinalClassification", "SessionStarted", "SessionEnded"]);

/** @param {Record<string, any>} event */
const isEnd = ({ kind, enabled }) => ENDS.has(kind) || (kind === "DrsChanged" && enabled === true);

/**
 * The red flag after an event of the rig.
 *
 * @param {RedFlag | null} flag
 * @param {Record<string, any>} event
 * @returns {RedFlag | null}
 */
export function redFlagAfter(flag, event) {
  if (event.kind === "RedFlag") {
    return { sessionUid: event.session_uid, sessionTimeS: isKnown(event.session_time_s) ? event.session_time_s : null, hasStood: false };
  }
  return flag !== null && isEnd(event) ? null : flag;
}

/**
 * The red flag as of a new state of the rig.
 *
 * @param {RedFlag | null} flag
 * @param {Record<string, any>} data
 * @returns {RedFlag | null}
 */
export function redFlagAt(flag, data) {
  if (flag === null) return null;
  // An event may come before the first state of its session.
  if (data.mode === "driving" && data.session_uid !== flag.sessionUid) return null;
  if (isKnown(data.session_time_s) && flag.sessionTimeS !== null && data.session_time_s < flag.sessionTimeS - REWOUND_S) return null;
  if (!isKnown(data.speed_kph)) return flag;
  if (flag.hasStood && data.speed_kph > RACES_KPH) return null;
  return !flag.hasStood && data.speed_kph < STANDS_KPH ? { ...flag, hasStood: true } : flag;
}

/** @type {readonly Control[]} The gravest first. */
const ORDER = Object.freeze(["red flag", "full safety car", "virtual safety car", "formation lap"]);

/** @param {Record<string, any>} data @param {RedFlag | null} redFlag @returns {Control | null} */
export function controlOf(data, redFlag) {
  if (redFlag !== null && data.session_uid === redFlag.sessionUid) return "red flag";
  return ORDER.find((control) => control === data.safety_car) ?? null;
}

/** The gravest of several. @param {readonly (Control | null)[]} controls @returns {Control | null} */
export const gravest = (controls) => ORDER.find((control) => controls.includes(control)) ?? null;
