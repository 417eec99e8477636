import assert from "node:assert/strict";
import { test } from "node:test";

import { drawRigCars } from "../../web/js/views/trackpaint.js";

const PALETTE = { surface: "#000", road: "#111", line: "#222", mark: "#333", other: "#444", ink: "#555", rigs: ["#a00", "#0b0", "#ccc"], font: "f", dimmed: 0.5 };

/** A pen that keeps its state as a canvas does and notes how bright each letter was; `breaksAt` throws at that letter. */
function penOf(breaksAt = null) {
  const kept = [];
  const letters = [];
  const pen = {
    globalAlpha: 1,
    save: () => kept.push(pen.globalAlpha),
    restore: () => {
      pen.globalAlpha = kept.pop();
    },
    fillText: (letter) => {
      if (letter === breaksAt) throw new Error("broken");
      letters.push([letter, pen.globalAlpha]);
    },
  };
  for (const name of ["beginPath", "arc", "fill", "stroke", "moveTo", "lineTo", "setLineDash"]) pen[name] = () => {};
  return { pen, letters };
}

const CARS = [
  { index: 0, place: [0, 0], isLive: false },
  { index: 1, place: [90, 0], isLive: true },
];

test("a silent car is drawn dim, and a live one after it is not", () => {
  const { pen, letters } = penOf();

  drawRigCars(pen, CARS, [[10, 10], [100, 10]], 5, PALETTE);

  assert.deepEqual(letters, [["A", 0.5], ["B", 1]]);
  assert.equal(pen.globalAlpha, 1);
});

test("a car that cannot be drawn leaves the pen as bright as it was", () => {
  const { pen } = penOf("A");

  assert.throws(() => drawRigCars(pen, CARS, [[10, 10], [100, 10]], 5, PALETTE), /broken/);

  assert.equal(pen.globalAlpha, 1);
});
