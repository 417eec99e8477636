import assert from "node:assert/strict";
import { test } from "node:test";

import { dayOf, NO_DAY } from "../../web/js/board.js";
import { standingsOf } from "../../web/js/standings.js";

const driver = (index, data = {}, fields = {}) => ({
  index,
  rigId: `RIG_${"ABCD"[index]}`,
  link: "live",
  isDriving: true,
  track: "Catalunya",
  data: { session_uid: String(index), same_race: false, ...data },
  receivedAt: 1000,
  ...fields,
});

const racer = (index, position, gap_to_leader_ms) => driver(index, { session_uid: "9", same_race: true, position, gap_to_leader_ms });

const summary = (standings) => standings.rows.map(({ index, rank, timeMs, gapMs }) => [index, rank, timeMs, gapMs]);

test("in one race the rigs stand by position, with gaps to the first of them", () => {
  const standings = standingsOf([racer(0, 5, 9000), racer(1, 2, 2000), racer(2, 8, 31_500)], NO_DAY);

  assert.equal(standings.basis, "race");
  assert.deepEqual(summary(standings), [[1, 1, null, 0], [0, 2, null, 7000], [2, 3, null, 29_500]]);
});

test("the leader of the race has no gap to itself", () => {
  assert.deepEqual(summary(standingsOf([racer(0, 2, 1500), racer(1, 1, null), racer(2, 3, null)], NO_DAY)), [
    [1, 1, null, 0],
    [0, 2, null, 1500],
    [2, 3, null, null],
  ]);
});

test("a gap that contradicts the order is not shown", () => {
  assert.deepEqual(summary(standingsOf([racer(0, 3, 5000), racer(1, 4, 800), racer(2, 5, 6000)], NO_DAY))[1], [1, 2, null, null]);
});

test("a rig that went silent in the race stands last, without a place", () => {
  const silent = { ...racer(1, 1, null), link: "stale", isDriving: false };

  assert.deepEqual(summary(standingsOf([racer(0, 4, 9000), silent, racer(2, 8, 9500)], NO_DAY)), [
    [0, 1, null, 0],
    [2, 2, null, 500],
    [1, null, null, null],
  ]);
});

test("out of one race the rigs stand by their best laps of the session", () => {
  const rigs = [driver(0, { best_lap_time_ms: 81_000 }), driver(1, { best_lap_time_ms: null }), driver(2, { best_lap_time_ms: 80_400 })];
  const standings = standingsOf(rigs, NO_DAY);

  assert.equal(standings.basis, "session");
  assert.deepEqual(summary(standings), [[2, 1, 80_400, 0], [0, 2, 81_000, 600], [1, null, null, null]]);
});

test("the best lap of a silent rig's session does not stay as if live", () => {
  const rigs = [driver(0, { best_lap_time_ms: 81_000 }), driver(1, { best_lap_time_ms: 70_000 }, { link: "stale", isDriving: false }), driver(2)];

  assert.deepEqual(summary(standingsOf(rigs, NO_DAY))[0], [0, 1, 81_000, 0]);
});

test("the board of the day counts, for each rig its fastest row", () => {
  const row = (lap_id, rig_id, lap_time_ms) => ({ lap_id, rig_id, lap_time_ms, valid: true });
  const board = [row("1", "RIG_B", 79_000), row("2", "RIG_A", 79_500), row("3", "RIG_B", 80_000), row("4", "RIG_X", 80_100)];
  const day = dayOf({ body: { tracks: [{ track: "Catalunya", board }] }, failed: false });
  const standings = standingsOf([driver(0), driver(1), driver(2, { best_lap_time_ms: 1000 })], day);

  assert.equal(standings.basis, "day");
  assert.deepEqual(summary(standings), [[1, 1, 79_000, 0], [0, 2, 79_500, 500], [2, null, null, null]]);
});

test("a rig whose best lap is beyond the board's rows, or not its guest's best, stands with it all the same", () => {
  const row = (lap_id, rig_id, lap_time_ms) => ({ lap_id, rig_id, lap_time_ms, valid: true });
  const tracks = [{ track: "Catalunya", board: [row("1", "RIG_B", 79_000)], rigs: [row("1", "RIG_B", 79_000), row("9", "RIG_A", 92_000)] }];
  const standings = standingsOf([driver(0), driver(1), driver(2)], dayOf({ body: { tracks }, failed: false }));

  assert.deepEqual(summary(standings), [[1, 1, 79_000, 0], [0, 2, 92_000, 13_000], [2, null, null, null]]);
});

test("lap times of rigs that are each at a track of their own are not held together", () => {
  assert.equal(standingsOf([driver(0), driver(1, {}, { track: "Monza" }), driver(2, {}, { track: "Spa" })], NO_DAY), null);
});

test("one rig at another track does not take the order from the others", () => {
  const best = (index, ms, track = "Catalunya") => driver(index, { best_lap_time_ms: ms }, { track });
  const standings = standingsOf([best(0, 81_000), best(1, 60_000, "Monza"), best(2, 80_000)], NO_DAY);

  assert.deepEqual(summary(standings), [[2, 1, 80_000, 0], [0, 2, 81_000, 1000], [1, null, null, null]]);
});

test("two who race stand before a spectator and a rig in a time trial, in the order of their race", () => {
  const spectator = driver(2, { mode: "spectating" }, { isDriving: false });
  const trial = driver(3, { position: 1, best_lap_time_ms: 70_000 });
  const standings = standingsOf([racer(0, 8, 3000), racer(1, 7, 2500), spectator, trial], NO_DAY);

  assert.equal(standings.basis, "race");
  assert.deepEqual(summary(standings), [[1, 1, null, 0], [0, 2, null, 500], [2, null, null, null], [3, null, null, null]]);
});

test("a race that is over keeps its order while the games are in their menus", () => {
  const home = (index, position, gap) => ({ ...driver(index, { session_uid: "9", same_race: true, position, gap_to_leader_ms: gap, result_status: "finished" }), isDriving: false });
  const standings = standingsOf([home(0, 8, 3000), home(1, 7, 2500), driver(2, {}, { isDriving: false, link: "never", track: null })], NO_DAY);

  assert.equal(standings.basis, "over");
  assert.deepEqual(summary(standings).slice(0, 2), [[1, 1, null, 0], [0, 2, null, 500]]);
});

test("rigs that are nowhere stand by the board below them", () => {
  const row = (lap_id, rig_id, lap_time_ms) => ({ lap_id, rig_id, lap_time_ms, valid: true });
  const day = dayOf({ body: { tracks: [{ track: "Spa", board: [row("1", "RIG_B", 79_000)] }] }, failed: false });
  const nowhere = [0, 1, 2].map((index) => driver(index, {}, { track: null, isDriving: false, link: "never" }));

  assert.deepEqual(summary(standingsOf(nowhere, day))[0], [1, 1, 79_000, 0]);
});

test("each rig stands in the order once, whatever is known of it", () => {
  const values = [null, undefined, 80_000, NaN, "80000", 80_500, 0, -1];
  for (const one of values) {
    for (const other of values) {
      const rigs = [driver(0, { best_lap_time_ms: one }), driver(1, { best_lap_time_ms: other }), driver(2), driver(3, { best_lap_time_ms: 80_200 })];
      const { rows } = standingsOf(rigs, NO_DAY);

      assert.deepEqual(rows.map(({ index }) => index).sort(), [0, 1, 2, 3]);
      const ranked = rows.filter(({ rank }) => rank !== null);
      assert.deepEqual(ranked.map(({ rank }) => rank), ranked.map((_, place) => place + 1));
      assert.ok(ranked.every(({ gapMs }, place) => gapMs >= 0 && (place === 0 || gapMs >= ranked[place - 1].gapMs)));
    }
  }
});
