import assert from "node:assert/strict";
import { test } from "node:test";

import { HIDDEN_PERIOD_MS, PERIOD_MS, poll, TIMEOUT_MS } from "../../web/js/poll.js";

/** Let the promises that are due settle. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A gateway that answers when told, a clock that moves when told, a page that can be hidden. */
function world({ isHidden = false, periodMs = undefined, isTagged = undefined } = {}) {
  let now = 0;
  let timers = [];
  let watchers = [];
  const questions = [];
  const heard = { bodies: [], failures: 0 };
  const trips = [];
  const get = (url, signal, cache) =>
    new Promise((resolve, reject) => {
      questions.push({ url, signal, cache, resolve, reject });
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    });
  const setTimer = (callback, ms) => {
    const timer = { callback, at: now + ms };
    timers.push(timer);
    return timer;
  };
  const clearTimer = (timer) => void (timers = timers.filter((other) => other !== timer));
  const onVisibility = (callback) => {
    watchers.push(callback);
    return () => void (watchers = watchers.filter((other) => other !== callback));
  };
  const advance = async (ms) => {
    const until = now + ms;
    for (;;) {
      const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      now = due.at;
      clearTimer(due);
      due.callback();
      await settled();
    }
    now = until;
  };
  const onBody = (body, trip) => {
    heard.bodies.push(body);
    trips.push(trip);
  };
  const { poke, stop } = poll(
    "api/cloud",
    { onBody, onFailure: () => void (heard.failures += 1) },
    { periodMs, isTagged, seams: { get, setTimer, clearTimer, now: () => now, isHidden: () => isHidden, onVisibility } },
  );
  const answer = async (body) => {
    questions.at(-1).resolve(body);
    await settled();
  };
  const refuse = async () => {
    questions.at(-1).reject(new Error("503"));
    await settled();
  };
  const show = async (isShown) => {
    isHidden = !isShown;
    for (const watcher of watchers) watcher();
    await settled();
  };
  return { questions, heard, trips, advance, answer, refuse, show, poke, stop, timers: () => timers, watchers: () => watchers };
}

test("the gateway is asked at once, and its answer handed over", async () => {
  const { questions, heard, answer } = world();

  await answer({ state: "off" });

  assert.equal(questions[0].url, "api/cloud");
  assert.deepEqual(heard, { bodies: [{ state: "off" }], failures: 0 });
});

test("it is asked again two seconds after it answered", async () => {
  const { questions, advance, answer } = world();
  await answer({});

  await advance(PERIOD_MS - 1);
  assert.equal(questions.length, 1);
  await advance(1);

  assert.equal(questions.length, 2);
});

test("it is never asked while it has not answered yet", async () => {
  const { questions, advance, show } = world();

  await advance(TIMEOUT_MS - 1);
  await show(true);

  assert.equal(questions.length, 1);
});

test("a refusal is told, and it is asked again", async () => {
  const { questions, heard, advance, refuse } = world();

  await refuse();
  await advance(PERIOD_MS);

  assert.equal(heard.failures, 1);
  assert.equal(questions.length, 2);
});

test("a question without an answer is given up and told", async () => {
  const { questions, heard, advance } = world();

  await advance(TIMEOUT_MS);

  assert.equal(questions[0].signal.aborted, true);
  assert.deepEqual(heard, { bodies: [], failures: 1 });
});

test("an answer in time is not aborted afterwards", async () => {
  const { questions, advance, answer } = world();
  await answer({});

  await advance(PERIOD_MS - 1);

  assert.equal(questions[0].signal.aborted, false);
});

test("a hidden page asks seldom", async () => {
  const { questions, advance, answer } = world({ isHidden: true });
  await answer({});

  await advance(HIDDEN_PERIOD_MS - 1);
  assert.equal(questions.length, 1);
  await advance(1);

  assert.equal(questions.length, 2);
});

test("a page that is looked at again asks at once, and then at its usual pace", async () => {
  const { questions, advance, answer, show } = world({ isHidden: true });
  await answer({});

  await show(true);
  assert.equal(questions.length, 2);
  await answer({});
  await advance(PERIOD_MS);

  assert.equal(questions.length, 3);
});

test("a page that is hidden is not asked for by that", async () => {
  const { questions, answer, show } = world();
  await answer({});

  await show(false);

  assert.equal(questions.length, 1);
});

test("stopping leaves no timer, no listener and no question", async () => {
  const { questions, heard, stop, timers, watchers } = world();

  stop();
  await settled();

  assert.equal(questions[0].signal.aborted, true);
  assert.deepEqual([timers(), watchers()], [[], []]);
  assert.deepEqual(heard, { bodies: [], failures: 0 });
});

test("stopping between two questions asks no more", async () => {
  const { questions, advance, answer, stop } = world();
  await answer({});

  stop();
  await advance(60_000);

  assert.equal(questions.length, 1);
});

test("who wants to know more often says so", async () => {
  const { questions, advance, answer } = world({ periodMs: 500 });
  await answer({});

  await advance(499);
  assert.equal(questions.length, 1);
  await advance(1);

  assert.equal(questions.length, 2);
});

test("with an answer goes when it was asked for and when it came", async () => {
  const { trips, advance, answer } = world();

  await advance(40);
  await answer({});

  assert.deepEqual(trips, [{ askedAt: 0, answeredAt: 40 }]);
});

test("a poke asks at once, and then it is asked at its usual pace", async () => {
  const { questions, advance, answer, poke } = world();
  await answer({});

  poke();
  assert.equal(questions.length, 2);
  await answer({});
  await advance(PERIOD_MS - 1);
  assert.equal(questions.length, 2);
  await advance(1);

  assert.equal(questions.length, 3);
});

test("a poke while an answer is under way has it asked once more after that", async () => {
  const { questions, advance, answer, poke } = world();

  poke();
  poke();
  assert.equal(questions.length, 1);
  await answer({});
  await advance(0);
  assert.equal(questions.length, 2);
  await answer({});
  await advance(PERIOD_MS - 1);

  assert.equal(questions.length, 2);
});

test("a poke after the end asks nothing", async () => {
  const { questions, answer, poke, stop } = world();
  await answer({});

  stop();
  poke();

  assert.equal(questions.length, 1);
});

test("an answer with a tag is kept and asked after, any other is never kept", () => {
  assert.equal(world({ isTagged: true }).questions[0].cache, "no-cache");
  assert.equal(world().questions[0].cache, "no-store");
});
