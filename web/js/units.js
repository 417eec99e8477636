// @ts-check
/**
 * The gateway speaks km/h and °C; a screen may show mph and °F. One conversion each, unknown stays unknown.
 */
import { isKnown } from "./format.js";

/** @typedef {"kph" | "mph"} SpeedUnit */
/** @typedef {"c" | "f"} TemperatureUnit */
/** @typedef {{eventName: string | null, speedUnit: SpeedUnit, temperatureUnit: TemperatureUnit}} Display What the operator set for all screens. */

const KPH_PER_MPH = 1.609344;

/** @type {Display} */
export const USUAL_DISPLAY = Object.freeze({ eventName: null, speedUnit: "kph", temperatureUnit: "c" });

/**
 * `display` of connection_status, or the body of /api/display. What is missing or not well formed is the usual.
 *
 * @param {any} told
 * @returns {Display}
 */
export const displayOf = (told) => ({
  eventName: typeof told?.event_name === "string" && told.event_name.trim() !== "" ? told.event_name : null,
  speedUnit: told?.speed_unit === "mph" ? "mph" : "kph",
  temperatureUnit: told?.temperature_unit === "f" ? "f" : "c",
});

/** A speed in the screen's unit. @param {number | null | undefined} kph @param {SpeedUnit} unit @returns {number | null} */
export const speed = (kph, unit) => (isKnown(kph) ? (unit === "mph" ? kph / KPH_PER_MPH : kph) : null);

/** @param {SpeedUnit} unit */
export const speedUnit = (unit) => (unit === "mph" ? "mph" : "km/h");

/** A temperature in the screen's unit. @param {number | null | undefined} celsius @param {TemperatureUnit} unit @returns {number | null} */
export const temperature = (celsius, unit) => (isKnown(celsius) ? (unit === "f" ? celsius * 1.8 + 32 : celsius) : null);

/** @param {TemperatureUnit} unit */
export const temperatureUnit = (unit) => (unit === "f" ? "°F" : "°C");
