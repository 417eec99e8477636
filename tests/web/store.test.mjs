import assert from "node:assert/strict";
import { test } from "node:test";

import { initialState, isSessionBest, linkOf, reduce, silentS, TIMELINE_ROWS } from "../../web/js/store.js";
import { cloudBody, eventOf, status, update } from "./builders.mjs";

const OPEN = { type: "socket", status: "open" };
const LOST = { type: "socket", status: "lost" };

/** Fold messages that all come at one instant, or [message, now] pairs. */
const fold = (...steps) =>
  steps.reduce((state, step) => (Array.isArray(step) ? reduce(state, ...step) : reduce(state, step, 0)), initialState());
const connected = (...steps) => fold(OPEN, status(), ...steps);
const rigA = (state) => state.rigs.find((rig) => rig.rig_id === "RIG_A");
const linkA = (state, now) => linkOf(state, rigA(state), now);
const at = (second) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
const ids = (state) => state.timeline.map((row) => row.id);

test("rigs stand in the gateway's order, however many", () => {
  const state = fold(status("LEFT", "RIGHT", "THIRD", "FOURTH", "FIFTH"));

  assert.deepEqual(state.rigs.map((rig) => rig.rig_id), ["LEFT", "RIGHT", "THIRD", "FOURTH", "FIFTH"]);
});

test("the newest state of a rig replaces the one before", () => {
  const state = connected(update({ speed_kph: 100 }), update({ speed_kph: 287 }, { seq: 2 }));

  assert.equal(rigA(state).data.speed_kph, 287);
});

test("a state of one rig leaves the other as it is", () => {
  const before = connected();

  const after = reduce(before, update(), 0);

  assert.equal(after.rigs[1], before.rigs[1]);
});

test("a rig that was added later joins at the end", () => {
  const state = connected(update({}, { rig_id: "RIG_C" }));

  assert.deepEqual(state.rigs.map((rig) => rig.rig_id), ["RIG_A", "RIG_B", "RIG_C"]);
});

test("malformed and unknown messages change nothing", () => {
  const state = connected(update());

  for (const message of [{ type: "tomorrow" }, { type: "telemetry_update", rig_id: "RIG_A" }, { type: "event", rig_id: "RIG_A" }, { type: "error", code: "too_fast" }]) {
    assert.equal(reduce(state, message, 1), state);
  }
});

test("a state is never changed in place", () => {
  const before = connected(update(), eventOf());
  const copy = structuredClone(before);

  reduce(reduce(reduce(before, update({ speed_kph: 1 }), 50), eventOf({ event_id: "other" }), 60), { type: "tick" }, 5000);

  assert.deepEqual(before, copy);
});

// --- links ---

test("a rig without a packet was never there", () => {
  assert.equal(linkA(connected(), 0), "never");
  assert.equal(linkA(connected(update({ link: "never", stale_s: null })), 60_000), "never");
});

test("a fresh state is live", () => {
  assert.equal(linkA(connected(update()), 1999), "live");
});

test("a rig is stale when the gateway says so", () => {
  assert.equal(linkA(connected(update({ link: "stale", stale_s: 2.5 })), 0), "stale");
});

test("a rig is stale when no state came for two seconds, whatever the last one said", () => {
  assert.equal(linkA(connected(update()), 2000), "stale");
});

test("the gateway sets how long fresh lasts", () => {
  const state = fold(OPEN, { ...status(), stale_after_s: 5 }, update());

  assert.equal(linkA(state, 4000), "live");
});

test("a lost connection is lost for every rig, also while it is retried", () => {
  const state = connected(update(), LOST);

  assert.deepEqual(state.rigs.map((rig) => linkOf(state, rig, 0)), ["lost", "lost"]);
});

test("silence is counted on by the page's own clock", () => {
  assert.equal(silentS(rigA(connected([update({ link: "stale", stale_s: 3 }), 1000])), 5000), 7);
});

test("silence is unknown before the first packet", () => {
  assert.equal(silentS(rigA(connected(update({ link: "never", stale_s: null }))), 5000), null);
});

test("a reconnection keeps what was seen and becomes live with the first new state", () => {
  const state = connected(update({ speed_kph: 250 }, { seq: 4711 }), LOST, [OPEN, 9000], [status(), 9000]);
  assert.equal(rigA(state).data.speed_kph, 250);
  assert.equal(linkA(state, 9000), "stale");

  const after = reduce(state, update({ speed_kph: 10 }, { seq: 1 }), 9050);

  assert.equal(rigA(after).data.speed_kph, 10);
  assert.equal(linkA(after, 9050), "live");
});

test("a rig that the gateway no longer has leaves the page", () => {
  const state = connected(update(), status("RIG_B"));

  assert.deepEqual(state.rigs.map((rig) => rig.rig_id), ["RIG_B"]);
});

// --- numbering and rate ---

test("skipped states are counted by the gaps in their numbers", () => {
  assert.equal(rigA(connected(update({}, { seq: 5 }), update({}, { seq: 9 }))).skipped, 3);
});

test("a gateway that restarts numbers from 1 and nothing was skipped", () => {
  const state = connected(update({}, { seq: 5 }), update({ speed_kph: 11 }, { seq: 1 }), update({ speed_kph: 12 }, { seq: 2 }));

  assert.equal(rigA(state).skipped, 0);
  assert.equal(rigA(state).data.speed_kph, 12);
});

test("the rate is the states of the last whole second", () => {
  const steps = Array.from({ length: 20 }, (_, index) => [update({}, { seq: index + 1 }), (index + 1) * 50]);

  assert.equal(rigA(connected(...steps)).rate.perSecond, 20);
});

test("the rate falls to 0 when nothing comes", () => {
  const state = connected([update(), 100], [{ type: "tick" }, 1000], [{ type: "tick" }, 2000]);

  assert.equal(rigA(state).rate.perSecond, 0);
});

// --- trace ---

const speeds = (state) => rigA(state).trace.columns.speed_kph;

test("a state is drawn", () => {
  assert.equal(speeds(connected(update({ speed_kph: 287 }))).at(-1), 287);
});

test("an unknown speed is a gap, not 0", () => {
  assert.equal(speeds(connected(update({ speed_kph: null }))).at(-1), null);
});

test("the trace is broken while the rig is stale", () => {
  const state = connected([update(), 0], [update({ link: "stale", stale_s: 2 }, { seq: 2 }), 2000]);

  assert.equal(speeds(state).at(-1), null);
});

test("the trace is broken while nothing comes at all", () => {
  assert.equal(speeds(connected([update(), 0], [{ type: "tick" }, 1000])).at(-1), null);
});

test("a new session clears the trace", () => {
  const state = connected([update({ speed_kph: 287 }), 0], [update({ session_uid: "2", speed_kph: 10 }, { seq: 2 }), 50]);

  assert.deepEqual(speeds(state).filter((value) => value !== null), [10]);
});

// --- timeline ---

test("the newest event is on top", () => {
  const state = connected(eventOf({ event_id: "1", received_at: at(1) }), eventOf({ event_id: "2", received_at: at(2) }));

  assert.deepEqual(ids(state), ["2", "1"]);
});

test("rigs that replay one after the other are merged by time", () => {
  const state = connected(
    eventOf({ event_id: "a1", received_at: at(1) }),
    eventOf({ event_id: "a3", received_at: at(3) }),
    eventOf({ event_id: "b2", received_at: at(2), rig_id: "RIG_B" }),
    eventOf({ event_id: "b4", received_at: at(4), rig_id: "RIG_B" }),
  );

  assert.deepEqual(ids(state), ["b4", "a3", "b2", "a1"]);
});

test("events of one instant stand in the order they came", () => {
  const state = connected(eventOf({ event_id: "1" }), eventOf({ event_id: "2" }));

  assert.deepEqual(ids(state), ["2", "1"]);
});

test("an event that is replayed stands once", () => {
  const state = connected(eventOf());

  assert.equal(reduce(state, { ...eventOf(), replay: true }, 0).timeline, state.timeline);
});

test("a lap that is corrected replaces its line in its place", () => {
  const state = connected(
    eventOf({ received_at: at(1) }),
    eventOf({ event_id: "later", received_at: at(2) }),
    eventOf({ received_at: at(3), status: "corrected", lap_time_ms: 81000 }),
  );

  assert.deepEqual(ids(state), ["later", eventOf().event.event_id]);
  assert.equal(state.timeline[1].told.text, "Lap 4 – 1:21.000, ANNA · corrected");
});

test("a replayed provisional lap does not undo its confirmation", () => {
  const state = connected(eventOf({ status: "confirmed" }), eventOf({ status: "provisional", lap_time_ms: 1 }));

  assert.equal(state.timeline[0].event.status, "confirmed");
});

test("the timeline keeps the last 200 events", () => {
  const many = Array.from({ length: 250 }, (_, second) => eventOf({ event_id: String(second), received_at: at(second) }));

  const state = connected(...many);

  assert.equal(state.timeline.length, TIMELINE_ROWS);
  assert.deepEqual([ids(state)[0], ids(state).at(-1)], ["249", "50"]);
});

test("noise takes no place in the timeline", () => {
  assert.deepEqual(connected(eventOf({ kind: "ButtonsChanged" }), eventOf({ kind: "NewKind" })).timeline, []);
});

test("a sector is the own car's on its own word, whatever the rig's state says", () => {
  const sector = { event_id: "s", kind: "SectorCompleted", sector: 1, sector_time_ms: 28412 };

  assert.equal(connected(eventOf({ ...sector, own: true })).timeline.length, 1);
  assert.equal(connected(update({ car_index: 7 }), eventOf({ ...sector, own: true })).timeline.length, 1);
  assert.equal(connected(update({ car_index: 0 }), eventOf({ ...sector, own: false })).timeline.length, 0);
});

test("a pit lap stays one when a later word does not know", () => {
  const state = connected(eventOf({ pit_lap: true }), eventOf({ status: "confirmed", pit_lap: null }));

  assert.equal(state.timeline[0].told.text, "Lap 4 – 1:21.348, ANNA · pit lap");
  assert.equal(rigA(state).lastLap.pit_lap, true);
});

test("a later word that knows better takes the pit lap back", () => {
  const state = connected(eventOf({ pit_lap: true }), eventOf({ status: "corrected", pit_lap: false }));

  assert.equal(state.timeline[0].told.text, "Lap 4 – 1:21.348, ANNA · corrected");
});

// --- laps undone by a flashback ---

const lap = (second, fields = {}) =>
  eventOf({ event_id: `${fields.rig_id ?? "RIG_A"}:LapCompleted:${fields.car_index ?? 0}:${fields.lap_number ?? 3}`, lap_number: 3, received_at: at(second), ...fields });
const undone = (second, fields = {}) =>
  eventOf({ event_id: `undone:${second}`, kind: "LapWithdrawn", lap_number: 3, attempt: 1, received_at: at(second), ...fields });
const replayed = (...messages) => messages.map((message) => ({ ...message, replay: true }));
const texts = (state) => state.timeline.map((row) => row.told.text);

const DRIVEN = [lap(1), lap(2, { status: "confirmed" })];
const AGAIN = [lap(8, { lap_time_ms: 79999 }), lap(9, { lap_time_ms: 79999, status: "confirmed" })];
const REDRIVEN = [...DRIVEN, undone(5), ...AGAIN];

test("a lap driven again after a flashback ends with its new time", () => {
  const state = connected(update(), ...REDRIVEN);

  assert.deepEqual(texts(state), ["Lap 3 – 1:19.999, ANNA", "Flashback: lap 3 undone, ANNA"]);
  assert.equal(state.timeline[0].event.status, "confirmed");
  assert.equal(rigA(state).lastLap.lap_time_ms, 79999);
});

test("a lap undone by a flashback leaves the page until it is driven again", () => {
  const state = connected(update(), ...DRIVEN, undone(5));

  assert.deepEqual(texts(state), ["Flashback: lap 3 undone, ANNA"]);
  assert.equal(rigA(state).lastLap, null);
});

test("an undone lap takes back nothing but itself", () => {
  const others = [
    lap(1, { rig_id: "RIG_B" }),
    lap(2, { car_index: 9, own: false, session_best: true }),
    lap(3, { event_id: "other session", session_uid: "0" }),
    lap(4, { lap_number: 4, lap_time_ms: 82000 }),
  ];
  const before = connected(update(), ...others);

  const after = reduce(before, undone(5), 0);

  assert.deepEqual(after.timeline.slice(1), before.timeline);
  assert.equal(rigA(after).lastLap.lap_number, 4);
});

test("another car's undone lap leaves the page without a word", () => {
  const best = lap(1, { car_index: 9, own: false, session_best: true });

  assert.deepEqual(connected(update(), best, undone(5, { car_index: 9, own: false })).timeline, []);
});

test("an undone lap that the page does not show changes no row", () => {
  const before = connected(update(), ...DRIVEN);

  assert.equal(reduce(before, undone(5, { car_index: 9, own: false }), 0).timeline, before.timeline);
});

test("a replay after a reconnection leaves a lap driven again as it was", () => {
  const before = connected(update(), ...REDRIVEN);

  for (const missing of REDRIVEN.keys()) {
    let state = before;
    for (const message of replayed(...REDRIVEN.slice(missing))) {
      state = reduce(state, message, 0);
      assert.equal(state.timeline, before.timeline);
      assert.equal(rigA(state).lastLap, rigA(before).lastLap);
    }
  }
});

test("a replay after a reconnection does not bring an undone lap back", () => {
  const before = connected(update(), ...DRIVEN, undone(5));

  const after = replayed(...DRIVEN, undone(5)).reduce((state, message) => reduce(state, message, 0), before);

  assert.equal(after.timeline, before.timeline);
  assert.equal(rigA(after).lastLap, null);
});

test("a flashback missed while the connection was lost is learnt from the replay", () => {
  const live = connected(update(), ...REDRIVEN);

  for (const seen of REDRIVEN.keys()) {
    const state = connected(update(), ...REDRIVEN.slice(0, seen), LOST, OPEN, status(), update(), ...replayed(...REDRIVEN));

    assert.deepEqual(texts(state), texts(live));
    assert.equal(rigA(state).lastLap.lap_time_ms, 79999);
  }
});

test("a lap undone twice ends with its third time, live as replayed", () => {
  const twice = [...REDRIVEN, undone(12, { attempt: 2 }), lap(15, { lap_time_ms: 79000 })];
  const lines = ["Lap 3 – 1:19.000, ANNA", "Flashback: lap 3 undone, ANNA", "Flashback: lap 3 undone, ANNA"];

  for (const seen of twice.keys()) {
    const state = connected(update(), ...twice.slice(0, seen), ...replayed(...twice));

    assert.deepEqual(texts(state), lines);
    assert.equal(rigA(state).lastLap.lap_time_ms, 79000);
  }
});

test("a live lap stands although the gateway's clock was set back since the flashback", () => {
  const state = connected(update(), ...DRIVEN, undone(5), lap(4, { lap_time_ms: 79999 }));

  assert.equal(rigA(state).lastLap.lap_time_ms, 79999);
});

test("the last lap is known again from a replay, though its row stands already", () => {
  const state = connected(update(), ...DRIVEN, update({ session_uid: "2" }), update(), ...replayed(...DRIVEN));

  assert.equal(state.timeline.length, 1);
  assert.equal(rigA(state).lastLap.status, "confirmed");
});

test("a replayed lap of an earlier session is not the last lap of this one", () => {
  const state = connected(update(), ...DRIVEN, update({ session_uid: "2" }), ...replayed(...DRIVEN));

  assert.equal(rigA(state).lastLap, null);
});

// --- best laps ---

const BEST = { session_best: true, lap_time_ms: 80911 };

test("a last lap is the session's best while nobody beats it", () => {
  assert.equal(isSessionBest(rigA(connected(update({ last_lap_time_ms: 80911 }), eventOf(BEST)))), true);
});

test("a last lap that was beaten is no longer the session's best", () => {
  const beaten = eventOf({ event_id: "f", kind: "FastestLap", own: undefined, car_index: 9, lap_time_ms: 80500 });

  assert.equal(isSessionBest(rigA(connected(update({ last_lap_time_ms: 80911 }), eventOf(BEST), beaten))), false);
});

test("a best lap of another session says nothing of this one", () => {
  assert.equal(isSessionBest(rigA(connected(update({ last_lap_time_ms: 80911, session_uid: "2" }), eventOf(BEST)))), false);
});

test("an answer about Data Cloud is kept with the time it came, and a failure leaves it standing", () => {
  const state = fold([{ type: "cloud", body: cloudBody() }, 1000], [{ type: "cloud_failed" }, 3000]);

  assert.equal(state.cloud.report.state, "connected");
  assert.deepEqual([state.cloud.receivedAt, state.cloud.isFailing], [1000, true]);
});

test("what comes of the rigs leaves the word on Data Cloud as it was", () => {
  const before = fold([{ type: "cloud", body: cloudBody() }, 1000], status());

  assert.equal(reduce(before, update(), 2000).cloud, before.cloud);
});

test("what the operator set for all screens is taken from the greeting", () => {
  const state = reduce(initialState(), { ...status(), display: { event_name: "Expo", speed_unit: "mph", temperature_unit: "c" } }, 0);

  assert.deepEqual(state.display, { eventName: "Expo", speedUnit: "mph", temperatureUnit: "c" });
});

test("a day that could not be asked for keeps what was known, and says so", () => {
  const known = reduce(initialState(), { type: "day", body: { version: 1 } }, 0);

  assert.deepEqual(known.day, { body: { version: 1 }, failed: false });
  assert.deepEqual(reduce(known, { type: "day_failed" }, 1).day, { body: { version: 1 }, failed: true });
});

test("a learned line is kept beside those of other tracks", () => {
  const one = reduce(initialState(), { type: "outline", track: "Monza", body: 1 }, 0);

  assert.deepEqual(reduce(one, { type: "outline", track: "Spa", body: 2 }, 0).outlines, { Monza: 1, Spa: 2 });
});
