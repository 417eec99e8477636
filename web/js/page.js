// @ts-check
/**
 * [edge] What the live pages have in common: one state, fed by the socket and by questions to the gateway, painted at
 * most once a screen refresh.
 */
import { createOutlines } from "./outlines.js";
import { createPainter, pacedRefresh } from "./paint.js";
import { poll } from "./poll.js";
import { connect, socketUrl } from "./socket.js";
import { initialState, reduce } from "./store.js";

const PAINTS_APART_MS = 40; // below the 50 ms between two states of a rig, so that one rig alone never waits
const TICK_MS = 250; // fine enough for ages that count in seconds
const DAY_PERIOD_MS = 5_000; // a new lap is asked for at once
const LAPS = new Set(["LapCompleted", "LapWithdrawn"]);

/** @typedef {import("./store.js").State} State */

/**
 * Run a live page.
 *
 * @param {(state: State, now: number) => void} draw
 * @returns {() => State} The state as it is.
 */
export function runPage(draw) {
  let state = initialState();
  /** @type {(state: State) => void} */
  const paint = createPainter((latest) => draw(latest, performance.now()), pacedRefresh(PAINTS_APART_MS));

  /** @param {Record<string, any>} message */
  const dispatch = (message) => {
    state = reduce(state, message, performance.now());
    paint(state);
    if (message.type === "event" && message.replay !== true && LAPS.has(message.event?.kind) && message.event.own === true) {
      day.poke();
      outlines.refresh();
    }
  };

  paint(state);
  const outlines = createOutlines((track, body) => dispatch({ type: "outline", track, body }));
  const day = poll(
    "/api/day",
    { onBody: (body) => dispatch({ type: "day", body }), onFailure: () => dispatch({ type: "day_failed" }) },
    { periodMs: DAY_PERIOD_MS, isTagged: true },
  );
  connect(socketUrl(location), {
    onMessage: dispatch,
    onStatus: (status) => dispatch({ type: "socket", status }),
  });
  poll("/api/cloud", {
    onBody: (body) => dispatch({ type: "cloud", body }),
    onFailure: () => dispatch({ type: "cloud_failed" }),
  });
  setInterval(() => {
    dispatch({ type: "tick" });
    outlines.want(state.rigs.map((rig) => rig.data?.track));
  }, TICK_MS);
  return () => state;
}
