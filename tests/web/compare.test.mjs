import assert from "node:assert/strict";
import { test } from "node:test";

import * as compare from "../../web/js/compare.js";
import { lapsUrl, lapUrl, searchOf, wishOf } from "../../web/js/compare/address.js";
import { chartOf, distanceText, secondsText, thinned } from "../../web/js/compare/chart.js";
import { figuresOf, pointTexts } from "../../web/js/compare/figures.js";
import { filled, lapOf, listingOf, sorted } from "../../web/js/compare/laps.js";
import { obstacle, pairOf, readingAt, topSpeed, traceOf } from "../../web/js/compare/trace.js";
import { dayText, deltaState, deltaWord, optionText, spokenReading } from "../../web/js/words/compare.js";

const DAY = "2026-11-25";
const ANYTHING = [null, undefined, true, "x", 7, -1, Number.NaN, Infinity, [], [null], [[]], ["x"], {}, { "": "" }];
const TRACE_KEYS = ["lap", "length_m", "sector2_start_m", "sector3_start_m", "step_m", "time_ms", "speed_kph", "throttle", "brake", "gear"];

/** A row of /api/laps: lap `number` of a rig. */
const row = (letter, number, fields = {}) => ({
  lap_id: `RIG_${letter}:1:LapCompleted:0:${number}`,
  rig_id: `RIG_${letter}`,
  driver_name: letter === "A" ? "ANNA" : "BEN",
  track: "Catalunya",
  session_type: "Time Trial",
  lap_number: number,
  lap_time_ms: 80_000 + number,
  sector1_time_ms: 25_000,
  sector2_time_ms: 30_000,
  sector3_time_ms: 25_000 + number,
  valid: true,
  pit_lap: false,
  tyre_compound: "Soft",
  completed_at: `2026-11-25T10:0${number}:00.123Z`,
  guest_laps: null,
  newest: false,
  has_trace: true,
  ...fields,
});

/** A body of /api/laps. */
const list = (...laps) => ({ day: DAY, days: [DAY, "2026-11-24"], tracks: [...new Set(laps.map(({ track }) => track))], laps });

/** A body of /api/laps/{lap_id}: five entries of a lap of 16 m. */
const traceBody = (lap, fields = {}) => ({
  lap,
  length_m: 16,
  sector2_start_m: 5,
  sector3_start_m: 10,
  step_m: 4,
  time_ms: [0, 50, 100, 150, 200],
  speed_kph: [200, 210, 220, 210, 200],
  throttle: [1, 1, 0, 0, 0.5],
  brake: [0, 0, 1, 1, 0],
  gear: [6, 7, 5, 4, 4],
  steer: [0, 0, 0, 0, 0],
  ...fields,
});

const idOf = (letter, number) => row(letter, number).lap_id;
const traced = (letter, number, fields) => traceOf(traceBody(row(letter, number), fields));
const chosen = ({ wish: { a, b } }) => [a, b];

/** The state of a page that has heard a list. */
const heard = (laps, wish = {}) => {
  const before = compare.initialCompare({ day: null, track: null, a: null, b: null, ...wish });
  return compare.listAnswered(before, before.wish.day, list(...laps));
};

/** The same, with the traces of what is chosen. */
const complete = (state, fields = {}) =>
  compare.questions(state).reduce((next, lapId) => {
    const lap = next.listing.laps.find((each) => each.lapId === lapId);
    return compare.lapAnswered(next, lapId, traceBody(row(lap.rigId.at(-1), lap.lapNumber), fields[lapId]));
  }, state);

const noticeOf = (state) => compare.compareView(state).notice?.text ?? null;

// --- two laps over each other --------------------------------------------------------------------

test("the delta is what B took longer than A to the same place", () => {
  const pair = pairOf(traced("A", 1), traced("B", 1, { time_ms: [0, 60, 90, 150, 212] }));

  assert.deepEqual(pair.delta, [0, 10, -10, 0, 12]);
});

test("the delta is unknown where either time is", () => {
  const pair = pairOf(traced("A", 1, { time_ms: [0, null, 100, 150, 200] }), traced("B", 1, { time_ms: [null, 60, 110] }));

  assert.deepEqual(pair.delta, [null, null, 10, null, null]);
});

test("one lap alone is drawn with nothing for the other", () => {
  const pair = pairOf(null, traced("B", 1));

  assert.deepEqual(pair.b.speed_kph, [200, 210, 220, 210, 200]);
  assert.deepEqual([...new Set([...pair.a.speed_kph, ...pair.delta])], [null]);
});

test("no lap is no pair", () => {
  assert.equal(pairOf(null, null), null);
});

test("what both say at a place is never a zero for unknown", () => {
  const pair = pairOf(traced("A", 1), traced("B", 1, { speed_kph: [null], throttle: [], brake: ["0"], gear: [false] }));

  assert.deepEqual(readingAt(pair, 3).b, { speedKph: null, throttle: null, brake: null, gear: null });
  assert.deepEqual(readingAt(pair, 3).a, { speedKph: 210, throttle: 0, brake: 1, gear: 4 });
});

test("beyond the end of a lap stands its last place", () => {
  const pair = pairOf(traced("A", 1), traced("B", 1));

  assert.equal(readingAt(pair, Infinity).distanceM, 16);
  assert.equal(readingAt(pair, -1).distanceM, 0);
});

test("sectors stand where they begin and end, and nowhere while a boundary is unknown", () => {
  const pair = pairOf(traced("A", 1, { sector2_start_m: null, sector3_start_m: null }), traced("B", 1));

  assert.deepEqual(pair.sectors.map(({ label, startM, endM }) => [label, startM, endM]), [["S1", 0, 5], ["S2", 5, 10], ["S3", 10, 16]]);
  assert.deepEqual(pairOf(traced("A", 1, { sector3_start_m: null }), null).sectors, []);
  assert.deepEqual(pairOf(traced("A", 1, { sector3_start_m: 4 }), null).sectors, []);
});

for (const [what, fields, why] of [
  ["of another track", { lap: row("B", 1, { track: "Monza" }) }, "twoTracks"],
  ["of a longer layout", { length_m: 5000 }, "twoLengths"],
  ["stored in other steps", { step_m: 5 }, "twoSteps"],
]) {
  test(`a lap ${what} is not laid over this one`, () => {
    const [a, b] = [traced("A", 1), traced("B", 1, fields)];

    assert.equal(obstacle(a, b), why);
    assert.equal(pairOf(a, b), null);
  });
}

test("no body of a trace, however odd, breaks the page", () => {
  for (const odd of ANYTHING) {
    assert.equal(traceOf(odd), null);
    for (const key of TRACE_KEYS) {
      const trace = traceOf(traceBody(row("A", 1), { [key]: odd }));
      if (trace !== null) assert.equal(pairOf(trace, traced("B", 1)) === null, obstacle(trace, traced("B", 1)) !== null);
    }
  }
});

test("the top speed of a lap that was not seen whole is told as the least that it was", () => {
  const holed = { length_m: 100, speed_kph: [200, ...Array.from({ length: 20 }, () => null), 210] };

  assert.deepEqual(topSpeed(traced("A", 1)), { kph: 220, isAtLeast: false });
  assert.deepEqual(topSpeed(traced("A", 1, holed)), { kph: 210, isAtLeast: true });
  assert.deepEqual(topSpeed(traced("A", 1, { length_m: 5000 })), { kph: 220, isAtLeast: true });
  assert.deepEqual(topSpeed(traced("A", 1, { speed_kph: [] })), { kph: null, isAtLeast: false });
});

// --- figures -------------------------------------------------------------------------------------

test("each sector has both times, B against A, and its winner", () => {
  const [s1, s2, s3] = figuresOf(lapOf(row("A", 1)), lapOf(row("B", 1, { sector1_time_ms: 25_102, sector2_time_ms: 29_950 })), null, null, "kph", true);

  assert.deepEqual([s1.a, s1.difference, s1.b, s1.winner], ["25.000", "+0.102", "25.102", "a"]);
  assert.deepEqual([s2.difference, s2.winner], ["−0.050", "b"]);
  assert.deepEqual([s3.difference, s3.winner], ["+0.000", null]);
});

test("a sector that is not known has neither a difference nor a winner", () => {
  const [s1] = figuresOf(lapOf(row("A", 1, { sector1_time_ms: null })), lapOf(row("B", 1)), null, null, "kph", true);

  assert.deepEqual([s1.a, s1.difference, s1.b, s1.winner], ["–", "–", "25.000", null]);
});

test("the higher top speed wins, in the unit of the screen", () => {
  const top = (unit) => figuresOf(null, null, traced("A", 1), traced("B", 1, { speed_kph: [322] }), unit, true).at(-1);

  assert.deepEqual([top("kph").a, top("kph").difference, top("kph").b, top("kph").winner], ["220", "+102", "322", "b"]);
  assert.deepEqual([top("mph").label, top("mph").a, top("mph").b], ["Top mph", "137", "200"]);
});

test("a top speed that may have been higher wins and loses against nobody", () => {
  const top = figuresOf(null, null, traced("A", 1, { length_m: 5000 }), traced("B", 1), "kph", true).at(-1);

  assert.deepEqual([top.a, top.difference, top.winner], ["≥ 220", "–", null]);
});

test("laps that cannot be held against each other keep their figures without a winner", () => {
  const figures = figuresOf(lapOf(row("A", 1)), lapOf(row("B", 2)), traced("A", 1), traced("B", 2), "kph", false);

  assert.deepEqual(figures.map(({ difference, winner }) => [difference, winner]), Array.from({ length: 4 }, () => ["–", null]));
  assert.equal(figures[0].a, "25.000");
});

for (const [ms, words, state] of [[120, "B slower by", "B slower"], [-120, "B faster by", "B faster"], [0, "B level with A", "level"], [null, "B against A", ""]]) {
  test(`a difference of ${ms} ms reads "${words}"`, () => {
    assert.deepEqual([deltaWord(ms), deltaState(ms)], [words, state]);
  });
}

// --- charts --------------------------------------------------------------------------------------

test("the delta's scale has room for either side of zero, whoever is ahead", () => {
  const ahead = pairOf(traced("A", 1), traced("B", 1, { time_ms: [0, 150, 400, 800, 1200] }));
  const { lines, range } = chartOf("delta", ahead, "kph");

  assert.deepEqual(lines.map((line) => line.at(-1)), [1, 0, 1]);
  assert.ok(range[1] > 1);
  assert.equal(range[0], -0.3);

  const behind = pairOf(traced("B", 1, { time_ms: [0, 150, 400, 800, 1200] }), traced("A", 1));
  assert.deepEqual(chartOf("delta", behind, "kph").range, range.map((end) => -end).reverse());
});

test("the delta of one lap alone has no scale but its zero", () => {
  const { isKnown, splits } = chartOf("delta", pairOf(traced("A", 1), null), "kph");

  assert.deepEqual([isKnown, splits], [false, [0]]);
});

test("speeds stand between round figures, in the unit of the screen", () => {
  const pair = pairOf(traced("A", 1), traced("B", 1));

  assert.deepEqual(chartOf("speed", pair, "kph").range, [200, 250]);
  assert.deepEqual(chartOf("speed", pair, "mph").range, [100, 150]);
});

test("a place that is not known is a gap in every line", () => {
  const pair = pairOf(traced("A", 1, { time_ms: [0, null], speed_kph: [200, null], throttle: [1, null], brake: [0, null], gear: [4, null] }), null);

  for (const name of ["speed", "throttle", "brake", "gear", "delta"]) {
    for (const line of chartOf(name, pair, "mph").lines) assert.equal(line[1], null);
  }
});

test("a reverse gear has its place below the first", () => {
  assert.ok(chartOf("gear", pairOf(traced("A", 1, { gear: [-1] }), null), "kph").range[0] < -1);
});

test("marks without room are thinned to every other one and the last", () => {
  assert.deepEqual(thinned([0, 50, 100], 3), [0, 50, 100]);
  assert.deepEqual(thinned([0, 50, 100], 2.9), [0, 100]);
  assert.deepEqual(thinned([2, 4, 6, 8], 3), [4, 8]);
});

test("scales read like their unit", () => {
  assert.deepEqual([0, 500, 1000, 1250].map(distanceText), ["0", "0.5", "1 km", "1.25"]);
  assert.deepEqual([0, 0.2, -0.025, 1].map(secondsText), ["0", "+0.2", "−0.025", "+1.0"]);
});

test("the place of the cursor is told in one sentence, unknown as a dash", () => {
  const pair = pairOf(traced("A", 1), traced("B", 1, { speed_kph: [], time_ms: [0, 62] }));
  const { distanceM, a, b, deltaMs } = readingAt(pair, 1);

  assert.equal(
    spokenReading(distanceM, pointTexts(a, "kph"), pointTexts(b, "kph"), deltaMs, "kph"),
    "4 m; A 210 km/h, gear 7, throttle 100 %, brake 0 %; B – km/h, gear 7, throttle 100 %, brake 0 %; delta +0.012, B slower",
  );
});

// --- which laps ----------------------------------------------------------------------------------

const usual = (laps, choice = {}, rigIds = []) => filled(laps.map(lapOf), "Catalunya", { a: null, b: null, ...choice }, rigIds);

test("left to the page, the two fastest laps of different rigs stand against each other", () => {
  assert.deepEqual(usual([row("A", 1), row("A", 2), row("B", 9)]), { a: idOf("A", 1), b: idOf("B", 9) });
});

test("the rig that the gateway names first stands left, however fast", () => {
  const laps = [row("A", 1), row("B", 9)];

  assert.deepEqual(usual(laps, {}, ["RIG_B", "RIG_A"]), { a: idOf("B", 9), b: idOf("A", 1) });
  assert.deepEqual(usual([row("A", 9), row("B", 1)], {}, ["RIG_A", "RIG_B"]), { a: idOf("A", 9), b: idOf("B", 1) });
});

test("with one rig only, its two fastest laps stand against each other", () => {
  assert.deepEqual(usual([row("A", 5), row("A", 2), row("A", 3)]), { a: idOf("A", 2), b: idOf("A", 3) });
});

test("invalid laps, laps without a trace and laps of another track are never chosen by the page", () => {
  const laps = [row("A", 1, { valid: false }), row("B", 2, { has_trace: false }), row("B", 3, { track: "Monza" }), row("A", 4)];

  assert.deepEqual(usual(laps), { a: idOf("A", 4), b: null });
});

test("a lap that is chosen keeps its place, and the other one is of another rig", () => {
  const laps = [row("A", 1), row("A", 2), row("B", 3)];

  assert.deepEqual(usual(laps, { b: idOf("A", 2) }), { a: idOf("B", 3), b: idOf("A", 2) });
});

test("the laps of a track are sorted by what can be done with them, fastest first", () => {
  const laps = [row("A", 3), row("A", 2, { valid: false }), row("A", 1, { has_trace: false }), row("B", 1), row("B", 4, { track: null })].map(lapOf);
  const { valid, other, traceless } = sorted(laps, "Catalunya");

  assert.deepEqual([valid, other, traceless].map((group) => group.map(({ lapId }) => lapId)), [[idOf("B", 1), idOf("A", 3)], [idOf("A", 2)], [idOf("A", 1)]]);
});

test("an option tells time, guest, rig, lap and what is the matter with it", () => {
  const text = optionText(lapOf(row("A", 4, { valid: false, pit_lap: true, has_trace: false })), null);

  assert.match(text, /^1:20\.004 · ANNA · RIG_A · lap 4 · \d\d:\d\d:\d\d · ✕ invalid · pit lap · no trace kept$/);
  assert.match(optionText(lapOf(row("A", 4, { driver_name: "\u202e<b>" })), "b"), /· <b> ·.*· is lap B$/);
});

test("a list of which nothing can be read is no list, and an odd lap is left out", () => {
  for (const odd of ANYTHING) {
    assert.equal(listingOf(odd), null);
    assert.deepEqual(listingOf({ ...list(row("A", 1)), laps: [odd, row("B", 2)] }).laps.map(({ lapId }) => lapId), [idOf("B", 2)]);
  }
});

test("a day reads like a date, and today says so", () => {
  assert.equal(dayText(DAY, DAY), "25 Nov 2026 · today");
  assert.equal(dayText("2026-03-01", DAY), "1 Mar 2026");
});

// --- the address ---------------------------------------------------------------------------------

test("what stands in the address comes back from it", () => {
  const wish = { day: DAY, track: "São Paulo & more", a: idOf("A", 1), b: idOf("B", 2) };

  assert.deepEqual(wishOf(searchOf(wish)), wish);
  assert.equal(searchOf(wishOf("")), "");
});

test("what cannot be read in the address is left to the page", () => {
  assert.deepEqual(wishOf(`?day=today&a=&b=${"x".repeat(999)}&track=%00`), { day: null, track: null, a: null, b: null });
});

test("days and laps are asked for by their escaped names", () => {
  assert.equal(lapsUrl(null), "/api/laps");
  assert.equal(lapsUrl(DAY), "/api/laps?day=2026-11-25");
  assert.equal(lapUrl("RIG_A:1/2?x"), "/api/laps/RIG_A%3A1%2F2%3Fx");
});

// --- the page over time --------------------------------------------------------------------------

test("what is left open is filled in, and does not stand in the address", () => {
  const { wish, chosen: address } = heard([row("A", 1), row("B", 2)]);

  assert.deepEqual(wish, { day: DAY, track: "Catalunya", a: idOf("A", 1), b: idOf("B", 2) });
  assert.equal(searchOf(address), "");
});

test("until somebody chooses, the best pair of today is shown", () => {
  const first = heard([row("A", 4), row("B", 5)]);
  const later = compare.listAnswered(first, null, list(row("B", 1), row("A", 2), row("A", 4), row("B", 5)));
  const monza = [row("B", 7, { track: "Monza" }), row("A", 8, { track: "Monza" })];
  const alone = compare.listAnswered(later, null, list(monza[0], row("B", 1), row("A", 2)));
  const elsewhere = compare.listAnswered(alone, null, list(...monza, row("B", 1), row("A", 2)));

  assert.deepEqual(chosen(later), [idOf("A", 2), idOf("B", 1)]);
  assert.deepEqual(chosen(alone), chosen(later));
  assert.equal(elsewhere.wish.track, "Monza");
});

test("what somebody chooses stands in the address, with what was shown beside it", () => {
  const state = compare.lapChosen(heard([row("A", 1), row("B", 2), row("A", 3)]), "a", idOf("A", 3));

  assert.deepEqual(wishOf(searchOf(state.chosen)), { day: DAY, track: "Catalunya", a: idOf("A", 3), b: idOf("B", 2) });
});

test("a faster lap that comes later takes no chosen one's place", () => {
  const first = heard([row("A", 4), row("B", 5)], { day: DAY, a: idOf("A", 4), b: idOf("B", 5) });
  const later = compare.listAnswered(first, DAY, list(row("B", 1), row("A", 2), row("A", 4), row("B", 5)));

  assert.deepEqual(chosen(later), [idOf("A", 4), idOf("B", 5)]);
  assert.equal(compare.compareView(later).a.groups[0].options.length, 4);
});

test("a place that is empty takes the first lap that comes", () => {
  const first = heard([row("A", 4)]);
  const later = compare.listAnswered(first, null, list(row("B", 5), row("A", 4)));

  assert.equal(noticeOf(first).startsWith("Only one lap so far"), true);
  assert.deepEqual(chosen(later), [idOf("A", 4), idOf("B", 5)]);
});

test("swapping the laps turns the verdict around", () => {
  const state = heard([row("A", 1), row("B", 3)]);
  const turned = compare.swapped(state);

  assert.deepEqual([compare.compareView(state).finalMs, compare.compareView(state).winner], [2, "a"]);
  assert.deepEqual([compare.compareView(turned).finalMs, compare.compareView(turned).winner], [-2, "b"]);
});

test("another track is compared by its own two fastest", () => {
  const monza = { track: "Monza" };
  const state = compare.trackChosen(heard([row("A", 1), row("B", 2), row("A", 3, monza), row("B", 4, monza)]), "Monza");

  assert.deepEqual(chosen(state), [idOf("A", 3), idOf("B", 4)]);
});

test("a lap in the address brings its track with it", () => {
  const state = heard([row("A", 1), row("B", 2), row("A", 3, { track: "Monza" }), row("B", 4, { track: "Monza" })], { a: idOf("A", 3) });

  assert.deepEqual(state.wish, { day: DAY, track: "Monza", a: idOf("A", 3), b: idOf("B", 4) });
});

test("another day is asked for anew, and an answer about the day before comes to nothing", () => {
  const state = compare.dayChosen(heard([row("A", 1), row("B", 2)]), "2026-11-24");

  assert.equal(state.listing, null);
  assert.equal(compare.listAnswered(state, DAY, list(row("A", 1))), state);
});

test("the traces of the chosen laps are asked for once", () => {
  const state = heard([row("A", 1), row("B", 2), row("A", 3)]);
  const asked = compare.lapAsked(state, idOf("A", 1));

  assert.deepEqual(compare.questions(state), [idOf("A", 1), idOf("B", 2)]);
  assert.deepEqual(compare.questions(asked), [idOf("B", 2)]);
  assert.deepEqual(compare.questions(complete(state)), []);
});

test("a trace is asked for again when its lap was corrected, and when it was not told", () => {
  const state = complete(heard([row("A", 1), row("B", 2)]));
  const corrected = compare.listAnswered(state, null, list(row("A", 1, { lap_time_ms: 80_500 }), row("B", 2)));
  const failed = compare.lapFailed(state, idOf("B", 2));

  assert.deepEqual(compare.questions(corrected), [idOf("A", 1)]);
  assert.deepEqual(compare.questions(failed), []);
  assert.deepEqual(compare.questions(compare.listAnswered(failed, null, list(row("A", 1), row("B", 2)))), [idOf("B", 2)]);
});

test("few traces are kept besides those that are shown", () => {
  const laps = Array.from({ length: 40 }, (_, at) => row("A", at + 1));
  const state = laps.reduce((next, { lap_id }) => complete(compare.lapChosen(next, "b", lap_id)), heard(laps));

  assert.ok(Object.keys(state.traces).length <= 15);
  assert.equal(compare.compareView(state).traceB.lap.lapNumber, 40);
});

test("news of the day makes the list old, and asking for it makes it new", () => {
  const told = compare.dayAnswered(heard([row("A", 1)]), { day: DAY, version: 7 });
  const asked = compare.listAsked(told);

  assert.deepEqual([told.isListOld, asked.isListOld], [true, false]);
  assert.equal(compare.dayAnswered(asked, { day: DAY, version: 7 }).isListOld, false);
  assert.equal(compare.dayAnswered(asked, { day: DAY, version: 8 }).isListOld, true);
});

test("a gateway that is back after a silence is asked for its list, news or not", () => {
  const asked = compare.listAsked(compare.dayAnswered(heard([row("A", 1)]), { day: DAY, version: 7 }));

  assert.equal(compare.dayAnswered(compare.daySilent(asked), { day: DAY, version: 7 }).isListOld, true);
});

test("news that comes while the list is on its way makes it old all the same", () => {
  const asked = compare.listAsked(compare.dayAnswered(heard([row("A", 1)]), { day: DAY, version: 7 }));
  const answered = compare.listAnswered(compare.dayAnswered(asked, { day: DAY, version: 8 }), DAY, list(row("A", 1)));

  assert.equal(answered.isListOld, true);
});

// --- why something is not there ------------------------------------------------------------------

const two = () => complete(heard([row("A", 1), row("B", 2)]));

test("two laps that are drawn need no words", () => {
  assert.equal(noticeOf(two()), null);
});

test("before the first answer the page says that it asks, and without one that nobody answers", () => {
  assert.match(noticeOf(compare.initialCompare()), /^Asking the gateway/);
  assert.match(noticeOf(compare.daySilent(compare.initialCompare())), /does not answer/);
});

test("a day without laps says so", () => {
  const today = compare.dayAnswered(heard([]), { day: DAY, version: 1 });
  const before = compare.dayAnswered(heard([]), { day: "2026-11-26", version: 1 });

  assert.match(noticeOf(today), /^No laps yet today/);
  assert.equal(noticeOf(before), "No laps on 25 Nov 2026");
});

test("a gateway that is gone leaves what is drawn and says how old the list is", () => {
  const state = compare.daySilent(two());

  assert.match(noticeOf(state), /does not answer: newer laps are not listed/);
  assert.notEqual(compare.compareView(state).traceA, null);
  assert.equal(noticeOf(compare.dayAnswered(state, { day: DAY, version: 1 })), null);
});

test("a lap that was undone is named, and is neither drawn nor compared", () => {
  const later = compare.listAnswered(compare.lapChosen(two(), "a", idOf("A", 1)), DAY, list(row("B", 2)));
  const state = compare.lapMissing(later, idOf("A", 1));
  const view = compare.compareView(state);

  assert.deepEqual(compare.questions(later), [idOf("A", 1)]);
  assert.match(view.notice.text, /^Lap A is no longer there, undone by a flashback/);
  assert.deepEqual([view.traceA, view.finalMs, view.winner, view.figures[0].a], [null, null, null, "–"]);
  assert.deepEqual(chosen(state), [idOf("A", 1), idOf("B", 2)]);
});

test("a lap without a trace is on the list, cannot be chosen and says why", () => {
  const { options } = compare.compareView(heard([row("A", 1, { has_trace: false }), row("A", 2), row("B", 3)])).b.groups.at(-1);

  assert.deepEqual(options.map(({ value, isDisabled }) => [value, isDisabled]), [[idOf("A", 1), true]]);
  assert.match(options[0].text, /no trace kept$/);
});

test("a lap that stands in the other place already cannot be chosen again", () => {
  const { options } = compare.compareView(heard([row("A", 1), row("B", 2)])).b.groups[0];

  assert.deepEqual(options.map(({ value, isDisabled }) => [value, isDisabled]), [[idOf("A", 1), true], [idOf("B", 2), false]]);
});

test("a lap without a trace in the address says so", () => {
  const bare = row("A", 1, { has_trace: false });
  const state = compare.lapMissing(heard([bare, row("B", 2), row("B", 3)], { a: idOf("A", 1) }), idOf("A", 1));

  assert.match(noticeOf(state), /^Lap A cannot be drawn, no trace of it was kept/);
});

test("laps of two tracks are not compared", () => {
  const state = heard([row("A", 1), row("B", 2, { track: "Monza" })], { a: idOf("A", 1), b: idOf("B", 2) });
  const full = compare.questions(state).reduce((next, lapId) => {
    const track = lapId === idOf("A", 1) ? "Catalunya" : "Monza";
    return compare.lapAnswered(next, lapId, traceBody(row(lapId === idOf("A", 1) ? "A" : "B", lapId === idOf("A", 1) ? 1 : 2, { track })));
  }, state);

  assert.match(noticeOf(full), /two tracks/);
  assert.equal(compare.compareView(full).finalMs, null);
});

test("a lap is not compared with itself", () => {
  const state = complete(heard([row("A", 1), row("B", 2)], { a: idOf("A", 1), b: idOf("A", 1) }));

  assert.match(noticeOf(state), /the same lap/);
});

test("with laps that do not count alone, a person chooses", () => {
  assert.match(noticeOf(heard([row("A", 1, { valid: false }), row("B", 2, { valid: false })])), /^No valid lap at Catalunya.*choose two others by hand$/);
  assert.equal(noticeOf(heard([row("A", 1), row("B", 2, { valid: false })])), "Choose lap B");
  assert.match(noticeOf(heard([row("A", 1, { has_trace: false })])), /^No lap at Catalunya can be drawn/);
});

test("a lap that could not be read is asked for again, and one on its way is named", () => {
  const state = heard([row("A", 1), row("B", 2)]);

  assert.equal(noticeOf(state), "Reading lap A and lap B");
  assert.match(noticeOf(compare.lapFailed(state, idOf("A", 1))), /^Lap A could not be read from the gateway/);
});

test("who stands left waits for the gateway's order of the rigs, and not for ever", () => {
  const waiting = compare.rigsAsked(compare.initialCompare());
  const listed = compare.listAnswered(waiting, null, list(row("A", 1), row("B", 2)));

  assert.deepEqual(chosen(listed), [null, null]);
  assert.deepEqual(chosen(compare.rigsAnswered(listed, ["RIG_B", "RIG_A"])), [idOf("B", 2), idOf("A", 1)]);
  assert.deepEqual(chosen(compare.rigsSilent(listed)), [idOf("A", 1), idOf("B", 2)]);
});

test("an order that is told late moves nobody", () => {
  const state = compare.rigsSilent(compare.listAnswered(compare.rigsAsked(compare.initialCompare()), null, list(row("A", 1), row("B", 2))));

  assert.deepEqual(chosen(compare.rigsAnswered(state, ["RIG_B", "RIG_A"])), [idOf("A", 1), idOf("B", 2)]);
});

test("a list of today that was asked for before somebody chose today by its name is heard", () => {
  const first = heard([row("A", 1)]);
  const named = compare.dayChosen(first, first.listing.day);

  assert.deepEqual(chosen(compare.listAnswered(named, null, list(row("A", 1), row("B", 2)))), [idOf("A", 1), idOf("B", 2)]);
  assert.equal(compare.listAnswered(named, null, { ...list(row("B", 2)), day: "2026-11-24" }), named);
});

test("while no day is chosen, the page follows the gateway into the next one", () => {
  const next = compare.listAnswered(heard([row("A", 1)]), null, { ...list(row("B", 2)), day: "2026-11-26" });

  assert.deepEqual([next.wish.day, next.wish.a], ["2026-11-26", idOf("B", 2)]);
});
