// @ts-check
/** [edge] How fast, and how far from the others. */
import { cell, el, stat } from "../cells.js";
import { gap, whole } from "../format.js";
import { LABELS } from "../words.js";

export function createSpeed() {
  const speed = cell("speed_kph", "speed-figure");
  const leader = cell("gap_to_leader_ms", "figure");
  const ahead = cell("interval_ms", "figure");
  const node = el(
    "div",
    "speed",
    el("p", "speed-line", speed.node, el("span", "speed-unit", LABELS.speedUnit)),
    el("div", "speed-gaps", stat(LABELS.gapToLeader, "", leader.node), stat(LABELS.interval, "", ahead.node)),
  );

  /** @param {Record<string, any>} data */
  const update = (data) => {
    speed.write(whole(data.speed_kph));
    leader.write(data.position === 1 ? LABELS.leader : gap(data.gap_to_leader_ms));
    ahead.write(gap(data.interval_ms));
  };
  return { node, update };
}
