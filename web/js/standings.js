// @ts-check
/**
 * Three rigs or more have no one gap between them: they stand in an order, of the race when all are in one, else of
 * their best laps. Pure.
 */
import { boardFor } from "./board.js";
import { isKnown } from "./format.js";

/** @typedef {import("./venue.js").Driver} Driver */
/** @typedef {import("./board.js").Day} Day */

/**
 * @typedef {object} Standing
 * @property {number} index The rig.
 * @property {number | null} rank Among the rigs; `null` when not known.
 * @property {number | null} timeMs Best lap; `null` in a race, or unknown.
 * @property {number | null} gapMs To the first of the rigs.
 */

/** @typedef {{basis: "race" | "day" | "session", rows: readonly Standing[]}} Standings */

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

/** @param {Driver} driver */
const position = ({ isDriving, data }) => (isDriving && isKnown(data.position) && data.position >= 1 ? data.position : null);

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

/** Do all that drive sit in one race? @param {readonly Driver[]} drivers */
function isOneRace(drivers) {
  const driving = drivers.filter(({ isDriving }) => isDriving);
  const uid = driving[0]?.data.session_uid;
  return driving.length > 1 && typeof uid === "string" && driving.every(({ data }) => data.same_race === true && data.session_uid === uid);
}

/**
 * @param {readonly Driver[]} drivers
 * @param {Day} day
 * @returns {Standings | null} `null` when the rigs are at different tracks: lap times of those are not held together.
 */
export function standingsOf(drivers, day) {
  if (isOneRace(drivers)) return { basis: "race", rows: ordered(drivers, position, raceGap) };
  const tracks = new Set(drivers.flatMap(({ track }) => track ?? []));
  if (tracks.size > 1) return null;
  const [track = null] = tracks;
  const board = boardFor(day, track);
  const laps = board?.rigs ?? board?.rows ?? [];
  /** @param {Driver} driver They are in order, so the first of a rig is its best. */
  const ofDay = ({ rigId }) => laps.find((row) => row.rigId === rigId)?.lapTimeMs ?? null;
  /** @param {Driver} driver */
  const ofSession = ({ link, data: { best_lap_time_ms: ms } }) => (link === "live" && isKnown(ms) && ms > 0 ? ms : null);
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
