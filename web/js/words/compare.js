// @ts-check
/** The words of the page that compares two laps. Values in, words out; figures come from `format.js`. */
import { cleanName, delta, isolated, lapTime, UNKNOWN, wallClock } from "../format.js";
import { speedUnit } from "../units.js";

/** @typedef {"a" | "b"} Side */
/** @typedef {import("../compare/laps.js").Lap} Lap */

export const COMPARE = Object.freeze({
  day: "Day",
  track: "Track",
  today: "today",
  download: "CSV",
  downloadHint: "Download the laps of the day as CSV",
  swap: "Swap A and B",
  swapGlyph: "⇄",
  choose: "Choose a lap",
  noLap: "no lap yet",
  change: "change ▾",
  unlisted: "a lap that is not on the list",
  validLaps: "Valid laps, fastest first",
  otherLaps: "Laps that do not count",
  tracelessLaps: "No trace was kept: cannot be drawn",
  noTrace: "no trace kept",
  figures: "Lap A against lap B",
  figure: "Figure",
  difference: "B − A",
  top: "Top",
  charts: "Both laps along their distance",
  cursor: "Place on the lap",
  keys: "← → move the cursor",
  of: "of",
});

/** What is drawn, from above. */
export const CHARTS = Object.freeze({ speed: "Speed", throttle: "Throttle %", brake: "Brake %", gear: "Gear", delta: "Delta s" });

/** @type {Readonly<Record<Side, string>>} */
export const LETTERS = Object.freeze({ a: "A", b: "B" });

/** Who is faster, to the side where the lap stands. */
export const WINS = Object.freeze({
  a: { glyph: "◀", text: "A is faster" },
  b: { glyph: "▶", text: "B is faster" },
});

/** What the two halves of the delta chart say: above zero B has needed longer. */
export const HALVES = Object.freeze({ above: "▲ A ahead", below: "▼ B ahead" });

/** @param {Side} side */
export const lapName = (side) => `Lap ${LETTERS[side]}`;

/** What `time(B) − time(A)` means. @param {number | null} ms */
export function deltaWord(ms) {
  if (ms === null) return "B against A";
  if (ms === 0) return "B level with A";
  return ms > 0 ? "B slower by" : "B faster by";
}

/** The same at one place of the lap. @param {number | null} ms */
export function deltaState(ms) {
  if (ms === null) return "";
  if (ms === 0) return "level";
  return ms > 0 ? "B slower" : "B faster";
}

/** @typedef {{speed: string, throttle: string, brake: string, gear: string}} PointTexts */

/**
 * What stands at the cursor, for those who do not see it.
 *
 * @param {number} metres
 * @param {PointTexts} a
 * @param {PointTexts} b
 * @param {number | null} ms time(B) − time(A).
 * @param {import("../units.js").SpeedUnit} unit
 */
export function spokenReading(metres, a, b, ms, unit) {
  /** @param {Side} side @param {PointTexts} texts */
  const said = (side, { speed, gear, throttle, brake }) =>
    `${LETTERS[side]} ${speed} ${speedUnit(unit)}, gear ${gear}, throttle ${throttle} %, brake ${brake} %`;
  return [`${metres} m`, said("a", a), said("b", b), `delta ${delta(ms)}${ms === null ? "" : `, ${deltaState(ms)}`}`].join("; ");
}

/** Why a lap counts less than it looks. @param {Lap} lap */
export const marksOf = ({ isValid, isPitLap }) => [...(isValid === false ? ["✕ invalid"] : []), ...(isPitLap === true ? ["pit lap"] : [])];

/** Which lap of which rig, and when. @param {Lap} lap */
export const placeOf = ({ rigId, lapNumber, completedMs }) =>
  [isolated(rigId), `lap ${lapNumber ?? UNKNOWN}`, completedMs === null ? UNKNOWN : wallClock(completedMs)].join(" · ");

/** Where and how a lap was driven. @param {Lap} lap */
export const mannerOf = ({ track, sessionType, compound }) => [track === null ? null : isolated(track), sessionType, compound].filter((text) => text !== null).join(" · ");

/** A lap in one line. @param {Lap} lap @param {Side | null} takenAs The picker that holds it already. */
export function optionText(lap, takenAs) {
  const why = [...(lap.hasTrace ? [] : [COMPARE.noTrace]), ...(takenAs === null ? [] : [`is lap ${LETTERS[takenAs]}`])];
  return [lapTime(lap.lapTimeMs), isolated(cleanName(lap.driverName) ?? UNKNOWN), placeOf(lap), ...marksOf(lap), ...why].join(" · ");
}

const MONTHS = Object.freeze(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]);

/** `25 Nov 2026`. @param {string} day Such as 2026-11-25. @param {string | null} today */
export function dayText(day, today) {
  const [year, month, date] = day.split("-");
  const text = `${Number(date)} ${MONTHS[Number(month) - 1] ?? month} ${year}`;
  return day === today ? `${text} · ${COMPARE.today}` : text;
}

// --- why something is not there --------------------------------------------------------------------

/** @typedef {"quiet" | "flag" | "alert"} NoticeTone */
/** @typedef {{tone: NoticeTone, text: string}} Notice */

/** @type {Readonly<Record<string, Notice>>} */
export const NOTICES = Object.freeze({
  asking: { tone: "quiet", text: "Asking the gateway for the laps of the day" },
  silent: { tone: "alert", text: "The gateway does not answer: trying again until it does" },
  old: { tone: "flag", text: "The gateway does not answer: newer laps are not listed, what is drawn stays as it was driven" },
  noTwo: { tone: "quiet", text: "Only one lap so far that can be drawn: the next one is laid over it as soon as it is driven" },
  same: { tone: "flag", text: "Lap A and lap B are the same lap: choose another one" },
  twoTracks: { tone: "flag", text: "These laps are of two tracks: only laps of one track can be compared" },
  twoLengths: { tone: "flag", text: "These laps are of two layouts of the track, one longer than the other, and cannot be laid over each other" },
  twoSteps: { tone: "flag", text: "These laps were stored in different steps and cannot be laid over each other" },
});

/** @param {boolean} isToday @param {string} day @returns {Notice} */
export const noLaps = (isToday, day) => ({
  tone: "quiet",
  text: isToday ? "No laps yet today: the first one appears here as soon as it is driven" : `No laps on ${dayText(day, null)}`,
});

/** @param {string | null} track @param {boolean} hasOthers Laps that do not count. @returns {Notice} */
export const noneToDraw = (track, hasOthers) => ({
  tone: "quiet",
  text: hasOthers
    ? `No valid lap ${atTrack(track)} yet that can be drawn: choose two others by hand`
    : `No lap ${atTrack(track)} can be drawn: no trace of one was kept`,
});

/** @param {string | null} track */
const atTrack = (track) => (track === null ? "without a track" : `at ${isolated(track)}`);

/** @param {Side} side @returns {Notice} */
export const chooseLap = (side) => ({ tone: "quiet", text: `Choose lap ${LETTERS[side]}` });

/** One side or both, as the beginning of a sentence. @param {readonly Side[]} sides @param {string} one @param {string} both */
const about = (sides, one, both) => (sides.length === 1 ? `${lapName(sides[0])} ${one}` : `Lap A and lap B ${both}`);

const VANISHED = "no longer there, undone by a flashback or older than what is kept: choose";

/** @param {readonly Side[]} sides @returns {Notice} */
export const vanished = (sides) => ({ tone: "flag", text: about(sides, `is ${VANISHED} another one`, `are ${VANISHED} others`) });

/** @param {readonly Side[]} sides @returns {Notice} */
export const untraced = (sides) => ({
  tone: "flag",
  text: about(sides, "cannot be drawn, no trace of it was kept: choose another one", "cannot be drawn, no trace of them was kept: choose others"),
});

/** @param {readonly Side[]} sides @returns {Notice} */
export const unread = (sides) => ({ tone: "flag", text: `${about(sides, "", "").trim()} could not be read from the gateway: trying again` });

/** @param {readonly Side[]} sides @returns {Notice} */
export const reading = (sides) => ({ tone: "quiet", text: `Reading ${sides.map((side) => `lap ${LETTERS[side]}`).join(" and ")}` });
