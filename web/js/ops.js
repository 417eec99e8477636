// @ts-check
/**
 * What the ops page knows, and what it shows of that at a moment. Pure; `now` is the page's monotonic clock in
 * milliseconds.
 */
import * as cloudWord from "./cloud.js";
import { noted, sighting, surest } from "./ops/clock.js";
import { gatewayView } from "./ops/gateway.js";
import { aged, answered, failed, frozen, notAsked, STALE_AFTER_MS } from "./ops/report.js";
import { rigView } from "./ops/rig.js";
import { silentVerdict, verdictOf, waitingVerdict } from "./ops/verdict.js";

/** @typedef {import("./ops/report.js").Ops} Ops */
/** @typedef {import("./poll.js").Trip} Trip */

/** @typedef {{ops: Ops, cloud: cloudWord.Cloud, sightings: readonly import("./ops/clock.js").Sighting[]}} OpsState */

/**
 * @typedef {object} OpsView
 * @property {import("./ops/verdict.js").VerdictView} verdict
 * @property {boolean} isStale What is shown is the last that was known.
 * @property {boolean} isGreeted Whether the gateway has ever answered.
 * @property {readonly import("./ops/rig.js").RigView[]} rigs
 * @property {cloudWord.CloudView} cloud
 * @property {import("./ops/gateway.js").GatewayView | null} gateway `null` before its first word.
 */

/** @returns {OpsState} Before anything was asked. */
export const initialOps = () => ({ ops: notAsked(), cloud: cloudWord.notAsked(), sightings: [] });

/**
 * The gateway has answered its operator.
 *
 * @param {OpsState} state
 * @param {unknown} body
 * @param {Trip} trip
 * @param {number} screenMs What this screen's clock says, milliseconds since 1970.
 * @returns {OpsState}
 */
export function opsAnswered(state, body, { askedAt, answeredAt }, screenMs) {
  const ops = answered(state.ops, body, answeredAt);
  const writtenMs = ops.isFailing ? null : ops.report?.nowMs ?? null;
  const sightings = writtenMs === null ? state.sightings : noted(state.sightings, sighting(writtenMs, screenMs, answeredAt - askedAt));
  return { ...state, ops, sightings };
}

/** The gateway has not answered; what was measured of its clock may be another's next time. @param {OpsState} state @returns {OpsState} */
export const opsFailed = (state) => ({ ...state, ops: failed(state.ops), sightings: [] });

/** @param {OpsState} state @param {unknown} body @param {Trip} trip @returns {OpsState} */
export const cloudAnswered = (state, body, { answeredAt }) => ({ ...state, cloud: cloudWord.answered(state.cloud, body, answeredAt) });

/** @param {OpsState} state @returns {OpsState} */
export const cloudFailed = (state) => ({ ...state, cloud: cloudWord.failed(state.cloud) });

/**
 * What the page shows at this moment.
 *
 * @param {OpsState} state
 * @param {number} now
 * @returns {OpsView}
 */
export function opsView({ ops, cloud, sightings }, now) {
  const { report, receivedAt, isFailing } = ops;
  const told = cloudWord.cloudView(cloud, now);
  if (report === null) {
    return { verdict: isFailing ? silentVerdict(null) : waitingVerdict(), isStale: isFailing, isGreeted: false, rigs: [], cloud: told, gateway: null };
  }
  const elapsedMs = Math.max(0, now - receivedAt);
  const isStale = isFailing || elapsedMs >= STALE_AFTER_MS;
  const believed = isStale ? frozen(report) : aged(report, elapsedMs);
  return {
    verdict: isStale ? silentVerdict(elapsedMs / 1000) : verdictOf(believed, cloud, told),
    isStale,
    isGreeted: true,
    rigs: believed.rigs.map(rigView),
    cloud: told,
    gateway: gatewayView(believed, isStale ? null : surest(sightings)),
  };
}
