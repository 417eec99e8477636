// @ts-check
/** The words of the operator's control panel. */

export const CONTROL = Object.freeze({
  open: "Control",
  title: "Control",
  close: "Close",
  token: "Operator token",
  tokenHint: "On the gateway, python -m app.token shows it. It is kept until this tab is closed.",
  use: "Use it",
  forget: "Forget it",
  checking: "The gateway is asked …",
  accepted: "You are the operator",
  forgotten: "The token is forgotten",
  noAnswer: "The gateway does not answer: try again",
  refused: "The gateway refused that",
  rigs: "Rigs",
  rebind: "Rebind",
  rebindHint: "Rebind: the next game that sends to the rig's port is the rig, at once.",
  noRigs: "The gateway has told of no rigs yet",
  senders: "Other senders",
  nothing: "Nobody else sends to a rig's port: nothing to claim",
});

/** What a sender is to the gateway. @param {"unclaimed" | "refused"} state */
export const senderState = (state) => (state === "unclaimed" ? "belongs to no rig" : "is refused, another machine holds the port");

/** @param {{address: string, port: number | null, state: "unclaimed" | "refused", perS: number | null}} sender */
export function senderLine({ address, port, state, perS }) {
  const where = port === null ? "" : ` to port ${port}`;
  const rate = perS === null ? "" : `, ${Math.round(perS)} datagrams a second`;
  return `${address}${where}: ${senderState(state)}${rate}`;
}

/** @param {string} rigId */
export const claimFor = (rigId) => `Claim for ${rigId}`;

/** @param {string} rigId */
export const rebound = (rigId) => `${rigId} is free: the next game that sends is ${rigId}`;

/** @param {string} rigId @param {string} address */
export const claimed = (rigId, address) => `${address} is ${rigId} from now on`;
