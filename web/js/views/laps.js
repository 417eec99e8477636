// @ts-check
/** [edge] The lap being driven, the last one and the best one. */
import { attributeOf, cell, el, stat, textOf } from "../cells.js";
import { isKnown, lapTime, sectorTime, whole } from "../format.js";
import { LABELS, lapVerdict } from "../words.js";

export function createLaps() {
  const number = cell("lap_number", "laps-number");
  const total = cell("total_laps", "laps-number");
  const running = cell("current_lap_time_ms", "laps-running");
  const invalid = cell("lap_invalid", "laps-invalid");
  const last = cell("last_lap_time_ms", "figure");
  const best = cell("best_lap_time_ms", "figure");
  const first = cell("sector1_time_ms", "figure");
  const second = cell("sector2_time_ms", "figure");
  const verdict = el("span", "laps-verdict");
  const verdictText = textOf(verdict);
  const verdictTone = attributeOf(verdict, "data-tone");
  invalid.write("");

  const of = el("span", "", el("span", "label", " / "), total.node);
  const hideOf = attributeOf(of, "hidden");
  const node = el(
    "div",
    "laps",
    el("p", "laps-line", el("span", "label", `${LABELS.lap} `), number.node, of, invalid.node),
    running.node,
    el(
      "div",
      "laps-table",
      stat(LABELS.last, "", last.node, verdict),
      stat(LABELS.best, "", best.node),
      stat(LABELS.sector1, "", first.node),
      stat(LABELS.sector2, "", second.node),
    ),
  );

  /** @param {Record<string, any>} data @param {boolean} isSessionBest */
  const update = (data, isSessionBest) => {
    number.write(whole(data.lap_number));
    total.write(whole(data.total_laps));
    hideOf(isKnown(data.total_laps) ? null : "");
    running.write(lapTime(data.current_lap_time_ms));
    invalid.write(data.lap_invalid === true ? LABELS.invalid : "");
    last.write(lapTime(data.last_lap_time_ms));
    best.write(lapTime(data.best_lap_time_ms));
    first.write(sectorTime(data.sector1_time_ms));
    second.write(sectorTime(data.sector2_time_ms));
    const found = lapVerdict({ last: data.last_lap_time_ms, best: data.best_lap_time_ms, sessionBest: isSessionBest, valid: data.last_lap_valid });
    verdictText(found === null ? "" : `${found.glyph} ${found.text}`);
    verdictTone(found?.tone ?? null);
  };
  return { node, update };
}
