// What is asked of the gateway with the token, and what becomes of the token.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createOperator } from "../../web/js/operator.js";

function gateway(...answers) {
  const kept = new Map();
  const asked = [];
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const fetch = async (url, options) => {
    asked.push({ url, ...options });
    const { status, body } = answers.shift() ?? { status: 200, body: {} };
    if (status === 0) throw new TypeError("no answer");
    return { ok: status < 400, status, json: async () => body };
  };
  return { operator: createOperator({ storage, fetch }), asked, kept };
}

test("a token that the gateway knows is kept and shown with what is asked", async () => {
  const { operator, asked, kept } = gateway();

  const { ok } = await operator.use("  secret ");
  await operator.rebind("RIG A");
  await operator.claim("RIG_B", "10.0.0.7");

  assert.equal(ok, true);
  assert.deepEqual([...kept.values()], ["secret"]);
  assert.deepEqual(asked.map(({ method, url }) => `${method} ${url}`), ["GET /api/operator", "POST /api/rigs/RIG%20A/rebind", "POST /api/rigs/RIG_B/claim"]);
  assert.ok(asked.every(({ headers }) => headers.Authorization === "Bearer secret"));
  assert.deepEqual(asked.slice(1).map(({ headers, body }) => [headers["Content-Type"], body]), [
    ["application/json", "{}"],
    ["application/json", '{"address":"10.0.0.7"}'],
  ]);
});

test("a wrong token is not kept, and the gateway's sentence is told", async () => {
  const { operator, kept } = gateway({ status: 401, body: { error: "That is not it\u202e" } });

  assert.deepEqual(await operator.use("wrong"), { ok: false, isDenied: true, sentence: "That is not it" });
  assert.equal(kept.size, 0);
  assert.equal(operator.token(), null);
});

test("what goes wrong is a sentence, whatever came back", async () => {
  const { operator } = gateway({ status: 0 }, { status: 500, body: null }, { status: 422, body: { error: 7 } }, { status: 429, body: { error: "Later" } });

  const told = [await operator.rebind("A"), await operator.rebind("A"), await operator.claim("A", "x"), await operator.use("t")];

  assert.deepEqual(
    told.map(({ ok, isDenied, sentence }) => [ok, isDenied, sentence]),
    [
      [false, false, "The gateway does not answer: try again"],
      [false, false, "The gateway refused that"],
      [false, false, "The gateway refused that"],
      [false, false, "Later"],
    ],
  );
});

test("a browser that keeps nothing is no reason to break", async () => {
  const broken = () => {
    throw new Error("denied");
  };
  const operator = createOperator({ storage: { getItem: broken, setItem: broken, removeItem: broken }, fetch: broken });

  operator.forget();
  assert.equal(operator.token(), null);
  assert.equal((await operator.use("secret")).ok, false);
});
