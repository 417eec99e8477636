import assert from "node:assert/strict";
import { test } from "node:test";

import { dayOf } from "../../web/js/board.js";
import { rigLapsOf, trackFor } from "../../web/js/riglaps.js";
import { noneAt, RIG_LAPS } from "../../web/js/words/rig.js";

const row = (lap_id, rig_id, lap_time_ms, fields = {}) => ({ lap_id, rig_id, driver_name: "ANNA", track: "Monza", lap_time_ms, valid: true, ...fields });

const dayWith = (...tracks) => dayOf({ body: { version: 4, tracks }, failed: false });

const monza = (fields) => ({ track: "Monza", laps: 3, board: [row("1", "RIG_B", 79_000)], newest: null, rigs: [row("1", "RIG_B", 79_000)], ...fields });

const listed = (...laps) => ({ track: "Monza", body: { day: "2026-11-25", laps } });

const shown = ({ rows }) => rows.map(({ lapId, lapTimeMs, isNewest }) => [lapId, lapTimeMs, isNewest]);

test("a rig's valid laps on the track stand fastest first, however far down the board they are", () => {
  const day = dayWith(monza({ rigs: [row("1", "RIG_B", 79_000), row("7", "RIG_A", 92_000)] }));
  const told = listed(row("9", "RIG_A", 94_000), row("8", "RIG_A", 91_000, { valid: false }), row("7", "RIG_A", 92_000), row("1", "RIG_B", 79_000));
  const laps = rigLapsOf(day, told, "RIG_A", "Monza");

  assert.deepEqual(shown(laps), [["7", 92_000, false], ["9", 94_000, false]]);
  assert.deepEqual([laps.track, laps.note], ["Monza", ""]);
});

test("a rig's best is there before the list is, and the newest lap is lit", () => {
  const newest = row("9", "RIG_A", 94_000, { newest: true, rank: null });
  const day = dayWith(monza({ newest, rigs: [row("7", "RIG_A", 92_000)] }));

  assert.deepEqual(shown(rigLapsOf(day, null, "RIG_A", "Monza")), [["7", 92_000, false], ["9", 94_000, true]]);
});

test("a list of another track, or one that cannot be read, is no list", () => {
  const day = dayWith(monza({ rigs: [row("7", "RIG_A", 92_000)] }));
  for (const told of [{ ...listed(row("3", "RIG_A", 1)), track: "Spa" }, { track: "Monza", body: 7 }, { track: "Monza", body: { day: "2026-11-25", laps: [null, 3, {}] } }]) {
    assert.deepEqual(shown(rigLapsOf(day, told, "RIG_A", "Monza")), [["7", 92_000, false]]);
  }
});

test("that a rig has no valid lap is said only when it is true", () => {
  const spa = { track: "Spa", board: [], newest: null, rigs: [row("5", "RIG_A", 110_000, { track: "Spa" })] };

  assert.equal(rigLapsOf(dayWith(monza()), null, "RIG_A", "Monza").note, RIG_LAPS.none);
  assert.equal(rigLapsOf(dayWith(), null, "RIG_A", null).note, RIG_LAPS.none);
  assert.equal(rigLapsOf(dayWith(monza(), spa), null, "RIG_A", "Monza").note, noneAt("Monza"));
  assert.equal(rigLapsOf(dayWith(monza({ rigs: undefined })), null, "RIG_A", "Monza").note, RIG_LAPS.asked);
  assert.equal(rigLapsOf(dayOf(null), null, "RIG_A", "Monza").note, RIG_LAPS.asked);
});

test("laps stay when the gateway does not answer, and are said to be old", () => {
  const body = { version: 4, tracks: [monza({ rigs: [row("7", "RIG_A", 92_000)] })] };
  const laps = rigLapsOf(dayOf({ body, failed: true }), null, "RIG_A", "Monza");

  assert.deepEqual([shown(laps).length, laps.note], [1, RIG_LAPS.old]);
});

test("a rig that drives nowhere shows the track on which it has laps", () => {
  const spa = { track: "Spa", board: [], newest: null, rigs: [row("5", "RIG_A", 110_000, { track: "Spa" })] };

  assert.equal(trackFor(dayWith(monza(), spa), "RIG_A", null), "Spa");
  assert.equal(trackFor(dayWith(monza(), spa), "RIG_A", "Monza"), "Monza");
  assert.equal(trackFor(dayWith(), "RIG_A", null), null);
});
