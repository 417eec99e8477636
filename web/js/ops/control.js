// @ts-check
/**
 * What the operator can change, taken from what the gateway tells (`GET /api/ops`), which may hold anything. Pure.
 *
 * A sender that nobody has claimed, or that was refused, may be claimed for each rig that listens on its port; where
 * the gateway tells of no senders there is nothing to claim.
 */
import { amount, list, name, oneOf, record } from "../untrusted.js";

const MOST_RIGS = 16;
const MOST_SENDERS = 64; // the gateway tells of 32 a port
const MOST_SHOWN = 12;
const CLAIMABLE = /** @type {const} */ (["unclaimed", "refused"]);

/**
 * @typedef {object} SenderView
 * @property {string} address
 * @property {number | null} port
 * @property {"unclaimed" | "refused"} state
 * @property {number | null} perS
 * @property {readonly string[]} rigIds For which it may be claimed.
 */

/** @typedef {{rigIds: readonly string[], senders: readonly SenderView[]}} ControlView */

/** @param {unknown} body @returns {ControlView} */
export function controlView(body) {
  const told = record(body);
  const rigs = list(told.rigs, MOST_RIGS)
    .map(record)
    .flatMap((rig) => {
      const rigId = name(rig.rig_id);
      return rigId === null ? [] : [{ rigId, port: amount(rig.port) }];
    });
  const senders = list(told.senders, MOST_SENDERS)
    .map(record)
    .flatMap(({ address, port, state, datagrams_per_s: perS }) => {
      const [from, to, known] = [name(address), amount(port), oneOf(state, CLAIMABLE)];
      if (from === null || known === null) return [];
      const rigIds = rigs.filter((rig) => to === null || rig.port === to).map(({ rigId }) => rigId);
      return rigIds.length === 0 ? [] : [{ address: from, port: to, state: known, perS: amount(perS), rigIds }];
    });
  return { rigIds: rigs.map(({ rigId }) => rigId), senders: loudest(senders) };
}

/** The loudest first and a few of them, in an order that does not change with every second. @param {readonly SenderView[]} senders */
function loudest(senders) {
  const kept = [...senders].sort((a, b) => (b.perS ?? 0) - (a.perS ?? 0)).slice(0, MOST_SHOWN);
  return kept.sort((a, b) => (a.port ?? 0) - (b.port ?? 0) || a.address.localeCompare(b.address));
}
