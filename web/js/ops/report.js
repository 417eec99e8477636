// @ts-check
/**
 * What the gateway tells its operator (`GET /api/ops`), taken from a body that may hold anything. Pure; `now` is the
 * page's monotonic clock in milliseconds.
 *
 * Theory: a report is true at the moment it came. Until the next one its ages go on; once the gateway does not answer,
 * counts stay as the last ones known and whatever moves is unknown.
 */
import { amount, figure, instant, isRecord, list, name, oneOf, record, sentence, texts, truth } from "../untrusted.js";

export const STALE_AFTER_MS = 5_000; // five answers that did not come

const MOST_RIGS = 16;
const MOST_PROBLEMS = 40;
const MOST_PACKETS = 24; // the game has 16 kinds
const MOST_ROWS = 16;
const MOST_SENDERS = 64; // the gateway lists 32 a port
const MOST_ADDRESSES = 6;
const MOST_REASONS = 12;

/** @typedef {readonly (readonly [reason: string, count: number])[]} Tally By reason, those that happened. */

/**
 * @typedef {object} TypeIn What belongs into the game's menu.
 * @property {string | null} telemetry
 * @property {string | null} broadcast
 * @property {readonly string[]} addresses
 * @property {number | null} port
 * @property {number | null} sendRateHz
 * @property {number | null} format
 * @property {string | null} yourTelemetry
 */

/** @typedef {{packet: string, expectedHz: number | null, seenHz: number | null, total: number | null, isShort: boolean}} PacketReport `isShort`: the gateway counts it as missing. */

/**
 * @typedef {object} RigReport `null` is unknown.
 * @property {string} rigId
 * @property {string | null} driver
 * @property {string | null} device
 * @property {"live" | "stale" | "never" | "lost" | null} link `lost`: the gateway does not answer.
 * @property {string | null} source
 * @property {number | null} format
 * @property {string | null} gameVersion
 * @property {string | null} sessionType
 * @property {boolean | null} isPublic
 * @property {number | null} ageS
 * @property {number | null} perS
 * @property {number | null} received
 * @property {Tally | null} rejected
 * @property {Tally | null} ignored
 * @property {number | null} sendRateHz
 * @property {number | null} lossPercent
 * @property {number | null} bufferBytes
 * @property {readonly PacketReport[]} packets
 * @property {TypeIn} typeIn
 * @property {readonly string[]} problems
 */

/** @typedef {{name: string, isUp: boolean | null}} Part */
/** @typedef {{subscriber: string, waiting: number | null, delivered: number | null, dropped: number | null, conflated: number | null}} Queue */
/** @typedef {{address: string, connectedS: number | null, rigs: readonly string[], skipped: number | null, waiting: number | null}} Client */
/** @typedef {{port: number | null, rigId: string | null, address: string, state: "accepted" | "refused" | "unclaimed" | null, perS: number | null, ageS: number | null}} Sender */

/**
 * @typedef {object} Report One body, read; `null` is unknown.
 * @property {number | null} nowMs The gateway's clock, when it wrote this.
 * @property {string | null} version
 * @property {number | null} uptimeS
 * @property {"ok" | "degraded" | "failed" | null} status
 * @property {readonly string[] | null} problems
 * @property {{name: string | null, addresses: readonly string[], port: number | null}} host
 * @property {readonly RigReport[]} rigs
 * @property {readonly Part[]} parts
 * @property {readonly Queue[]} queues
 * @property {readonly Client[]} clients
 * @property {readonly Sender[]} senders Who sends to the rigs' ports.
 * @property {number | null} clientsCut
 * @property {number | null} clientsRefused
 * @property {{newestMs: number | null, worstMs: number | null}} lag
 * @property {{orgOffsetS: number | null, utcOffsetS: number | null}} clock
 */

/** @typedef {{report: Report | null, receivedAt: number, isFailing: boolean}} Ops What the page knows: the last word, and whether the poll after it failed. */

// --- reading -------------------------------------------------------------------------------------

/** @param {unknown} value @returns {Tally | null} */
function tally(value) {
  if (!isRecord(value)) return null;
  return Object.entries(value)
    .flatMap(([reason, times]) => {
      const [told, counted] = [name(reason), amount(times)];
      return told === null || counted === null || counted === 0 ? [] : [/** @type {const} */ ([told, counted])];
    })
    .slice(0, MOST_REASONS);
}

/** @param {Record<string, any>} told @returns {TypeIn} */
const readTypeIn = (told) => ({
  telemetry: name(told.udp_telemetry),
  broadcast: name(told.broadcast),
  addresses: texts(told.ip_addresses, MOST_ADDRESSES, name),
  port: amount(told.port),
  sendRateHz: amount(told.send_rate_hz),
  format: amount(told.format),
  yourTelemetry: name(told.your_telemetry),
});

/** @param {unknown} value @returns {readonly PacketReport[]} */
const readPackets = (value) =>
  list(value, MOST_PACKETS)
    .map(record)
    .flatMap(({ packet, expected_hz, seen_hz, total, short }) => {
      const told = name(packet);
      return told === null ? [] : [{ packet: told, expectedHz: amount(expected_hz), seenHz: amount(seen_hz), total: amount(total), isShort: short === true }];
    });

/** @param {Record<string, any>} rig @returns {RigReport} */
const readRig = (rig) => ({
  rigId: name(rig.rig_id) ?? "–",
  driver: name(rig.driver_name),
  device: name(rig.device_id),
  link: oneOf(rig.link, ["live", "stale", "never"]),
  source: name(rig.source_address),
  format: amount(rig.packet_format),
  gameVersion: name(rig.game_version),
  sessionType: name(rig.session_type),
  isPublic: truth(rig.telemetry_public),
  ageS: amount(rig.last_packet_age_s),
  perS: amount(rig.packets_per_s),
  received: amount(rig.packets_received),
  rejected: tally(rig.rejected),
  ignored: tally(rig.ignored),
  sendRateHz: amount(rig.send_rate_hz),
  lossPercent: amount(rig.loss_percent),
  bufferBytes: amount(rig.receive_buffer_bytes),
  packets: readPackets(rig.packets),
  typeIn: readTypeIn(record(rig.type_in)),
  problems: texts(rig.problems, MOST_PROBLEMS, sentence),
});

/** @param {unknown} stages @returns {readonly Part[]} */
const readParts = (stages) =>
  Object.entries(record(stages))
    .slice(0, MOST_ROWS)
    .map(([part, isUp]) => ({ name: name(part) ?? "–", isUp: truth(isUp) }));

/** @param {Record<string, any>} queue @returns {Queue} */
const readQueue = (queue) => ({
  subscriber: name(queue.subscriber) ?? "–",
  waiting: amount(queue.waiting),
  delivered: amount(queue.delivered),
  dropped: amount(queue.dropped),
  conflated: amount(queue.conflated),
});

/** @param {Record<string, any>} client @returns {Client} */
const readClient = (client) => ({
  address: name(client.address) ?? "–",
  connectedS: amount(client.connected_s),
  rigs: texts(client.rigs, MOST_RIGS, name),
  skipped: amount(client.states_skipped),
  waiting: amount(client.waiting),
});

/** @param {Record<string, any>} sender @returns {Sender} */
const readSender = (sender) => ({
  port: amount(sender.port),
  rigId: name(sender.rig_id),
  address: name(sender.address) ?? "–",
  state: oneOf(sender.state, ["accepted", "refused", "unclaimed"]),
  perS: amount(sender.datagrams_per_s),
  ageS: amount(sender.last_age_s),
});

/**
 * What a body says; whatever is not as the contract has it is unknown.
 *
 * @param {unknown} body
 * @returns {Report | null} `null` for what is no answer at all.
 */
export function readOps(body) {
  if (!isRecord(body)) return null;
  const [host, lag, clock] = [record(body.host), record(body.loop_lag_ms), record(body.clock)];
  return {
    nowMs: instant(body.now),
    version: name(body.version),
    uptimeS: amount(body.uptime_s),
    status: oneOf(body.status, ["ok", "degraded", "failed"]),
    problems: Array.isArray(body.problems) ? texts(body.problems, MOST_PROBLEMS, sentence) : null,
    host: { name: name(host.name), addresses: texts(host.addresses, MOST_ADDRESSES, name), port: amount(host.port) },
    rigs: list(body.rigs, MOST_RIGS).map(record).map(readRig),
    parts: readParts(body.stages),
    queues: list(body.queues, MOST_ROWS).map(record).map(readQueue),
    clients: list(body.clients, MOST_ROWS).map(record).map(readClient),
    senders: list(body.senders, MOST_SENDERS).map(record).map(readSender),
    clientsCut: amount(body.clients_cut),
    clientsRefused: amount(body.clients_refused),
    lag: { newestMs: amount(lag.newest), worstMs: amount(lag.worst_1min) },
    clock: { orgOffsetS: figure(clock.cloud_offset_s), utcOffsetS: figure(clock.utc_offset_s) },
  };
}

/** @returns {Ops} Before the first answer. */
export const notAsked = () => ({ report: null, receivedAt: 0, isFailing: false });

/** @param {Ops} ops @param {unknown} body @param {number} now @returns {Ops} */
export function answered(ops, body, now) {
  const report = readOps(body);
  return report === null ? failed(ops) : { report, receivedAt: now, isFailing: false };
}

/** @param {Ops} ops @returns {Ops} */
export const failed = (ops) => ({ ...ops, isFailing: true });

// --- what may be claimed -------------------------------------------------------------------------

/** @param {number | null} value @param {number} elapsed */
const older = (value, elapsed) => (value === null ? null : value + elapsed);

/** A report with its ages and its clock as they are now. @param {Report} report @param {number} elapsedMs @returns {Report} */
export const aged = (report, elapsedMs) => ({
  ...report,
  nowMs: older(report.nowMs, elapsedMs),
  uptimeS: older(report.uptimeS, elapsedMs / 1000),
  rigs: report.rigs.map((rig) => ({ ...rig, ageS: older(rig.ageS, elapsedMs / 1000) })),
  clients: report.clients.map((client) => ({ ...client, connectedS: older(client.connectedS, elapsedMs / 1000) })),
  senders: report.senders.map((sender) => ({ ...sender, ageS: older(sender.ageS, elapsedMs / 1000) })),
});

/** @param {RigReport} rig @returns {RigReport} */
const frozenRig = (rig) => ({
  ...rig,
  link: "lost",
  ageS: null,
  perS: null,
  sendRateHz: null,
  lossPercent: null,
  packets: rig.packets.map((packet) => ({ ...packet, seenHz: null })),
  problems: [],
});

/** A report of which nothing is shown as live. @param {Report} report @returns {Report} */
export const frozen = (report) => ({
  ...report,
  nowMs: null,
  uptimeS: null,
  status: null,
  problems: null,
  rigs: report.rigs.map(frozenRig),
  parts: report.parts.map((part) => ({ ...part, isUp: null })),
  queues: report.queues.map((queue) => ({ ...queue, waiting: null })),
  clients: report.clients.map((client) => ({ ...client, connectedS: null, waiting: null })),
  senders: report.senders.map((sender) => ({ ...sender, perS: null, ageS: null })),
  lag: { newestMs: null, worstMs: null },
  clock: { orgOffsetS: null, utcOffsetS: null },
});
