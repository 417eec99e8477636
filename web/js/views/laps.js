// @ts-check
/** [edge] The lap being driven, the last one and the best one, and the sectors. */
import { attributeOf, cell, el, textOf } from "../cells.js";
import { isKnown, lapTime, sectorTime, whole } from "../format.js";
import { LABELS } from "../words/labels.js";
import { endingWord, isContested, lapVerdict, sectorVerdict } from "../words/pane.js";

const SECTORS = /** @type {const} */ (["s1", "s2", "s3"]);

export function createLaps() {
  const number = cell("lap_number", "laps-number");
  const total = cell("total_laps", "laps-number");
  const running = cell("current_lap_time_ms", "laps-running");
  const invalid = cell("lap_invalid", "laps-invalid");
  const last = cell("last_lap_time_ms", "laps-figure");
  const best = cell("best_lap_time_ms", "laps-figure");
  const verdict = el("span", "laps-verdict");
  const verdictText = textOf(verdict);
  const verdictTone = attributeOf(verdict, "data-tone");
  const over = attributeOf(running.node, "data-over");
  invalid.write("");

  const of = el("span", "", el("span", "label", " / "), total.node);
  const hideOf = attributeOf(of, "hidden");
  const node = el(
    "div",
    "laps",
    el("div", "laps-now", el("p", "laps-line", el("span", "label", `${LABELS.lap} `), number.node, of, invalid.node), running.node),
    el("div", "laps-stat", el("p", "laps-line", el("span", "label", `${LABELS.last} `), verdict), last.node),
    el("div", "laps-stat", el("p", "laps-line", el("span", "label", LABELS.best)), best.node),
  );
  node.dataset.widget = "laps";

  /** @param {Record<string, any>} data @param {boolean} isSessionBest */
  const update = (data, isSessionBest) => {
    number.write(whole(data.lap_number));
    total.write(whole(data.total_laps));
    hideOf(isKnown(data.total_laps) ? null : "");
    const ending = endingWord(data);
    running.write(ending ?? lapTime(data.current_lap_time_ms));
    over(ending === null ? null : "");
    invalid.write(data.lap_invalid === true && ending === null ? LABELS.invalid : "");
    last.write(lapTime(data.last_lap_time_ms));
    best.write(lapTime(data.best_lap_time_ms));
    const found = lapVerdict({ last: data.last_lap_time_ms, best: data.best_lap_time_ms, sessionBest: isSessionBest, valid: data.last_lap_valid, isOfMany: isContested(data) });
    verdictText(found === null ? "" : `${found.glyph} ${found.text}`);
    verdictTone(found?.tone ?? null);
  };
  return { node, update };
}

/** @param {(typeof SECTORS)[number]} name */
function createSector(name) {
  const time = cell(`sector_times_ms.${name}`, "sector-figure");
  const glyph = el("span", "sector-glyph");
  glyph.setAttribute("role", "img");
  const glyphText = textOf(glyph);
  const glyphLabel = attributeOf(glyph, "aria-label");
  const glyphHidden = attributeOf(glyph, "aria-hidden");
  const node = el("div", "sector", el("span", "label", LABELS[name]), time.node, glyph);
  const tone = attributeOf(node, "data-tone");
  const mark = attributeOf(time.node, "data-mark");

  /** @param {unknown} ms @param {unknown} marked @param {boolean} isOfMany */
  const update = (ms, marked, isOfMany) => {
    const verdict = sectorVerdict(marked, isOfMany);
    time.write(sectorTime(isKnown(ms) ? ms : null));
    glyphText(verdict?.glyph ?? "");
    glyphLabel(verdict?.text ?? null);
    glyphHidden(verdict === null ? "true" : null);
    tone(verdict?.tone ?? null);
    mark(typeof marked === "string" ? marked : null);
  };
  return { node, update };
}

export function createSectors() {
  const lap = cell("sectors_lap_number", "sectors-number");
  const blocks = SECTORS.map(createSector);
  const node = el(
    "div",
    "sectors",
    el("span", "sectors-lap", el("span", "label", LABELS.sectorsLap), lap.node),
    ...blocks.map((block) => block.node),
  );
  node.dataset.widget = "sectors";
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", LABELS.sectors);

  /** @param {Record<string, any>} data */
  const update = (data) => {
    lap.write(whole(data.sectors_lap_number));
    SECTORS.forEach((name, place) => blocks[place].update(data.sector_times_ms?.[name], data.sector_marks?.[name], isContested(data)));
  };
  return { node, update };
}
