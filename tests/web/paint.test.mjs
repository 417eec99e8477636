import assert from "node:assert/strict";
import { test } from "node:test";

import { createPainter, pacedRefresh } from "../../web/js/paint.js";

function screen() {
  const scheduled = [];
  const painted = [];
  const paint = createPainter((state) => painted.push(state), (callback) => scheduled.push(callback));
  const refresh = () => scheduled.splice(0).forEach((callback) => callback());
  return { paint, painted, scheduled, refresh };
}

test("nothing is painted before the screen refreshes", () => {
  const { paint, painted } = screen();

  paint("one");

  assert.deepEqual(painted, []);
});

test("many states between two refreshes are one paint of the newest", () => {
  const { paint, painted, scheduled, refresh } = screen();

  paint("one");
  paint("two");
  paint("three");

  assert.equal(scheduled.length, 1);
  refresh();
  assert.deepEqual(painted, ["three"]);
});

test("a state after a paint is painted at the next refresh", () => {
  const { paint, painted, refresh } = screen();

  paint("one");
  refresh();
  paint("two");
  refresh();

  assert.deepEqual(painted, ["one", "two"]);
});

test("a state that comes while painting is not lost", () => {
  const scheduled = [];
  const painted = [];
  const paint = createPainter((state) => {
    painted.push(state);
    if (state === "one") paint("two");
  }, (callback) => scheduled.push(callback));

  paint("one");
  while (scheduled.length > 0) scheduled.shift()();

  assert.deepEqual(painted, ["one", "two"]);
});

test("a paint that fails does not stop the next one", () => {
  const scheduled = [];
  const painted = [];
  const paint = createPainter((state) => {
    if (state === "bad") throw new Error("bad");
    painted.push(state);
  }, (callback) => scheduled.push(callback));

  paint("bad");
  assert.throws(() => scheduled.shift()());
  paint("good");
  scheduled.shift()();

  assert.deepEqual(painted, ["good"]);
});

function pacedScreen(apartMs) {
  let clock = 1_000;
  const frames = [];
  const timers = [];
  const schedule = pacedRefresh(apartMs, {
    now: () => clock,
    refresh: (callback) => frames.push(callback),
    wait: (callback, ms) => timers.push({ callback, at: clock + ms }),
  });
  const advance = (ms) => {
    clock += ms;
    for (const timer of timers.splice(0)) {
      if (timer.at <= clock) timer.callback();
      else timers.push(timer);
    }
    for (const callback of frames.splice(0)) callback();
  };
  return { schedule, advance, now: () => clock };
}

test("states of two rigs out of step share a paint, and none waits longer than the pace and a refresh", () => {
  const { schedule, advance, now } = pacedScreen(40);
  const paints = [];
  let oldest = null;
  let waited = 0;
  const paint = createPainter(() => {
    paints.push(now());
    waited = Math.max(waited, now() - oldest);
    oldest = null;
  }, schedule);

  for (let ms = 0; ms < 1_000; ms += 1) {
    if (ms % 50 === 0 || ms % 50 === 20) {
      oldest ??= now();
      paint(ms);
    }
    advance(1);
  }

  assert.ok(paints.length <= 25, `${paints.length} paints`);
  assert.ok(paints.slice(1).every((at, index) => at - paints[index] >= 40));
  assert.ok(waited <= 41, `${waited} ms`);
});

test("one rig alone never waits for the pace", () => {
  const { schedule, advance, now } = pacedScreen(40);
  const paints = [];
  const paint = createPainter((asked) => paints.push(now() - asked), schedule);

  for (let ms = 0; ms < 1_000; ms += 1) {
    if (ms % 50 === 0) paint(now());
    advance(1);
  }

  assert.equal(paints.length, 20);
  assert.ok(paints.every((wait) => wait <= 1));
});
