// @ts-check
/** [edge] Composition root of a rig's own page: the pane, the rig's laps of today, and what happened on it. */
import { mountOf } from "../cells.js";
import { runPage } from "../page.js";
import { rigIdOf } from "../rigaddress.js";
import { createCloud } from "../views/cloud.js";
import { createBanner, createLinks } from "../views/links.js";
import { createNav } from "../views/nav.js";
import { createRigLaps } from "../views/riglaps.js";
import { createSolo } from "../views/solo.js";
import { createTimeline } from "../views/timeline.js";

const rigId = rigIdOf(location.pathname);
document.title = `${rigId} – Rig Gateway`;

const nav = createNav(mountOf("nav"));
const views = [
  createSolo(mountOf("pane"), rigId),
  createRigLaps(mountOf("laps"), rigId),
  createLinks(mountOf("links")),
  createCloud(mountOf("cloud")),
  createBanner(mountOf("banner")),
  createTimeline(mountOf("timeline"), rigId),
];

runPage((state, now) => {
  for (const view of views) view.update(state, now);
  nav.show(state.rigs.map(({ rig_id }) => rig_id));
});
