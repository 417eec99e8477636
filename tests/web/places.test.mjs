import assert from "node:assert/strict";
import { test } from "node:test";

import { planFor, sideOf } from "../../web/js/places.js";

/** A row of the wall as text: the letters of its panes, `|` for the centre, `.` for an empty place. */
const drawn = (rigs) => {
  const { left, right, rows, places } = planFor(rigs);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: left + right + 1 }, (_, column) => {
      if (column === left) return "|";
      const index = places.findIndex((place) => place.column === column + 1 && place.row === row + 1);
      return index < 0 ? "." : String.fromCharCode(65 + index);
    }).join(""),
  );
};

test("one rig stands beside the centre, two on either side of it", () => {
  assert.deepEqual(drawn(1), ["A|"]);
  assert.deepEqual(drawn(2), ["A|B"]);
});

test("three and four rigs lie two by two around the centre, and the fourth's place stays free", () => {
  assert.deepEqual(drawn(3), ["A|B", "C|."]);
  assert.deepEqual(drawn(4), ["A|B", "C|D"]);
});

test("five to eight rigs lie in two rows", () => {
  assert.deepEqual(drawn(5), ["AB|C", "DE|."]);
  assert.deepEqual(drawn(6), ["AB|C", "DE|F"]);
  assert.deepEqual(drawn(7), ["AB|CD", "EF|G."]);
  assert.deepEqual(drawn(8), ["AB|CD", "EF|GH"]);
});

test("however many rigs there are, each has a place of its own that is not the centre's", () => {
  for (let rigs = 0; rigs <= 30; rigs += 1) {
    const { left, right, rows, places } = planFor(rigs);

    assert.equal(places.length, rigs);
    assert.equal(new Set(places.map(({ column, row }) => `${row} ${column}`)).size, rigs);
    assert.ok(places.every(({ column, row }) => column !== left + 1 && column <= left + right + 1 && row <= rows));
  }
});

test("a rig's side is where its pane is, whatever its number", () => {
  assert.deepEqual([0, 1, 2, 3].map((index) => sideOf(4, index)), ["left", "right", "left", "right"]);
  assert.deepEqual([0, 1, 2, 3, 4].map((index) => sideOf(5, index)), ["left", "left", "right", "left", "left"]);
  assert.equal(sideOf(2, 2), null);
});
