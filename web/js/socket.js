// @ts-check
/**
 * One connection to the gateway that heals itself: connect, subscribe to every rig, hand over parsed frames,
 * back off and try again. What the frames mean lives in `store.js`.
 *
 * A network that dies without a word leaves a socket that never closes. The gateway sends at least one state a
 * second for a rig, so silence is noticed here: after `PROBE_MS` the subscription is repeated, which the gateway
 * answers at once; after `DEAD_MS` the socket is given up.
 */

export const FIRST_CEILING_MS = 500;
export const LAST_CEILING_MS = 10_000;
export const PROBE_MS = 5_000;
export const DEAD_MS = 10_000;

const SUBSCRIBE_ALL = JSON.stringify({ type: "subscribe_rig", rig_id: "all" });

/** @typedef {"connecting" | "open" | "lost"} SocketStatus */

/**
 * How long to wait before attempt `attempt` (0 is the first retry): full jitter under a doubling ceiling.
 *
 * @param {number} attempt
 * @param {number} random 0..1
 */
export function backoffMs(attempt, random) {
  return random * Math.min(LAST_CEILING_MS, FIRST_CEILING_MS * 2 ** Math.min(attempt, 10));
}

/** @param {{protocol: string, host: string}} location @returns {string} The socket of the host that served the page. */
export const socketUrl = (location) => `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`;

/** @param {unknown} text @returns {{type: string} | null} `null` for anything but a message of the contract. */
function parsed(text) {
  if (typeof text !== "string") return null;
  try {
    const message = JSON.parse(text);
    return message !== null && typeof message === "object" && typeof message.type === "string" ? message : null;
  } catch {
    return null;
  }
}

/**
 * @typedef {object} Seams What the socket needs from its surroundings.
 * @property {(url: string) => WebSocket} open
 * @property {(callback: () => void, ms: number) => any} setTimer
 * @property {(timer: any) => void} clearTimer
 * @property {() => number} random
 */

/**
 * Connect now, and again whenever the connection is lost.
 *
 * @param {string} url
 * @param {{onMessage: (message: {type: string}) => void, onStatus: (status: SocketStatus) => void}} listener
 * @param {Seams} seams
 * @returns {() => void} Close for good.
 */
export function connect(url, listener, seams = browserSeams()) {
  /** @type {WebSocket | null} */
  let socket = null;
  let attempt = 0;
  /** @type {any} */
  let retryTimer = null;
  /** @type {any} */
  let silenceTimer = null;

  const drop = () => {
    seams.clearTimer(silenceTimer);
    if (socket === null) return;
    const dropped = socket;
    socket = null;
    dropped.onopen = dropped.onmessage = dropped.onclose = dropped.onerror = null;
    dropped.close();
  };

  const lose = () => {
    drop();
    listener.onStatus("lost");
    retryTimer = seams.setTimer(dial, backoffMs(attempt, seams.random()));
    attempt += 1;
  };

  const watch = () => {
    seams.clearTimer(silenceTimer);
    silenceTimer = seams.setTimer(() => {
      if (socket !== null && socket.readyState === 1) socket.send(SUBSCRIBE_ALL);
      silenceTimer = seams.setTimer(lose, DEAD_MS - PROBE_MS);
    }, PROBE_MS);
  };

  const dial = () => {
    const dialled = seams.open(url);
    socket = dialled;
    watch();
    dialled.onopen = () => {
      watch();
      dialled.send(SUBSCRIBE_ALL);
      listener.onStatus("open");
    };
    dialled.onmessage = (received) => {
      watch();
      const message = parsed(received.data);
      if (message === null) return;
      attempt = 0; // not on open: a gateway that accepts and hangs up at once must still be backed off from
      listener.onMessage(message);
    };
    dialled.onclose = lose;
  };

  listener.onStatus("connecting");
  dial();
  return () => {
    drop();
    seams.clearTimer(retryTimer);
  };
}

/** @returns {Seams} */
const browserSeams = () => ({
  open: (url) => new WebSocket(url),
  setTimer: (callback, ms) => setTimeout(callback, ms),
  clearTimer: (timer) => clearTimeout(timer),
  random: Math.random,
});
