import assert from "node:assert/strict";
import { test } from "node:test";

import { boardFor, dayOf, NO_DAY, rowsShown } from "../../web/js/board.js";

const row = (index, fields = {}) => ({
  lap_id: `RIG_A:1:LapCompleted:0:${index}`,
  rig_id: "RIG_A",
  driver_name: "ANNA",
  track: "Catalunya",
  lap_time_ms: 80_000 + 100 * index,
  valid: true,
  newest: false,
  ...fields,
});

const rows = (count, newest = -1) => Array.from({ length: count }, (_, index) => row(index, { newest: index === newest }));

const day = (board, fields = {}) => dayOf({ body: { day: "2026-11-25", version: 1, problem: null, tracks: [{ track: "Catalunya", laps: 12, board }], ...fields }, failed: false });

const board = (told, fields) => boardFor(day(told, fields), "Catalunya");

test("rows have their rank and their gap to the first", () => {
  const shown = board(rows(3)).rows;

  assert.deepEqual(shown.map(({ rank, lapTimeMs, gapMs }) => [rank, lapTimeMs, gapMs]), [[1, 80_000, 0], [2, 80_100, 100], [3, 80_200, 200]]);
});

test("the track's laps of the day are told, and unknown where they are not", () => {
  assert.equal(board(rows(1)).laps, 12);
  assert.equal(boardFor(dayOf({ body: { tracks: [{ track: "Monza", board: [] }] }, failed: false }), "Monza").laps, null);
});

test("a track without a board has no rows, and no track no board", () => {
  assert.deepEqual(boardFor(day(rows(3)), "Monza"), { track: "Monza", laps: null, rows: [], newest: null, rigs: null });
  assert.equal(boardFor(day(rows(3)), null), null);
});

test("a newest row among the first ones stands at its place", () => {
  const shown = rowsShown(board(rows(20, 3)), 8);

  assert.deepEqual(shown.map(({ rank }) => rank), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(shown.filter(({ isNewest }) => isNewest).map(({ rank }) => rank), [4]);
});

test("a newest row below them takes the last line, with its true rank", () => {
  const shown = rowsShown(board(rows(20, 16)), 8);

  assert.deepEqual(shown.map(({ rank }) => rank), [1, 2, 3, 4, 5, 6, 7, 17]);
  assert.equal(shown[7].isNewest, true);
});

test("however many rows and lines there are, the newest is seen and the order kept", () => {
  for (let count = 0; count <= 12; count += 1) {
    for (let newest = -1; newest < count; newest += 1) {
      for (let room = 1; room <= 9; room += 1) {
        const shown = rowsShown(board(rows(count, newest)), room);
        const ranks = shown.map(({ rank }) => rank);

        assert.equal(shown.length, Math.min(count, room));
        assert.equal(shown.some(({ isNewest }) => isNewest), newest >= 0);
        assert.deepEqual(ranks, ranks.toSorted((one, other) => one - other));
        assert.equal(new Set(ranks).size, ranks.length);
      }
    }
  }
});

test("no room is no rows", () => {
  assert.deepEqual(rowsShown(board(rows(3, 2)), 0), []);
});

test("invalid laps and rows that cannot be read are left out", () => {
  const hostile = [
    null,
    7,
    [],
    row(0, { valid: false }),
    row(1, { lap_time_ms: null }),
    row(2, { lap_time_ms: 0 }),
    row(3, { lap_time_ms: -5 }),
    row(4, { lap_time_ms: "80000" }),
    row(5, { lap_id: null }),
    row(6, { rig_id: 7 }),
    row(7),
  ];

  assert.deepEqual(board(hostile).rows.map(({ lapId, rank }) => [lapId, rank]), [[row(7).lap_id, 1]]);
});

test("names are text without control characters, and unknown where there is none", () => {
  const names = board([row(0, { driver_name: "\u202Egnp" }), row(1, { driver_name: null }), row(2, { driver_name: { a: 1 } }), row(3, { driver_name: "x".repeat(99) })]).rows;

  assert.deepEqual(names.map(({ driverName }) => driverName?.length ?? null), [3, null, null, 48]);
});

test("a board out of order is put in order, so that no gap is negative", () => {
  const shown = board([row(0, { lap_time_ms: 82_000 }), row(1, { lap_time_ms: 80_000 })]).rows;

  assert.deepEqual(shown.map(({ lapTimeMs, gapMs }) => [lapTimeMs, gapMs]), [[80_000, 0], [82_000, 2000]]);
});

test("laps of equal time stay in the gateway's order", () => {
  const shown = board([row(1, { lap_time_ms: 80_000 }), row(0, { lap_time_ms: 80_000 })]).rows;

  assert.deepEqual(shown.map(({ lapId }) => lapId), [row(1).lap_id, row(0).lap_id]);
});

test("the board may be old when the poll failed, and not when the gateway's disk has a problem", () => {
  const body = { problem: null, tracks: [] };

  assert.equal(dayOf({ body, failed: false }).isOld, false);
  assert.equal(dayOf({ body, failed: true }).isOld, true);
  assert.equal(dayOf({ body: { ...body, problem: "the disk is full" }, failed: false }).isOld, false);
  assert.equal(dayOf({ body: null, failed: true }).isOld, true);
});

test("before the first answer nothing is known", () => {
  for (const asked of [null, undefined, { body: null, failed: false }]) assert.equal(dayOf(asked).isKnown, false);
  assert.equal(dayOf({ body: { tracks: [] }, failed: false }).isKnown, true);
  assert.deepEqual(boardFor(NO_DAY, "Catalunya").rows, []);
});

test("no shape of a body throws", () => {
  const shapes = [7, "x", [], {}, { tracks: 7 }, { tracks: [7, null, {}, { track: 7 }, { track: "x", board: 7 }, { track: "x", board: [[], {}] }] }, { tracks: { length: 3 } }];
  for (const body of shapes) assert.deepEqual(dayOf({ body, failed: false }).boards.flatMap((told) => told.rows), []);
});

test("no more rows are read than a gateway tells", () => {
  assert.equal(board(rows(5000)).rows.length, 50);
});

// --- what the gateway tells beside the first rows

const told = (fields) => boardFor(dayOf({ body: { tracks: [{ track: "Catalunya", laps: 90, board: rows(12), ...fields }] }, failed: false }), "Catalunya");

test("the newest lap is shown with its rank, also when it is not among the rows that were told", () => {
  const shown = rowsShown(told({ newest: row(70, { newest: true, rank: 71 }) }), 8);

  assert.equal(shown.length, 8);
  assert.deepEqual([shown[7].rank, shown[7].isNewest, shown[7].gapMs], [71, true, 7000]);
});

test("a newest lap whose guest has a faster one has no rank, and is shown all the same", () => {
  const board = rows(3);
  board[1].newest_guest = true;
  const shown = rowsShown(told({ board, newest: row(5, { newest: true, rank: null }) }), 8);

  assert.deepEqual(shown.map(({ rank }) => rank), [1, 2, 3, null]);
  assert.deepEqual(shown.map(({ isNewest }) => isNewest), [false, false, false, true]);
  assert.deepEqual(shown.map(({ isNewestGuest }) => isNewestGuest), [false, true, false, false]);
});

test("the newest lap is not shown twice", () => {
  const newest = row(4, { newest: true, rank: 5 });
  const shown = rowsShown(told({ board: rows(12, 4), newest }), 8);

  assert.deepEqual(shown.filter(({ lapId }) => lapId === newest.lap_id).map(({ rank }) => rank), [5]);
  assert.equal(shown.length, 8);
});

test("a newest lap that contradicts the board has no gap rather than a negative one", () => {
  assert.equal(told({ newest: row(-5, { newest: true, rank: null }) }).newest.gapMs, null);
  assert.equal(told({ board: [], newest: row(0, { newest: true, rank: 1 }) }).newest.gapMs, null);
});

test("a newest row or rigs that cannot be read are as if not told", () => {
  for (const hostile of [null, undefined, 7, [], "x", { lap_id: 1 }, row(0, { valid: false })]) assert.equal(told({ newest: hostile }).newest, null);
  for (const hostile of [null, undefined, 7, {}, "x"]) assert.equal(told({ rigs: hostile }).rigs, null);
  for (const rank of [0, -1, 1.5, "3", NaN, {}]) assert.equal(told({ newest: row(70, { rank }) }).newest.rank, null);
});

test("each rig's best lap is read, fastest first", () => {
  const { rigs } = told({ rigs: [row(9, { rig_id: "RIG_B", rank: 10 }), row(2, { rank: 3 }), null, row(3, { valid: false })] });

  assert.deepEqual(rigs.map(({ rigId, rank }) => [rigId, rank]), [["RIG_A", 3], ["RIG_B", 10]]);
});
