import assert from "node:assert/strict";
import { test } from "node:test";

import { isForPage, pressed, USUAL_LAYOUT } from "../../web/js/keys.js";

const typed = (layout, keys, rigs = 2) => [...keys].reduce((before, key) => pressed(before, key, rigs), layout);

test("a rig's number puts it alone beside the centre, and again all of them", () => {
  assert.equal(typed(USUAL_LAYOUT, "2").focus, 1);
  assert.equal(typed(USUAL_LAYOUT, "22").focus, null);
  assert.equal(typed(USUAL_LAYOUT, "12").focus, 1);
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
  assert.deepEqual(pressed({ focus: 1, map: true }, "Escape", 2), USUAL_LAYOUT);
  assert.equal(pressed(USUAL_LAYOUT, "Escape", 2), USUAL_LAYOUT);
});

test("a key that is typed into a field or belongs to the browser is left alone", () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false, target: { tagName: "BODY" } };

  assert.equal(isForPage(plain), true);
  assert.equal(isForPage({ ...plain, ctrlKey: true }), false);
  assert.equal(isForPage({ ...plain, target: { tagName: "SELECT" } }), false);
});
