import assert from "node:assert/strict";
import { test } from "node:test";

import { cloudAnswered, cloudFailed, initialOps, opsAnswered, opsFailed, opsView } from "../../web/js/ops.js";
import { KEPT_SIGHTINGS, noted, sighting, surest } from "../../web/js/ops/clock.js";
import { readOps, STALE_AFTER_MS } from "../../web/js/ops/report.js";
import { TYPE_IN } from "../../web/js/words/ops.js";
import { cloudBody } from "./builders.mjs";

const NOW = "2026-11-25T10:00:00.123Z";
const NOW_MS = Date.parse(NOW);
const ANYTHING = [null, undefined, true, "x", 7, -1, Number.NaN, Infinity, 1e300, [], [null], [[]], ["x"], {}, { "": "" }];

const packet = (name, expected_hz, seen_hz = expected_hz, total = 600) => ({ packet: name, expected_hz, seen_hz, total });

/** A rig of /api/ops that sends all that it should. */
const rigBody = (fields = {}, letter = "A") => ({
  rig_id: `RIG_${letter}`,
  driver_name: "ANNA",
  device_id: `SIM_${letter}`,
  link: "live",
  port: 20777,
  source_address: "192.168.1.31",
  packet_format: 2025,
  game_version: "1.18",
  session_type: "Time Trial",
  telemetry_public: true,
  last_packet_age_s: 0.01,
  packets_per_s: 268,
  packets_received: 12345,
  rejected: { wrong_length: 0, unsupported: 0 },
  ignored: {},
  send_rate_hz: 60,
  loss_percent: 0.0,
  receive_buffer_bytes: 8_388_608,
  packets: [packet("car_telemetry", 60, 59.9), packet("session", 2), packet("event", null, null, 12), packet("lobby_info", null, null, 0)],
  type_in: { udp_telemetry: "On", broadcast: "Off", ip_addresses: ["192.168.1.20"], port: 20777, send_rate_hz: 60, format: 2025, your_telemetry: "Public" },
  problems: [],
  ...fields,
});

/** A body of /api/ops: two rigs that drive, nothing wrong. */
const opsBody = (fields = {}) => ({
  now: NOW,
  version: "0.1.0",
  uptime_s: 7500,
  status: "ok",
  problems: [],
  host: { name: "pc", addresses: ["192.168.1.20"], port: 8080 },
  rigs: [rigBody(), rigBody({}, "B")],
  stages: { live: true, history: true },
  queues: [{ subscriber: "live", waiting: 0, delivered: 900, dropped: 0, conflated: 300 }],
  clients: [{ address: "192.168.1.50", connected_s: 61, rigs: ["RIG_A", "RIG_B"], states_skipped: 4, waiting: 0 }],
  clients_cut: 0,
  clients_refused: 0,
  loop_lag_ms: { newest: 1.2, worst_1min: 8.7 },
  clock: { cloud_offset_s: 0.4, utc_offset_s: 3600 },
  ...fields,
});

const TRIP = { askedAt: 960, answeredAt: 1000 };

/** What the page knows after both answers came at 1000 on its clock. */
const stateOf = (fields = {}, cloud = cloudBody()) => cloudAnswered(opsAnswered(initialOps(), opsBody(fields), TRIP, NOW_MS + 20), cloud, TRIP);

/** What is shown of them so much later. */
const viewOf = (fields = {}, afterMs = 0, cloud = cloudBody()) => opsView(stateOf(fields, cloud), 1000 + afterMs);
const cardOf = (fields = {}, afterMs = 0) => viewOf({ rigs: [rigBody(fields)] }, afterMs).rigs[0];
const checksOf = (card) => Object.fromEntries(card.typeIn.map(({ setting, glyph, seen }) => [setting, `${glyph} ${seen}`]));
const sentencesOf = ({ verdict }) => verdict.problems.map(({ what, remedy }) => `${what} ${remedy}`.trim());
const everyWord = (view) => JSON.stringify(view).replaceAll("\u00a0", " ");

// --- all is well ---------------------------------------------------------------------------------

test("all is well when every part is proven, and the evidence is told", () => {
  const { verdict } = viewOf();

  assert.deepEqual([verdict.headline, verdict.tone, verdict.problems], ["All is well", "good", []]);
  assert.deepEqual(verdict.evidence.map(({ glyph, text }) => `${glyph} ${text}`), [
    "✓ RIG_A sends 60 times a second, 0.0 % lost",
    "✓ RIG_B sends 60 times a second, 0.0 % lost",
    "✓ Last row accepted 1 s ago",
    "✓ All 2 parts of the gateway run",
  ]);
});

test("a cloud that is off, or idle with nothing waiting, is well too", () => {
  const idle = cloudBody({ evidence: { ...cloudBody().evidence, last_accepted_age_s: 300 } });

  assert.equal(viewOf({}, 0, { state: "off" }).verdict.headline, "All is well");
  assert.equal(viewOf({}, 0, idle).verdict.headline, "All is well");
});

test("what is not proven is not called well", () => {
  const unproven = [
    { rigs: [] },
    { rigs: [rigBody({ link: "stale", last_packet_age_s: 12 })] },
    { rigs: [rigBody({ link: "never" })] },
    { rigs: [rigBody({ link: "purring" })] },
    { rigs: [rigBody({ loss_percent: null })] },
    { rigs: [rigBody({ send_rate_hz: null })] },
    { problems: undefined },
    { status: "fine" },
    { status: "degraded" },
    { stages: {} },
    { stages: { live: null } },
  ];
  for (const fields of unproven) {
    const { verdict } = viewOf(fields);

    assert.equal(verdict.tone, "unknown", JSON.stringify(fields));
    assert.doesNotMatch(verdict.headline, /^All is well/);
  }
});

test("without a word of the cloud, or with one that is old, it is not known whether all is well", () => {
  const asked = opsAnswered(initialOps(), opsBody(), TRIP, NOW_MS);

  assert.match(everyWord(opsView(asked, 1000).verdict.evidence), /\? *","text":"Data Cloud: not known/);
  assert.equal(opsView(cloudFailed(stateOf()), 1000).verdict.tone, "unknown");
});

test("a silent rig that nobody complains of is told as not proven, with its age going on", () => {
  const { verdict } = viewOf({ rigs: [rigBody({ link: "stale", last_packet_age_s: 11.5 })] }, 700);

  assert.deepEqual([verdict.evidence[0].glyph, verdict.evidence[0].text], ["?", "RIG_A is silent for 12 s"]);
});

// --- what is wrong -------------------------------------------------------------------------------

const SLOW = "RIG_B sends 20 times a second: set UDP Send Rate to 60 Hz in the game";
const SILENT = "RIG_A has been silent for 12 s: see that the game runs";
const DISK = "The disk is full: make room on it";
const NET = "No route to acme.my.salesforce.com: check the network of this host";

test("problems come in the gateway's order, which has the gravest first, each with whose it is", () => {
  const rigs = [rigBody({ link: "stale", problems: [SILENT] }), rigBody({ problems: [SLOW] }, "B")];
  const view = viewOf({ status: "degraded", rigs, problems: [NET, SILENT, SLOW, DISK] }, 0, cloudBody({ problems: [NET] }));

  assert.deepEqual(sentencesOf(view), [NET, SILENT, SLOW, DISK]);
  assert.deepEqual(view.verdict.problems.map(({ badge, tag }) => badge ?? tag), ["Cloud", "A", "B", "Gateway"]);
  assert.deepEqual([view.verdict.tone, view.verdict.headline], ["alert", "4 things need a hand"]);
});

test("what the gateway's own list leaves out is told behind it", () => {
  const view = viewOf({ rigs: [rigBody({ problems: [SLOW] })], problems: [DISK] }, 0, cloudBody({ problems: [NET] }));

  assert.deepEqual(sentencesOf(view), [DISK, SLOW, NET]);
});

test("problems that leave the gateway sound are no alarm", () => {
  assert.equal(viewOf({ status: "ok", problems: [DISK] }).verdict.tone, "caution");
  assert.equal(viewOf({ status: null, problems: [DISK] }).verdict.tone, "alert");
});

test("what is well beside a problem is told, and nothing that is in doubt", () => {
  const rigs = [rigBody(), rigBody({ problems: [SLOW] }, "B"), rigBody({ link: "never" }, "C")];
  const { verdict } = viewOf({ rigs, problems: [SLOW] });

  assert.deepEqual(verdict.evidence.map(({ text }) => text), [
    "RIG_A sends 60 times a second, 0.0 % lost",
    "Last row accepted 1 s ago",
    "All 2 parts of the gateway run",
  ]);
});

test("what is said in two places is told once", () => {
  const view = viewOf({ rigs: [rigBody({ problems: [SLOW, SLOW] })], problems: [SLOW, NET] }, 0, cloudBody({ problems: [NET] }));

  assert.deepEqual(sentencesOf(view).sort(), [NET, SLOW].sort());
});

test("a sentence is cut where its remedy begins, and a sentence without one stays whole", () => {
  const { problems } = viewOf({ problems: [DISK, "Something is odd"] }).verdict;

  assert.deepEqual(problems.map(({ what, remedy }) => [what, remedy]), [["The disk is full:", "make room on it"], ["Something is odd", ""]]);
});

test("more problems than a screen holds are counted", () => {
  const { verdict } = viewOf({ problems: Array.from({ length: 20 }, (_, n) => `problem ${n}`) });

  assert.deepEqual([verdict.problems.length, verdict.more, verdict.headline], [12, "and 8 more", "20 things need a hand"]);
});

test("a part that has stopped is a problem even when the gateway has no sentence for it", () => {
  const [only] = sentencesOf(viewOf({ status: "failed", stages: { live: true, history: false } }));

  assert.match(only, /stopped in part \(history\): start it anew/);
});

test("old problems of the cloud are not told as if they were of now", () => {
  const state = cloudFailed(stateOf({}, cloudBody({ problems: [NET] })));

  assert.deepEqual(sentencesOf(opsView(state, 1000)), []);
});

// --- a gateway that does not answer ----------------------------------------------------------------

test("before the first answer it is waited for, and after a failure that is told", () => {
  assert.match(opsView(initialOps(), 0).verdict.headline, /^Waiting/);
  assert.match(opsView(opsFailed(initialOps()), 0).verdict.headline, /does not answer/);
  assert.match(sentencesOf(opsView(opsFailed(initialOps()), 0))[0], /^No word from the gateway yet: see/);
});

test("a failed question is told at once, with the age of the last word", () => {
  const view = opsView(opsFailed(stateOf()), 8000);

  assert.equal(view.isStale, true);
  assert.deepEqual([view.verdict.tone, view.verdict.headline], ["alert", "The gateway does not answer"]);
  assert.match(sentencesOf(view)[0], /No word from the gateway for 7 s: see/);
});

test("answers that do not come make the page stale even without a failure", () => {
  assert.equal(viewOf({}, STALE_AFTER_MS - 1).isStale, false);
  assert.equal(viewOf({}, STALE_AFTER_MS).isStale, true);
});

test("no figure of a gateway that is gone stays as if live", () => {
  const { rigs, gateway } = opsView(opsFailed(stateOf()), 1500);
  const [{ facts, packets, typeIn, link, flag }] = rigs;

  assert.deepEqual([link, flag], ["lost", ""]);
  assert.deepEqual([facts.last.value, facts.loss.value, facts.received.value], ["–", "–", "–"]);
  assert.deepEqual(packets.map(({ seen, glyph }) => [seen, glyph]), [["–", ""], ["–", ""]]);
  assert.deepEqual(new Set(typeIn.map(({ glyph }) => glyph)), new Set(["?"]));
  assert.deepEqual([gateway.facts.uptime.value, gateway.facts.lag.value, gateway.queues[0].waiting, gateway.clients[0].connected], ["–", "–", "–", "–"]);
  assert.deepEqual(gateway.parts.map(({ word }) => word), ["not known", "not known"]);
  assert.deepEqual(Object.values(gateway.clock).map(({ value }) => value), ["–", "–", "–", "–"]);
});

test("counts that were told stay, as the last ones known", () => {
  const { rigs, gateway } = opsView(opsFailed(stateOf()), 1500);

  assert.equal(rigs[0].facts.received.detail, "12\u00a0345 in all");
  assert.equal(gateway.queues[0].delivered, "900");
});

test("an answer brings everything back", () => {
  const state = opsAnswered(opsFailed(stateOf()), opsBody(), { askedAt: 8960, answeredAt: 9000 }, NOW_MS);

  assert.equal(opsView(cloudAnswered(state, cloudBody(), { askedAt: 8960, answeredAt: 9000 }), 9000).verdict.headline, "All is well");
});

// --- a rig's card --------------------------------------------------------------------------------

test("what to type in stands in the game's order, with its values", () => {
  const card = cardOf();

  assert.deepEqual(card.typeIn.map(({ label }) => label), Object.values(TYPE_IN));
  assert.deepEqual(card.typeIn.map(({ value }) => value), ["On", "Off", "192.168.1.20", "20777", "60 Hz", "2025", "Public"]);
});

test("several addresses are given as a choice", () => {
  const type_in = { ...rigBody().type_in, ip_addresses: ["192.168.1.20", "10.0.0.5"] };

  assert.equal(cardOf({ type_in }).typeIn[2].value, "192.168.1.20 or 10.0.0.5");
});

test("packets that arrive prove the settings they tell of, and no other", () => {
  assert.deepEqual(checksOf(cardOf()), {
    telemetry: "✓ packets arrive",
    broadcast: "? cannot be seen",
    addresses: "✓ packets arrive",
    port: "✓ packets arrive",
    sendRate: "✓ sends 60 Hz",
    format: "✓ sends 2025",
    yourTelemetry: "✓ sends public",
  });
});

test("a setting that is wrong is marked with what arrives instead", () => {
  const checks = checksOf(cardOf({ send_rate_hz: 20, packet_format: 2024, telemetry_public: false }));

  assert.deepEqual([checks.sendRate, checks.format, checks.yourTelemetry], ["✕ sends 20 Hz", "✕ sends 2024", "✕ sends restricted"]);
});

test("a newer format than the one asked for is not wrong", () => {
  assert.equal(checksOf(cardOf({ packet_format: 2026 })).format, "✓ sends 2026, fine too");
});

test("what was not observed yet is marked as unknown", () => {
  const checks = checksOf(cardOf({ send_rate_hz: null, packet_format: null, telemetry_public: null }));

  assert.deepEqual([checks.sendRate, checks.format, checks.yourTelemetry], ["? not seen yet", "? not seen yet", "? not seen yet"]);
});

test("of a rig that never sent nothing is marked as right or wrong", () => {
  const card = cardOf({ link: "never", send_rate_hz: null, packet_format: null, telemetry_public: null, last_packet_age_s: null, packets: [] });

  assert.deepEqual(new Set(Object.values(checksOf(card))), new Set(["? nothing arrives"]));
  assert.deepEqual([card.linkWord, card.facts.last.value], ["has not sent yet", "–"]);
});

test("of a silent rig it is told what it sent last, which proves nothing", () => {
  const checks = checksOf(cardOf({ link: "stale", last_packet_age_s: 12, packet_format: 2024, telemetry_public: true }));

  assert.deepEqual([checks.format, checks.yourTelemetry, checks.sendRate], ["? last sent 2024", "? last sent public", "? nothing arrives"]);
});

test("the age of the last packet goes on between two answers", () => {
  const silent = { link: "stale", last_packet_age_s: 11.5 };

  assert.equal(cardOf(silent, 400).facts.last.value, "11 s ago");
  assert.equal(cardOf(silent, 600).facts.last.value, "12 s ago");
  assert.equal(cardOf(silent, 600).linkWord, "silent for 12 s");
});

test("packets that come all the time came just now", () => {
  assert.equal(cardOf({}, 900).facts.last.value, "just now");
});

test("a kind of packet that the gateway calls short is marked, with a glyph and a word, and no other one is", () => {
  const rows = [{ ...packet("car_telemetry", 60, 20), short: true }, { ...packet("session", 2, 0.1), short: false }, packet("motion", 60, null), packet("lap_data", 60, 1)];
  const { packets } = cardOf({ packets: rows });

  assert.deepEqual(packets.map(({ name, seen, glyph, word }) => [name, seen, glyph, word]), [
    ["car telemetry", "20.0", "▼", "short"],
    ["session", "0.1", "✓", "enough"],
    ["motion", "–", "", ""],
    ["lap data", "1.0", "✓", "enough"], // a gateway of before does not tell
  ]);
});

test("of a silent rig no kind of packet is called short", () => {
  const { packets } = cardOf({ link: "stale", packets: [{ ...packet("car_telemetry", 60, 0), short: true }] });

  assert.deepEqual(packets.map(({ seen, glyph }) => [seen, glyph]), [["0.0", ""]]);
});

test("packets without a rate are listed quietly, those that never came not at all", () => {
  const card = cardOf();

  assert.deepEqual(card.packets.map(({ name }) => name), ["car telemetry", "session"]);
  assert.equal(card.nowAndThen, "event 12");
});

test("rejected packets are told by reason, without the reasons that never were", () => {
  const { rejected } = cardOf({ rejected: { wrong_length: 12, unsupported: 0 }, ignored: { repeated: 3 } }).facts;

  assert.deepEqual([rejected.value, rejected.detail, rejected.isAlert], ["12", "wrong length 12 · ignored: repeated 3", true]);
  assert.deepEqual([cardOf().facts.rejected.value, cardOf().facts.rejected.isAlert], ["0", false]);
});

test("what is unknown of a rig is a dash and never a nought", () => {
  const { facts, typeIn } = viewOf({ rigs: [{}] }).rigs[0];

  assert.deepEqual(new Set(Object.values(facts).map(({ value }) => value)), new Set(["–"]));
  assert.deepEqual(new Set(typeIn.map(({ value }) => value)), new Set(["–"]));
});

// --- the gateway ---------------------------------------------------------------------------------

test("the reader that loses the most comes first", () => {
  const queue = (subscriber, fields) => ({ subscriber, waiting: 0, delivered: 9, dropped: 0, conflated: 0, ...fields });
  const { queues } = viewOf({ queues: [queue("live", { conflated: 90 }), queue("duel", {}), queue("history", { waiting: 5 }), queue("cloud", { dropped: 1 })] }).gateway;

  assert.deepEqual(queues.map(({ subscriber, isBad }) => [subscriber, isBad]), [["cloud", true], ["history", false], ["live", false], ["duel", false]]);
});

test("screens that were cut off or refused are told", () => {
  assert.equal(viewOf().gateway.clientsNote, "");
  assert.equal(viewOf({ clients_cut: 2, clients_refused: 1 }).gateway.clientsNote, "2 cut off as too slow · 1 refused as too many");
});

test("who sends to the rigs' ports is told, and what each is taken for", () => {
  const sender = (fields) => ({ port: 20777, rig_id: "RIG_A", address: "192.168.1.8", state: "accepted", datagrams_per_s: 359.9, last_age_s: 0.01, ...fields });
  const senders = [
    sender({}),
    sender({ address: "192.168.1.9", state: "refused", datagrams_per_s: 410 }),
    sender({ address: "192.168.1.66", state: "unclaimed", rig_id: null, last_age_s: 12 }),
    sender({ address: "<b>\u202e", state: "made up", datagrams_per_s: "many", rig_id: 7 }),
  ];

  assert.deepEqual(viewOf({ senders }).gateway.senders, [
    { address: "192.168.1.8", as: "RIG_A", rate: "360 a second", isBad: false },
    { address: "192.168.1.9", as: "refused by RIG_A", rate: "410 a second", isBad: true },
    { address: "192.168.1.66", as: "nobody's, on port 20777", rate: "silent for 12 s", isBad: true },
    { address: "<b>", as: "–", rate: "–", isBad: false },
  ]);
  assert.deepEqual(viewOf().gateway.senders, []);
});

test("the host's clock goes on between two answers, in UTC and in its own time", () => {
  const { clock } = viewOf({}, 2000).gateway;

  assert.deepEqual([clock.utc.value, clock.local.value, clock.local.detail], ["2026-11-25 10:00:02", "2026-11-25 11:00:02", "UTC+1"]);
  assert.equal(viewOf({ clock: {} }).gateway.clock.local.value, "–");
});

test("the addresses of the page are written as a browser wants them", () => {
  const { address } = viewOf({ host: { name: "pc", addresses: ["192.168.1.20", "fd00::1"], port: 8080 } }).gateway.facts;

  assert.deepEqual([address.value, address.detail], ["http://192.168.1.20:8080", "http://[fd00::1]:8080"]);
});

// --- this screen's clock ---------------------------------------------------------------------------

test("the true difference of two clocks lies within the doubt, whenever in the round trip the gateway wrote its time", () => {
  for (const trueAheadMs of [-90_000, -3, 0, 3, 1500]) {
    for (const roundTripMs of [0, 1, 40, 4000]) {
      for (const share of [0, 0.3, 1]) {
        const gatewayAtAnswer = 1_700_000_000_000.7;
        const written = Math.floor(gatewayAtAnswer - roundTripMs * share);
        const seen = sighting(written, gatewayAtAnswer + trueAheadMs, roundTripMs);

        assert.ok(Math.abs(seen.aheadMs - trueAheadMs) <= seen.doubtMs + 1e-3, JSON.stringify({ trueAheadMs, roundTripMs, share, seen }));
      }
    }
  }
});

test("the surest of the last sightings counts, and old ones are forgotten", () => {
  const sure = { aheadMs: 5, doubtMs: 1 };
  let sightings = noted([], sure);
  for (let n = 0; n < KEPT_SIGHTINGS - 1; n += 1) sightings = noted(sightings, { aheadMs: 9, doubtMs: 20 });

  assert.equal(surest(sightings), sure);
  assert.equal(surest(noted(sightings, { aheadMs: 9, doubtMs: 20 })).aheadMs, 9);
  assert.equal(surest([]), null);
});

test("a screen's clock within the doubt is as the host's, and one beyond it is told with its side", () => {
  const screenOf = (aheadMs) => opsView(opsAnswered(initialOps(), opsBody(), TRIP, NOW_MS + 20 + aheadMs), 1000).gateway.clock.screen;

  assert.deepEqual([screenOf(0).value, screenOf(0).detail], ["as the host's", "sure to ± 0.03 s"]);
  assert.deepEqual([screenOf(500).value, screenOf(-500).value], ["0.50 s ahead of the host", "0.50 s behind the host"]);
  assert.deepEqual([screenOf(500).isAlert, screenOf(-90_000).isAlert, screenOf(-90_000).value], [false, true, "1 min 30 s behind the host"]);
});

test("after a failure the clocks are compared anew", () => {
  assert.deepEqual(opsFailed(stateOf()).sightings, []);
});

// --- hostile bodies ------------------------------------------------------------------------------

test("a body of any shape throws nothing and invents nothing", () => {
  const keys = Object.keys(opsBody());
  for (const value of ANYTHING) {
    const bodies = [value, { rigs: [value] }, ...keys.map((key) => ({ ...opsBody(), [key]: value }))];
    for (const body of bodies) {
      const state = cloudAnswered(opsAnswered(initialOps(), body, TRIP, NOW_MS), value, TRIP);

      for (const known of [state, opsFailed(state)]) {
        const words = everyWord(opsView(known, 1300));
        assert.doesNotMatch(words, /undefined|NaN|Infinity|\[object/);
      }
    }
  }
});

test("every key of a rig may hold anything", () => {
  for (const key of Object.keys(rigBody())) {
    for (const value of ANYTHING) {
      const words = everyWord(viewOf({ rigs: [rigBody({ [key]: value })] }).rigs);
      assert.doesNotMatch(words, /undefined|NaN|Infinity|\[object/, `${key}: ${String(value)}`);
    }
  }
});

test("more rigs, packets and rows than anybody has are cut", () => {
  const many = Array.from({ length: 5000 }, (_, n) => rigBody({ rig_id: `R${n}`, packets: Array.from({ length: 500 }, () => packet("x", 1)) }));
  const report = readOps(opsBody({ rigs: many, queues: Array(5000).fill({}), clients: Array(5000).fill({}), problems: Array(5000).fill("x"), senders: Array(5000).fill({}) }));

  assert.deepEqual([report.rigs.length, report.rigs[0].packets.length, report.queues.length, report.clients.length, report.problems.length, report.senders.length], [16, 24, 16, 16, 40, 64]);
});

test("markup and marks of writing direction in a sentence stay harmless text", () => {
  const [only] = sentencesOf(viewOf({ problems: ["RIG_B\u202e sends <img src=x onerror=alert(1)>: look"] }));

  assert.equal(only, "RIG_B sends <img src=x onerror=alert(1)>: look");
});
