import assert from "node:assert/strict";
import { test } from "node:test";

import { createTrackLaps } from "../../web/js/tracklaps.js";

const settled = () => new Promise((done) => setImmediate(done));

function bench(answers) {
  const asked = [];
  const told = [];
  let now = 0;
  const want = createTrackLaps((laps) => told.push(laps), {
    get: async (url) => {
      asked.push(url);
      const answer = answers.shift();
      if (answer === undefined) throw new Error("no answer");
      return answer;
    },
    now: () => now,
  });
  return { want, asked, told, pass: (ms) => (now += ms) };
}

test("a track's laps are asked for by its name, and once as long as the day is the same", async () => {
  const { want, asked, told } = bench([{ laps: [] }]);
  want("Sakhir (Bahrain)", 4);
  await settled();
  want("Sakhir (Bahrain)", 4);

  assert.deepEqual(asked, ["/api/laps?track=Sakhir%20(Bahrain)"]);
  assert.deepEqual(told, [{ track: "Sakhir (Bahrain)", body: { laps: [] } }]);
});

test("they are asked for again when the day has changed, or the track", async () => {
  const { want, asked } = bench([{}, {}, {}]);
  for (const [track, version] of [["Monza", 4], ["Monza", 5], ["Spa", 5]]) {
    want(track, version);
    await settled();
  }

  assert.equal(asked.length, 3);
});

test("there is one question at a time, and what changed meanwhile is asked for after it", async () => {
  const { want, asked } = bench([{}, {}]);
  want("Monza", 4);
  want("Monza", 5);
  assert.equal(asked.length, 1);
  await settled();
  want("Monza", 5);

  assert.equal(asked.length, 2);
});

test("a question that failed is asked again, but not at once", async () => {
  const { want, asked, told, pass } = bench([]);
  want("Monza", 4);
  await settled();
  pass(4_999);
  want("Monza", 4);
  assert.equal(asked.length, 1);
  pass(1);
  want("Monza", 4);
  await settled();

  assert.equal(asked.length, 2);
  assert.deepEqual(told, []);
});

test("nothing is asked before the track and the day are known", () => {
  const { want, asked } = bench([]);
  want(null, 4);
  want("Monza", null);

  assert.deepEqual(asked, []);
});
