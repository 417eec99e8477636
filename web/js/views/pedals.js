// @ts-check
/** [edge] What the driver does: throttle, brake and steering wheel. */
import { cell, el, hiddenOf, styleOf } from "../cells.js";
import { isKnown, percent, steering } from "../format.js";
import { LABELS } from "../words/labels.js";

/** @param {"throttle" | "brake"} name @param {string} label */
function createPedal(name, label) {
  const value = cell(name, "pedal-figure");
  const fill = el("span", "pedal-fill");
  const node = el(
    "div",
    `pedal is-${name}`,
    value.node,
    el("span", "pedal-track", fill),
    el("span", "label", label),
  );
  const height = styleOf(fill, "transform");
  /** @param {number | null | undefined} ratio */
  const update = (ratio) => {
    value.write(percent(ratio));
    height(`scaleY(${isKnown(ratio) ? ratio.toFixed(3) : 0})`);
  };
  return { node, update };
}

export function createPedals() {
  const throttle = createPedal("throttle", LABELS.throttle);
  const brake = createPedal("brake", LABELS.brake);
  const steer = cell("steer", "steering-figure");
  const mark = el("span", "steering-slide", el("span", "steering-mark")); // slides as a whole: no layout, no paint
  const markAt = styleOf(mark, "transform");
  const markHidden = hiddenOf(mark);
  const pedals = el("div", "pedals", throttle.node, brake.node);
  pedals.dataset.widget = "pedals";
  const wheel = el("div", "steering", el("span", "label", LABELS.steering), el("span", "steering-track", mark), steer.node);

  /** @param {Record<string, any>} data */
  const update = (data) => {
    throttle.update(data.throttle);
    brake.update(data.brake);
    steer.write(steering(data.steer));
    markHidden(!isKnown(data.steer));
    markAt(`translateX(${isKnown(data.steer) ? (data.steer * 49).toFixed(1) : 0}%)`);
  };
  return { pedals, wheel, update };
}
