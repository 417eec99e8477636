// @ts-check
/** The gateway itself for its operator: its parts, its queues, who looks at it, and its clock. Pure. */
import { age, count, UNKNOWN } from "../format.js";
import { aheadWord, CHECK_GLYPHS, CLOCK_FACTS, clientsNote, dateClock, doubtWord, GATEWAY_FACTS, lagWord, partWord, senderRateWord, senderWord, STATUS, zoneWord } from "../words/ops.js";

/** A screen's clock that is further off is worth a look: what it shows as time of day is not the host's. */
const FAR_OFF_S = 2;
const ORG_DOUBT_S = 1; // the org dates its answers in whole seconds

/** @typedef {import("./report.js").Report} Report */
/** @typedef {import("./clock.js").Sighting} Sighting */
/** @typedef {import("./rig.js").Fact} Fact */

/** @typedef {{name: string, mark: import("../words/ops.js").CheckMark, glyph: string, word: string}} PartView */
/** @typedef {{subscriber: string, waiting: string, delivered: string, dropped: string, conflated: string, isBad: boolean}} QueueRow */
/** @typedef {{address: string, connected: string, rigs: string, skipped: string}} ClientRow */
/** @typedef {{address: string, as: string, rate: string, isBad: boolean}} SenderRow */

/**
 * @typedef {object} GatewayView
 * @property {string} word
 * @property {"good" | "caution" | "alert" | "unknown"} tone
 * @property {Record<keyof typeof GATEWAY_FACTS, Fact>} facts
 * @property {readonly PartView[]} parts
 * @property {readonly QueueRow[]} queues The bad ones first.
 * @property {readonly ClientRow[]} clients
 * @property {string} clientsNote
 * @property {readonly SenderRow[]} senders
 * @property {Record<keyof typeof CLOCK_FACTS, Fact>} clock
 */

const TONES = Object.freeze({ ok: "good", degraded: "caution", failed: "alert" });

/** @param {string} value @param {string} detail @param {boolean} isAlert @returns {Fact} */
const fact = (value, detail = "", isAlert = false) => ({ value, detail, isAlert });

/** @param {Report} report @returns {GatewayView["facts"]} */
function factsOf({ host, lag, uptimeS, version }) {
  const [address, ...others] = host.addresses.map((one) => `http://${one.includes(":") ? `[${one}]` : one}:${host.port ?? UNKNOWN}`);
  const slow = lagWord(lag.newestMs, lag.worstMs);
  return {
    address: fact(address ?? UNKNOWN, others.join(" · ")),
    host: fact(host.name ?? UNKNOWN),
    uptime: fact(age(uptimeS)),
    version: fact(version ?? UNKNOWN),
    lag: fact(slow.value, slow.detail),
  };
}

/** @param {import("./report.js").Part} part @returns {PartView} */
function partView({ name, isUp }) {
  const mark = isUp === null ? "unknown" : isUp ? "ok" : "bad";
  return { name, mark, glyph: CHECK_GLYPHS[mark], word: partWord(isUp) };
}

/** @param {number | null} value */
const known = (value) => value ?? 0;

/** The reader that lost the most comes first, then the one that waits longest. @param {Report["queues"]} queues @returns {readonly QueueRow[]} */
const queueRows = (queues) =>
  [...queues]
    .sort((one, other) => known(other.dropped) - known(one.dropped) || known(other.waiting) - known(one.waiting) || known(other.conflated) - known(one.conflated))
    .map(({ subscriber, waiting, delivered, dropped, conflated }) => ({
      subscriber,
      waiting: count(waiting),
      delivered: count(delivered),
      dropped: count(dropped),
      conflated: count(conflated),
      isBad: known(dropped) > 0,
    }));

/** @param {import("./report.js").Client} client @returns {ClientRow} */
const clientRow = ({ address, connectedS, rigs, skipped }) => ({
  address,
  connected: age(connectedS),
  rigs: rigs.length === 0 ? UNKNOWN : rigs.join(", "),
  skipped: count(skipped),
});

/** @param {import("./report.js").Sender} sender @returns {SenderRow} */
const senderRow = ({ address, state, rigId, port, perS, ageS }) => ({
  address,
  as: senderWord(state, rigId, port),
  rate: senderRateWord(perS, ageS),
  isBad: state === "refused" || state === "unclaimed",
});

/** @param {Report} report @param {Sighting | null} seen @returns {GatewayView["clock"]} */
function clockOf({ nowMs, clock }, seen) {
  const { orgOffsetS, utcOffsetS } = clock;
  const [aheadS, doubtS] = seen === null ? [null, 0] : [seen.aheadMs / 1000, seen.doubtMs / 1000];
  return {
    utc: fact(dateClock(nowMs)),
    local: nowMs === null || utcOffsetS === null ? fact(UNKNOWN) : fact(dateClock(nowMs + utcOffsetS * 1000), zoneWord(utcOffsetS)),
    screen: fact(aheadWord(aheadS, doubtS), seen === null ? "" : doubtWord(doubtS), aheadS !== null && Math.abs(aheadS) - doubtS > FAR_OFF_S),
    org: fact(aheadWord(orgOffsetS, ORG_DOUBT_S), orgOffsetS === null ? "" : doubtWord(ORG_DOUBT_S)),
  };
}

/**
 * What the gateway's part shows.
 *
 * @param {Report} report With its ages as they are now.
 * @param {Sighting | null} seen How this screen's clock stands to the gateway's; `null` when unknown.
 * @returns {GatewayView}
 */
export const gatewayView = (report, seen) => ({
  word: STATUS[report.status ?? "unknown"],
  tone: report.status === null ? "unknown" : TONES[report.status],
  facts: factsOf(report),
  parts: report.parts.map(partView),
  queues: queueRows(report.queues),
  clients: report.clients.map(clientRow),
  clientsNote: clientsNote(report.clientsCut, report.clientsRefused),
  senders: report.senders.map(senderRow),
  clock: clockOf(report, seen),
});
