// @ts-check
/**
 * Everything the page knows, folded from the gateway's messages: (state, message, now) -> state. Pure: it reads no
 * clock and touches no screen. `now` is the page's monotonic clock in milliseconds.
 *
 * Besides the gateway's messages it takes some of the page's own: `{type: "socket", status}` when the connection
 * changes, `{type: "tick"}` a few times a second, so that silence is noticed while nothing arrives, `{type: "cloud",
 * body}` or `{type: "cloud_failed"}` for each answer about Data Cloud, or its absence, `{type: "day", body}` or
 * `{type: "day_failed"}` likewise for the day's laps, and `{type: "outline", track, body}` for a track's learned line.
 */
import { answered, failed, notAsked } from "./cloud.js";
import { isKnown } from "./format.js";
import { redFlagAfter, redFlagAt } from "./racecontrol.js";
import { endAfter } from "./result.js";
import { age, emptyRing, NOTHING, push } from "./ring.js";
import { displayOf, USUAL_DISPLAY } from "./units.js";
import { tell } from "./words/facts.js";

/** @typedef {Record<string, any>} RigData `data` of a telemetry_update, see docs/websocket.md. */
/** @typedef {"live" | "stale" | "never" | "lost"} Link */
/** @typedef {{count: number, since: number, perSecond: number | null}} Rate */

/**
 * @typedef {object} Rig
 * @property {string} rig_id
 * @property {number | null} udp_port
 * @property {string | null} device_id
 * @property {RigData | null} data The newest state; `null` before the first.
 * @property {number | null} receivedAt When that state came.
 * @property {number | null} seq Its number; counts from 1 again when the gateway restarts.
 * @property {number} skipped States that the gateway did not send because this page read too slowly.
 * @property {boolean} hasSent It was live while this page was open.
 * @property {Rate} rate States received in the last whole second.
 * @property {import("./ring.js").Ring} trace
 * @property {RigData | null} lastLap The newest LapCompleted of the rig's own car in this session.
 * @property {import("./racecontrol.js").RedFlag | null} redFlag
 * @property {RigData | null} end What is kept of a race that has ended, until the rig drives again.
 * @property {readonly RigData[]} withdrawn The latest LapWithdrawn of any car: a replay must not bring those laps back.
 */

/** @typedef {{id: string, rig_id: string, at: number, event: RigData, told: import("./words/facts.js").Told}} Row */

/**
 * @typedef {object} State
 * @property {import("./socket.js").SocketStatus} socket
 * @property {string | null} gateway The gateway's version.
 * @property {number} staleAfterMs
 * @property {boolean} greeted A connection_status has come.
 * @property {readonly Rig[]} rigs In the gateway's order.
 * @property {readonly Row[]} timeline Newest first.
 * @property {import("./cloud.js").Cloud} cloud
 * @property {import("./units.js").Display} display
 * @property {{body: unknown, failed: boolean} | null} day The last body of /api/day; `failed` when the last question had no answer.
 * @property {Readonly<Record<string, unknown>>} outlines Bodies of /api/map by track.
 */

export const TIMELINE_ROWS = 200;
/** A replay is at most this many events of a rig, so it reaches back no further. */
const REPLAYED_EVENTS = 200;
const RATE_WINDOW_MS = 1000;

/** How far a lap's truth has come. A later word replaces an earlier one, never the other way round. */
const STATUS_RANK = Object.freeze({ provisional: 0, confirmed: 1, corrected: 2 });

/** @returns {State} */
export const initialState = () => ({
  socket: "connecting",
  gateway: null,
  staleAfterMs: 2000,
  greeted: false,
  rigs: [],
  timeline: [],
  cloud: notAsked(),
  display: USUAL_DISPLAY,
  day: null,
  outlines: {},
});

/** @param {RigData} told What connection_status says of a rig. @param {number} now @returns {Rig} */
const newRig = (told, now) => ({
  rig_id: told.rig_id,
  udp_port: isKnown(told.udp_port) ? told.udp_port : null,
  device_id: typeof told.device_id === "string" ? told.device_id : null,
  data: null,
  receivedAt: null,
  seq: null,
  skipped: 0,
  hasSent: false,
  rate: { count: 0, since: now, perSecond: null },
  trace: emptyRing(),
  lastLap: null,
  redFlag: null,
  end: null,
  withdrawn: [],
});

/** @param {Rate} rate @param {number} arrived @param {number} now @returns {Rate} */
function counted(rate, arrived, now) {
  const count = rate.count + arrived;
  const elapsed = now - rate.since;
  if (elapsed < RATE_WINDOW_MS) return arrived === 0 ? rate : { ...rate, count };
  return { count: 0, since: now, perSecond: Math.round((count * 1000) / elapsed) };
}

/** @param {State} state @param {string} rigId @param {(rig: Rig) => Rig} change @returns {State} */
function withRig(state, rigId, change) {
  return { ...state, rigs: state.rigs.map((rig) => (rig.rig_id === rigId ? change(rig) : rig)) };
}

/** A rig that was added while this page was open joins at the end. @param {State} state @param {string} rigId @param {number} now */
function knowing(state, rigId, now) {
  if (state.rigs.some((rig) => rig.rig_id === rigId)) return state;
  return { ...state, rigs: [...state.rigs, newRig({ rig_id: rigId }, now)] };
}

/** @param {State} state @param {RigData} message @param {number} now @returns {State} */
function greeted(state, message, now) {
  const told = Array.isArray(message.rigs) ? message.rigs.filter((rig) => typeof rig?.rig_id === "string") : [];
  const known = new Map(state.rigs.map((rig) => [rig.rig_id, rig]));
  return {
    ...state,
    greeted: true,
    gateway: typeof message.gateway === "string" ? message.gateway : null,
    staleAfterMs: isKnown(message.stale_after_s) ? message.stale_after_s * 1000 : state.staleAfterMs,
    display: displayOf(message.display),
    rigs: told.map((rig) => {
      const fresh = newRig(rig, now);
      const before = known.get(rig.rig_id);
      // A new connection may be to a restarted gateway: its numbering starts anew, what was last seen stays.
      return before === undefined ? fresh : { ...before, udp_port: fresh.udp_port, device_id: fresh.device_id, seq: null };
    }),
  };
}

/** @param {RigData} data @returns {import("./ring.js").TraceSample} */
function traceSample(data) {
  if (data.link !== "live") return NOTHING;
  return { speed_kph: data.speed_kph ?? null, throttle: data.throttle ?? null, brake: data.brake ?? null };
}

/** @param {Rig} rig @param {RigData} message @param {number} now @returns {Rig} */
function updated(rig, message, now) {
  const { data } = message;
  const isNewSession = rig.data !== null && rig.data.session_uid !== data.session_uid;
  const seq = isKnown(message.seq) ? message.seq : null;
  const missed = seq !== null && rig.seq !== null && seq > rig.seq ? seq - rig.seq - 1 : 0;
  return {
    ...rig,
    data,
    receivedAt: now,
    seq,
    skipped: rig.skipped + missed,
    hasSent: rig.hasSent || data.link === "live",
    rate: counted(rig.rate, 1, now),
    trace: push(isNewSession ? emptyRing() : rig.trace, traceSample(data), now),
    redFlag: redFlagAt(rig.redFlag, data),
    end: endAfter(rig.end, data),
    lastLap: isNewSession && rig.lastLap?.session_uid !== data.session_uid ? null : rig.lastLap,
  };
}

/** @param {RigData} event */
const rank = (event) => STATUS_RANK[/** @type {keyof typeof STATUS_RANK} */ (event.status)] ?? 0;

/** Does an event say more than what was known under its id? @param {RigData} before @param {RigData} event */
const isNews = (before, event) =>
  rank(event) > rank(before) || (event.status === "corrected" && tell(event)?.text !== tell(before)?.text);

/** @param {RigData} event @param {RigData} other */
const isSameLap = (event, other) =>
  event.session_uid === other.session_uid && event.car_index === other.car_index && event.lap_number === other.lap_number;

/** @param {readonly Row[]} rows @param {Row} row @returns {readonly Row[]} */
function inserted(rows, row) {
  const same = rows.findIndex((other) => other.id === row.id);
  if (same !== -1) {
    const before = rows[same];
    return isNews(before.event, row.event) ? rows.with(same, { ...row, at: before.at }) : rows;
  }
  // Each rig's events come in order, but rigs replay one after the other: find the place by time of receipt.
  const place = rows.findIndex((other) => other.at <= row.at);
  return kept(place === -1 ? [...rows, row] : rows.toSpliced(place, 0, row));
}

/** At most so many rows; what concerns no guest goes first. @param {readonly Row[]} rows @returns {readonly Row[]} */
function kept(rows) {
  if (rows.length <= TIMELINE_ROWS) return rows;
  const oldestMinor = rows.findLastIndex(({ told }) => told.isMinor === true);
  return oldestMinor === -1 ? rows.slice(0, TIMELINE_ROWS) : rows.toSpliced(oldestMinor, 1);
}

/** @param {readonly Row[]} rows @param {string} rigId @param {RigData} withdrawal @returns {readonly Row[]} */
function withoutLap(rows, rigId, withdrawal) {
  const place = rows.findIndex(
    ({ rig_id, event }) => rig_id === rigId && event.kind === "LapCompleted" && isSameLap(event, withdrawal),
  );
  return place === -1 ? rows : rows.toSpliced(place, 1);
}

/** @param {RigData} event */
const receivedAt = (event) => Date.parse(event.received_at) || 0;

/**
 * Is a replayed event of a lap one that came before the lap was undone, or the undoing itself?
 *
 * @param {Rig} rig
 * @param {RigData} event
 */
function isUndone(rig, event) {
  if (event.kind !== "LapCompleted" && event.kind !== "LapWithdrawn") return false;
  return rig.withdrawn.some((withdrawal) => isSameLap(withdrawal, event) && receivedAt(event) <= receivedAt(withdrawal));
}

/** A telling of a lap that does not know of the pits leaves that as told before. @param {RigData} event @param {RigData | undefined} before */
const withPits = (event, before) =>
  typeof event.pit_lap === "boolean" || before === undefined ? event : { ...event, pit_lap: before.pit_lap };

/** @param {State} state @param {RigData} message @returns {State} */
function recorded(state, message) {
  const { rig_id, replay } = message;
  const rig = /** @type {Rig} */ (state.rigs.find((known) => known.rig_id === rig_id));
  if (replay === true && isUndone(rig, message.event)) return state;
  const event =
    message.event.kind === "LapCompleted"
      ? withPits(message.event, state.timeline.find((row) => row.id === message.event.event_id)?.event)
      : message.event;
  const ownCar = rig.data && rig.data.session_uid === event.session_uid ? rig.data.car_index ?? null : null;
  const told = tell(event, ownCar);
  const standing = event.kind === "LapWithdrawn" ? withoutLap(state.timeline, rig_id, event) : state.timeline;
  const timeline = told === null ? standing : inserted(standing, { id: event.event_id, rig_id, at: receivedAt(event), event, told });
  return withRig({ ...state, timeline }, rig_id, (known) => ({
    ...lapped(known, event, replay === true),
    redFlag: redFlagAfter(known.redFlag, event),
  }));
}

/**
 * Keep the own car's last lap, and whether it is still the session's best.
 *
 * @param {Rig} rig
 * @param {RigData} event
 * @param {boolean} isReplay
 * @returns {Rig}
 */
function lapped(rig, event, isReplay) {
  if (event.kind === "LapWithdrawn") return undone(rig, event);
  if (event.kind === "LapCompleted" && event.own === true) return newerLap(rig, event, isReplay);
  const { lastLap } = rig;
  const isBest = event.kind === "FastestLap" || (event.kind === "LapCompleted" && event.session_best);
  const isBeaten = isBest && lastLap?.session_uid === event.session_uid && event.lap_time_ms < lastLap?.lap_time_ms;
  return isBeaten ? { ...rig, lastLap: { ...lastLap, session_best: false } } : rig;
}

/** @param {Rig} rig @param {RigData} withdrawal @returns {Rig} */
function undone(rig, withdrawal) {
  const isLast = rig.lastLap !== null && isSameLap(rig.lastLap, withdrawal);
  // The lap before is not put in its place: whether that one is still the session's best is not known here.
  return {
    ...rig,
    lastLap: isLast ? null : rig.lastLap,
    withdrawn: [...rig.withdrawn, withdrawal].slice(-REPLAYED_EVENTS),
  };
}

/** @param {Rig} rig @param {RigData} lap @param {boolean} isReplay @returns {Rig} */
function newerLap(rig, lap, isReplay) {
  const before = rig.lastLap;
  // Live, a new session's lap may come before its first state; a replay comes after the state.
  if (isReplay && rig.data !== null && rig.data.session_uid !== lap.session_uid) return rig;
  if (before === null || before.session_uid !== lap.session_uid) return { ...rig, lastLap: lap };
  const isNewer = isSameLap(before, lap) ? isNews(before, lap) : lap.lap_number >= before.lap_number;
  return isNewer ? { ...rig, lastLap: lap } : rig;
}

/** @param {State} state @param {number} now @returns {State} */
function ticked(state, now) {
  return {
    ...state,
    rigs: state.rigs.map((rig) => ({ ...rig, rate: counted(rig.rate, 0, now), trace: age(rig.trace, now) })),
  };
}

/**
 * Fold one message in. What the page does not know, or what is not well formed, changes nothing.
 *
 * @param {State} state
 * @param {RigData} message
 * @param {number} now
 * @returns {State}
 */
export function reduce(state, message, now) {
  switch (message.type) {
    case "socket":
      return { ...state, socket: message.status };
    case "tick":
      return ticked(state, now);
    case "cloud":
      return { ...state, cloud: answered(state.cloud, message.body, now) };
    case "cloud_failed":
      return { ...state, cloud: failed(state.cloud) };
    case "day":
      return { ...state, day: { body: message.body, failed: false } };
    case "day_failed":
      return { ...state, day: { body: state.day?.body ?? null, failed: true } };
    case "outline":
      return { ...state, outlines: { ...state.outlines, [message.track]: message.body } };
    case "connection_status":
      return greeted(state, message, now);
    case "telemetry_update":
      if (typeof message.rig_id !== "string" || !message.data || typeof message.data !== "object") return state;
      return withRig(knowing(state, message.rig_id, now), message.rig_id, (rig) => updated(rig, message, now));
    case "event":
      if (typeof message.rig_id !== "string" || typeof message.event?.event_id !== "string") return state;
      return recorded(knowing(state, message.rig_id, now), message);
    default:
      return state;
  }
}

/**
 * How long the rig has been silent, in seconds, on the gateway's word and the page's own clock since;
 * `null` before its first packet.
 *
 * @param {Rig} rig
 * @param {number} now
 */
export function silentS(rig, now) {
  if (rig.data === null || rig.receivedAt === null || rig.data.link === "never") return null;
  return (isKnown(rig.data.stale_s) ? rig.data.stale_s : 0) + (now - rig.receivedAt) / 1000;
}

/** Does the last lap shown still stand as the best of the session? @param {Rig} rig */
export function isSessionBest(rig) {
  const { data, lastLap } = rig;
  if (data === null || lastLap === null || lastLap.session_uid !== data.session_uid) return false;
  return lastLap.session_best === true && lastLap.lap_time_ms === data.last_lap_time_ms;
}

/**
 * What the page may claim about a rig. Evidence only: a state that is not fresh is never live.
 *
 * @param {State} state
 * @param {Rig} rig
 * @param {number} now
 * @returns {Link}
 */
export function linkOf(state, rig, now) {
  if (state.socket === "lost") return "lost";
  if (rig.data === null || rig.receivedAt === null || rig.data.link === "never") return "never";
  return rig.data.link === "stale" || now - rig.receivedAt >= state.staleAfterMs ? "stale" : "live";
}
