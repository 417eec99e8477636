import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffMs, connect, DEAD_MS, PROBE_MS, socketUrl } from "../../web/js/socket.js";

/** A gateway, a clock and timers that only move when told. */
function world({ random = 1 } = {}) {
  let now = 0;
  let timers = [];
  const sockets = [];
  const heard = { messages: [], statuses: [] };
  const open = (url) => {
    const socket = { url, readyState: 0, sent: [], closed: false, send: (text) => socket.sent.push(text), close: () => void (socket.closed = true) };
    sockets.push(socket);
    return socket;
  };
  const setTimer = (callback, ms) => {
    const timer = { callback, at: now + ms };
    timers.push(timer);
    return timer;
  };
  const clearTimer = (timer) => void (timers = timers.filter((other) => other !== timer));
  const advance = (ms) => {
    const until = now + ms;
    for (;;) {
      const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      now = due.at;
      clearTimer(due);
      due.callback();
    }
    now = until;
  };
  const stop = connect(
    "ws://host/ws",
    { onMessage: (message) => heard.messages.push(message), onStatus: (status) => heard.statuses.push(status) },
    { open, setTimer, clearTimer, random: () => random },
  );
  const newest = () => sockets.at(-1);
  const accept = () => {
    newest().readyState = 1;
    newest().onopen();
  };
  const say = (message) => newest().onmessage({ data: typeof message === "string" ? message : JSON.stringify(message) });
  return { sockets, heard, advance, accept, say, newest, stop, timers: () => timers };
}

test("the socket is on the host that served the page, encrypted when the page is", () => {
  assert.equal(socketUrl({ protocol: "http:", host: "10.0.0.5:8080" }), "ws://10.0.0.5:8080/ws");
  assert.equal(socketUrl({ protocol: "https:", host: "wall.local" }), "wss://wall.local/ws");
});

test("an open socket subscribes to every rig", () => {
  const { accept, newest } = world();

  accept();

  assert.deepEqual(newest().sent.map((text) => JSON.parse(text)), [{ type: "subscribe_rig", rig_id: "all" }]);
});

test("the connection is told as connecting, then open", () => {
  const { accept, heard } = world();

  accept();

  assert.deepEqual(heard.statuses, ["connecting", "open"]);
});

test("a frame is handed over parsed", () => {
  const { accept, say, heard } = world();
  accept();

  say({ type: "telemetry_update", seq: 1 });

  assert.deepEqual(heard.messages, [{ type: "telemetry_update", seq: 1 }]);
});

test("what is not a message of the contract is passed over", () => {
  const { accept, say, heard } = world();
  accept();

  for (const nonsense of ["{", "7", "null", "[]", '{"kind": "x"}']) say(nonsense);

  assert.deepEqual(heard.messages, []);
});

test("a lost connection is told once and tried again", () => {
  const { accept, newest, heard, sockets, advance } = world();
  accept();

  newest().onclose();
  advance(500);

  assert.deepEqual(heard.statuses, ["connecting", "open", "lost"]);
  assert.equal(sockets.length, 2);
});

test("the wait doubles from half a second to ten seconds", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map((attempt) => backoffMs(attempt, 1)), [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test("the wait is drawn from nothing to its ceiling, so that many screens do not come at once", () => {
  assert.deepEqual([0, 0.5].map((random) => backoffMs(2, random)), [0, 1000]);
});

test("each failed attempt waits longer", () => {
  const { newest, sockets, advance } = world();

  newest().onclose();
  advance(500);
  newest().onclose();
  advance(999);
  assert.equal(sockets.length, 2);
  advance(1);

  assert.equal(sockets.length, 3);
});

test("a frame makes the next wait short again", () => {
  const { newest, accept, say, sockets, advance } = world();
  newest().onclose();
  advance(500);
  newest().onclose();
  advance(1000);
  accept();
  say({ type: "connection_status" });

  newest().onclose();
  advance(500);

  assert.equal(sockets.length, 4);
});

test("a gateway that accepts and hangs up at once is still backed off from", () => {
  const { newest, accept, sockets, advance } = world();
  accept();
  newest().onclose();
  advance(500);
  accept();

  newest().onclose();
  advance(500);

  assert.equal(sockets.length, 2);
});

test("a silent gateway is asked again before it is given up", () => {
  const { accept, newest, sockets, advance } = world();
  accept();

  advance(PROBE_MS);

  assert.equal(newest().sent.length, 2);
  assert.equal(sockets.length, 1);
});

test("a socket that stays silent is dropped, for a dead network never closes it", () => {
  const { accept, sockets, heard, advance } = world();
  accept();

  advance(DEAD_MS);

  assert.equal(sockets[0].closed, true);
  assert.equal(heard.statuses.at(-1), "lost");
});

test("a dropped socket is not heard any more", () => {
  const { accept, sockets, advance } = world();
  accept();

  advance(DEAD_MS);

  assert.equal(sockets[0].onmessage, null);
  assert.equal(sockets[0].onclose, null);
});

test("an attempt that never answers is given up too", () => {
  const { sockets, advance } = world();

  advance(DEAD_MS + 500);

  assert.equal(sockets.length, 2);
});

test("frames keep the socket", () => {
  const { accept, say, sockets, advance } = world();
  accept();

  for (let second = 0; second < 60; second += 1) {
    advance(1000);
    say({ type: "telemetry_update" });
  }

  assert.equal(sockets.length, 1);
  assert.equal(sockets[0].sent.length, 1);
});

test("closing for good leaves no timer", () => {
  const { accept, stop, newest, timers } = world();
  accept();

  stop();

  assert.equal(newest().closed, true);
  assert.deepEqual(timers(), []);
});

test("closing for good while waiting stops the waiting", () => {
  const { newest, stop, sockets, advance } = world();
  newest().onclose();

  stop();
  advance(60_000);

  assert.equal(sockets.length, 1);
});
