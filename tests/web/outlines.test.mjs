import assert from "node:assert/strict";
import { test } from "node:test";

import { createOutlines } from "../../web/js/outlines.js";

const settled = () => new Promise((done) => setImmediate(done));

function bench(answers) {
  const asked = [];
  const told = [];
  let now = 0;
  const outlines = createOutlines((track, body) => told.push([track, body]), {
    get: async (url) => {
      asked.push(url);
      const answer = answers.shift();
      if (answer === undefined) throw new Error("not learned");
      return answer;
    },
    now: () => now,
  });
  return { ...outlines, asked, told, pass: (ms) => (now += ms) };
}

test("a track is asked for by its name, and told when it is known", async () => {
  const { want, asked, told } = bench([{ x: [1] }]);
  want(["Sakhir (Bahrain)", null, 3]);
  await settled();

  assert.deepEqual(asked, ["/api/map?track=Sakhir%20(Bahrain)"]);
  assert.deepEqual(told, [["Sakhir (Bahrain)", { x: [1] }]]);
});

test("a track that is known is not asked for again", async () => {
  const { want, asked, pass } = bench([{ x: [] }]);
  want(["Monza"]);
  await settled();
  pass(60_000);
  want(["Monza"]);

  assert.equal(asked.length, 1);
});

test("a track that is not learned yet is asked for again, but not at once", async () => {
  const { want, asked, pass } = bench([]);
  want(["Monza", "Monza"]);
  await settled();
  pass(4_999);
  want(["Monza"]);
  assert.equal(asked.length, 1);
  pass(1);
  want(["Monza"]);

  assert.equal(asked.length, 2);
});

test("after a new lap it is asked for at once, since the lap may have taught it", async () => {
  const { want, refresh, asked, told } = bench([{ x: [1] }, { x: [2] }]);
  want(["Monza"]);
  await settled();
  refresh();
  want(["Monza"]);
  await settled();

  assert.equal(asked.length, 2);
  assert.deepEqual(told.at(-1), ["Monza", { x: [2] }]);
});

test("a line that was under way when a new lap came is drawn, and asked for anew", async () => {
  const { want, refresh, asked, told } = bench([{ x: [1] }, { x: [2] }]);
  want(["Monza"]);
  refresh();
  await settled();
  want(["Monza"]);
  await settled();

  assert.equal(asked.length, 2);
  assert.deepEqual(told, [["Monza", { x: [1] }], ["Monza", { x: [2] }]]);
});
