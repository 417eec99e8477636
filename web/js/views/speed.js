// @ts-check
/** [edge] How fast, how far from the own best lap, and how far from the others. */
import { attributeOf, cell, el, textOf } from "../cells.js";
import { delta, gap, whole } from "../format.js";
import { speed, speedUnit } from "../units.js";
import { LABELS } from "../words/labels.js";
import { deltaVerdict } from "../words/pane.js";

export function createSpeed() {
  const figure = cell("speed_kph", "speed-figure");
  const unit = el("span", "speed-unit");
  const unitText = textOf(unit);
  const live = cell("delta_to_best_ms", "delta-figure");
  const sign = el("span", "delta-sign");
  const signText = textOf(sign);
  const leader = cell("gap_to_leader_ms", "gaps-figure");
  const ahead = cell("interval_ms", "gaps-figure");
  const delta_ = el("div", "delta", el("span", "label", LABELS.deltaToBest), el("span", "delta-line", live.node, sign));
  const tone = attributeOf(delta_, "data-tone");
  const node = el(
    "div",
    "speed",
    el("p", "speed-line", figure.node, unit),
    el(
      "div",
      "speed-foot",
      delta_,
      el(
        "div",
        "gaps",
        el("p", "gaps-line", el("span", "label", LABELS.interval), ahead.node),
        el("p", "gaps-line", el("span", "label", LABELS.gapToLeader), leader.node),
      ),
    ),
  );
  node.dataset.widget = "speed";

  /** @param {Record<string, any>} data @param {import("../units.js").Display} display */
  const update = (data, display) => {
    const verdict = deltaVerdict(data.delta_to_best_ms);
    figure.write(whole(speed(data.speed_kph, display.speedUnit)));
    unitText(speedUnit(display.speedUnit));
    live.write(delta(data.delta_to_best_ms));
    signText(verdict?.glyph ?? "");
    tone(verdict?.tone ?? null);
    leader.write(data.position === 1 ? LABELS.leader : gap(data.gap_to_leader_ms));
    ahead.write(gap(data.interval_ms));
  };
  return { node, update };
}
