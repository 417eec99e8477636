// @ts-check
/** What is compared, as it stands in the page's address, so that it can be shared and survives a reload. Pure. */
import { cleanName } from "../format.js";
import { dayOf, lapIdOf } from "./laps.js";

/** @typedef {{day: string | null, track: string | null, a: string | null, b: string | null}} Wish `null` leaves it to the page. */

/** @type {Wish} */
export const NO_WISH = Object.freeze({ day: null, track: null, a: null, b: null });

/** @param {string} search `location.search`. @returns {Wish} What cannot be read is left to the page. */
export function wishOf(search) {
  const told = new URLSearchParams(search);
  return { day: dayOf(told.get("day")), track: cleanName(told.get("track")), a: lapIdOf(told.get("a")), b: lapIdOf(told.get("b")) };
}

/** @param {Wish} wish @returns {string} With its question mark; empty for no wish. */
export function searchOf({ day, track, a, b }) {
  const told = new URLSearchParams();
  for (const [key, value] of Object.entries({ day, track, a, b })) if (value !== null) told.set(key, value);
  return told.size === 0 ? "" : `?${told}`;
}

/** Where the laps of a day are asked for. @param {string | null} day `null` for today. */
export const lapsUrl = (day) => (day === null ? "/api/laps" : `/api/laps?${new URLSearchParams({ day })}`);

/** Where a lap along its distance is asked for. @param {string} lapId */
export const lapUrl = (lapId) => `/api/laps/${encodeURIComponent(lapId)}`;

/** Where the laps of a day are a file. @param {string} day Empty for today. */
export const fileUrl = (day) => (day === "" ? "/api/laps.csv" : `/api/laps.csv?${new URLSearchParams({ day })}`);
