import assert from "node:assert/strict";
import { test } from "node:test";

import { amount, figure, instant, list, name, oneOf, record, sentence, texts, truth } from "../../web/js/untrusted.js";

const ANYTHING = [null, undefined, true, "x", 7, -1, Number.NaN, Infinity, 1e300, [], {}, () => 1, Symbol("x"), 7n];

test("no reader throws, whatever it is given", () => {
  for (const read of [record, amount, figure, truth, sentence, name, instant, (value) => list(value, 2), (value) => oneOf(value, ["a"])]) {
    for (const value of ANYTHING) assert.doesNotThrow(() => read(value));
  }
});

test("a figure below zero, without end or beyond what a number can hold is unknown as an amount", () => {
  assert.deepEqual([-1, Infinity, Number.NaN, 1e300, "7", 7n].map(amount), Array(6).fill(null));
  assert.deepEqual([0, 7, 1.5].map(amount), [0, 7, 1.5]);
  assert.equal(figure(-1.5), -1.5);
});

test("only yes and no are a truth", () => {
  assert.deepEqual([true, false, 1, 0, "true", null].map(truth), [true, false, null, null, null, null]);
});

test("a list is cut, and what is none is empty", () => {
  assert.deepEqual(list([1, 2, 3], 2), [1, 2]);
  assert.deepEqual(list({ length: 2 }, 2), []);
});

test("of a list of texts what cannot be read is left out", () => {
  assert.deepEqual(texts(["one", null, 7, "", "two"], 9, name), ["one", "two"]);
});

test("what turns the writing direction is taken out of a sentence, and its length is bounded", () => {
  assert.equal(sentence("a\u202eb"), "ab");
  assert.equal(sentence("x".repeat(1000)).length, 300);
});

test("a time is read, and what is none is unknown", () => {
  assert.equal(instant("2026-11-25T10:00:00.123Z"), Date.UTC(2026, 10, 25, 10, 0, 0, 123));
  assert.equal(instant("tomorrow"), null);
});

test("a word that is not among the known ones is unknown", () => {
  assert.equal(oneOf("live", ["live", "stale"]), "live");
  assert.equal(oneOf("constructor", ["live"]), null);
});
