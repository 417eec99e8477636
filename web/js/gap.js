// @ts-check
/**
 * What the gap bar says: who is ahead, by how much, and of what. Pure.
 *
 * Two rigs in one race have a gap between them; two rigs in sessions of their own have a delta: the running lap of the
 * one that comes to each place of the lap later, against the other's at the same lap distance. Either way the figures
 * of the chasing rig speak for both. One rig is held against its own best lap, three or more stand in an order. What
 * is not known is no number but a sentence.
 */
import { isKnown, UNKNOWN } from "./format.js";
import { endingOf, isCommonEnd } from "./result.js";
import { standingsOf, unranked } from "./standings.js";
import { absenceSentence, didNotFinish, finalGap, GAP_LABELS, WHY } from "./words/duel.js";

/** @typedef {import("./venue.js").Driver} Driver */

/**
 * @typedef {object} Gap
 * @property {"gap" | "delta" | "best" | "order" | "standings" | "result" | "none"} kind `order` of a race, `standings` of lap times.
 * @property {number | null} aheadIndex The rig that is ahead, or faster; `null` when level, alone or unknown.
 * @property {number | null} ms How much; never negative but for `best`, where negative is faster than the own best.
 * @property {string} label What the number is; empty without one.
 * @property {string} why Why there is no number; empty with one.
 * @property {number} offset Where the marker stands, -1 at the left end of the bar, 1 at the right.
 * @property {boolean} isClamped The number is larger than the bar.
 * @property {readonly import("./standings.js").Standing[]} standings
 */

/** Full scale of the bar to either side. */
export const SCALE_MS = Object.freeze({ gap: 10_000, delta: 2_000, best: 2_000 });

const MINUS = "−";
const MINUTE_MS = 60_000;
const MOST_MS = 600_000; // no race and no lap is decided by more; below it every figure fits into six characters

/**
 * The size of a gap as the hero number: `0.412`, `12.345`, `1:02.3` from a minute on, `10:00+` at last. Never longer
 * than six characters.
 *
 * @param {number | null} ms Not negative; `null` when unknown.
 */
export function heroFigure(ms) {
  if (!isKnown(ms) || ms < 0) return UNKNOWN;
  const total = Math.round(ms);
  if (total < MINUTE_MS) return (total / 1000).toFixed(3);
  if (total >= MOST_MS) return "10:00+";
  const tenths = Math.floor(total / 100) % 600;
  return `${Math.floor(total / MINUTE_MS)}:${String(Math.floor(tenths / 10)).padStart(2, "0")}.${tenths % 10}`;
}

/** The same with its sign, where that says which way: one character longer. @param {number | null} ms */
export function signedHero(ms) {
  if (!isKnown(ms)) return UNKNOWN;
  return `${Math.round(ms) < 0 ? MINUS : "+"}${heroFigure(Math.abs(ms))}`;
}

/** @type {Gap} */
const NOTHING = Object.freeze({
  kind: "none",
  aheadIndex: null,
  ms: null,
  label: "",
  why: "",
  offset: 0,
  isClamped: false,
  standings: Object.freeze([]),
});

/** @param {string} why @returns {Gap} */
const because = (why) => ({ ...NOTHING, why });

/**
 * Why a rig takes no part; `null` when it drives.
 *
 * @param {Driver} driver
 * @returns {import("./words/duel.js").Absence | null}
 */
function absenceOf({ link, isDriving, data }) {
  if (isDriving) return null;
  if (link === "never") return "waiting";
  // A paused game goes on sending packets, without news in them.
  if (link === "stale") return data.link === "stale" && isKnown(data.packets_per_s) && data.packets_per_s > 0 ? "paused" : "silent";
  return data.mode === "spectating" || data.mode === "menu" || data.mode === "no_car" ? data.mode : "nothing";
}

/** Why there can be no number between these rigs; `null` when there can. @param {readonly Driver[]} drivers */
function hindrance(drivers) {
  if (drivers.some(({ link }) => link === "lost")) return WHY.noGateway;
  const absences = drivers.map(absenceOf);
  const absence = absences.find((found) => found !== null) ?? null;
  if (absence === null) return null;
  return absenceSentence(drivers.filter((_, place) => absences[place] === absence).map(({ rigId }) => rigId), absence);
}

/**
 * The chasing rig and the other one. The two rigs' states come one after the other, so when the lead changes they
 * contradict each other for a moment: then the newer one is right.
 *
 * @param {Driver} first
 * @param {Driver} second
 * @returns {readonly [Driver, Driver] | null} `null` when neither tells.
 */
function chase(first, second) {
  const telling = [first, second].filter(({ data }) => typeof data.chasing === "boolean");
  if (telling.length === 0) return null;
  const newest = telling.reduce((one, other) => ((other.receivedAt ?? 0) > (one.receivedAt ?? 0) ? other : one));
  const isFirst = (newest === first) === newest.data.chasing;
  return isFirst ? [first, second] : [second, first];
}

/** @param {number} share Of full scale. */
const onBar = (share) => ({ offset: Math.max(-1, Math.min(1, share)), isClamped: Math.abs(share) > 1 });

/** @param {Driver} first @param {Driver} second @returns {Gap} */
function duel(first, second) {
  const isRace = first.data.same_race === true && second.data.same_race === true;
  if (!isRace && (first.track === null || second.track === null)) return because(WHY.unknownTrack);
  if (!isRace && first.track !== second.track) return because(WHY.differentTracks);
  const kind = isRace ? "gap" : "delta";
  const pair = chase(first, second);
  const ms = pair?.[0].data[isRace ? "gap_to_other_ms" : "delta_to_other_ms"];
  if (pair === null || !isKnown(ms)) return because(isRace ? WHY.noGap : WHY.noTimedLap);
  const [chasing, other] = pair;
  const ahead = ms > 0 ? other : chasing; // positive is behind, or slower
  const size = Math.abs(ms);
  return {
    ...NOTHING,
    kind,
    aheadIndex: ms === 0 ? null : ahead.index,
    ms: size,
    label: GAP_LABELS[kind],
    ...onBar((ahead === first ? -size : size) / SCALE_MS[kind]), // to the side of the one ahead
  };
}

/**
 * How the race of two rigs ended: it stands until one of them drives again, whatever their games show meanwhile.
 *
 * @param {Driver} first
 * @param {Driver} second
 * @returns {Gap | null} `null` when it is not over for both.
 */
function result(first, second) {
  if (!isCommonEnd(first.data, second.data)) return null;
  const [isFirstHome, isSecondHome] = [first, second].map(({ data }) => endingOf(data) === "finished");
  if (!isFirstHome && !isSecondHome) return because(WHY.nobodyFinished);
  if (isFirstHome !== isSecondHome) {
    const [home, out] = isFirstHome ? [first, second] : [second, first];
    return { ...because(didNotFinish(out.rigId, String(endingOf(out.data)))), kind: "result", aheadIndex: home.index };
  }
  const isFirstAhead = first.data.position < second.data.position;
  const [winner, loser] = isFirstAhead ? [first, second] : [second, first];
  const ms = [loser.data.gap_to_other_ms, winner.data.gap_to_other_ms].find(isKnown);
  const size = ms === undefined ? null : Math.abs(ms);
  return {
    ...NOTHING,
    kind: "result",
    aheadIndex: winner.index,
    ms: size,
    label: finalGap(winner.data.position, loser.data.position),
    ...onBar(((isFirstAhead ? -1 : 1) * (size ?? 0)) / SCALE_MS.gap),
  };
}

/** @param {Driver} driver @returns {Gap} */
function alone({ data }) {
  const ms = data.delta_to_best_ms;
  if (!isKnown(ms)) return because(WHY.noBestLap);
  return { ...NOTHING, kind: "best", ms, label: GAP_LABELS.best, ...onBar(-ms / SCALE_MS.best) }; // faster is to the right
}

/** What several rigs stand in, by what it is made of. */
const FIELD_KINDS = Object.freeze(/** @type {const} */ ({ race: "order", over: "result", day: "standings", session: "standings" }));

/** @param {readonly Driver[]} drivers @param {import("./board.js").Day} day @returns {Gap} */
function field(drivers, day) {
  const isLost = drivers.some(({ link }) => link === "lost");
  const standings = isLost ? null : standingsOf(drivers, day);
  if (standings === null) {
    return { ...because(isLost ? WHY.noGateway : WHY.differentTracks), standings: drivers.map(unranked) };
  }
  const [first, second] = standings.rows;
  const isKnownFirst = first.rank !== null;
  return {
    ...NOTHING,
    kind: FIELD_KINDS[standings.basis],
    aheadIndex: isKnownFirst ? first.index : null,
    ms: second.rank === null ? null : second.gapMs,
    label: isKnownFirst ? GAP_LABELS[standings.basis] : "",
    why: isKnownFirst ? "" : WHY.noOrder,
    standings: standings.rows,
  };
}

/**
 * @param {readonly Driver[]} drivers All rigs, in the gateway's order.
 * @param {import("./board.js").Day} day
 * @returns {Gap}
 */
export function gapOf(drivers, day) {
  if (drivers.length === 0) return because(WHY.noRig);
  if (drivers.length > 2) return field(drivers, day);
  const over = drivers.length === 2 && drivers.every(({ link }) => link !== "lost") ? result(drivers[0], drivers[1]) : null;
  if (over !== null) return over;
  const why = hindrance(drivers);
  if (why !== null) return because(why);
  return drivers.length === 1 ? alone(drivers[0]) : duel(drivers[0], drivers[1]);
}
