// What the operator can change, from a body that may hold anything.
import assert from "node:assert/strict";
import { test } from "node:test";

import { fileUrl } from "../../web/js/compare/address.js";
import { controlView } from "../../web/js/ops/control.js";
import { claimFor, claimed, rebound, senderLine } from "../../web/js/words/control.js";

const RIGS = [{ rig_id: "RIG_A", port: 20777 }, { rig_id: "RIG_B", port: 20778 }];
const sender = (address, changes = {}) => ({ port: 20777, rig_id: null, address, state: "unclaimed", datagrams_per_s: 60, last_age_s: 0.1, ...changes });

test("every rig can be rebound, and nothing can be claimed where the gateway tells of no senders", () => {
  assert.deepEqual(controlView({ rigs: RIGS }), { rigIds: ["RIG_A", "RIG_B"], senders: [] });
});

test("a sender may be claimed for the rigs of its port", () => {
  const { senders } = controlView({ rigs: RIGS, senders: [sender("10.0.0.7")] });

  assert.deepEqual(senders, [{ address: "10.0.0.7", port: 20777, state: "unclaimed", perS: 60, rigIds: ["RIG_A"] }]);
});

test("of a shared port it may be claimed for each", () => {
  const rigs = RIGS.map((rig) => ({ ...rig, port: 20777 }));

  assert.deepEqual(controlView({ rigs, senders: [sender("10.0.0.7")] }).senders[0].rigIds, ["RIG_A", "RIG_B"]);
});

test("who is a rig already, and who is nowhere, cannot be claimed", () => {
  const senders = [sender("10.0.0.7", { state: "accepted" }), sender("10.0.0.8", { state: "?" }), sender("10.0.0.9", { port: 1 })];

  assert.deepEqual(controlView({ rigs: RIGS, senders }).senders, []);
});

test("of many senders the loudest are shown, in an order that stays", () => {
  const crowd = Array.from({ length: 40 }, (_, n) => sender(`10.0.0.${n}`, { datagrams_per_s: n }));
  const shown = controlView({ rigs: RIGS, senders: crowd }).senders;
  const later = controlView({ rigs: RIGS, senders: crowd.map((one) => ({ ...one, datagrams_per_s: one.datagrams_per_s + Math.random() / 2 })) }).senders;

  assert.equal(shown.length, 12);
  assert.ok(shown.every(({ perS }) => perS >= 28));
  assert.deepEqual(later.map(({ address }) => address), shown.map(({ address }) => address));
});

test("a hostile body is no reason to break", () => {
  for (const body of [null, 7, "x", [], { rigs: 7, senders: "x" }, { rigs: [null, { rig_id: 7 }], senders: [null, {}, []] }]) {
    assert.deepEqual(controlView(body), { rigIds: [], senders: [] });
  }
  const [only] = controlView({ rigs: RIGS, senders: [sender("\u202e<b>", { datagrams_per_s: "60", port: null })] }).senders;
  assert.deepEqual([only.address, only.perS, only.port], ["<b>", null, null]);
});

test("what happens is said in words", () => {
  const told = { address: "10.0.0.7", port: 20777, state: "unclaimed", perS: 59.8 };
  assert.equal(senderLine(told), "10.0.0.7 to port 20777: belongs to no rig, 60 datagrams a second");
  assert.equal(senderLine({ ...told, state: "refused", perS: null, port: null }), "10.0.0.7: is refused, another machine holds the port");
  assert.equal(claimFor("RIG_A"), "Claim for RIG_A");
  assert.match(rebound("RIG_A"), /RIG_A is free/);
  assert.equal(claimed("RIG_A", "10.0.0.7"), "10.0.0.7 is RIG_A from now on");
});

test("the laps of a day are a file, of today without a day", () => {
  assert.equal(fileUrl(""), "/api/laps.csv");
  assert.equal(fileUrl("2026-11-25"), "/api/laps.csv?day=2026-11-25");
});
