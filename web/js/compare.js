// @ts-check
/**
 * What the page knows of the laps of a day and of the two that are chosen, and what it shows of that. Pure.
 *
 * Theory: what a person has chosen stands in the page's address, and nobody else changes it: a new lap never takes a
 * chosen one's place. What is left open is filled in with each list anew, so that the best pair of today is shown until
 * somebody chooses; both together are the wish.
 * Traces are kept by lap; one that the list no longer agrees with is asked for again, at most once for each list.
 */
import { NO_WISH } from "./compare/address.js";
import { figuresOf, fasterOf, finalDelta } from "./compare/figures.js";
import { dayOf, filled, listed, listingOf, sorted } from "./compare/laps.js";
import { obstacle, traceOf } from "./compare/trace.js";
import { USUAL_DISPLAY } from "./units.js";
import { amount, record } from "./untrusted.js";
import { chooseLap, COMPARE, dayText, noLaps, noneToDraw, NOTICES, optionText, reading, unread, untraced, vanished } from "./words/compare.js";

/** @typedef {import("./compare/address.js").Wish} Wish */
/** @typedef {import("./compare/laps.js").Lap} Lap */
/** @typedef {import("./compare/laps.js").Listing} Listing */
/** @typedef {import("./compare/trace.js").Trace} Trace */
/** @typedef {import("./words/compare.js").Side} Side */
/** @typedef {import("./words/compare.js").Notice} Notice */

/** @typedef {"asking" | "here" | "gone" | "failed"} TraceStatus */
/** @typedef {{status: TraceStatus, trace: Trace | null, atList: number}} Asked `trace` is the last that was told; `atList` counts the lists heard when it was asked for. */

/**
 * @typedef {object} CompareState
 * @property {Wish} chosen What a person has chosen.
 * @property {Wish} wish The same, with what it leaves open filled in.
 * @property {Listing | null} listing `null` before the first of the day that is wished for.
 * @property {number} lists How many were heard.
 * @property {boolean} isSilent The gateway did not answer when it was asked how it is.
 * @property {boolean} isListFailing The last question for the laps was not answered.
 * @property {string | null} today
 * @property {number | null} version Of the day at the gateway.
 * @property {boolean} isListOld The gateway knows of laps that the list does not have.
 * @property {Readonly<Record<string, Asked>>} traces By lap id.
 * @property {readonly string[]} rigIds In the gateway's order; none while not known.
 * @property {boolean} areRigsAwaited They are being asked for the first time: who stands left waits for that.
 * @property {import("./units.js").SpeedUnit} speedUnit
 */

/** @typedef {{value: string, text: string, isDisabled: boolean}} Option */
/** @typedef {{label: string, options: readonly Option[]}} Group */
/** @typedef {{lapId: string | null, lap: Lap | null, groups: readonly Group[]}} Picked */

/**
 * @typedef {object} CompareView
 * @property {readonly Option[]} days
 * @property {string} day
 * @property {readonly Option[]} tracks
 * @property {string} track
 * @property {Picked} a
 * @property {Picked} b
 * @property {number | null} finalMs time(B) − time(A) over the lap.
 * @property {Side | null} winner
 * @property {readonly import("./compare/figures.js").Figure[]} figures
 * @property {Trace | null} traceA What is to be drawn.
 * @property {Trace | null} traceB
 * @property {import("./units.js").SpeedUnit} speedUnit
 * @property {Notice | null} notice
 */

const MOST_SPARE = 12; // traces of laps that were chosen before, so that going back is quick

/** @type {readonly Side[]} */
const SIDES = Object.freeze(["a", "b"]);

/** @param {Wish} wish @returns {CompareState} Before anything was asked. */
export const initialCompare = (wish = NO_WISH) => ({
  chosen: wish,
  wish,
  listing: null,
  lists: 0,
  isSilent: false,
  isListFailing: false,
  today: null,
  version: null,
  isListOld: true,
  traces: {},
  rigIds: [],
  areRigsAwaited: false,
  speedUnit: USUAL_DISPLAY.speedUnit,
});

// --- what a person wishes ------------------------------------------------------------------------

/** @param {CompareState} state @param {Wish} wish @returns {CompareState} */
export function wished(state, wish) {
  const isSameDay = wish.day === state.chosen.day || (wish.day !== null && wish.day === state.listing?.day);
  return settled({ ...state, chosen: wish, wish, listing: isSameDay ? state.listing : null, isListOld: state.isListOld || !isSameDay });
}

/** @param {CompareState} state @param {string} day @returns {CompareState} */
export const dayChosen = (state, day) => wished(state, { day, track: state.wish.track, a: null, b: null });

/** @param {CompareState} state @param {string} track @returns {CompareState} */
export const trackChosen = (state, track) => wished(state, { day: state.chosen.day, track, a: null, b: null });

/** @param {CompareState} state @param {Side} side @param {string} lapId @returns {CompareState} */
export const lapChosen = (state, side, lapId) => wished(state, { ...state.wish, [side]: lapId });

/** @param {CompareState} state @returns {CompareState} */
export const swapped = (state) => wished(state, { ...state.wish, a: state.wish.b, b: state.wish.a });

/** The wish with what it left open. @param {CompareState} state @returns {CompareState} */
function settled(state) {
  const { listing, chosen } = state;
  if (listing === null || state.areRigsAwaited) return state;
  const track = trackOf(state);
  const best = filled(listing.laps, track, chosen, state.rigIds);
  const isSamePair = chosen.a === null && chosen.b === null && state.wish.a === best.b && state.wish.b === best.a;
  const choice = isSamePair ? state.wish : best; // an order of the rigs that is told late moves nobody to the other side
  const full = { day: listing.day, track, a: choice.a, b: choice.b };
  return { ...state, wish: full };
}

/** The track of what is chosen; else the one wished for, else the one driven last that has a pair of laps. @param {CompareState} state @returns {string | null} */
function trackOf({ listing, chosen: wish, traces }) {
  const chosen = [wish.a, wish.b].map((lapId) => lapFrom(listing, traces, lapId)?.track ?? null);
  const wanted = listing?.tracks.includes(wish.track ?? "") ? wish.track : null;
  const withPair = listing?.tracks.find((track) => sorted(listing.laps, track).valid.length > 1);
  return chosen[0] ?? chosen[1] ?? wanted ?? withPair ?? listing?.tracks.at(0) ?? null;
}

/** @param {Listing | null} listing @param {CompareState["traces"]} traces @param {string | null} lapId @returns {Lap | null} */
function lapFrom(listing, traces, lapId) {
  if (lapId === null) return null;
  const asked = traces[lapId];
  return listed(listing, lapId) ?? (asked?.status === "gone" ? null : asked?.trace?.lap ?? null);
}

// --- what the gateway tells ----------------------------------------------------------------------

/** The laps are being asked for: what is news from here on is not in the answer. @param {CompareState} state @returns {CompareState} */
export const listAsked = (state) => ({ ...state, isListOld: false });

/**
 * The laps of a day.
 *
 * @param {CompareState} state
 * @param {string | null} day Of which they were asked; `null` for today.
 * @param {unknown} body
 * @returns {CompareState} The same one when another day is wished for by now.
 */
export function listAnswered(state, day, body) {
  const listing = listingOf(body);
  // Today may have been asked for by no name, and have been chosen by its name meanwhile.
  if (day !== state.chosen.day && (day !== null || listing?.day !== state.chosen.day)) return state;
  return listing === null ? listFailed(state) : settled({ ...state, listing, lists: state.lists + 1, isListFailing: false });
}

/** @param {CompareState} state @returns {CompareState} */
export const listFailed = (state) => ({ ...state, isListFailing: true, isListOld: true });

/** The gateway tells how new its day is. @param {CompareState} state @param {unknown} body Of /api/day. @returns {CompareState} */
export function dayAnswered(state, body) {
  const { version, day } = record(body);
  const known = amount(version);
  return { ...state, version: known, today: dayOf(day), isSilent: false, isListOld: state.isListOld || known !== state.version };
}

/** @param {CompareState} state @returns {CompareState} */
export const daySilent = (state) => ({ ...state, isSilent: true, isListOld: true });

/** The rigs are being asked for. @param {CompareState} state @returns {CompareState} */
export const rigsAsked = (state) => ({ ...state, areRigsAwaited: true });

/** @param {CompareState} state @param {readonly string[]} rigIds @returns {CompareState} */
export const rigsAnswered = (state, rigIds) => settled({ ...state, rigIds, areRigsAwaited: false });

/** Nobody said which rigs there are: nothing waits for it any longer. @param {CompareState} state @returns {CompareState} */
export const rigsSilent = (state) => settled({ ...state, areRigsAwaited: false });

/** @param {CompareState} state @param {import("./units.js").Display} display @returns {CompareState} */
export const displayAnswered = (state, { speedUnit }) => ({ ...state, speedUnit });

/** Chosen laps whose trace is to be asked for. @param {CompareState} state @returns {readonly string[]} */
export function questions(state) {
  const { listing, traces, lists } = state;
  if (listing === null) return [];
  return chosenOf(state).filter((lapId) => {
    const asked = traces[lapId];
    if (asked === undefined) return true;
    if (asked.status === "asking" || asked.atList === lists) return false;
    return asked.status !== "here" || listed(listing, lapId)?.lapTimeMs !== asked.trace?.lap.lapTimeMs;
  });
}

/** @param {CompareState} state */
const chosenOf = ({ wish }) => [...new Set([wish.a, wish.b])].filter((lapId) => lapId !== null);

/** @param {CompareState} state @param {string} lapId @param {Partial<Asked>} change @returns {CompareState} */
function withTrace(state, lapId, change) {
  const { [lapId]: known, ...others } = state.traces;
  /** @type {Asked} */
  const before = known ?? { status: "asking", trace: null, atList: state.lists };
  const kept = Object.entries(others).filter(([id], at, all) => at >= all.length - MOST_SPARE || id === state.wish.a || id === state.wish.b);
  return { ...state, traces: { ...Object.fromEntries(kept), [lapId]: { ...before, ...change } } };
}

/** @param {CompareState} state @param {string} lapId @returns {CompareState} */
export const lapAsked = (state, lapId) => withTrace(state, lapId, { status: "asking", atList: state.lists });

/** @param {CompareState} state @param {string} lapId @param {unknown} body @returns {CompareState} */
export function lapAnswered(state, lapId, body) {
  const trace = traceOf(body);
  if (trace === null) return lapFailed(state, lapId);
  return settled(withTrace(state, lapId, { status: "here", trace }));
}

/** There is no such lap, or no trace of it. @param {CompareState} state @param {string} lapId @returns {CompareState} */
export const lapMissing = (state, lapId) => settled(withTrace(state, lapId, { status: "gone", trace: null }));

/** @param {CompareState} state @param {string} lapId @returns {CompareState} */
export const lapFailed = (state, lapId) => ({ ...withTrace(state, lapId, { status: "failed" }), isListOld: true });

// --- what is shown -------------------------------------------------------------------------------

/** @param {CompareState} state @returns {CompareView} */
export function compareView(state) {
  const { wish, listing, today, speedUnit } = state;
  const days = withChosen(listing?.days ?? [], wish.day);
  const tracks = withChosen(listing?.tracks ?? [], wish.track);
  const [a, b] = SIDES.map((side) => pickedOf(state, side));
  const [traceA, traceB] = SIDES.map((side) => traceFor(state, side));
  const hindrance = hindranceOf(wish, traceA, traceB);
  const ms = hindrance === null ? finalDelta(a.lap, b.lap) : null;
  return {
    days: days.map((day) => ({ value: day, text: dayText(day, today), isDisabled: false })),
    day: wish.day ?? "",
    tracks: tracks.map((track) => ({ value: track, text: track, isDisabled: false })),
    track: wish.track ?? "",
    a,
    b,
    finalMs: ms,
    winner: fasterOf(ms),
    figures: figuresOf(a.lap, b.lap, traceA, traceB, speedUnit, hindrance === null),
    traceA,
    traceB,
    speedUnit,
    notice: noticeOf(state, hindrance),
  };
}

/** @param {readonly string[]} values @param {string | null} chosen */
const withChosen = (values, chosen) => (chosen === null || values.includes(chosen) ? values : [chosen, ...values]);

/** @param {CompareState} state @param {Side} side @returns {Trace | null} */
function traceFor({ wish, traces }, side) {
  const lapId = wish[side];
  return lapId === null ? null : traces[lapId]?.trace ?? null;
}

/** @param {CompareState} state @param {Side} side @returns {Picked} */
function pickedOf(state, side) {
  const { wish, listing, traces } = state;
  const lapId = wish[side];
  const other = side === "a" ? "b" : "a";
  const { valid, other: invalid, traceless } = sorted(listing?.laps ?? [], wish.track);
  /** @param {Lap} lap @returns {Option} */
  const option = (lap) => {
    const takenAs = lap.lapId === wish[other] && lap.lapId !== lapId ? other : null;
    return { value: lap.lapId, text: optionText(lap, takenAs), isDisabled: !lap.hasTrace || takenAs !== null };
  };
  const isListed = [...valid, ...invalid, ...traceless].some((lap) => lap.lapId === lapId);
  const spare = { value: lapId ?? "", text: lapId === null ? COMPARE.choose : COMPARE.unlisted, isDisabled: true };
  const groups = [
    { label: COMPARE.validLaps, options: valid.map(option) },
    { label: COMPARE.otherLaps, options: invalid.map(option) },
    { label: COMPARE.tracelessLaps, options: traceless.map(option) },
  ].filter(({ options }) => options.length > 0);
  return { lapId, lap: lapFrom(listing, traces, lapId), groups: isListed ? groups : [{ label: "", options: [spare] }, ...groups] };
}

/** Why one lap cannot be held against the other. @param {Wish} wish @param {Trace | null} a @param {Trace | null} b */
function hindranceOf(wish, a, b) {
  if (wish.a !== null && wish.a === wish.b) return "same";
  return a !== null && b !== null ? obstacle(a, b) : null;
}

/** The gravest thing that a person should know. @param {CompareState} state @param {string | null} hindrance @returns {Notice | null} */
function noticeOf(state, hindrance) {
  const { listing, isSilent, isListFailing } = state;
  const isFailing = isSilent || isListFailing;
  if (listing === null) return isFailing ? NOTICES.silent : NOTICES.asking;
  const missing = missingOf(state);
  if (missing !== null) return missing;
  if (hindrance !== null) return NOTICES[hindrance];
  return isFailing ? NOTICES.old : emptyOf(state, listing) ?? waitingOf(state);
}

/** @param {CompareState} state @param {(status: TraceStatus | undefined, lap: Lap | null) => boolean} is @returns {Side[]} Chosen sides of which that is so. */
const sidesThat = ({ wish, listing, traces }, is) =>
  SIDES.filter((side) => wish[side] !== null && is(traces[wish[side] ?? ""]?.status, listed(listing, wish[side])));

/** @param {CompareState} state @returns {Notice | null} */
function missingOf(state) {
  const gone = sidesThat(state, (status, lap) => status === "gone" && lap === null);
  if (gone.length > 0) return vanished(gone);
  const bare = sidesThat(state, (status, lap) => status === "gone" && lap !== null);
  return bare.length > 0 ? untraced(bare) : null;
}

/** @param {CompareState} state @param {Listing} listing @returns {Notice | null} */
function emptyOf({ wish, today }, listing) {
  const [empty, other] = SIDES.filter((side) => wish[side] === null);
  if (empty === undefined) return null;
  if (listing.laps.length === 0) return noLaps(today === null || listing.day === today, listing.day);
  const { valid, other: invalid } = sorted(listing.laps, wish.track);
  if (other !== undefined) return noneToDraw(wish.track, invalid.length > 0);
  return valid.length + invalid.length > 1 ? chooseLap(empty) : NOTICES.noTwo;
}

/** @param {CompareState} state @returns {Notice | null} */
function waitingOf(state) {
  const failed = sidesThat(state, (status) => status === "failed");
  if (failed.length > 0) return unread(failed);
  const asked = SIDES.filter((side) => state.wish[side] !== null && traceFor(state, side) === null);
  return asked.length > 0 ? reading(asked) : null;
}
