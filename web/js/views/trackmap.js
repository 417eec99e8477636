// @ts-check
/**
 * [edge] The track map: two canvases, one above the other. The lower one holds the outline and is drawn again only when
 * the outline or the size changes; the upper one holds the cars and is drawn again only when one has moved.
 */
import { attributeOf, el, textOf } from "../cells.js";
import { badgeOf } from "../format.js";
import { carsOn, fitted, fittedCrumbs, project, roadUnder, withCrumb } from "../trackmap.js";
import { mapCaption, mapLabel } from "../words/duel.js";
import { drawCrumbs, drawOthers, drawOutline, drawRigCars, paletteOf } from "./trackpaint.js";

/** @typedef {import("../trackmap.js").Point} Point */
/** @typedef {import("../trackmap.js").Cars} Cars */
/** @typedef {import("../trackmap.js").Outline} Outline */
/** @typedef {import("../trackmap.js").Fit} Fit */
/** @typedef {import("../trackmap.js").Box} Box */
/** @typedef {import("./trackpaint.js").Palette} Palette */

const PADDING = 3.5; // v; room for a disc and its ring, pushed aside, and for the arrow beside the start: trackpaint.js

/** @type {readonly Point[]} */
const NO_CRUMBS = Object.freeze([]);

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height @param {number} density */
function sized(canvas, width, height, density) {
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.setTransform(density, 0, 0, density, 0, 0);
  return pen;
}

/** The lower canvas, the upper one, and what is drawn on them. @param {HTMLElement} box */
function createPaper(box) {
  const [ground, air] = [el("canvas", "trackmap-canvas"), el("canvas", "trackmap-canvas")];
  box.append(ground, air);
  /** @type {{groundPen: CanvasRenderingContext2D, airPen: CanvasRenderingContext2D, palette: Palette, v: number, box: Box} | null} */
  let paper = null;
  /** @type {Fit | null} */
  let fit = null;
  /** @type {{outline: Outline | null, crumbs: readonly Point[]}} */
  let drawn = { outline: null, crumbs: NO_CRUMBS };
  let carsDrawn = "";

  const clear = () => {
    fit = null;
    drawn = { outline: null, crumbs: NO_CRUMBS };
    carsDrawn = "";
  };

  /** Take the box's size over; what was drawn is gone. */
  const measure = () => {
    const { clientWidth: width, clientHeight: height } = box;
    clear();
    paper = null;
    if (width < 8 || height < 8) return;
    const density = window.devicePixelRatio || 1;
    const v = parseFloat(getComputedStyle(box).fontSize) / 2; // centre.css: the box's font is 2 v high
    const [groundPen, airPen] = [ground, air].map((canvas) => sized(canvas, width, height, density));
    paper = { groundPen, airPen, palette: paletteOf(box), v, box: { width, height, padding: PADDING * v } };
  };

  /** @param {Outline | null} outline @param {readonly Point[]} crumbs */
  const drawGround = (outline, crumbs) => {
    if (paper === null || (drawn.outline === outline && drawn.crumbs === crumbs)) return;
    const { groundPen: pen, v, palette } = paper;
    const before = fit;
    fit = outline !== null ? fitted(outline.points, paper.box) : crumbs.length > 0 ? fittedCrumbs(crumbs, paper.box) : null;
    const isSameMap = outline === null && drawn.outline === null && JSON.stringify(before) === JSON.stringify(fit);
    const isMore = isSameMap && crumbs.length > drawn.crumbs.length;
    if (!isMore) pen.clearRect(0, 0, paper.box.width, paper.box.height);
    const seen = fit;
    if (seen !== null && outline !== null) drawOutline(pen, outline, seen, v, palette);
    else if (seen !== null) drawCrumbs(pen, crumbs.slice(isMore ? drawn.crumbs.length : 0).map((crumb) => project(seen, crumb)), v, palette);
    if (!isMore) carsDrawn = "";
    drawn = { outline, crumbs };
  };

  /** @param {Cars} cars */
  const drawCars = ({ rigs, others }) => {
    if (paper === null) return;
    const { airPen: pen, v, palette, box: room } = paper;
    const seen = fit;
    const shown = seen === null ? [] : rigs; // without a fit there is no place on the paper for any car
    const places = seen === null ? [] : rigs.map(({ place }) => project(seen, place));
    const dots = seen === null ? [] : others.map((place) => project(seen, place));
    const halves = [...places, ...dots].map(([x, y]) => [Math.round(2 * x), Math.round(2 * y)]);
    const wanted = JSON.stringify([shown.map(({ index, isLive }) => [index, isLive]), halves]);
    if (wanted === carsDrawn) return; // nobody has moved by half a pixel
    carsDrawn = wanted;
    pen.clearRect(0, 0, room.width, room.height);
    drawOthers(pen, dots, v, palette);
    drawRigCars(pen, shown, places, v, palette);
  };
  return { measure, drawGround, drawCars };
}

export function createTrackMap() {
  const box = el("div", "trackmap-box");
  const caption = el("p", "trackmap-caption");
  caption.dataset.mayCut = "";
  const node = el("div", "trackmap", box, caption);
  node.dataset.widget = "trackmap";
  node.setAttribute("role", "img");
  const label = attributeOf(node, "aria-label");
  const captionText = textOf(caption);
  const paper = createPaper(box);
  /** @type {string | null} */
  let shownTrack = null;
  /** @type {readonly Point[]} */
  let crumbs = NO_CRUMBS;
  /** @type {(() => void) | null} */
  let drawAgain = null;

  // A resized canvas is blank: draw at once, and not only when the next state comes.
  new ResizeObserver(() => {
    paper.measure();
    drawAgain?.();
  }).observe(box);

  /**
   * @param {string | null} track The one to show.
   * @param {Outline | null} outline Of this track; `null` while it is not learned.
   * @param {readonly import("../venue.js").Driver[]} drivers All rigs.
   */
  const update = (track, outline, drivers) => {
    const cars = carsOn(drivers, track);
    if (track !== shownTrack) {
      shownTrack = track;
      crumbs = NO_CRUMBS;
    }
    if (outline === null) crumbs = roadUnder(cars).reduce(withCrumb, crumbs);
    drawAgain = () => {
      paper.drawGround(outline, outline === null ? crumbs : NO_CRUMBS);
      paper.drawCars(cars);
    };
    drawAgain();
    label(mapLabel(track, outline === null));
    captionText(mapCaption(track, outline === null, cars.elsewhere.map(({ index, track: where }) => [badgeOf(index), where])));
  };
  return { node, update };
}
