// @ts-check
/**
 * Who drives where, out of all rigs: which track the column between the panes is about, and what its head says of
 * it. Pure. Only a rig that is live tells numbers; the last known name of its track may stand a while longer.
 */
import { cleanName, isKnown } from "./format.js";
import { controlOf, gravest } from "./racecontrol.js";
import { shownData } from "./result.js";
import { linkOf } from "./store.js";

/** @typedef {import("./store.js").Link} Link */

/**
 * @typedef {object} Driver One rig as the duel sees it.
 * @property {number} index Its place in the gateway's order.
 * @property {string} rigId
 * @property {Link} link
 * @property {boolean} isDriving Live, and in a car of its own.
 * @property {string | null} track
 * @property {Record<string, any>} data Empty before its first state; in the menu after a race, what is kept of that.
 * @property {import("./racecontrol.js").Control | null} control What race control has ordered there.
 * @property {number | null} receivedAt
 */

/**
 * @typedef {object} Scene One place that rigs are at.
 * @property {readonly number[]} indexes The rigs that are there.
 * @property {boolean} isLive One of them at least is live.
 * @property {string | null} track
 * @property {string | null} session
 * @property {string | null} weather
 * @property {import("./racecontrol.js").Control | null} control
 * @property {number | null} trackC
 * @property {number | null} airC
 * @property {{seconds: number, isLeft: boolean} | null} clock What is left of the session, or how long it has run.
 */

/** @type {Record<string, any>} */
const NO_DATA = Object.freeze({});

/** @param {import("./store.js").State} state @param {number} now @returns {readonly Driver[]} */
export const driversOf = (state, now) =>
  state.rigs.map((rig, index) => {
    const data = shownData(rig.data, rig.end) ?? NO_DATA;
    const link = linkOf(state, rig, now);
    return {
      index,
      rigId: rig.rig_id,
      link,
      isDriving: link === "live" && data.mode === "driving",
      track: cleanName(data.track),
      data,
      control: controlOf(data, rig.redFlag),
      receivedAt: rig.receivedAt,
    };
  });

/** The one value that all have, `null` where they differ. @template Value @param {readonly Value[]} values @returns {Value | null} */
const agreed = (values) => (values.length > 0 && values.every((value) => value === values[0]) ? values[0] : null);

/** The same, where some may not know. @template Value @param {readonly (Value | null | undefined)[]} values @returns {Value | null} */
const agreedOfKnown = (values) => agreed(values.flatMap((value) => value ?? [])) ?? null;

/**
 * The track that map and board are about: the one that most live rigs drive; of several the one that saw the day's
 * newest lap; where no rig is live, the last one known; at last the day's newest.
 *
 * @param {readonly Driver[]} drivers
 * @param {readonly string[]} dayTracks Tracks of the day, the one with the newest lap first.
 * @returns {string | null}
 */
export function shownTrack(drivers, dayTracks) {
  const known = drivers.filter(({ track }) => track !== null);
  const live = known.filter(({ link }) => link === "live");
  const all = (live.length > 0 ? live : known).map(({ track }) => /** @type {string} */ (track));
  /** @param {string} track */
  const rigsAt = (track) => all.filter((other) => other === track).length;
  const most = Math.max(...all.map(rigsAt));
  const tracks = all.filter((track) => rigsAt(track) === most);
  return dayTracks.find((track) => tracks.includes(track)) ?? tracks[0] ?? dayTracks[0] ?? null;
}

/** @param {Record<string, any>} data @returns {Scene["clock"]} */
function clockOf({ session_time_left_s: left, session_time_s: run }) {
  if (isKnown(left) && left >= 0) return { seconds: left, isLeft: true };
  return isKnown(run) && run >= 0 ? { seconds: run, isLeft: false } : null;
}

/** @param {readonly Driver[]} drivers All at one track in one kind of session. @returns {Scene} */
function sceneOf(drivers) {
  const live = drivers.filter(({ link }) => link === "live").map(({ data }) => data);
  const isOneSession = drivers.length === 1 || agreedOfKnown(live.map((data) => data.session_uid)) !== null;
  return {
    indexes: drivers.map(({ index }) => index),
    isLive: live.length > 0,
    track: drivers[0].track,
    session: cleanName(drivers[0].data.session_type),
    weather: cleanName(agreedOfKnown(live.map((data) => data.weather))),
    control: gravest(drivers.filter(({ isDriving }) => isDriving).map(({ control }) => control)),
    trackC: agreedOfKnown(live.map((data) => (isKnown(data.track_temperature_c) ? data.track_temperature_c : null))),
    airC: agreedOfKnown(live.map((data) => (isKnown(data.air_temperature_c) ? data.air_temperature_c : null))),
    clock: isOneSession && live.length > 0 ? clockOf(live[0]) : null, // two sessions have two clocks
  };
}

/**
 * Where the rigs are, those at one track in one kind of session together; rigs that are nowhere known stand in none.
 *
 * @param {readonly Driver[]} drivers
 * @returns {readonly Scene[]} In the order of their first rigs.
 */
export function scenesOf(drivers) {
  const somewhere = drivers.filter(({ track }) => track !== null);
  const live = somewhere.filter(({ link }) => link === "live");
  /** @type {Map<string, Driver[]>} */
  const groups = new Map();
  for (const driver of live.length > 0 ? live : somewhere) {
    const key = JSON.stringify([driver.track, driver.data.session_type]);
    groups.set(key, [...(groups.get(key) ?? []), driver]);
  }
  return [...groups.values()].map(sceneOf);
}
