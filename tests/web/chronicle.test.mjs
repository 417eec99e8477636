import assert from "node:assert/strict";
import { test } from "node:test";

import { chronicle } from "../../web/js/chronicle.js";
import { initialState, reduce, TIMELINE_ROWS } from "../../web/js/store.js";
import { eventOf, status, update } from "./builders.mjs";

const at = (seconds) => new Date(Date.UTC(2026, 2, 1, 10, 0, 0) + 1000 * seconds).toISOString();

/** The timeline of a lobby: RIG_A drives car 0 and RIG_B car 1 of one session. */
const lobby = (...events) => {
  const greeted = [status(), update({ car_index: 0 }), update({ car_index: 1 }, { rig_id: "RIG_B" })];
  return [...greeted, ...events].reduce((state, message) => reduce(state, message, 1000), initialState()).timeline;
};

const overtake = (rig_id, car_index, overtaken_car_index, second) =>
  eventOf({ kind: "Overtake", rig_id, event_id: `${rig_id}:${car_index}:${overtaken_car_index}:${second}`, car_index, overtaken_car_index, received_at: at(second) });

test("what both rigs of a session tell is one line with both badges", () => {
  const lines = chronicle(lobby(overtake("RIG_A", 5, 6, 0), overtake("RIG_B", 5, 6, 1)));

  assert.deepEqual(lines.map(({ rigIds }) => rigIds), [["RIG_B", "RIG_A"]]);
});

test("the line is told as it concerns the rig that it concerns most", () => {
  const lines = chronicle(lobby(overtake("RIG_A", 1, 6, 0), overtake("RIG_B", 1, 6, 1)));

  assert.deepEqual(lines.map(({ told }) => [told.tone, told.isMinor]), [["plain", undefined]]);
});

test("an overtake between cars of the game is minor, one of a guest is not", () => {
  const lines = chronicle(lobby(overtake("RIG_A", 5, 6, 0), overtake("RIG_A", 5, 0, 30)));

  assert.deepEqual(lines.map(({ told }) => told.isMinor === true), [false, true]);
});

test("the same overtake again is another one: told by the same rig, or much later", () => {
  assert.equal(chronicle(lobby(overtake("RIG_A", 5, 6, 0), overtake("RIG_A", 5, 6, 4))).length, 2);
  assert.equal(chronicle(lobby(overtake("RIG_A", 5, 6, 0), overtake("RIG_B", 5, 6, 40))).length, 2);
});

test("two sessions never share a line", () => {
  const other = overtake("RIG_B", 5, 6, 0);
  other.event.session_uid = "2";

  assert.equal(chronicle(lobby(overtake("RIG_A", 5, 6, 0), other)).length, 2);
});

test("a best lap is one line with the badge of the rig that drove it, however often it is told", () => {
  const best = { car_index: 0, lap_time_ms: 81_000, session_best: true };
  const lines = chronicle(
    lobby(
      eventOf({ ...best, event_id: "a", received_at: at(0) }),
      eventOf({ ...best, event_id: "b", kind: "FastestLap", received_at: at(1) }),
      eventOf({ ...best, event_id: "c", rig_id: "RIG_B", own: false, received_at: at(1) }),
      eventOf({ ...best, event_id: "d", rig_id: "RIG_B", kind: "FastestLap", received_at: at(2) }),
    ),
  );

  assert.deepEqual(lines.map(({ id, rigIds, event }) => [id, rigIds, event.kind, event.own]), [["a", ["RIG_A"], "LapCompleted", true]]);
});

test("when the timeline is full, overtakes of others go before the guests' laps", () => {
  const laps = Array.from({ length: 20 }, (_, lap) => eventOf({ event_id: `lap ${lap}`, lap_number: lap + 1, received_at: at(lap) }));
  const field = Array.from({ length: 2 * TIMELINE_ROWS }, (_, pass) => overtake("RIG_A", 5, 6, 100 + pass));

  const timeline = lobby(...laps, ...field);

  assert.equal(timeline.length, TIMELINE_ROWS);
  assert.equal(timeline.filter(({ event }) => event.kind === "LapCompleted").length, 20);
});
