// @ts-check
/** [edge] How each of the five charts is drawn by uPlot: scales, lines, sectors, and the words in the delta chart. */
import uPlot from "../../vendor/uplot/uPlot.esm.js";
import { chartOf, distanceText, secondsText, thinned } from "../compare/chart.js";
import { HALVES } from "../words/compare.js";

/** @type {any} The vendored file is plain JavaScript without types. */
export const Chart = uPlot;

/** @typedef {import("../compare/trace.js").Pair} Pair */
/** @typedef {import("../compare/chart.js").ChartName} ChartName */
/** @typedef {{width: number, height: number, text: number, font: string, colours: Record<string, string>}} Look Sizes in px; `text` is the type's. */

const SYNC_KEY = "laps";

/** So many widths of the text in whole px: uPlot hides a cursor that rounding has put beyond the end of a plot. @param {Look} look @param {number} share */
const room = ({ text }, share) => Math.round(text * share);

/** @param {Look} look */
const strokeOf = ({ text }) => Math.max(1.5, text / 9);

/** @param {Look} look @param {boolean} isSecond Lap B is dashed. */
function lapLine(look, isSecond) {
  const width = strokeOf(look);
  const stroke = isSecond ? look.colours.b : look.colours.a;
  return { stroke, width, dash: isSecond ? [width * 3, width * 1.8] : [], points: { show: false } };
}

/** @param {ChartName} name @param {Look} look @param {boolean} isStepped */
function series(name, look, isStepped) {
  if (name === "delta") {
    const area = { width: 0, alpha: 0.42, points: { show: false } };
    return [{}, { ...area, fill: look.colours.a }, { ...area, fill: look.colours.b }, { stroke: look.colours.text, width: strokeOf(look), points: { show: false } }];
  }
  const paths = isStepped ? { paths: Chart.paths.stepped({ align: 1 }) } : {};
  return [{}, { ...lapLine(look, false), ...paths }, { ...lapLine(look, true), ...paths }];
}

/** @param {ChartName} name @param {Look} look @param {readonly number[] | undefined} splits */
function axes(name, look, splits) {
  const { text, font, colours } = look;
  const common = { stroke: colours.label, font, ticks: { show: false }, grid: { stroke: colours.grid, width: 1 } };
  const isLast = name === "delta";
  const x = {
    ...common,
    size: isLast ? room(look, 1.5) : 0,
    gap: text * 0.3,
    space: text * 6,
    values: isLast ? (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(distanceText) : () => [],
  };
  const y = {
    ...common,
    scale: "y",
    size: room(look, 3),
    gap: text * 0.4,
    space: text * 1.7,
    ...(splits === undefined ? {} : { splits: (/** @type {any} */ u) => thinned(splits, u.height / (text * 1.25)) }),
    values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map(isLast ? secondsText : String),
  };
  return [x, y];
}

// --- what is drawn besides the lines ----------------------------------------------------------------

/** @param {any} u @param {number} value @param {"x" | "y"} scale Place on the canvas. */
const canvasPlace = (u, value, scale) => Math.round(u.valToPos(value, scale, true));

/** Where sectors begin; in the uppermost chart with their names. @param {Pair} pair @param {Look} look @param {boolean} isNamed */
const drawSectors = (pair, look, isNamed) => (/** @type {any} */ u) => {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = look.colours.sector;
  ctx.lineWidth = devicePixelRatio * 1.5;
  for (const { startM } of pair.sectors.slice(1)) {
    const x = canvasPlace(u, startM, "x");
    ctx.beginPath();
    ctx.moveTo(x, 0);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  if (isNamed) {
    ctx.font = scaledFont(look);
    ctx.fillStyle = look.colours.label;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const { label, startM, endM } of pair.sectors) ctx.fillText(label, canvasPlace(u, (startM + endM) / 2, "x"), bbox.top / 2);
  }
  ctx.restore();
};

/** The zero line, and who is ahead on either side of it. @param {Look} look @param {boolean} isKnown Otherwise nobody is. */
const drawZero = (look, isKnown) => (/** @type {any} */ u) => {
  const { ctx, bbox } = u;
  const y = canvasPlace(u, 0, "y");
  ctx.save();
  ctx.strokeStyle = look.colours.label;
  ctx.lineWidth = devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.font = scaledFont(look);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  const height = look.text * devicePixelRatio * 1.3;
  const inset = look.text * devicePixelRatio * 0.5;
  /** @type {[string, string, number][]} */
  const words = [[HALVES.above, look.colours.a, bbox.top + inset * 1.4], [HALVES.below, look.colours.b, bbox.top + bbox.height - inset * 1.4]];
  for (const [word, colour, at] of isKnown ? words : []) {
    ctx.fillStyle = look.colours.surface; // the delta's line ends at the word and does not strike it through
    ctx.fillRect(bbox.left + inset / 2, at - height / 2, ctx.measureText(word).width + inset, height);
    ctx.fillStyle = colour;
    ctx.fillText(word, bbox.left + inset, at);
  }
  ctx.restore();
};

/** @param {Look} look */
const scaledFont = ({ text, font }) => font.replace(`${text}px`, `${text * devicePixelRatio}px`);

/**
 * @param {ChartName} name
 * @param {Pair} pair
 * @param {import("../units.js").SpeedUnit} unit
 * @param {Look} look
 * @returns {{options: any, data: any[]}}
 */
export function plotOf(name, pair, unit, look) {
  const { lines, range, splits, isStepped = false, isKnown } = chartOf(name, pair, unit);
  const isFirst = name === "speed";
  const nothing = () => null;
  const options = {
    width: look.width,
    height: look.height,
    legend: { show: false },
    select: { show: false },
    padding: [room(look, isFirst ? 1.5 : 0.3), room(look, 1.3), room(look, isFirst ? 0.8 : 0.3), 0],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      // It stays where it was left, and a click does nothing but focus.
      bind: { mouseleave: nothing, mousedown: nothing, mouseup: nothing, dblclick: nothing },
      sync: { key: SYNC_KEY, scales: ["x", null] },
      points: { size: strokeOf(look) * 4.5, show: name !== "delta" },
    },
    scales: { x: { time: false, range: () => [0, pair.lengthM] }, y: { range: () => range } },
    axes: axes(name, look, splits),
    series: series(name, look, isStepped).map((each, at) => (at === 0 ? each : { scale: "y", ...each })),
    hooks: { drawAxes: [drawSectors(pair, look, isFirst)], draw: name === "delta" ? [drawZero(look, isKnown)] : [] },
  };
  return { options, data: [pair.distance, ...lines] };
}
