// @ts-check
/** The words of the column between the panes: gap bar, track map, day board. Values in, words out. */
import { capital, cleanName, place, UNKNOWN } from "../format.js";

export const DUEL = Object.freeze({
  centre: "The duel",
  gapBar: "Who is ahead, by how much",
  map: "Track map",
  learning: "learning the track",
  noTrack: "no track known yet",
  board: "Best of the day",
  noLap: "no valid lap yet today",
  boardAsked: "asking for the laps of the day",
  boardOld: "⚠ the board may be old",
  newest: "newest lap",
  newestGlyph: "►",
  newestGuest: "just drove",
  newestGuestGlyph: "▹",
  trackTemperature: "track",
  airTemperature: "air",
  clockLeft: "left",
  clockRun: "elapsed",
});

/** What the number of the gap bar is, by kind. */
export const GAP_LABELS = Object.freeze({
  gap: "race gap",
  delta: "lap delta at equal distance",
  best: "lap delta to own best",
  race: "race order",
  over: "race over",
  day: "best laps of the day",
  session: "best laps of the session",
});

/** What the one in front is, by kind. @type {Readonly<Record<string, string>>} */
export const AHEAD = Object.freeze({ gap: "ahead", delta: "faster", order: "leads", standings: "fastest", result: "won" });

/** Reasons for no number that are about both rigs at once. */
export const WHY = Object.freeze({
  noGateway: "no connection to the gateway",
  differentTracks: "different tracks",
  unknownTrack: "the track is not known yet",
  noTimedLap: "both need a timed lap first",
  noBestLap: "a timed lap comes first",
  noGap: "the gap is not known yet",
  noOrder: "no lap times yet",
  noRig: "no rig",
  nobodyFinished: "the race is over, neither finished",
});

/** @typedef {"waiting" | "silent" | "paused" | "spectating" | "menu" | "no_car" | "nothing"} Absence Why a rig takes no part. */

/** One rig, several rigs. @type {Readonly<Record<Absence, readonly [string, string]>>} */
const ABSENCES = Object.freeze({
  waiting: ["has not sent yet", "have not sent yet"],
  silent: ["is silent", "are silent"],
  paused: ["is paused", "are paused"],
  spectating: ["is spectating", "are spectating"],
  menu: ["is in the menu", "are in the menu"],
  no_car: ["names a car without data", "name cars without data"],
  nothing: ["tells nothing yet", "tell nothing yet"],
});

/** A sentence: `RIG_B is silent`, `RIG_A and RIG_B are silent`. @param {readonly string[]} rigIds At least one. @param {Absence} absence */
export function absenceSentence(rigIds, absence) {
  const names = rigIds.map((rigId) => cleanName(rigId) ?? UNKNOWN);
  const who = names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${who} ${ABSENCES[absence][names.length === 1 ? 0 : 1]}`;
}

/** The label of a race that is over. @param {unknown} ahead @param {unknown} behind Places. */
export const finalGap = (ahead, behind) => `race over, finished ${place(/** @type {any} */ (ahead))} and ${place(/** @type {any} */ (behind))}`;

/** @param {string} rigId @param {string} ending */
export const didNotFinish = (rigId, ending) => `race over: ${cleanName(rigId) ?? UNKNOWN} ${ending}`;

/** How many valid laps a track has seen today. @param {number} laps */
export const lapsWord = (laps) => `${laps} ${laps === 1 ? "lap" : "laps"}`;

/** @param {string | null} track @param {boolean} isLearning */
export function mapLabel(track, isLearning) {
  if (track === null) return `${DUEL.map}: ${DUEL.noTrack}`;
  return `${DUEL.map} of ${track}${isLearning ? `, ${DUEL.learning}` : ""}`;
}

/**
 * What stands below the map: that it is being learned, and the cars that it cannot show.
 *
 * @param {string | null} track
 * @param {boolean} isLearning
 * @param {readonly (readonly [string, string | null])[]} elsewhere Badge and track of each rig at another track.
 */
export function mapCaption(track, isLearning, elsewhere) {
  const own = track === null ? DUEL.noTrack : isLearning ? DUEL.learning : null;
  return [own, ...elsewhere.map(([badge, where]) => `${badge} at ${where ?? UNKNOWN}`)].filter((words) => words !== null).join(" · ");
}

/** @type {Readonly<Record<import("../racecontrol.js").Control, string>>} */
export const CONTROLS = Object.freeze({
  "red flag": "RED FLAG",
  "full safety car": "SAFETY CAR",
  "virtual safety car": "VIRTUAL SAFETY CAR",
  "formation lap": "FORMATION LAP",
});

/** What a place is called: `Time Trial · Clear`. @param {readonly (string | null)[]} words */
export const joined = (words) => words.filter((word) => word !== null && word !== "").map(capital).join(" · ");
