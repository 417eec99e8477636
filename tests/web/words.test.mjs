import assert from "node:assert/strict";
import { test } from "node:test";

import { etaWord, packUpReason } from "../../web/js/words/cloud.js";
import { lineOf, tell } from "../../web/js/words/facts.js";
import { TYRE_ZONES } from "../../web/js/words/labels.js";
import { aeroWord, damageWord, deltaVerdict, drsWord, flagWord, isContested, lapVerdict, overtakeWord, paneNotice, penaltyWord, pitWord, sectorVerdict } from "../../web/js/words/pane.js";
import { fact } from "./builders.mjs";

const RIG = { rig_id: "RIG_A", udp_port: 20777 };
const DRIVING = { mode: "driving", silentS: 0 };
const textOf = (fields, ownCar = null, unit = "kph") => {
  const told = tell(fact(fields), ownCar);
  return told === null ? undefined : lineOf(told, unit);
};

test("a lap is told with its number, time and driver", () => {
  assert.equal(textOf({}), "Lap 4 – 1:21.348, ANNA");
});

test("a session best is purple with a glyph", () => {
  const { glyph, tone, text } = tell(fact({ session_best: true, personal_best: true }));

  assert.deepEqual([glyph, tone, text], ["◆", "purple", "Lap 4 – 1:21.348, ANNA · session best"]);
});

test("a personal best is green with another glyph", () => {
  const { glyph, tone } = tell(fact({ personal_best: true }));

  assert.deepEqual([glyph, tone], ["▲", "green"]);
});

test("an invalid lap says so, however fast it was", () => {
  const { tone, text } = tell(fact({ valid: false, session_best: true }));

  assert.equal(tone, "alert");
  assert.match(text, /invalid/);
});

test("a corrected lap says so", () => {
  assert.match(textOf({ status: "corrected" }), /corrected/);
});

test("another car's lap is told only when it is the session's best", () => {
  assert.equal(tell(fact({ own: false })), null);
  assert.equal(textOf({ own: false, session_best: true }), "Lap 4 – 1:21.348, ANNA · session best");
});

test("a sector is told of the own car only", () => {
  const sector = { kind: "SectorCompleted", car_index: 3, sector: 1, sector_time_ms: 28412 };

  assert.equal(textOf({ ...sector, own: true }), "Sector 1 – 28.412, ANNA");
  assert.equal(textOf({ ...sector, own: true }, 4), "Sector 1 – 28.412, ANNA");
  assert.equal(textOf({ ...sector, own: false }, 3), undefined);
});

test("an invalidated lap is told of the own car only", () => {
  const invalidated = { kind: "LapInvalidated", car_index: 3 };

  assert.equal(textOf({ ...invalidated, own: true }), "Lap 4 will not count, ANNA");
  assert.equal(textOf({ ...invalidated, own: false }, 3), undefined);
});

test("an undone lap is told of the own car only", () => {
  const withdrawn = { kind: "LapWithdrawn", lap_number: 3, attempt: 1 };

  assert.equal(textOf({ ...withdrawn, own: true }), "Flashback: lap 3 undone, ANNA");
  assert.equal(textOf({ ...withdrawn, own: false }, 0), undefined);
});

test("a speed trap that is no session best is told of the own car only", () => {
  const trap = { kind: "SpeedTrap", own: undefined, car_index: 3, speed_kph: 320, session_best: false, personal_best: true };

  assert.equal(textOf(trap, 3), "Speed trap 320 km/h, ANNA");
  assert.equal(textOf(trap, 4), undefined);
  assert.equal(textOf(trap, null), undefined);
});

test("a speed trap is told in the unit that the screen has when it is drawn", () => {
  const told = tell(fact({ kind: "SpeedTrap", speed_kph: 320, session_best: true }));

  assert.equal(lineOf(told, "kph"), "Speed trap 320 km/h, ANNA");
  assert.equal(lineOf(told, "mph"), "Speed trap 199 mph, ANNA");
});

test("a speed trap without a speed says so", () => {
  for (const speed_kph of [null, undefined, "320", NaN, {}]) {
    assert.equal(textOf({ kind: "SpeedTrap", speed_kph, session_best: true }), "Speed trap – km/h, ANNA");
  }
});

test("a lap is called a pit lap only when that is known", () => {
  assert.equal(textOf({ pit_lap: true }), "Lap 4 – 1:21.348, ANNA · pit lap");
  assert.equal(textOf({ pit_lap: false }), "Lap 4 – 1:21.348, ANNA");
  assert.equal(textOf({ pit_lap: null }), "Lap 4 – 1:21.348, ANNA");
});

test("two ports that get one game's stream are an alarm", () => {
  const { tone, category } = tell(fact({ kind: "SharedRace", other_rig_id: "RIG_B", same_car: true }));

  assert.deepEqual([tone, category], ["alert", "rigs"]);
});

for (const kind of ["ButtonsChanged", "LapStarted", "UnknownGameEvent", "SessionAnnounced", "StartLights", "LapDisputed", "InventedTomorrow", "constructor"]) {
  test(`${kind} is passed over`, () => {
    assert.equal(tell(fact({ kind })), null);
  });
}

const TOLD = [
  ["SessionStarted", { session_type: "Race", track: "Melbourne" }, "Race at Melbourne"],
  ["SessionStarted", { session_type: null, track: null }, "Session"],
  ["SessionEnded", { reason: "send" }, "Session ended"],
  ["ParticipantsChanged", { num_active_cars: 20 }, "20 cars in the session"],
  ["FlashbackUsed", {}, "Flashback used, ANNA"],
  ["LapWithdrawn", { lap_number: 3 }, "Flashback: lap 3 undone, ANNA"],
  ["SharedRace", { other_rig_id: "RIG_B", other_car_index: 1, same_car: false }, "RIG_A and RIG_B are in one race"],
  ["SharedRace", { other_rig_id: "RIG_B", other_car_index: 0, same_car: true }, "RIG_A and RIG_B send the same car: give each game its own port"],
  ["FastestLap", { lap_time_ms: 80911 }, "Fastest lap – 1:20.911, ANNA"],
  ["PenaltyIssued", { penalty: "Time penalty", time_s: 5, infringement: "Corner cutting gained time" }, "Time penalty 5 s – Corner cutting gained time, ANNA"],
  ["PenaltyIssued", { penalty: "Warning", time_s: null, infringement: "Big Collision", other_driver_name: "BEN" }, "Warning – Big Collision with BEN, ANNA"],
  ["PenaltyServed", { penalty: "Stop Go" }, "Stop Go served, ANNA"],
  ["Overtake", { overtaken_driver_name: "BEN" }, "ANNA overtakes BEN"],
  ["Overtake", { driver_name: null, overtaken_driver_name: null }, "unnamed car overtakes unnamed car"],
  ["Collision", { other_driver_name: "BEN" }, "Collision – ANNA and BEN"],
  ["Retirement", { reason: "terminal damage" }, "ANNA retires – terminal damage"],
  ["SafetyCar", { safety_car: "full safety car", action: "deployed" }, "Full safety car – deployed"],
  ["DrsChanged", { enabled: false, reason: "wet track" }, "DRS disabled – wet track"],
  ["SpeedTrap", { speed_kph: 331.4, session_best: true }, "Speed trap 331 km/h, ANNA"],
  ["LightsOut", {}, "Lights out"],
  ["ChequeredFlag", {}, "Chequered flag"],
  ["RedFlag", {}, "Red flag"],
  ["RaceWinner", {}, "ANNA wins"],
  ["TeamMateInPits", {}, "Team-mate in the pits"],
  ["FinalClassification", { cars: [{ position: 2, name: "BEN" }, { position: 1, name: "ANNA" }] }, "Result – 1 ANNA, 2 BEN"],
  ["RigOnline", { silent_s: 12.3 }, "RIG_A is online after 12 s of silence"],
  ["RigOnline", { silent_s: null }, "RIG_A is online"],
  ["RigSilent", {}, "RIG_A went silent"],
];
for (const [kind, fields, text] of TOLD) {
  test(`${kind} reads "${text}"`, () => {
    assert.equal(textOf({ kind, ...fields }), text);
  });
}

test("every line has a glyph, since colour is never the only sign", () => {
  for (const [kind, fields] of TOLD) assert.notEqual(tell(fact({ kind, ...fields })).glyph, "");
});

test("an overtake among strangers is told quietly", () => {
  const overtake = fact({ kind: "Overtake", own: undefined, car_index: 5, overtaken_car_index: 6 });

  assert.equal(tell(overtake, 0).tone, "quiet");
  assert.equal(tell(overtake, 6).tone, "plain");
});

test("a hostile name is told as text without its control characters", () => {
  assert.equal(textOf({ kind: "RaceWinner", driver_name: "\u202E<b>x</b>\u0000" }), "<b>x</b> wins");
});

test("a rig that sent before the gateway restarted is not told how to be set up", () => {
  const { title } = paneNotice(RIG, "never", { mode: "none", silentS: null, hasSent: true });

  assert.equal(title, "nothing from RIG_A since the gateway restarted");
});

test("of two sessions at one track neither best is purple, in one session it is", () => {
  const lap = { last: 80, best: 80, sessionBest: true, valid: true };

  assert.deepEqual([isContested({ other_rig_id: "RIG_B", same_race: false }), isContested({ other_rig_id: "RIG_B", same_race: true }), isContested({ other_rig_id: null })], [true, false, false]);
  assert.deepEqual([lapVerdict({ ...lap, isOfMany: true }).tone, lapVerdict(lap).tone], ["green", "purple"]);
  assert.deepEqual([sectorVerdict("session_best", true).tone, sectorVerdict("session_best").tone, sectorVerdict("slower", true).tone], ["green", "purple", "yellow"]);
});

test("a rig without values is not said to show its last ones", () => {
  const facts = { mode: "none", silentS: 12 };

  assert.equal(paneNotice(RIG, "stale", { ...facts, hasValues: false }).detail, "");
  assert.equal(paneNotice(RIG, "stale", facts).detail, "the values are the last ones received");
});

test("a rig that never sent says what to type into the game", () => {
  const { title, detail } = paneNotice(RIG, "never", { mode: "none", silentS: null });

  assert.equal(`${title} ${detail}`, "waiting for RIG_A in the game set UDP to this host, port 20777, format 2025");
});

test("a rig of unknown port gives no wrong instruction", () => {
  assert.deepEqual(paneNotice({ rig_id: "RIG_C", udp_port: null }, "never", DRIVING), { title: "waiting for RIG_C", detail: "" });
});

test("a silent rig says for how long", () => {
  assert.equal(paneNotice(RIG, "stale", { mode: "driving", silentS: 7.4 }).title, "no packets for 7 s");
});

test("a lost gateway says how old the values are", () => {
  assert.equal(paneNotice(RIG, "lost", { mode: "driving", silentS: 12 }).detail, "last data 12 s ago");
});

test("a lost gateway that never had data claims no age", () => {
  assert.equal(paneNotice(RIG, "lost", { mode: undefined, silentS: null }).detail, "");
});

for (const mode of ["menu", "spectating", "no_car", "none"]) {
  test(`the mode ${mode} is said in words`, () => {
    assert.notEqual(paneNotice(RIG, "live", { mode, silentS: 0 }).title, "");
  });
}

test("a rig that drives has no notice", () => {
  assert.equal(paneNotice(RIG, "live", DRIVING), null);
});

test("DRS is open, available, closed or unknown", () => {
  assert.deepEqual([drsWord(true, true), drsWord(false, true), drsWord(false, false), drsWord(null, null)], ["open", "available", "closed", "–"]);
});

test("DRS is not called closed on half the truth", () => {
  assert.equal(drsWord(false, null), "–");
  assert.equal(drsWord(null, false), "–");
});

test("a safety car is graver than a flag", () => {
  assert.deepEqual([flagWord("yellow", "virtual safety car"), flagWord("yellow", "no safety car"), flagWord(null, null)], ["VSC", "yellow", "–"]);
});

test("the pit lane, penalties and their absence are told apart from the unknown", () => {
  assert.deepEqual([pitWord("none"), pitWord("in pit area"), pitWord(null)], ["track", "in pit area", "–"]);
  assert.deepEqual([penaltyWord(0), penaltyWord(5), penaltyWord(null)], ["0 s", "+5 s", "–"]);
});

test("a last lap is purple, green or yellow, each with a glyph", () => {
  assert.equal(lapVerdict({ last: 80, best: 80, sessionBest: true, valid: true }).tone, "purple");
  assert.equal(lapVerdict({ last: 80, best: 80, sessionBest: false, valid: true }).tone, "green");
  assert.deepEqual(lapVerdict({ last: 81348, best: 80911, sessionBest: false, valid: true }), { glyph: "▼", text: "+0.437", tone: "yellow" });
});

test("a last lap that does not count is not praised, however fast", () => {
  assert.deepEqual(lapVerdict({ last: 79000, best: 85000, sessionBest: true, valid: false }), {
    glyph: "✕",
    text: "invalid",
    tone: "quiet",
  });
});

test("a last lap of which nobody knows whether it counts is not called the own best", () => {
  assert.equal(lapVerdict({ last: 80, best: 80, sessionBest: false, valid: null }), null);
});

test("a rig that sends, but nothing of a car, is not said to send no packets", () => {
  const rig = { rig_id: "RIG_A", udp_port: 20777 };
  const paused = paneNotice(rig, "stale", { mode: "driving", silentS: 7, packetsPerS: 4 });

  assert.equal(paused.title, "no new values for 7 s");
  assert.equal(paneNotice(rig, "stale", { mode: "driving", silentS: 7, packetsPerS: 0 }).title, "no packets for 7 s");
});

test("a last lap without a best to compare has no verdict", () => {
  assert.equal(lapVerdict({ last: 81348, best: null, sessionBest: false }), null);
});

test("each tyre zone has its own word and glyph", () => {
  assert.equal(new Set(Object.values(TYRE_ZONES).map(({ glyph }) => glyph)).size, 4);
  assert.equal(new Set(Object.values(TYRE_ZONES).map(({ text }) => text)).size, 4);
});

test("a reason for not packing up is told once, without the headline it comes with", () => {
  const told = (headline, sentence) => packUpReason(headline, sentence);

  assert.equal(told("Safe to pack up", "Safe to pack up: every row has been accepted"), "Every row has been accepted");
  assert.equal(told("Not yet: 4\u00a0120 rows wait", "Not yet: 4 120 rows wait"), "");
  assert.equal(told("Not yet: 12 rows wait", "The org refuses the login"), "The org refuses the login");
  assert.equal(told("Not yet", null), "");
});

test("the time until all is sent is rounded up, and with nothing to send it is no time", () => {
  assert.deepEqual([0, 0.2, 125, null].map(etaWord), ["nothing waits", "about 1 s", "about 2 min 05 s", "–"]);
});

test("a live delta is a colour and a glyph that say the same", () => {
  assert.deepEqual([-120, 80, 0].map((ms) => deltaVerdict(ms)?.glyph), ["▲", "▼", "●"]);
  assert.deepEqual([-120, 80].map((ms) => deltaVerdict(ms)?.tone), ["green", "yellow"]);
  assert.equal(deltaVerdict(null), null);
});

test("a sector without a mark is given none", () => {
  assert.deepEqual(["session_best", "personal_best", "slower"].map((mark) => sectorVerdict(mark)?.glyph), ["◆", "▲", "▼"]);
  assert.deepEqual([null, undefined, "constructor", 3].map(sectorVerdict), [null, null, null, null]);
});

test("damage names the worst part and how many more there are", () => {
  assert.deepEqual(damageWord({ front_left_wing: 12.2, floor: 40, engine: 0 }), { label: "Floor +1", text: "40 %", tone: "alert" });
  assert.deepEqual(damageWord({ front_left_wing: 0.4 }), { label: "Wing L", text: "1 %", tone: "flag" });
  assert.deepEqual(damageWord({ front_left_wing: 0, floor: 0 }), { label: "Damage", text: "none", tone: null });
});

test("damage that is not known is not called none", () => {
  assert.equal(damageWord(null).text, "–");
  assert.equal(damageWord({ front_left_wing: null }).text, "–");
});

test("active aero and overtake mode have words of their own", () => {
  assert.deepEqual(["straight", "corner", null].map(aeroWord), ["straight", "corner", "–"]);
  assert.deepEqual(["off", "available", "active", null].map(overtakeWord), ["off", "ready", "active", "–"]);
});
