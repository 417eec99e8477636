// @ts-check
/** [edge] The strokes of the track map: how outline, crumbs and cars look on a canvas. Where they lie is told. */
import { badgeOf } from "../format.js";
import { heading, project, spread } from "../trackmap.js";

/** @typedef {import("../trackmap.js").Point} Point */
/** @typedef {import("../trackmap.js").Outline} Outline */
/** @typedef {import("../trackmap.js").Fit} Fit */
/** @typedef {Record<"surface" | "road" | "line" | "mark" | "other" | "ink" | "font", string>} Colours And the font. */
/** @typedef {Colours & {rigs: readonly string[], dimmed: number}} Palette */
/** @typedef {import("../trackmap.js").RigCar} RigCar */

// Sizes in hundredths of the wall's height.
const DISC = 1.75;
const TOUCHING = 2 * DISC + 1; // how near two discs may come, rings included
const WHOLE_TURN = 2 * Math.PI;

/** The tokens that are drawn with. @param {HTMLElement} node @returns {Palette} */
export function paletteOf(node) {
  const style = getComputedStyle(node);
  /** @param {string} name */
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    surface: token("--surface-1"),
    road: token("--line"),
    line: token("--text-2"),
    mark: token("--text-1"),
    other: token("--text-3"),
    ink: token("--surface-0"),
    rigs: [token("--rig-a"), token("--rig-b"), token("--rig-other")],
    font: style.fontFamily,
    dimmed: Number(token("--dimmed")) || 1,
  };
}

/** @param {CanvasRenderingContext2D} pen @param {readonly Point[]} points A closed line. */
function trace(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.closePath();
}

/** A bar across the track. @param {CanvasRenderingContext2D} pen @param {Point} at @param {Point} along @param {number} reach */
function across(pen, [x, y], [alongX, alongY], reach) {
  pen.beginPath();
  pen.moveTo(x - alongY * reach, y + alongX * reach);
  pen.lineTo(x + alongY * reach, y - alongX * reach);
  pen.stroke();
}

/**
 * The track, its sectors, its start and the way it is driven.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Outline} outline
 * @param {Fit} fit
 * @param {number} v A hundredth of the wall's height, in pixels.
 * @param {Palette} palette
 */
export function drawOutline(pen, { points, start, sectors }, fit, v, palette) {
  const line = points.map((point) => project(fit, point));
  pen.lineJoin = "round";
  pen.lineCap = "butt";
  for (const [width, colour] of /** @type {const} */ ([[1.5, palette.road], [0.55, palette.line]])) {
    pen.lineWidth = width * v;
    pen.strokeStyle = colour;
    trace(pen, line);
    pen.stroke();
  }
  pen.strokeStyle = palette.other;
  pen.lineWidth = 0.35 * v;
  for (const { at, along } of sectors) across(pen, project(fit, at), heading(fit, along), 1.1 * v);
  drawStart(pen, project(fit, start.at), heading(fit, start.along), v, palette);
}

/**
 * The line of start and finish, and beside it an arrow the way the cars go.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Point} at
 * @param {Point} along
 * @param {number} v
 * @param {Palette} palette
 */
function drawStart(pen, at, along, v, palette) {
  const [alongX, alongY] = along;
  pen.strokeStyle = palette.mark;
  pen.lineWidth = 0.7 * v;
  across(pen, at, along, 1.5 * v);
  const [x, y] = [at[0] + alongY * 2.5 * v, at[1] - alongX * 2.5 * v];
  pen.fillStyle = palette.mark;
  pen.beginPath();
  pen.moveTo(x + alongX * 1.3 * v, y + alongY * 1.3 * v);
  pen.lineTo(x - alongX * 0.5 * v - alongY * 0.7 * v, y - alongY * 0.5 * v + alongX * 0.7 * v);
  pen.lineTo(x - alongX * 0.5 * v + alongY * 0.7 * v, y - alongY * 0.5 * v - alongX * 0.7 * v);
  pen.fill();
}

/** @param {CanvasRenderingContext2D} pen @param {Point} at @param {number} radius @param {string} colour */
function dot(pen, [x, y], radius, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, radius, 0, WHOLE_TURN);
  pen.fill();
}

/**
 * Where a car really is, and a line from there to its disc.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {Point} at
 * @param {Point} disc
 * @param {number} v
 * @param {string} colour
 */
function drawTether(pen, at, disc, v, colour) {
  if (Math.hypot(at[0] - disc[0], at[1] - disc[1]) < 0.2 * v) return;
  pen.strokeStyle = colour;
  pen.lineWidth = 0.3 * v;
  pen.beginPath();
  pen.moveTo(...at);
  pen.lineTo(...disc);
  pen.stroke();
  dot(pen, at, 0.5 * v, colour);
}

/** @param {Palette} palette @param {number} index The rig. */
const rigColour = ({ rigs }, index) => rigs[Math.min(index, rigs.length - 1)];

/**
 * A car of a rig: a disc with its letter; the second rig's wears a dashed ring, one that went silent is hollow and dim.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {RigCar} car
 * @param {Point} disc
 * @param {number} v
 * @param {Palette} palette
 */
function drawDisc(pen, { index, isLive }, disc, v, palette) {
  const colour = rigColour(palette, index);
  dot(pen, disc, (DISC + 0.35) * v, palette.surface); // keeps the line and other discs off it
  if (isLive) dot(pen, disc, DISC * v, colour);
  pen.strokeStyle = colour;
  pen.lineWidth = 0.35 * v;
  pen.setLineDash(index === 1 ? [0.9 * v, 0.65 * v] : []);
  if (index === 1 || !isLive) {
    pen.beginPath();
    pen.arc(...disc, (isLive ? DISC + 0.55 : DISC - 0.2) * v, 0, WHOLE_TURN);
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.fillStyle = isLive ? palette.ink : colour;
  pen.fillText(badgeOf(index), disc[0], disc[1] + 0.1 * v);
}

/**
 * The cars of the rigs; discs that would cover each other stand apart, tied to where the cars are.
 *
 * @param {CanvasRenderingContext2D} pen
 * @param {readonly RigCar[]} cars
 * @param {readonly Point[]} places Of each, in pixels.
 * @param {number} v
 * @param {Palette} palette
 */
export function drawRigCars(pen, cars, places, v, palette) {
  const discs = spread(places, TOUCHING * v);
  pen.font = `700 ${2.5 * v}px ${palette.font}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  /** @param {(car: RigCar, place: number) => void} draw */
  const each = (draw) =>
    cars.forEach((car, place) => {
      pen.save();
      try {
        pen.globalAlpha = car.isLive ? 1 : palette.dimmed;
        draw(car, place);
      } finally {
        pen.restore(); // whatever goes wrong with one car dims no later paint
      }
    });
  each(({ index }, place) => drawTether(pen, places[place], discs[place], v, rigColour(palette, index)));
  each((car, place) => drawDisc(pen, car, discs[place], v, palette));
}

/** The cars of all others. @param {CanvasRenderingContext2D} pen @param {readonly Point[]} places @param {number} v @param {Palette} palette */
export function drawOthers(pen, places, v, palette) {
  for (const place of places) {
    dot(pen, place, 0.75 * v, palette.surface);
    dot(pen, place, 0.5 * v, palette.other);
  }
}

/** The places where cars were seen. @param {CanvasRenderingContext2D} pen @param {readonly Point[]} places @param {number} v @param {Palette} palette */
export function drawCrumbs(pen, places, v, palette) {
  for (const place of places) dot(pen, place, 0.4 * v, palette.other);
}
