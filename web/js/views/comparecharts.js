// @ts-check
/**
 * [edge] Five charts over one distance with one cursor, and what both laps say at it. The cursor follows the mouse, a
 * finger and the arrow keys, and stays where it was left.
 */
import { attributeOf, cell, el, hiddenOf, textOf } from "../cells.js";
import { pointTexts } from "../compare/figures.js";
import { pairOf, readingAt } from "../compare/trace.js";
import { count, delta } from "../format.js";
import { speedUnit } from "../units.js";
import { CHARTS, COMPARE, deltaState, LETTERS, spokenReading } from "../words/compare.js";
import { Chart, plotOf } from "./compareplots.js";

/** @typedef {import("../compare/chart.js").ChartName} ChartName */

const NAMES = /** @type {ChartName[]} */ (Object.keys(CHARTS));
const FONT_WEIGHT = 500;

/** How far a key moves the cursor, in entries of the trace. @type {Readonly<Record<string, number>>} */
const KEY_STEPS = Object.freeze({ ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -25, PageUp: 25, Home: -Infinity, End: Infinity });
const SHIFTED = 10;

/** @param {HTMLElement} node @param {string} name A custom property of tokens.css. */
const token = (node, name) => getComputedStyle(node).getPropertyValue(name).trim();

/** @param {string} chart @param {"a" | "b"} side */
function createValue(chart, side) {
  const value = cell(`${side}.${chart}`, "chart-figure");
  const badge = el("span", "badge chart-letter", LETTERS[side]);
  const node = el("span", "chart-value", badge, value.node);
  node.dataset.badge = LETTERS[side];
  return { node, write: value.write };
}

/** One chart with its name and what is read in it. @param {ChartName} name */
function createChart(name) {
  const label = el("span", "label chart-label", CHARTS[name]);
  const box = el("div", "chart-box");
  const isDelta = name === "delta";
  const values = isDelta ? [] : [createValue(name, "a"), createValue(name, "b")];
  const difference = cell("delta_ms", "chart-figure chart-difference");
  const state = el("span", "chart-state");
  const stateText = textOf(state);
  const read = el("span", "chart-values", ...(isDelta ? [difference.node, state] : values.map(({ node }) => node)));
  const node = el("div", "chart", el("div", "chart-read", label, read), box);
  node.dataset.chart = name;
  const labelText = textOf(label);
  /** @param {Record<string, string>} a @param {Record<string, string>} b */
  const write = (a, b) => values.forEach((value, at) => value.write([a, b][at][name]));
  /** @param {number | null} ms */
  const writeDelta = (ms) => {
    difference.write(delta(ms));
    stateText(deltaState(ms));
  };
  return { name, node, box, labelText, write: isDelta ? () => {} : write, writeDelta };
}

/** @param {HTMLElement} mount A section. */
export function createCharts(mount) {
  const charts = NAMES.map(createChart);
  const plots = el("div", "charts", ...charts.map(({ node }) => node));
  const at = cell("distance_m", "charts-at-figure");
  const length = el("span", "charts-length");
  const where = el("p", "charts-at", at.node, length);
  const keys = el("p", "charts-keys label", COMPARE.keys);
  const notice = el("p", "compare-notice");
  mount.setAttribute("aria-label", COMPARE.charts);
  notice.setAttribute("role", "status");
  mount.replaceChildren(el("div", "charts-strip", where, notice, keys), plots);
  plots.tabIndex = 0;
  plots.setAttribute("role", "slider");
  plots.setAttribute("aria-label", COMPARE.cursor);
  plots.setAttribute("aria-valuemin", "0");
  const [lengthText, noticeText] = [textOf(length), textOf(notice)];
  const [tone, drawn] = [attributeOf(notice, "data-tone"), attributeOf(mount, "data-drawn")];
  const [plotsHidden, whereHidden, keysHidden, noticeHidden] = [plots, where, keys, notice].map(hiddenOf);
  const [valueNow, valueMax, valueText] = ["aria-valuenow", "aria-valuemax", "aria-valuetext"].map((name) => attributeOf(plots, name));

  /** @type {any[]} uPlot's own, in the order of the charts. */
  let built = [];
  /** @type {import("../compare/trace.js").Pair | null} */
  let pair = null;
  /** @type {import("../units.js").SpeedUnit} */
  let unit = "kph";
  let index = Infinity; // the end of the lap, where the delta is the final one

  const read = () => {
    if (pair === null) return;
    const reading = readingAt(pair, index);
    const [a, b] = [pointTexts(reading.a, unit), pointTexts(reading.b, unit)];
    for (const chart of charts) chart.write(a, b);
    charts[charts.length - 1].writeDelta(reading.deltaMs);
    at.write(`${count(reading.distanceM)} m`);
    valueNow(String(reading.distanceM));
    valueText(spokenReading(reading.distanceM, a, b, reading.deltaMs, unit));
  };

  const place = () => {
    const [first] = built;
    if (first === undefined || pair === null) return;
    const known = Math.max(0, Math.min(pair.distance.length - 1, index));
    first.setCursor({ left: first.valToPos(pair.distance[known], "x"), top: 0 }, true, true);
  };

  const rebuild = () => {
    for (const chart of built) chart.destroy();
    built = [];
    if (pair === null) return;
    const shown = pair;
    const text = parseFloat(getComputedStyle(charts[0].box).fontSize);
    const font = `${FONT_WEIGHT} ${text}px ${token(plots, "--font")}`;
    const colours = {
      a: token(plots, "--rig-a"),
      b: token(plots, "--rig-b"),
      text: token(plots, "--text-1"),
      label: token(plots, "--text-2"),
      sector: token(plots, "--text-3"),
      grid: token(plots, "--line"),
      surface: token(plots, "--surface-1"),
    };
    for (const { name, box } of charts) {
      const [width, height] = [Math.floor(box.clientWidth), Math.floor(box.clientHeight)];
      if (width === 0 || height === 0) return;
      const { options, data } = plotOf(name, shown, unit, { width, height, text, font, colours });
      if (name === "speed") options.hooks.setCursor = [onCursor];
      built.push(new Chart(options, data, box));
    }
    queueMicrotask(place); // uPlot lays its charts out in microtasks of its own, which come first
  };

  /** @param {any} chart */
  const onCursor = (chart) => {
    if (chart.cursor.idx === null || chart.cursor.idx === undefined || chart.cursor.idx === index) return;
    index = chart.cursor.idx;
    read();
  };

  plots.addEventListener("keydown", (event) => {
    const steps = KEY_STEPS[event.key];
    if (steps === undefined || pair === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const last = pair.distance.length - 1;
    const from = Math.max(0, Math.min(last, index));
    index = Math.max(0, Math.min(last, from + steps * (event.shiftKey ? SHIFTED : 1)));
    place();
    read();
  });

  /** A finger draws the cursor along; a mouse moves it by uPlot's own listeners. @param {PointerEvent} event */
  const follow = ({ pointerType, clientX }) => {
    const [first] = built;
    if (pointerType === "mouse" || first === undefined) return;
    const { left, width } = first.over.getBoundingClientRect();
    first.setCursor({ left: Math.max(0, Math.min(width, clientX - left)), top: 0 }, true, true);
  };
  plots.addEventListener("pointerdown", follow);
  plots.addEventListener("pointermove", follow);
  new ResizeObserver(rebuild).observe(plots);
  document.fonts.load(`${FONT_WEIGHT} 16px ${token(document.documentElement, "--font")}`).then(rebuild);

  /** @type {unknown[]} */
  let shown = [];

  /** @param {import("../compare.js").CompareView} view */
  const update = ({ traceA, traceB, speedUnit: shownUnit, notice: told }) => {
    noticeHidden(told === null);
    noticeText(told?.text ?? "");
    tone(told?.tone ?? null);
    if (shown[0] === traceA && shown[1] === traceB && shown[2] === shownUnit) return;
    shown = [traceA, traceB, shownUnit];
    unit = shownUnit;
    pair = pairOf(traceA, traceB);
    drawn(pair === null ? "none" : traceA !== null && traceB !== null ? "both" : "one");
    for (const part of [plotsHidden, whereHidden, keysHidden]) part(pair === null);
    charts[0].labelText(`${CHARTS.speed} ${speedUnit(unit)}`);
    lengthText(pair === null ? "" : `${COMPARE.of} ${count(Math.round(pair.lengthM))} m`);
    valueMax(pair === null ? "0" : String(pair.lengthM));
    rebuild();
    read();
  };
  return { update };
}
