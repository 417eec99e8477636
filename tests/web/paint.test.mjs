import assert from "node:assert/strict";
import { test } from "node:test";

import { createPainter } from "../../web/js/paint.js";

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
