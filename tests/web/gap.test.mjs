import assert from "node:assert/strict";
import { test } from "node:test";

import { dayOf, NO_DAY } from "../../web/js/board.js";
import { gapOf, heroFigure, SCALE_MS, signedHero } from "../../web/js/gap.js";

const driver = (index, data = {}, fields = {}) => ({
  index,
  rigId: `RIG_${"ABCD"[index]}`,
  link: "live",
  isDriving: true,
  track: "Catalunya",
  data: { mode: "driving", session_uid: String(index), same_race: false, ...data },
  receivedAt: 1000,
  ...fields,
});

/** Two time trials on one track; the second rig comes later to each place. */
const trial = (ms, first = {}, second = {}) => [
  driver(0, { chasing: false, delta_to_other_ms: -ms, gap_to_other_ms: null, ...first }),
  driver(1, { chasing: true, delta_to_other_ms: ms, gap_to_other_ms: null, ...second }),
];

/** One race; the first rig is behind. */
const race = (ms, first = {}, second = {}) => [
  driver(0, { same_race: true, chasing: true, gap_to_other_ms: ms, delta_to_other_ms: 77, ...first }),
  driver(1, { same_race: true, chasing: false, gap_to_other_ms: -ms - 9, delta_to_other_ms: -77, ...second }),
];

const gap = (drivers, day = NO_DAY) => gapOf(drivers, day);

test("in one race the gap of the chasing rig speaks for both", () => {
  const said = gap(race(2345));

  assert.deepEqual([said.kind, said.ms, said.aheadIndex, said.label, said.why], ["gap", 2345, 1, "race gap", ""]);
});

test("in sessions of their own the delta of the chasing rig speaks for both", () => {
  const said = gap(trial(412));

  assert.deepEqual([said.kind, said.ms, said.aheadIndex, said.label], ["delta", 412, 0, "lap delta at equal distance"]);
});

test("a chasing rig that is faster is ahead", () => {
  const said = gap(trial(-412));

  assert.deepEqual([said.ms, said.aheadIndex], [412, 1]);
});

test("nobody is ahead when both are level", () => {
  const said = gap(trial(0));

  assert.deepEqual([said.ms, said.aheadIndex, said.offset, said.why], [0, null, 0, ""]);
});

test("the delta of the rig that is not chasing is never shown", () => {
  const said = gap(trial(412, { delta_to_other_ms: -999 }, { delta_to_other_ms: null }));

  assert.deepEqual([said.kind, said.ms, said.why], ["none", null, "both need a timed lap first"]);
});

test("where neither rig tells who chases there is no number", () => {
  for (const chasing of [null, undefined]) {
    const said = gap(trial(412, { chasing }, { chasing }));

    assert.deepEqual([said.kind, said.ms, said.aheadIndex, said.why], ["none", null, null, "both need a timed lap first"]);
  }
});

test("in a race where neither tells who chases the gap is not known", () => {
  const said = gap(race(2345, { chasing: null }, { chasing: null }));

  assert.deepEqual([said.kind, said.ms, said.why], ["none", null, "the gap is not known yet"]);
});

test("when the lead changes the newer word of the two is right", () => {
  const [before, passed] = race(300, { chasing: true, gap_to_other_ms: 300 }, { chasing: true, gap_to_other_ms: 40 });
  const bothChase = gap([before, { ...passed, receivedAt: 1050 }]);
  const [passing, other] = race(300, { chasing: false, gap_to_other_ms: -20 }, { chasing: false, gap_to_other_ms: -300 });
  const noneChases = gap([{ ...passing, receivedAt: 1050 }, { ...other, data: { ...other.data, gap_to_other_ms: 25 } }]);

  assert.deepEqual([bothChase.ms, bothChase.aheadIndex], [40, 0]);
  assert.deepEqual([noneChases.ms, noneChases.aheadIndex], [25, 0]);
});

test("the marker moves to the side of the one ahead, up to the end of the bar", () => {
  assert.deepEqual([gap(trial(500)).offset, gap(trial(500)).isClamped], [-0.25, false]);
  assert.deepEqual([gap(trial(-1000)).offset, gap(trial(-1000)).isClamped], [0.5, false]);
  assert.deepEqual([gap(race(5000)).offset, gap(race(5000)).isClamped], [0.5, false]);
  assert.deepEqual([gap(trial(62_000)).offset, gap(trial(62_000)).isClamped], [-1, true]);
  assert.deepEqual([gap(race(10_001)).offset, gap(race(10_001)).isClamped], [1, true]);
  for (let ms = -20_000; ms <= 20_000; ms += 137) {
    const { offset, isClamped } = gap(trial(ms));
    assert.ok(Math.abs(offset) <= 1);
    assert.equal(isClamped, Math.abs(ms) > SCALE_MS.delta);
    assert.equal(Math.sign(offset), -Math.sign(ms));
  }
});

test("a rig that does not drive leaves no number, but a sentence", () => {
  const absences = [
    [{ link: "never", isDriving: false }, {}, "RIG_B has not sent yet"],
    [{ link: "stale", isDriving: false }, { link: "stale", packets_per_s: 0 }, "RIG_B is silent"],
    [{ link: "stale", isDriving: false }, { link: "stale", packets_per_s: 4 }, "RIG_B is paused"],
    [{ link: "stale", isDriving: false }, { link: "live", packets_per_s: 60 }, "RIG_B is silent"],
    [{ isDriving: false }, { mode: "spectating" }, "RIG_B is spectating"],
    [{ isDriving: false }, { mode: "menu" }, "RIG_B is in the menu"],
    [{ isDriving: false }, { mode: "no_car" }, "RIG_B names a car without data"],
    [{ isDriving: false }, { mode: "none" }, "RIG_B tells nothing yet"],
    [{ link: "lost", isDriving: false }, {}, "no connection to the gateway"],
    [{ track: "Melbourne" }, {}, "different tracks"],
    [{ track: null }, {}, "the track is not known yet"],
  ];
  for (const [fields, data, why] of absences) {
    const [first, second] = trial(412, {}, data);
    const said = gap([first, { ...second, ...fields }]);

    assert.deepEqual([said.kind, said.ms, said.aheadIndex, said.offset, said.why], ["none", null, null, 0, why]);
  }
});

test("two rigs that are away for one reason are named together", () => {
  const away = trial(412).map((rig) => ({ ...rig, link: "never", isDriving: false }));

  assert.equal(gap(away).why, "RIG_A and RIG_B have not sent yet");
});

test("a race needs no word about the track", () => {
  const [first, second] = race(2345);

  assert.equal(gap([first, { ...second, track: null }]).ms, 2345);
});

test("one rig is held against its own best lap, faster to the right", () => {
  const faster = gap([driver(0, { delta_to_best_ms: -500 })]);
  const unknown = gap([driver(0, { delta_to_best_ms: null })]);

  assert.deepEqual([faster.kind, faster.ms, faster.aheadIndex, faster.offset, faster.label], ["best", -500, null, 0.25, "lap delta to own best"]);
  assert.deepEqual([unknown.kind, unknown.ms, unknown.why], ["none", null, "a timed lap comes first"]);
});

test("three rigs stand in an order, and the number is the lead of the first", () => {
  const best = [81_000, 80_000, 80_400];
  const said = gap(best.map((best_lap_time_ms, index) => driver(index, { best_lap_time_ms })));

  assert.deepEqual([said.kind, said.aheadIndex, said.ms, said.label], ["standings", 1, 400, "best laps of the session"]);
  assert.deepEqual(said.standings.map(({ index }) => index), [1, 2, 0]);
});

test("three rigs without a lap have no number, yet keep their lines", () => {
  const rigs = [driver(0), driver(1), driver(2)];

  assert.deepEqual([gap(rigs).ms, gap(rigs).why, gap(rigs).standings.length], [null, "no lap times yet", 3]);
  assert.equal(gap(rigs.with(1, { ...rigs[1], track: "Monza" })).standings.length, 3);
});

test("the day's laps count before those of the session", () => {
  const day = dayOf({
    body: { tracks: [{ track: "Catalunya", laps: 1, board: [{ lap_id: "1", rig_id: "RIG_C", lap_time_ms: 79_000, valid: true }] }] },
    failed: false,
  });
  const said = gap([driver(0, { best_lap_time_ms: 60_000 }), driver(1), driver(2)], day);

  assert.deepEqual([said.label, said.aheadIndex, said.ms], ["best laps of the day", 2, null]);
});

test("no state of two rigs ever shows a number of a rig that does not drive", () => {
  const links = ["live", "stale", "never", "lost"];
  for (const one of links) {
    for (const other of links) {
      const [first, second] = race(2345);
      const said = gap([
        { ...first, link: one, isDriving: one === "live" },
        { ...second, link: other, isDriving: other === "live" },
      ]);
      assert.equal(said.ms !== null, one === "live" && other === "live");
      assert.equal(said.why === "", said.ms !== null);
    }
  }
});

test("hostile figures are no numbers", () => {
  for (const hostile of ["412", NaN, Infinity, {}, [412], true]) {
    assert.equal(gap(trial(412, {}, { delta_to_other_ms: hostile })).ms, null);
    assert.equal(gap(race(412, { gap_to_other_ms: hostile })).ms, null);
  }
});

test("the hero number has three decimals below a minute and one from there on", () => {
  const shown = [
    [0, "0.000"],
    [412, "0.412"],
    [9999, "9.999"],
    [12_345, "12.345"],
    [59_999, "59.999"],
    [60_000, "1:00.0"],
    [62_399, "1:02.3"],
    [119_999, "1:59.9"],
    [599_999, "9:59.9"],
    [600_000, "10:00+"],
    [9e9, "10:00+"],
    [null, "–"],
    [-1, "–"],
    [NaN, "–"],
  ];
  for (const [ms, text] of shown) assert.equal(heroFigure(ms), text);
});

test("the hero number never outgrows its room", () => {
  for (let ms = 0; ms < 700_000; ms += 331) {
    assert.ok(heroFigure(ms).length <= 6, heroFigure(ms));
    assert.ok(signedHero(ms).length <= 7 && signedHero(-ms).length <= 7);
    assert.match(heroFigure(ms), /^(\d{1,2}\.\d{3}|\d:[0-5]\d\.\d|10:00\+)$/);
  }
});

test("a signed number says which way, and nothing that rounds to zero is negative", () => {
  assert.deepEqual([signedHero(-120), signedHero(120), signedHero(0), signedHero(-0.3), signedHero(null)], ["−0.120", "+0.120", "+0.000", "+0.000", "–"]);
});
