import assert from "node:assert/strict";
import { test } from "node:test";

import { initialState, reduce } from "../../web/js/store.js";
import { driversOf, scenesOf, shownTrack } from "../../web/js/venue.js";
import { status, update } from "./builders.mjs";

/** Drivers at 1100 ms, of states that came at 1000 ms; `null` for a rig that has sent none. */
function drivers(...states) {
  const ids = states.map((_, index) => `RIG_${"ABCD"[index]}`);
  let state = reduce(initialState(), { type: "socket", status: "open" }, 1000);
  state = reduce(state, status(...ids), 1000);
  states.forEach((data, index) => {
    if (data !== null) state = reduce(state, update({ track: "Catalunya", ...data }, { rig_id: ids[index] }), 1000);
  });
  return driversOf(state, 1100);
}

test("a rig drives only while it is live and in a car of its own", () => {
  const modes = drivers({}, { mode: "spectating" }, { link: "stale" }, null);

  assert.deepEqual(modes.map(({ isDriving }) => isDriving), [true, false, false, false]);
  assert.deepEqual(modes.map(({ link }) => link), ["live", "live", "stale", "never"]);
});

test("the track that all live rigs drive is shown, whatever the day saw", () => {
  assert.equal(shownTrack(drivers({ track: "Monza" }, { track: "Monza" }), ["Catalunya"]), "Monza");
});

test("a silent rig does not decide", () => {
  assert.equal(shownTrack(drivers({ track: "Monza", link: "stale" }, { track: "Spa" }), ["Monza"]), "Spa");
});

test("of different tracks the one with the day's newest lap is shown", () => {
  assert.equal(shownTrack(drivers({ track: "Monza" }, { track: "Spa" }), ["Suzuka", "Spa", "Monza"]), "Spa");
  assert.equal(shownTrack(drivers({ track: "Monza" }, { track: "Spa" }), []), "Monza");
});

test("the track of most live rigs is shown, whatever the day's newest lap is", () => {
  assert.equal(shownTrack(drivers({ track: "Monza" }, { track: "Spa" }, { track: "Monza" }), ["Spa", "Monza"]), "Monza");
});

test("without a live rig the last known track stays, and without any the day's newest", () => {
  assert.equal(shownTrack(drivers({ track: "Monza", link: "stale" }, null), ["Spa"]), "Monza");
  assert.equal(shownTrack(drivers(null, null), ["Spa"]), "Spa");
  assert.equal(shownTrack(drivers(null, null), []), null);
});

test("rigs at one track in one kind of session are one scene", () => {
  const told = { session_type: "Race", session_uid: "9", weather: "clear", track_temperature_c: 38, air_temperature_c: 24, session_time_left_s: 3754 };
  const [scene, ...others] = scenesOf(drivers(told, told));

  assert.deepEqual(others, []);
  assert.deepEqual(scene, {
    indexes: [0, 1],
    isLive: true,
    track: "Catalunya",
    session: "Race",
    weather: "clear",
    control: null,
    trackC: 38,
    airC: 24,
    clock: { seconds: 3754, isLeft: true },
  });
});

test("what two rigs tell differently is not told", () => {
  const [scene] = scenesOf(drivers({ weather: "clear", track_temperature_c: 38 }, { weather: "storm", track_temperature_c: 31 }));

  assert.deepEqual([scene.weather, scene.trackC], [null, null]);
});

test("what only one of two rigs knows is told", () => {
  const [scene] = scenesOf(drivers({ air_temperature_c: null }, { air_temperature_c: 24 }));

  assert.equal(scene.airC, 24);
});

test("two sessions have no one clock", () => {
  const [scene] = scenesOf(drivers({ session_uid: "1", session_time_s: 60 }, { session_uid: "2", session_time_s: 90 }));

  assert.equal(scene.clock, null);
});

test("a session without an end tells how long it has run", () => {
  const [scene] = scenesOf(drivers({ session_time_s: 754, session_time_left_s: null }));

  assert.deepEqual(scene.clock, { seconds: 754, isLeft: false });
});

test("rigs at different tracks are scenes of their own", () => {
  const scenes = scenesOf(drivers({ track: "Monza" }, { track: "Spa" }, { track: "Monza" }));

  assert.deepEqual(scenes.map(({ track, indexes }) => [track, indexes]), [["Monza", [0, 2]], ["Spa", [1]]]);
});

test("of rigs that are silent only the name of the track stays", () => {
  const [scene] = scenesOf(drivers({ link: "stale", track_temperature_c: 38, session_time_s: 9, weather: "clear" }));

  assert.deepEqual([scene.isLive, scene.track, scene.trackC, scene.clock, scene.weather], [false, "Catalunya", null, null, null]);
});

test("rigs that are nowhere known are in no scene", () => {
  assert.deepEqual(scenesOf(drivers(null, { track: null })), []);
});
