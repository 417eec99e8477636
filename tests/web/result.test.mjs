import assert from "node:assert/strict";
import { test } from "node:test";

import { NO_DAY } from "../../web/js/board.js";
import { gapOf } from "../../web/js/gap.js";
import { endAfter, endingOf, shownData } from "../../web/js/result.js";
import { initialState, reduce } from "../../web/js/store.js";
import { driversOf } from "../../web/js/venue.js";
import { endingWord, paneNotice } from "../../web/js/words/pane.js";
import { status, update } from "./builders.mjs";

const FINISHED = { session_uid: "9", same_race: true, track: "Monza", result_status: "finished", driver_name: "ANNA", best_lap_time_ms: 81_000, speed_kph: 180 };
const MENU = { mode: "menu", session_uid: null, driver_name: null, track: null, best_lap_time_ms: null, result_status: null };

/** The wall after these states of two rigs, each a pair. */
const wall = (...pairs) => {
  const messages = pairs.flatMap(([first, second]) => [update(first), update(second, { rig_id: "RIG_B" })]);
  return [status(), ...messages].reduce((state, message) => reduce(state, message, 1000), initialState());
};

const HOME = [
  { ...FINISHED, car_index: 0, position: 8, chasing: true, gap_to_other_ms: 2345 },
  { ...FINISHED, car_index: 1, position: 7, chasing: false, gap_to_other_ms: -2345, driver_name: "BEN" },
];

const said = (state) => gapOf(driversOf(state, 1100), NO_DAY);

test("a race that both have finished says who won, by how much, and in which places", () => {
  const gap = said(wall(HOME));

  assert.deepEqual([gap.kind, gap.aheadIndex, gap.ms, gap.label], ["result", 1, 2345, "race over, finished P7 and P8"]);
  assert.ok(gap.offset > 0);
});

test("the result, the names and the best laps stay when the games go to their menus", () => {
  const state = wall(HOME, [MENU, MENU]);

  const shown = state.rigs.map((rig) => shownData(rig.data, rig.end));

  assert.deepEqual([said(state).kind, said(state).ms], ["result", 2345]);
  assert.deepEqual(shown.map((data) => [data.mode, data.driver_name, data.best_lap_time_ms]), [["menu", "ANNA", 81_000], ["menu", "BEN", 81_000]]);
  assert.deepEqual(shown.map((data) => data.speed_kph), [200, 200]); // the menu's own, nothing of the race
});

test("the next drive begins without the last result", () => {
  const next = { session_uid: "10", same_race: false, track: "Spa", result_status: "active" };
  const state = wall(HOME, [MENU, MENU], [next, next]);

  assert.deepEqual(state.rigs.map((rig) => rig.end), [null, null]);
  assert.notEqual(said(state).kind, "result");
});

test("while one of the two still races there is no result", () => {
  assert.equal(said(wall([HOME[0], { ...HOME[1], result_status: "active" }])).kind, "gap");
});

test("a rig that retires leaves the race to the other one", () => {
  const gap = said(wall([HOME[0], { ...HOME[1], result_status: "retired" }]));

  assert.deepEqual([gap.aheadIndex, gap.ms, gap.why], [0, null, "race over: RIG_B retired"]);
});

test("the last gap that was told stands when a later state has none", () => {
  const kept = endAfter(null, { mode: "driving", ...HOME[0] });

  assert.equal(endAfter(kept, { mode: "driving", ...HOME[0], gap_to_other_ms: null }).gap_to_other_ms, 2345);
});

test("two time trials have no common end", () => {
  const trials = HOME.map((data) => ({ ...data, same_race: false }));

  assert.notEqual(said(wall(trials)).kind, "result");
});

test("a pane tells how the race ended, on track and in the menu", () => {
  assert.equal(endingWord({ result_status: "finished", position: 7 }), "finished P7");
  assert.equal(endingWord({ result_status: "disqualified", position: 20 }), "disqualified");
  assert.equal(endingWord({ result_status: "active", position: 7 }), null);
  assert.equal(endingOf({ result_status: "invalid" }), null);
  assert.deepEqual(paneNotice({ rig_id: "RIG_A", udp_port: 1 }, "live", { mode: "menu", silentS: 0, ending: "finished P7" }), {
    title: "finished P7",
    detail: "in the menu, no session",
  });
});
