import assert from "node:assert/strict";
import { test } from "node:test";

import { answered, cloudView, failed, notAsked, PROVEN_S, readCloud, STALE_AFTER_MS } from "../../web/js/cloud.js";
import { CLOUD_LINES, CLOUD_WORDS } from "../../web/js/words/cloud.js";
import { cloudBody, waitingRows } from "./builders.mjs";

/** What is shown of a body that came `afterMs` ago. */
const viewOf = (changes = {}, afterMs = 0) => cloudView(answered(notAsked(), cloudBody(changes), 1000), 1000 + afterMs);
const acceptedAgo = (last_accepted_age_s) => ({ evidence: { ...cloudBody().evidence, last_accepted_age_s } });
const everyWord = (view) => JSON.stringify(view).replaceAll("\u00a0", " ");
const STATES = ["off", "starting", "connected", "offline", "auth_failed", "parked", "throttled", "storage_failed", "draining"];
const HOSTILE = [null, undefined, true, "x", 7, -1, Number.NaN, 1e300, [], [[]], {}, { rows: {} }, [null], { "": "" }];

// --- the word "connected" ------------------------------------------------------------------------

test("a row accepted a moment ago makes it connected", () => {
  const view = viewOf();

  assert.deepEqual([view.word, view.mark, view.status], ["connected", "live", "0 waiting"]);
});

test("without a row accepted within a minute nothing is called connected, whatever the gateway says", () => {
  for (const age of [null, undefined, "2", -1, PROVEN_S, 3600]) {
    for (const rows of [0, 12, null]) {
      const view = viewOf({ ...acceptedAgo(age), sentence: "connected", waiting: { ...waitingRows(12), rows } });

      assert.doesNotMatch(everyWord(view), /connected/);
      assert.notEqual(view.mark, "live");
    }
  }
});

test("the evidence goes on ageing between two answers", () => {
  assert.equal(viewOf(acceptedAgo(59.5), 400).word, "connected");
  assert.equal(viewOf(acceptedAgo(59.5), 600).word, "idle");
});

test("an old connection with nothing to send is idle, with rows that wait it is unproven", () => {
  assert.equal(viewOf(acceptedAgo(300)).status, "idle · 0 waiting");
  assert.equal(viewOf({ ...acceptedAgo(300), waiting: waitingRows(3) }).status, "unproven · 3 waiting");
});

test("why it is not called connected is told with the age", () => {
  assert.equal(viewOf(acceptedAgo(125)).sentence, "No row has been accepted for 2 min 05 s");
  assert.equal(viewOf(acceptedAgo(null)).sentence, "No row has been accepted yet");
});

test("no other state than connected is ever called so", () => {
  for (const state of STATES.filter((state) => state !== "connected")) {
    assert.notEqual(viewOf({ state }).word, "connected");
    assert.notEqual(viewOf({ state }).mark, "live");
  }
});

test("every state of the contract has a word of its own", () => {
  assert.equal(new Set(STATES.map((state) => viewOf({ state }).word)).size, STATES.length);
});

// --- the pill ------------------------------------------------------------------------------------

test("offline says for how long and how much waits", () => {
  const view = viewOf({ state: "offline", ...acceptedAgo(200), waiting: waitingRows(4120, 190) });

  assert.equal(view.status, "offline 3 min · 4\u00a0120 waiting");
});

test("offline is no longer than the last row was accepted", () => {
  const view = viewOf({ state: "offline", ...acceptedAgo(45), waiting: waitingRows(4120, 50_000) });

  assert.match(view.status, /^offline 45 s ·/);
});

test("offline with nothing waiting claims no duration, since nothing was tried", () => {
  assert.equal(viewOf({ state: "offline", ...acceptedAgo(7200) }).status, "offline · 0 waiting");
});

test("a failure that needs a hand is marked as one", () => {
  for (const state of ["auth_failed", "parked", "storage_failed"]) assert.equal(viewOf({ state }).mark, "alert");
});

test("what wants a look is flagged, whatever the state", () => {
  const letters = { rows: 1, by_object: {}, latest: null };
  const today = { ...cloudBody().today, telemetry_stopped: true };

  assert.equal(viewOf().isFlagged, false);
  for (const changes of [{ dead_letters: letters }, { lost: { evicted: 1, not_stored: 0, damaged: 0 } }, { problems: ["x"] }, { today }]) {
    assert.equal(viewOf(changes).isFlagged, true);
  }
});

test("off is dimmed, tells how to turn it on, and counts nothing", () => {
  const view = viewOf({ state: "off" });

  assert.deepEqual([view.mark, view.status, view.lines, view.packUp], ["off", "off", null, null]);
  assert.match(view.sentence, /DATACLOUD_ENABLED.*docs\/salesforce\.md/);
});

// --- safe to pack up -----------------------------------------------------------------------------

test("it is safe to pack up when the gateway says so and nothing waits", () => {
  const { packUp, packUpWhy } = viewOf();

  assert.deepEqual([packUp.text, packUp.tone, packUpWhy], ["Safe to pack up", "good", "Every row has been accepted"]);
});

test("rows that wait are told, and each line has a glyph of its own", () => {
  const view = viewOf({ safe_to_pack_up: false, pack_up_sentence: "Not yet: 4 120 rows wait", waiting: waitingRows(4120) });

  assert.equal(view.packUp.text, "Not yet: 4\u00a0120 rows wait");
  assert.equal(view.packUpWhy, "");
  assert.notEqual(view.packUp.glyph, viewOf().packUp.glyph);
});

test("a single row waits", () => {
  assert.equal(viewOf({ safe_to_pack_up: false, waiting: waitingRows(1) }).packUp.text, "Not yet: 1 row waits");
});

test("a gateway that says safe while rows wait is not believed, nor quoted", () => {
  const view = viewOf({ waiting: waitingRows(12) });

  assert.equal(view.packUp.text, "Not yet: 12 rows wait");
  assert.doesNotMatch(everyWord(view), /safe/i);
});

test("whether it is safe is unknown unless both the word and the count are known", () => {
  for (const changes of [{ safe_to_pack_up: null }, { safe_to_pack_up: "true" }, { waiting: null }]) {
    assert.equal(viewOf(changes).packUp.tone, "unknown");
  }
});

test("a reason besides waiting rows is told", () => {
  const view = viewOf({ safe_to_pack_up: false, pack_up_sentence: "Not yet: a session is still open" });

  assert.deepEqual([view.packUp.text, view.packUpWhy], ["Not yet", "A session is still open"]);
});

// --- a gateway that does not answer --------------------------------------------------------------

test("before the first answer nothing is claimed", () => {
  const view = cloudView(notAsked(), 0);

  assert.deepEqual([view.status, view.packUp, view.lines], ["–", null, null]);
});

test("a gateway that never answered is told", () => {
  assert.match(cloudView(failed(notAsked()), 0).sentence, /no word from the gateway yet/);
});

test("an answer older than ten seconds says its age, and nothing of it is shown as live", () => {
  const view = viewOf({ waiting: waitingRows(12, 3) }, 12_000);

  assert.match(view.sentence, /no word from the gateway for 12 s/);
  assert.deepEqual([view.status, view.mark, view.isStale, view.packUp.tone], ["no word 12 s", "lost", true, "unknown"]);
  assert.deepEqual(["rate", "eta", "last", "oldest"].map((name) => view.lines[name].value), ["–", "–", "–", "–"]);
  assert.equal(view.lines.waiting.value, "12 rows");
  assert.doesNotMatch(everyWord(view), /connected/);
});

test("an answer is believed until ten seconds have passed", () => {
  assert.equal(viewOf({}, STALE_AFTER_MS - 1).isStale, false);
  assert.equal(viewOf({}, STALE_AFTER_MS).isStale, true);
});

test("a poll that failed is told at once, and the next answer ends it", () => {
  const lost = failed(answered(notAsked(), cloudBody(), 1000));

  assert.match(cloudView(lost, 3000).sentence, /no word from the gateway for 2 s/);
  assert.equal(cloudView(answered(lost, cloudBody(), 5000), 5000).word, "connected");
});

test("even off is not claimed by an old answer", () => {
  assert.equal(viewOf({ state: "off" }, 12_000).mark, "lost");
});

test("a body that is no object is no answer", () => {
  for (const body of [null, undefined, 7, "off", []]) {
    assert.equal(cloudView(answered(notAsked(), body, 0), 0).word, CLOUD_WORDS.silent);
  }
});

// --- the lines -----------------------------------------------------------------------------------

test("the lines tell a common day", () => {
  const { lines } = viewOf({ waiting: waitingRows(12, 0.4), drain_eta_s: 3.2 });
  const told = Object.fromEntries(Object.entries(lines).map(([name, { value }]) => [name, value.replaceAll("\u00a0", " ")]));

  assert.deepEqual(told, {
    waiting: "12 rows",
    oldest: "0 s",
    rate: "19.8 rows/s",
    last: "1 s ago",
    eta: "about 4 s",
    letters: "0 rows",
    today: "1 234 rows",
    limit: "500 000 rows",
    lost: "0 rows",
    target: "acme.my.salesforce.com",
  });
});

test("what waits is told by object, with its size", () => {
  assert.equal(
    viewOf({ waiting: waitingRows(12) }).lines.waiting.detail,
    "7.0 kB · SessionEvent 0 · LapEvent 0 · RaceEvent 0 · TelemetryEvent 12",
  );
});

test("the day's credits come with what eight hours would cost", () => {
  assert.equal(viewOf().lines.today.detail, "6.17 credits · 2\u00a0880 in 8 h at this rate");
});

test("no limit is none, and an unknown one a dash", () => {
  const { today } = cloudBody();

  assert.equal(viewOf({ today: { ...today, limit_rows: null } }).lines.limit.value, "none");
  assert.equal(viewOf({ today: { ...today, limit_rows: undefined } }).lines.limit.value, "–");
});

test("a limit that was reached says what still goes on", () => {
  const { limit } = viewOf({ today: { ...cloudBody().today, telemetry_stopped: true } }).lines;

  assert.match(limit.detail, /telemetry has stopped/);
  assert.equal(limit.tone, "caution");
});

test("dead letters come with the latest reason and the command to look at them", () => {
  const latest = { object: "LapEvent", reason: "#/speed_kph: expected type: Number, found: String", at: "2026-03-01T10:00:00.000Z" };
  const { letters } = viewOf({ dead_letters: { rows: 3, by_object: { LapEvent: 3, RaceEvent: 0 }, latest } }).lines;

  assert.deepEqual([letters.value, letters.tone, letters.hint], ["3 rows", "alert", "python -m app.datacloud letters"]);
  assert.equal(letters.detail, "LapEvent 3 · latest: LapEvent #/speed_kph: expected type: Number, found: String");
});

test("without dead letters there is no command", () => {
  assert.equal(viewOf().lines.letters.hint, "");
});

test("lost rows are told by how they were lost", () => {
  const { lost } = viewOf({ lost: { evicted: 12, not_stored: 1, damaged: 4 } }).lines;

  assert.deepEqual([lost.value, lost.tone], ["17 rows", "alert"]);
  assert.match(lost.detail, /12 pushed out of a full outbox · 1 never stored · 4 in a damaged file/);
});

// --- hostile bodies ------------------------------------------------------------------------------

test("an empty body is unknown throughout, never 0", () => {
  const view = cloudView(answered(notAsked(), {}, 0), 0);

  assert.deepEqual([view.word, view.status, view.sentence], ["–", "– · – waiting", "–"]);
  for (const [name, { value }] of Object.entries(view.lines)) assert.equal(value, "–", name);
  assert.doesNotMatch(everyWord(view.lines).replaceAll("8 h", ""), /\d/);
});

test("any value in any place is survived, and every line keeps its words", () => {
  const whole = cloudBody();
  for (const key of Object.keys(whole)) {
    for (const nonsense of HOSTILE) {
      const body = { ...whole, [key]: nonsense };
      const inner = typeof whole[key] === "object" && whole[key] !== null ? Object.keys(whole[key]) : [];
      const bodies = [body, ...inner.map((name) => ({ ...whole, [key]: { ...whole[key], [name]: nonsense } }))];
      for (const hostile of bodies) {
        const view = cloudView(answered(notAsked(), hostile, 0), 0);

        assert.doesNotMatch(everyWord(view), /NaN|undefined|null rows|\[object|Infinity/, `${key}: ${nonsense}`);
        assert.deepEqual(Object.keys(view.lines), Object.keys(CLOUD_LINES));
      }
    }
  }
});

test("a state that is the name of something inherited is unknown", () => {
  for (const state of ["toString", "constructor", "__proto__", ""]) assert.equal(viewOf({ state }).word, "–");
});

test("text is cleaned and bounded, markup stays as it is since it is only ever text", () => {
  const latest = { object: "A\u202EB", reason: `<img src=x onerror=alert(1)>${"y".repeat(5000)}`, at: null };
  const { detail } = viewOf({ dead_letters: { rows: 1, by_object: {}, latest } }).lines.letters;

  assert.match(detail, /^latest: AB <img src=x onerror=alert\(1\)>y+$/);
  assert.ok(detail.length < 400);
});

test("lists are bounded", () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`Object${n}`, n]));
  const report = readCloud(cloudBody({ problems: Array.from({ length: 500 }, (_, n) => `problem ${n}`), waiting: { rows: 1, by_object: many } }));

  assert.ok(report.problems.length <= 8);
  assert.ok(report.waiting.byObject.length <= 8);
});

test("a clock that went back makes nothing younger", () => {
  const view = viewOf(acceptedAgo(50), -5000);

  assert.equal(view.lines.last.value, "50 s ago");
});
