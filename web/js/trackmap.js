// @ts-check
/**
 * A track from above: the learned outline, or before that the places where cars were seen, fitted into a box, and the
 * cars on it. Pure: metres in, pixels of the box out; what is drawn of them is the view's business.
 *
 * Which way round: x to the right and z downwards is the world as seen from above, not its mirror image. In both
 * captures of real games (Catalunya of 2025, Melbourne of 2026) each car's `world_right_dir` is its `world_forward_dir`
 * turned clockwise on such a sheet (23 000 of 23 000 samples), and a wheel turned to the right turns the car clockwise
 * on it (6 893 of 6 917). So circuits driven clockwise are drawn clockwise, and a fit turns, scales and moves, but
 * never mirrors.
 */
import { isKnown } from "./format.js";
import { amount, isRecord, list } from "./untrusted.js";

/** @typedef {readonly [number, number]} Point World metres x, z, or pixels from the box's left and top edge. */
/** @typedef {{at: Point, along: Point}} Mark A place on the outline, and a step in the direction of driving. */
/** @typedef {{points: readonly Point[], start: Mark, sectors: readonly Mark[]}} Outline */
/** @typedef {{width: number, height: number, padding: number}} Box Pixels; `padding` stays free on all sides. */
/** @typedef {{angleDeg: number, cos: number, sin: number}} Turn */
/** @typedef {Turn & {scale: number, x: number, y: number}} Fit Pixels per metre, and where the world's origin lies. */

export const CRUMB_M = 15;
export const MOST_CRUMBS = 600; // at 15 m apart more than the longest track of the game, pit lane included
const MOST_POINTS = 2_000;
const MOST_CARS = 30;
const TURN_DEG = 5;
const LEAST_EXTENT_M = 100; // one place alone is no map
const CRUMB_TILE_M = 250;

/** Half a turn fits as well as none, so the other half of the circle need not be tried. */
const ANGLES_DEG = Array.from({ length: 180 / TURN_DEG }, (_, turn) => turn * TURN_DEG);

/** Shapes of box that the angle is chosen for: one that grows a little larger is not to turn the map. */
const SHAPES = [0.5, 1, 2];

/** @param {unknown} x @param {unknown} z @returns {Point | null} */
const pointOf = (x, z) => (isKnown(x) && isKnown(z) ? [x, z] : null);

/** @param {readonly Point[]} points A closed line. @param {number} index @returns {Mark} */
function markAt(points, index) {
  const before = points[(index + points.length - 1) % points.length];
  const after = points[(index + 1) % points.length];
  return { at: points[index], along: [after[0] - before[0], after[1] - before[1]] };
}

/**
 * The outline in a body of /api/map; `null` when there is none to be read.
 *
 * @param {unknown} body
 * @returns {Outline | null}
 */
export function outlineOf(body) {
  if (!isRecord(body)) return null;
  const [xs, zs] = [list(body.x, MOST_POINTS), list(body.z, MOST_POINTS)];
  const points = xs.flatMap((x, index) => {
    const point = pointOf(x, zs[index]);
    return point === null ? [] : [point];
  });
  if (points.length < 3 || points.length !== xs.length || xs.length !== zs.length) return null;
  const stepM = amount(body.step_m);
  const sectors = [body.sector2_start_m, body.sector3_start_m].flatMap((startM) => {
    const index = stepM === null || stepM === 0 || !isKnown(startM) ? -1 : Math.round(startM / stepM);
    return index > 0 && index < points.length ? [markAt(points, index)] : [];
  });
  return { points, start: markAt(points, 0), sectors };
}

/** @param {number} angleDeg */
function turned(angleDeg) {
  const radians = (angleDeg * Math.PI) / 180;
  return { angleDeg, cos: Math.cos(radians), sin: Math.sin(radians) };
}

/** @param {readonly number[]} values */
function range(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return { middle: (low + high) / 2, extent: Math.max(high - low, LEAST_EXTENT_M) };
}

/** How much room these points need at an angle. @param {readonly Point[]} points @param {number} angleDeg */
function extents(points, angleDeg) {
  const turn = turned(angleDeg);
  return {
    turn,
    across: range(points.map(([x, z]) => x * turn.cos - z * turn.sin)),
    down: range(points.map(([x, z]) => x * turn.sin + z * turn.cos)),
  };
}

/**
 * The angle at which points fill a box best, clockwise in steps of 5 degrees. It depends on the points and on whether
 * the box is wide, square or high, so a track lies the same way whenever it is shown.
 *
 * @param {readonly Point[]} points At least one.
 * @param {Box} box
 */
export function bestAngleDeg(points, { width, height }) {
  /** @param {number} shape */
  const distance = (shape) => Math.abs(Math.log(width / height / shape));
  const shape = SHAPES.reduce((best, other) => (distance(other) < distance(best) ? other : best));
  const scales = ANGLES_DEG.map((angleDeg) => {
    const { across, down } = extents(points, angleDeg);
    return Math.min(shape / across.extent, 1 / down.extent);
  });
  const best = scales.reduce((place, scale, other) => (scale > scales[place] * (1 + 1e-9) ? other : place), 0);
  return ANGLES_DEG[best];
}

/**
 * How to draw points into the box, as large as they can be at this angle.
 *
 * @param {readonly Point[]} points At least one.
 * @param {Box} box
 * @param {number} angleDeg
 * @returns {Fit}
 */
export function fitted(points, box, angleDeg = bestAngleDeg(points, box)) {
  const { turn, across, down } = extents(points, angleDeg);
  const [roomX, roomY] = [box.width, box.height].map((size) => Math.max(size - 2 * box.padding, 1));
  const scale = Math.min(roomX / across.extent, roomY / down.extent);
  return { ...turn, scale, x: box.width / 2 - scale * across.middle, y: box.height / 2 - scale * down.middle };
}

/** Where a place in the world lies in the box. @param {Fit} fit @param {Point} point @returns {Point} */
export const project = ({ cos, sin, scale, x, y }, [worldX, worldZ]) => [
  x + scale * (worldX * cos - worldZ * sin),
  y + scale * (worldX * sin + worldZ * cos),
];

/** A direction in the world as one in the box, of length 1. @param {Fit} fit @param {Point} along @returns {Point} */
export function heading({ cos, sin }, [x, z]) {
  const length = Math.hypot(x, z) || 1;
  return [(x * cos - z * sin) / length, (x * sin + z * cos) / length];
}

/**
 * Remember a place where a car was, unless one near it is known already.
 *
 * @param {readonly Point[]} crumbs
 * @param {Point} place
 * @returns {readonly Point[]} The same ones when the place adds nothing.
 */
export function withCrumb(crumbs, place) {
  if (crumbs.length >= MOST_CRUMBS) return crumbs;
  const isNear = crumbs.some(([x, z]) => Math.hypot(x - place[0], z - place[1]) < CRUMB_M);
  return isNear ? crumbs : [...crumbs, place];
}

/**
 * The tiles that the crumbs cover, north up: they grow seldom, so that the map under the cars rarely moves.
 *
 * @param {readonly Point[]} crumbs At least one.
 * @param {Box} box
 * @returns {Fit}
 */
export function fittedCrumbs(crumbs, box) {
  /** @param {readonly number[]} values */
  const tiles = (values) => [
    Math.floor(Math.min(...values) / CRUMB_TILE_M) * CRUMB_TILE_M,
    Math.ceil(Math.max(...values) / CRUMB_TILE_M) * CRUMB_TILE_M,
  ];
  const [left, right] = tiles(crumbs.map(([x]) => x));
  const [top, bottom] = tiles(crumbs.map(([, z]) => z));
  return fitted([[left, top], [right, bottom]], box, 0);
}

/** @typedef {{index: number, place: Point, isLive: boolean}} RigCar `isLive`: the rig is there now; else it was there last. */
/** @typedef {{rigs: readonly RigCar[], others: readonly Point[], elsewhere: readonly import("./venue.js").Driver[]}} Cars */

/** @param {import("./venue.js").Driver} driver @param {readonly import("./venue.js").Driver[]} drivers @returns {readonly Point[]} */
function othersOf({ isDriving, data }, drivers) {
  if (!isDriving) return [];
  const ofRigs = drivers.filter((other) => other.data.session_uid === data.session_uid).map((other) => other.data.car_index);
  return list(data.other_cars_m, MOST_CARS).flatMap((car) => {
    const [carIndex, x, z] = list(car, 3);
    const place = pointOf(x, z);
    return place === null || ofRigs.includes(carIndex) ? [] : [place];
  });
}

/**
 * The cars on a track: of the rigs, and the others of their sessions; rigs that drive somewhere else apart.
 *
 * @param {readonly import("./venue.js").Driver[]} drivers All rigs.
 * @param {string | null} track
 * @returns {Cars}
 */
export function carsOn(drivers, track) {
  const here = drivers.filter((driver) => track !== null && driver.track === track);
  /** @param {import("./venue.js").Driver} driver The first of its session that drives. */
  const first = ({ data }) => here.find((other) => other.isDriving && other.data.session_uid === data.session_uid);
  return {
    rigs: here.flatMap(({ index, link, isDriving, data }) => {
      const place = data.mode === "driving" && link !== "never" ? pointOf(data.world_position_m?.x, data.world_position_m?.z) : null;
      return place === null ? [] : [{ index, place, isLive: isDriving }];
    }),
    // two rigs of one race tell the same cars
    others: here.filter((driver) => driver === first(driver)).flatMap((driver) => othersOf(driver, drivers)),
    elsewhere: drivers.filter((driver) => driver.isDriving && driver.track !== null && driver.track !== track),
  };
}

/**
 * Where there is road, for there is a car: others' as well, and where a rig was before it went silent. So every car
 * that is shown has a map under it.
 *
 * @param {Cars} cars
 * @returns {readonly Point[]}
 */
export const roadUnder = ({ rigs, others }) => [...rigs.map(({ place }) => place), ...others];

/**
 * Push marks apart that would cover each other, both by the same way along the line between them.
 *
 * @param {readonly Point[]} marks
 * @param {number} apart The least distance between two.
 * @returns {readonly Point[]} In the same order; marks that are far from all others stay.
 */
export function spread(marks, apart) {
  const moved = marks.map(([x, y]) => /** @type {[number, number]} */ ([x, y]));
  for (let round = 0; round < 8; round += 1) {
    for (let one = 0; one < moved.length; one += 1) {
      for (let other = one + 1; other < moved.length; other += 1) push(moved[one], moved[other], apart);
    }
  }
  return moved;
}

/** @param {[number, number]} one @param {[number, number]} other @param {number} apart */
function push(one, other, apart) {
  const [x, y] = [other[0] - one[0], other[1] - one[1]];
  const distance = Math.hypot(x, y);
  if (distance >= apart) return;
  const [towardsX, towardsY] = distance === 0 ? [1, 0] : [x / distance, y / distance];
  const by = (apart - distance) / 2;
  one[0] -= towardsX * by;
  one[1] -= towardsY * by;
  other[0] += towardsX * by;
  other[1] += towardsY * by;
}
