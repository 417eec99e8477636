// @ts-check
/** [edge] Composition root of the ops page: wires polls, state, painter and views. Decides nothing. */
import { attributeOf, mountOf } from "../cells.js";
import { cloudAnswered, cloudFailed, initialOps, opsAnswered, opsFailed, opsView } from "../ops.js";
import { createOperator } from "../operator.js";
import { controlView } from "../ops/control.js";
import { createPainter } from "../paint.js";
import { poll } from "../poll.js";
import { createPanel } from "../views/cloud.js";
import { createNav } from "../views/nav.js";
import { createControl } from "../views/opscontrol.js";
import { createGateway } from "../views/opsgateway.js";
import { createRigCards } from "../views/opsrig.js";
import { createVerdict } from "../views/opsverdict.js";

const PERIOD_MS = 1_000;
const TICK_MS = 250; // fine enough for ages that count in seconds

const nav = createNav(mountOf("nav"));
const panel = createPanel();
mountOf("cloud").replaceChildren(panel.node);
const views = [createVerdict(mountOf("verdict")), createRigCards(mountOf("rigs")), createGateway(mountOf("gateway"))];
const control = createControl(mountOf("control"), createOperator());
const stale = attributeOf(document.body, "data-stale");

let state = initialOps();

const paint = createPainter(() => {
  const view = opsView(state, performance.now());
  stale(view.isStale ? "" : null);
  nav.show(view.rigs.map(({ rigId }) => rigId));
  panel.update(view.cloud);
  for (const { update } of views) update(view);
});

/** @param {import("../ops.js").OpsState} next */
const become = (next) => {
  state = next;
  paint(state);
};

control.update(controlView(null));
become(state);
poll(
  "/api/ops",
  {
    onBody: (body, trip) => {
      control.update(controlView(body));
      become(opsAnswered(state, body, trip, Date.now()));
    },
    onFailure: () => become(opsFailed(state)),
  },
  { periodMs: PERIOD_MS },
);
poll("/api/cloud", {
  onBody: (body, trip) => become(cloudAnswered(state, body, trip)),
  onFailure: () => become(cloudFailed(state)),
});
setInterval(() => paint(state), TICK_MS);
