// @ts-check
/** [edge] The last ten seconds as lines: speed in the rig's colour, throttle and brake in theirs. */
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { el } from "../cells.js";
import { SLOTS, SLOT_MS } from "../ring.js";
import { LABELS } from "../words/labels.js";

/** @type {any} The vendored file is plain JavaScript without types. */
const Chart = uPlot;

const SPAN_S = (SLOTS * SLOT_MS) / 1000;
const TOP_KPH = 360; // above the fastest speed trap of any track in the game
const SECONDS = Array.from({ length: SLOTS }, (_, slot) => ((slot + 1 - SLOTS) * SLOT_MS) / 1000);

/** @param {HTMLElement} node @param {string} name A custom property of tokens.css. */
const token = (node, name) => getComputedStyle(node).getPropertyValue(name).trim();

/** @param {HTMLElement} box @param {{width: number, height: number}} size */
function options(box, size) {
  const stroke = Math.max(1.5, size.height / 70);
  const grid = { stroke: token(box, "--line"), width: 1 };
  const isDashed = token(box, "--accent-dash") === "dashed";
  const dash = isDashed ? [stroke * 3.2, stroke * 2] : [];
  return {
    ...size,
    legend: { show: false },
    cursor: { show: false },
    padding: [stroke, 0, stroke, 0],
    scales: {
      x: { time: false, range: () => [-SPAN_S, 0] },
      kph: { range: () => [0, TOP_KPH] },
      ratio: { range: () => [0, 1.04] },
    },
    axes: [
      { size: 0, ticks: { show: false }, grid, values: () => [], splits: () => [-8, -6, -4, -2], gap: 0 },
      { scale: "kph", size: 0, ticks: { show: false }, grid, values: () => [], splits: () => [100, 200, 300], gap: 0 },
    ],
    series: [
      {},
      { scale: "ratio", stroke: token(box, "--throttle"), fill: token(box, "--throttle-fill"), width: stroke * 0.8, points: { show: false } },
      { scale: "ratio", stroke: token(box, "--brake"), fill: token(box, "--brake-fill"), width: stroke * 0.8, points: { show: false } },
      { scale: "kph", stroke: token(box, "--accent"), width: stroke * 1.4, dash, points: { show: false } },
    ],
  };
}

/** @param {import("../ring.js").Ring} ring */
const columnsOf = ({ columns }) => [SECONDS, columns.throttle, columns.brake, columns.speed_kph];

/** @param {string} className @param {string} name */
const key = (className, name) => el("span", `trace-key ${className}`, name);

export function createTrace() {
  const box = el("div", "trace-box");
  const node = el(
    "figure",
    "trace",
    el(
      "figcaption",
      "trace-caption",
      key("is-speed", LABELS.speed),
      key("is-throttle", LABELS.throttle),
      key("is-brake", LABELS.brake),
      el("span", "trace-span", LABELS.traceSpan),
    ),
    box,
  );
  node.dataset.widget = "trace";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", LABELS.trace);

  /** @type {any} */
  let chart = null;
  /** @type {import("../ring.js").Ring | null} */
  let drawn = null;

  const rebuild = () => {
    const size = { width: Math.floor(box.clientWidth), height: Math.floor(box.clientHeight) };
    chart?.destroy();
    chart = null;
    if (size.width > 0 && size.height > 0 && drawn !== null) chart = new Chart(options(box, size), columnsOf(drawn), box);
  };
  const observer = new ResizeObserver(rebuild);
  observer.observe(box);

  /** @param {import("../ring.js").Ring} ring */
  const update = (ring) => {
    if (drawn?.columns === ring.columns) return;
    const isFirst = drawn === null;
    drawn = ring;
    if (chart !== null) chart.setData(columnsOf(ring));
    else if (isFirst) rebuild();
  };
  const destroy = () => {
    observer.disconnect();
    chart?.destroy();
  };
  return { node, update, destroy };
}
