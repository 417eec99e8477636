import assert from "node:assert/strict";
import { test } from "node:test";

import { age, emptyRing, NOTHING, push, SLOTS, SLOT_MS } from "../../web/js/ring.js";

const sample = (speed_kph) => ({ speed_kph, throttle: 1, brake: 0 });
const speeds = (ring) => ring.columns.speed_kph;

test("a ring has ten seconds at twenty a second, whatever is written", () => {
  let ring = emptyRing();

  for (let slot = 0; slot < 450; slot += 1) ring = push(ring, sample(slot), slot * SLOT_MS);

  assert.equal(SLOTS * SLOT_MS, 10_000);
  assert.equal(speeds(ring).length, SLOTS);
  assert.deepEqual([speeds(ring)[0], speeds(ring).at(-1)], [250, 449]);
});

test("the newest of two samples in one slot wins", () => {
  const ring = push(push(emptyRing(), sample(100), 0), sample(101), 20);

  assert.deepEqual(speeds(ring).slice(-2), [null, 101]);
});

test("jitter holds the value before", () => {
  const ring = push(push(emptyRing(), sample(100), 0), sample(130), 3 * SLOT_MS);

  assert.deepEqual(speeds(ring).slice(-4), [100, 100, 100, 130]);
});

test("silence leaves a gap", () => {
  const ring = push(push(emptyRing(), sample(100), 0), sample(130), 20 * SLOT_MS);

  assert.deepEqual(speeds(ring).slice(-21), [100, ...new Array(19).fill(null), 130]);
});

test("a silence longer than the ring leaves only what came after", () => {
  const ring = push(push(emptyRing(), sample(100), 0), sample(130), 3_600_000);

  assert.equal(speeds(ring).length, SLOTS);
  assert.deepEqual(speeds(ring).filter((value) => value !== null), [130]);
});

test("time that passes without a sample moves the trace on", () => {
  const ring = age(push(emptyRing(), sample(100), 0), 10 * SLOT_MS);

  assert.equal(speeds(ring).at(-1), null);
  assert.equal(speeds(ring).at(-11), 100);
});

test("time shorter than jitter changes nothing", () => {
  const ring = push(emptyRing(), sample(100), 0);

  assert.equal(age(ring, 3 * SLOT_MS), ring);
});

test("a blank ring does not age, so that nothing is painted again", () => {
  const ring = push(emptyRing(), NOTHING, 0);

  assert.equal(age(ring, 60_000), ring);
});

test("a ring is never changed in place", () => {
  const before = push(emptyRing(), sample(100), 0);
  const copy = structuredClone(before);

  push(before, sample(200), 50);

  assert.deepEqual(before, copy);
});
