import assert from "node:assert/strict";
import { test } from "node:test";

import { displayOf, speed, speedUnit, temperature, temperatureUnit, USUAL_DISPLAY } from "../../web/js/units.js";

test("what the operator did not set is km/h and °C", () => {
  for (const told of [null, undefined, {}, { speed_unit: "knots", temperature_unit: 3, event_name: "  " }]) assert.deepEqual(displayOf(told), USUAL_DISPLAY);
});

test("what the operator set is taken over", () => {
  const told = { event_name: "Expo", speed_unit: "mph", temperature_unit: "f" };

  assert.deepEqual(displayOf(told), { eventName: "Expo", speedUnit: "mph", temperatureUnit: "f" });
});

test("speeds and temperatures are converted, and unknown stays unknown", () => {
  assert.equal(speed(160.9344, "mph"), 100);
  assert.equal(speed(200, "kph"), 200);
  assert.equal(temperature(100, "f"), 212);
  assert.equal(temperature(-40, "f"), -40);
  assert.equal(temperature(90, "c"), 90);
  assert.deepEqual([speed(null, "mph"), temperature(undefined, "f")], [null, null]);
});

test("each unit has its sign", () => {
  assert.deepEqual([speedUnit("kph"), speedUnit("mph"), temperatureUnit("c"), temperatureUnit("f")], ["km/h", "mph", "°C", "°F"]);
});
