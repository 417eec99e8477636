// @ts-check
/** [edge] Composition root of the wall: wires the state, views, keys and tabs. Decides nothing. */
import { mountOf } from "./cells.js";
import { isForPage, pressed, USUAL_LAYOUT } from "./keys.js";
import { runPage } from "./page.js";
import { createCloud } from "./views/cloud.js";
import { createBanner, createLinks } from "./views/links.js";
import { createNav } from "./views/nav.js";
import { createStage } from "./views/stage.js";
import { createTabs, DUEL, EVENTS } from "./views/tabs.js";
import { createTimeline } from "./views/timeline.js";

const stage = createStage(mountOf("stage"));
createNav(mountOf("nav"));
const timeline = mountOf("timeline");
const tabs = createTabs(mountOf("tabs"), (tab) => {
  timeline.toggleAttribute("data-tab-shown", tab === EVENTS);
  stage.showOnPhone(tab === DUEL ? null : tab);
});
const views = [stage, createLinks(mountOf("links")), createCloud(mountOf("cloud")), createBanner(mountOf("banner")), createTimeline(timeline), tabs];

const stateNow = runPage((state, now) => {
  for (const view of views) view.update(state, now);
});

let layout = USUAL_LAYOUT;
document.addEventListener("keydown", (event) => {
  if (!isForPage(event)) return;
  if (event.key === "f" || event.key === "F") {
    if (document.fullscreenElement === null) document.documentElement.requestFullscreen().catch(() => {}); // a kiosk may forbid it
    else document.exitFullscreen();
    return;
  }
  layout = pressed(layout, event.key, stateNow().rigs.map(({ rig_id }) => rig_id));
  stage.arrange(layout);
});
