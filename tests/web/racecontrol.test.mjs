import assert from "node:assert/strict";
import { test } from "node:test";

import { controlOf, gravest, redFlagAfter, redFlagAt } from "../../web/js/racecontrol.js";
import { initialState, reduce } from "../../web/js/store.js";
import { driversOf, scenesOf } from "../../web/js/venue.js";
import { flagWord } from "../../web/js/words/pane.js";
import { eventOf, status, update } from "./builders.mjs";

const FLAG = redFlagAfter(null, { kind: "RedFlag", session_uid: "1", session_time_s: 100 });
const at = (data) => ({ mode: "driving", session_uid: "1", session_time_s: 110, speed_kph: 200, ...data });

test("a red flag stands through laps, sectors and penalties", () => {
  for (const kind of ["LapCompleted", "SectorCompleted", "PenaltyIssued", "Overtake", "ParticipantsChanged"]) {
    assert.equal(redFlagAfter(FLAG, { kind }), FLAG, kind);
  }
  assert.equal(redFlagAfter(FLAG, { kind: "DrsChanged", enabled: false }), FLAG);
});

test("a red flag is over with what does not happen under one", () => {
  for (const kind of ["LightsOut", "SafetyCar", "FastestLap", "ChequeredFlag", "SessionEnded"]) assert.equal(redFlagAfter(FLAG, { kind }), null, kind);
  assert.equal(redFlagAfter(FLAG, { kind: "DrsChanged", enabled: true }), null);
});

test("a car at speed when the flag comes out does not end it, one that has stood and races again does", () => {
  const rolling = redFlagAt(FLAG, at({}));
  const standing = redFlagAt(rolling, at({ speed_kph: 0 }));
  const inThePits = redFlagAt(standing, at({ speed_kph: 79 }));

  assert.equal(rolling, FLAG);
  assert.equal(standing.hasStood, true);
  assert.equal(inThePits, standing);
  assert.equal(redFlagAt(standing, at({ speed_kph: 180 })), null);
});

test("another session and a clock wound back before the flag end it", () => {
  assert.equal(redFlagAt(FLAG, at({ session_uid: "2" })), null);
  assert.equal(redFlagAt(FLAG, at({ session_time_s: 90 })), null);
  assert.equal(redFlagAt(FLAG, at({ session_time_s: null })), FLAG);
});

test("a red flag is graver than a safety car, and a safety car than a virtual one", () => {
  assert.equal(controlOf(at({ safety_car: "full safety car" }), FLAG), "red flag");
  assert.equal(controlOf(at({ safety_car: "full safety car" }), null), "full safety car");
  assert.equal(controlOf(at({ safety_car: "no safety car" }), null), null);
  assert.equal(gravest([null, "virtual safety car", "full safety car"]), "full safety car");
  assert.equal(gravest([null, null]), null);
});

test("the head of the wall tells the red flag of a rig for as long as it stands", () => {
  const messages = [status(), update({ track: "Monza" }), eventOf({ kind: "RedFlag", event_id: "r", car_index: null })];
  const flagged = messages.reduce((state, message) => reduce(state, message, 1000), initialState());

  const [scene] = scenesOf(driversOf(flagged, 1100));
  const [after] = scenesOf(driversOf(reduce(flagged, eventOf({ kind: "LightsOut", event_id: "l", car_index: null }), 1100), 1200));

  assert.equal(scene.control, "red flag");
  assert.equal(after.control, null);
});

test("the pane's flag says red whatever else is shown", () => {
  assert.equal(flagWord("yellow", "full safety car", true), "RED");
  assert.equal(flagWord("yellow", "full safety car"), "SC");
});
