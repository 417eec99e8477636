import assert from "node:assert/strict";
import { test } from "node:test";

import { isForPage, pressed, USUAL_LAYOUT } from "../../web/js/keys.js";

const RIGS = ["RIG_A", "RIG_B"];

const typed = (layout, keys) => [...keys].reduce((before, key) => pressed(before, key, RIGS), layout);

test("a rig's number puts it alone beside the centre, and again all of them", () => {
  assert.equal(typed(USUAL_LAYOUT, "2").focus, "RIG_B");
  assert.equal(typed(USUAL_LAYOUT, "22").focus, null);
  assert.equal(typed(USUAL_LAYOUT, "12").focus, "RIG_B");
});

test("the number of a rig that is not there means nothing", () => {
  assert.equal(typed(USUAL_LAYOUT, "3"), USUAL_LAYOUT);
  assert.equal(typed(USUAL_LAYOUT, "0"), USUAL_LAYOUT);
});

test("m makes the map large, and again as it was", () => {
  assert.equal(typed(USUAL_LAYOUT, "m").map, true);
  assert.equal(typed(USUAL_LAYOUT, "mM").map, false);
});

test("Escape undoes both, and nothing where there is nothing to undo", () => {
  assert.deepEqual(pressed({ focus: "RIG_B", map: true }, "Escape", RIGS), USUAL_LAYOUT);
  assert.equal(pressed(USUAL_LAYOUT, "Escape", RIGS), USUAL_LAYOUT);
});

test("a key that is typed into a field or belongs to the browser is left alone", () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false, repeat: false, target: { tagName: "BODY" } };

  assert.equal(isForPage(plain), true);
  assert.equal(isForPage({ ...plain, ctrlKey: true }), false);
  assert.equal(isForPage({ ...plain, target: { tagName: "SELECT" } }), false);
});

test("a key that is held down is pressed once", () => {
  assert.equal(isForPage({ ctrlKey: false, metaKey: false, altKey: false, repeat: true, target: null }), false);
});

test("the rig that stands alone is the same one when others come or go", () => {
  const alone = pressed(USUAL_LAYOUT, "2", RIGS);

  assert.equal(pressed(alone, "m", ["RIG_B"]).focus, "RIG_B");
  assert.equal(pressed(alone, "1", ["RIG_B"]).focus, null);
});
