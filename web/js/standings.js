// @ts-check
/**
 * Three rigs or more have no one gap between them: they stand in an order, of the race that two or more of them drive
 * together, else of their best laps at the track that the wall is about. Who takes no part stands behind. Pure.
 */
import { boardFor } from "./board.js";
import { isKnown } from "./format.js";
import { endingOf } from "./result.js";
import { shownTrack } from "./venue.js";

/** @typedef {import("./venue.js").Driver} Driver */
/** @typedef {import("./board.js").Day} Day */

/**
 * @typedef {object} Standing
 * @property {number} index The rig.
 * @property {number | null} rank Among the rigs; `null` when not known.
 * @property {number | null} timeMs Best lap; `null` in a race, or unknown.
 * @property {number | null} gapMs To the first of the rigs.
 */

/** @typedef {{basis: "race" | "over" | "day" | "session", rows: readonly Standing[]}} Standings */

/** A rig that has no place among the others. @param {Driver} driver @returns {Standing} */
export const unranked = ({ index }) => ({ index, rank: null, timeMs: null, gapMs: null });

/**
 * Order by a figure, the smaller the better; those without one stand behind, without rank.
 *
 * @param {readonly Driver[]} drivers
 * @param {(driver: Driver) => number | null} figureOf
 * @param {(driver: Driver, first: Driver) => Pick<Standing, "timeMs" | "gapMs">} toldOf
 * @returns {readonly Standing[]}
 */
function ordered(drivers, figureOf, toldOf) {
  const known = drivers
    .flatMap((driver) => {
      const figure = figureOf(driver);
      return figure === null ? [] : [{ driver, figure }];
    })
    .sort((one, other) => one.figure - other.figure)
    .map(({ driver }) => driver);
  const rest = drivers.filter((driver) => !known.includes(driver));
  return [
    ...known.map((driver, place) => ({ index: driver.index, rank: place + 1, ...toldOf(driver, known[0]) })),
    ...rest.map(unranked),
  ];
}

/** In a race, or home from one. @param {Driver} driver */
const isRacing = ({ isDriving, data }) => data.same_race === true && typeof data.session_uid === "string" && (isDriving || endingOf(data) !== null);

/** @param {Driver} driver */
const position = ({ data }) => (isKnown(data.position) && data.position >= 1 ? data.position : null);

/** How far behind the leader of the race. @param {Driver} driver */
function toLeaderMs({ data }) {
  if (data.position === 1) return 0;
  return isKnown(data.gap_to_leader_ms) && data.gap_to_leader_ms >= 0 ? data.gap_to_leader_ms : null;
}

/** @param {Driver} driver @param {Driver} first */
function raceGap(driver, first) {
  const [mine, theirs] = [toLeaderMs(driver), toLeaderMs(first)];
  const isBehind = mine !== null && theirs !== null && mine >= theirs;
  return { timeMs: null, gapMs: driver === first ? 0 : isBehind ? mine - theirs : null };
}

/** The rigs that share a race, most of them in one; none when no two do. @param {readonly Driver[]} drivers @returns {readonly Driver[]} */
function racersOf(drivers) {
  const racing = drivers.filter(isRacing);
  const groups = racing.map(({ data }) => racing.filter((other) => other.data.session_uid === data.session_uid));
  return groups.filter((group) => group.length > 1).reduce((most, group) => (group.length > most.length ? group : most), /** @type {readonly Driver[]} */ ([]));
}

/** Is each rig at a track of its own? @param {readonly Driver[]} drivers */
function areApart(drivers) {
  const tracks = drivers.flatMap(({ track }) => track ?? []);
  return tracks.length > 1 && new Set(tracks).size === tracks.length;
}

/**
 * @param {readonly Driver[]} drivers
 * @param {Day} day
 * @returns {Standings | null} `null` when each rig is at a track of its own: lap times of those are not held together.
 */
export function standingsOf(drivers, day) {
  const racers = racersOf(drivers);
  if (racers.length > 0) {
    const basis = racers.every(({ data }) => endingOf(data) !== null) ? "over" : "race";
    return { basis, rows: ordered(drivers, (driver) => (racers.includes(driver) ? position(driver) : null), raceGap) };
  }
  if (areApart(drivers)) return null;
  const track = shownTrack(drivers, day.boards.map((told) => told.track));
  const board = boardFor(day, track);
  const laps = board?.rigs ?? board?.rows ?? [];
  /** @param {Driver} driver They are in order, so the first of a rig is its best. */
  const ofDay = ({ rigId }) => laps.find((row) => row.rigId === rigId)?.lapTimeMs ?? null;
  /** @param {Driver} driver */
  const ofSession = ({ link, track: where, data: { best_lap_time_ms: ms } }) => (link === "live" && where === track && isKnown(ms) && ms > 0 ? ms : null);
  const isOfDay = drivers.some((driver) => ofDay(driver) !== null);
  const best = isOfDay ? ofDay : ofSession;
  return {
    basis: isOfDay ? "day" : "session",
    rows: ordered(drivers, best, (driver, first) => {
      const [mine, theirs] = /** @type {[number, number]} */ ([best(driver), best(first)]);
      return { timeMs: mine, gapMs: mine - theirs };
    }),
  };
}
