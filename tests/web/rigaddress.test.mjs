import assert from "node:assert/strict";
import { test } from "node:test";

import { rigIdOf } from "../../web/js/rigaddress.js";

test("the rig stands behind /rig/", () => {
  assert.equal(rigIdOf("/rig/RIG_A"), "RIG_A");
  assert.equal(rigIdOf("/rig/RIG%5FA/"), "RIG_A");
});

test("an address that cannot be decoded names a rig that is not there, and the page lives", () => {
  assert.equal(rigIdOf("/rig/%FF"), "%FF");
  assert.equal(rigIdOf("/rig/%"), "%");
  assert.equal(rigIdOf("/rig"), "");
});
