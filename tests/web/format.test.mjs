import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../web/js/format.js";

test("a lap time is written in minutes, seconds and milliseconds", () => {
  assert.equal(format.lapTime(81348), "1:21.348");
});

test("a lap time below a minute keeps its minute, so that nothing shifts", () => {
  assert.equal(format.lapTime(5), "0:00.005");
});

test("a sector time has no minute until it needs one", () => {
  assert.equal(format.sectorTime(28412), "28.412");
  assert.equal(format.sectorTime(62100), "1:02.100");
});

test("a gap carries its sign", () => {
  assert.equal(format.gap(412), "+0.412");
  assert.equal(format.gap(61500), "+1:01.500");
});

const WRITERS = ["whole", "oneDecimal", "margin", "lapTime", "sectorTime", "gap", "delta", "gearName", "place", "percent", "steering", "megajoules", "age", "coarseAge", "count", "bytes", "credits", "sessionClock"];
for (const name of WRITERS) {
  test(`unknown is a dash and never 0 in ${name}`, () => {
    for (const unknown of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY, "7"]) assert.equal(format[name](unknown), "–");
  });
}

test("a known 0 is written as 0", () => {
  assert.equal(format.whole(0), "0");
  assert.equal(format.percent(0), "0");
});

test("a negative number has a real minus and no negative zero", () => {
  assert.equal(format.whole(-3), "−3");
  assert.equal(format.whole(-0.2), "0");
});

test("gears are R, N and numbers", () => {
  assert.deepEqual([-1, 0, 1, 8].map(format.gearName), ["R", "N", "1", "8"]);
});

test("a position is a place, and 0 is none", () => {
  assert.equal(format.place(2), "P2");
  assert.equal(format.place(0), "–");
});

test("steering says the side", () => {
  assert.deepEqual([-0.23, 0, 0.5].map(format.steering), ["23 L", "0", "50 R"]);
});

test("a fuel margin carries its sign", () => {
  assert.deepEqual([1.2, -0.6, 0].map(format.margin), ["+1.2", "−0.6", "+0.0"]);
});

test("an age counts seconds, then minutes, then hours", () => {
  assert.deepEqual([7.9, 125, 12_000].map(format.age), ["7 s", "2 min 05 s", "3 h 20 min"]);
});

test("a coarse age has one unit", () => {
  assert.deepEqual([0.4, 59.9, 190, 7200, 200_000].map(format.coarseAge), ["0 s", "59 s", "3 min", "2 h", "2 d"]);
});

test("thousands of a count stand apart, without a place to break the line", () => {
  assert.deepEqual([0, 999, 4120, 1_234_567].map(format.count), ["0", "999", "4\u00a0120", "1\u00a0234\u00a0567"]);
});

test("a count below 0 or beyond all counting is unknown", () => {
  assert.deepEqual([-1, 1e300].map(format.count), ["–", "–"]);
});

test("an amount of data has the unit that keeps it short", () => {
  assert.deepEqual([0, 512, 7000, 999_999, 1_250_000_000].map(format.bytes), ["0 B", "512 B", "7.0 kB", "1.0 MB", "1.3 GB"]);
});

test("credits have cents while they are few", () => {
  assert.deepEqual([0, 6.17, 99.994, 99.996, 2880].map(format.credits), ["0.00", "6.17", "99.99", "100", "2\u00a0880"]);
});

test("a session clock has hours only when it needs them", () => {
  assert.deepEqual([754, 3754].map(format.sessionClock), ["12:34", "1:02:34"]);
});

test("the wall clock is the screen's own", () => {
  assert.equal(format.wallClock(new Date(2026, 2, 1, 9, 5, 7).getTime()), "09:05:07");
});

test("a tyre is optimal from 80 to 105 degrees", () => {
  assert.deepEqual([79, 80, 105, 106, null].map(format.tyreZone), ["cold", "optimal", "optimal", "hot", null]);
});

test("a compound is known by its letter", () => {
  const names = ["Soft", "Medium", "Hard", "Intermediate", "Wet", "Super soft (F2)", null];
  assert.deepEqual(names.map(format.compoundLetter), ["S", "M", "H", "I", "W", "SS", "–"]);
});

test("rev lights follow the bits, bit 0 leftmost", () => {
  const lights = format.revLights(0b101, 100);
  assert.deepEqual(lights.slice(0, 4), [true, false, true, false]);
  assert.equal(lights.length, 15);
});

test("rev lights fall back on the percentage when the bits are unknown", () => {
  assert.equal(format.revLights(null, 40).filter(Boolean).length, 6);
});

test("rev lights are unknown when nothing is known", () => {
  assert.equal(format.revLights(null, null), null);
});

test("a name loses the characters that turn or hide text", () => {
  assert.equal(format.cleanName("\u202Egro\u0000up\n\tone\u200B "), "group one");
});

test("a name is kept as it is when it looks like markup, since it is only ever text", () => {
  assert.equal(format.cleanName("<b>x</b>"), "<b>x</b>");
});

test("a name is cut at 48 characters", () => {
  assert.equal(format.cleanName("W".repeat(500)).length, 48);
});

test("a name of nothing visible is no name", () => {
  assert.equal(format.cleanName("\u202E \u0007"), null);
});

test("a right-to-left name is isolated inside a sentence", () => {
  assert.equal(format.isolated("محمد"), "\u2068محمد\u2069");
  assert.equal(format.isolated("ANNA"), "ANNA");
});

test("a delta has its sign, three decimals below ten seconds, and never more than six characters", () => {
  assert.deepEqual([-120, 1204, 0, -12_345, 61_000].map(format.delta), ["−0.120", "+1.204", "+0.000", "−12.3", "+1:01"]);
  for (let ms = -700_000; ms <= 700_000; ms += 777) assert.ok(format.delta(ms).length <= 6, format.delta(ms));
});
