// @ts-check
/** [edge] Composition root of the page: wires socket, poll, store, painter and views. Decides nothing. */
import { createPainter } from "./paint.js";
import { poll } from "./poll.js";
import { connect, socketUrl } from "./socket.js";
import { initialState, reduce } from "./store.js";
import { createCloud } from "./views/cloud.js";
import { createBanner, createLinks } from "./views/links.js";
import { createStage } from "./views/stage.js";
import { createTimeline } from "./views/timeline.js";

const TICK_MS = 250; // fine enough for ages that count in seconds

/** @param {string} name */
const mountOf = (name) => /** @type {HTMLElement} */ (document.querySelector(`[data-mount="${name}"]`));

const views = [
  createStage(mountOf("stage")),
  createLinks(mountOf("links")),
  createCloud(mountOf("cloud")),
  createBanner(mountOf("banner")),
  createTimeline(mountOf("timeline")),
];

let state = initialState();

/** @type {(state: import("./store.js").State) => void} */
const paint = createPainter((latest) => {
  const now = performance.now();
  for (const view of views) view.update(latest, now);
});

/** @param {Record<string, any>} message */
const dispatch = (message) => {
  state = reduce(state, message, performance.now());
  paint(state);
};

paint(state);
connect(socketUrl(location), {
  onMessage: dispatch,
  onStatus: (status) => dispatch({ type: "socket", status }),
});
poll("api/cloud", {
  onBody: (body) => dispatch({ type: "cloud", body }),
  onFailure: () => dispatch({ type: "cloud_failed" }),
});
setInterval(() => dispatch({ type: "tick" }), TICK_MS);
