import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bestAngleDeg,
  carsOn,
  CRUMB_M,
  fitted,
  fittedCrumbs,
  heading,
  MOST_CRUMBS,
  outlineOf,
  project,
  roadUnder,
  spread,
  withCrumb,
} from "../../web/js/trackmap.js";

/** A closed line with bends, driven clockwise as seen from above: x to the right, z downwards. */
function circuit(seed, { width = 900, height = 400, count = 120 } = {}) {
  return Array.from({ length: count }, (_, index) => {
    const angle = (2 * Math.PI * index) / count;
    const bend = 1 + 0.2 * Math.sin(3 * angle + seed) + 0.1 * Math.cos((5 + (seed % 3)) * angle);
    return [300 + width * bend * Math.cos(angle), -700 + height * bend * Math.sin(angle)];
  });
}

/** Twice the enclosed area; positive when the line runs clockwise on a sheet whose second axis points down. */
const area = (points) =>
  points.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = points[(index + 1) % points.length];
    return sum + x * nextY - nextX * y;
  }, 0);

const BOXES = [
  { width: 540, height: 260, padding: 30 },
  { width: 300, height: 700, padding: 10 },
  { width: 700, height: 680, padding: 0 },
  { width: 40, height: 40, padding: 30 },
];

const body = (points, fields = {}) => ({
  track: "Catalunya",
  length_m: points.length * 10,
  step_m: 10,
  x: points.map(([x]) => x),
  z: points.map(([, z]) => z),
  sector2_start_m: null,
  sector3_start_m: null,
  ...fields,
});

test("a fit never leaves the box", () => {
  for (const box of BOXES.slice(0, 3)) {
    for (let seed = 0; seed < 24; seed += 1) {
      const points = circuit(seed, { width: 100 + 90 * seed, height: 900 - 30 * seed });
      const fit = fitted(points, box);
      for (const point of points) {
        const [x, y] = project(fit, point);
        assert.ok(x >= box.padding - 1e-6 && x <= box.width - box.padding + 1e-6);
        assert.ok(y >= box.padding - 1e-6 && y <= box.height - box.padding + 1e-6);
      }
    }
  }
});

test("a fit touches the padding on one pair of sides: it could not be larger", () => {
  for (const box of BOXES.slice(0, 3)) {
    const points = circuit(4).map((point) => project(fitted(circuit(4), box), point));
    const width = Math.max(...points.map(([x]) => x)) - Math.min(...points.map(([x]) => x));
    const height = Math.max(...points.map(([, y]) => y)) - Math.min(...points.map(([, y]) => y));

    assert.ok(Math.abs(width - (box.width - 2 * box.padding)) < 1e-6 || Math.abs(height - (box.height - 2 * box.padding)) < 1e-6);
  }
});

test("a fit never mirrors: what runs clockwise is drawn clockwise", () => {
  for (const box of BOXES) {
    for (let seed = 0; seed < 24; seed += 1) {
      const points = circuit(seed);
      const fit = fitted(points, box);

      assert.ok(area(points) > 0);
      assert.ok(area(points.map((point) => project(fit, point))) > 0);
      assert.ok(area(points.toReversed().map((point) => project(fit, point))) < 0);
    }
  }
});

test("what the game calls right lies to the right of forward on the map", () => {
  // world_forward_dir and world_right_dir (x, z) of car 0 in the first Motion packet of tests/captures, Melbourne
  const forward = [-0.706778160954619, -0.7073885311441389];
  const right = [0.7073580126346629, -0.706778160954619];
  for (let seed = 0; seed < 12; seed += 1) {
    const fit = fitted(circuit(seed), BOXES[seed % 3]);
    const [[forwardX, forwardY], [rightX, rightY]] = [heading(fit, forward), heading(fit, right)];

    assert.ok(Math.abs(forwardX * rightY - forwardY * rightX - 1) < 1e-3); // a quarter turn clockwise
  }
});

test("lengths keep their proportions", () => {
  const points = circuit(3);
  const fit = fitted(points, BOXES[0]);
  for (let index = 1; index < points.length; index += 1) {
    const world = Math.hypot(points[index][0] - points[0][0], points[index][1] - points[0][1]);
    const [from, to] = [project(fit, points[0]), project(fit, points[index])];

    assert.ok(Math.abs(Math.hypot(to[0] - from[0], to[1] - from[1]) - world * fit.scale) < 1e-6);
  }
});

test("no other angle in steps of 5 degrees would draw the track larger in a box of this shape", () => {
  const box = { width: 400, height: 200, padding: 0 };
  for (let seed = 0; seed < 12; seed += 1) {
    const points = circuit(seed, { width: 300, height: 800 });
    const best = fitted(points, box);

    for (let angle = 0; angle < 360; angle += 5) assert.ok(fitted(points, box, angle).scale <= best.scale * (1 + 1e-9));
    assert.equal(best.angleDeg % 5, 0);
  }
});

test("a track lies the same way, however often it is fitted and when its box grows a little", () => {
  for (let seed = 0; seed < 12; seed += 1) {
    const points = circuit(seed);

    assert.equal(bestAngleDeg(points, BOXES[0]), bestAngleDeg(structuredClone(points), { ...BOXES[0] }));
    assert.equal(bestAngleDeg(points, { ...BOXES[0], height: 210 }), bestAngleDeg(points, { ...BOXES[0], height: 300 }));
  }
});

test("a place alone, and a box smaller than its padding, still give a fit", () => {
  const fit = fitted([[5, 7]], BOXES[3]);

  assert.deepEqual(project(fit, [5, 7]).map((pixel) => Math.round(pixel)), [20, 20]);
  assert.ok(fit.scale > 0 && Number.isFinite(fit.scale));
});

test("an outline knows where it starts, where its sectors begin and which way it is driven", () => {
  const points = circuit(1);
  const outline = outlineOf(body(points, { sector2_start_m: 400, sector3_start_m: 804 }));

  assert.deepEqual(outline.points, points);
  assert.deepEqual(outline.start.at, points[0]);
  assert.deepEqual(outline.sectors.map(({ at }) => at), [points[40], points[80]]);
  assert.deepEqual(outline.start.along, [points[1][0] - points.at(-1)[0], points[1][1] - points.at(-1)[1]]);
});

test("sectors that are unknown or beyond the lap have no mark", () => {
  for (const startM of [null, undefined, "400", NaN, -10, 0, 99_999]) {
    assert.deepEqual(outlineOf(body(circuit(1), { sector2_start_m: startM, sector3_start_m: 400 })).sectors.length, 1);
  }
  assert.deepEqual(outlineOf(body(circuit(1), { sector2_start_m: 400, step_m: 0 })).sectors, []);
});

test("no shape of a body that is no line throws or draws", () => {
  const points = circuit(1);
  const shapes = [
    undefined,
    null,
    7,
    [],
    {},
    body([]),
    body(points.slice(0, 2)),
    body(points, { x: 7 }),
    body(points, { z: points.map(() => null) }),
    body(points, { x: [null, ...points.map(([x]) => x).slice(1)] }),
    body(points, { z: points.map(([, z]) => z).slice(1) }),
  ];
  for (const shape of shapes) assert.equal(outlineOf(shape), null);
});

test("crumbs are thinned: no two are nearer than 15 m", () => {
  let crumbs = [];
  for (let step = 0; step < 900; step += 1) crumbs = withCrumb(crumbs, [500 * Math.cos(step / 40), 300 * Math.sin(step / 40)]);
  for (const [index, [x, z]] of crumbs.entries()) {
    for (const [otherX, otherZ] of crumbs.slice(index + 1)) assert.ok(Math.hypot(x - otherX, z - otherZ) >= CRUMB_M);
  }

  assert.ok(crumbs.length > 100 && crumbs.length < 200, String(crumbs.length)); // about 2.5 km, each place once
});

test("crumbs are bounded", () => {
  let crumbs = [];
  for (let step = 0; step < 5000; step += 1) crumbs = withCrumb(crumbs, [20 * step, 0]);

  assert.equal(crumbs.length, MOST_CRUMBS);
});

test("a place that adds nothing leaves the crumbs as they are, so that nothing is drawn again", () => {
  const crumbs = withCrumb([], [0, 0]);

  assert.equal(withCrumb(crumbs, [10, 10]), crumbs);
});

test("the map of crumbs moves only when they leave their tiles", () => {
  const crumbs = [[10, 10], [200, 180]];

  assert.deepEqual(fittedCrumbs([...crumbs, [240, 60]], BOXES[0]), fittedCrumbs(crumbs, BOXES[0]));
  assert.notDeepEqual(fittedCrumbs([...crumbs, [260, 60]], BOXES[0]), fittedCrumbs(crumbs, BOXES[0]));
  assert.equal(fittedCrumbs(crumbs, BOXES[0]).angleDeg, 0);
});

const driver = (index, data = {}, fields = {}) => ({
  index,
  rigId: `RIG_${index}`,
  link: "live",
  isDriving: true,
  track: "Catalunya",
  data: { mode: "driving", session_uid: "9", car_index: index, world_position_m: { x: index, y: 1, z: -index }, other_cars_m: [], ...data },
  receivedAt: 0,
  ...fields,
});

test("the cars of both rigs are on the map, and those of their race once", () => {
  const told = [[0, 1, 1], [1, 2, 2], [5, 3, 3], [6, 4, 4]];
  const cars = carsOn([driver(0, { other_cars_m: told }), driver(1, { other_cars_m: told })], "Catalunya");

  assert.deepEqual(cars.rigs, [{ index: 0, place: [0, -0], isLive: true }, { index: 1, place: [1, -1], isLive: true }]);
  assert.deepEqual(cars.others, [[3, 3], [4, 4]]);
});

test("a silent rig's car stays where it was, marked so, and its other cars go", () => {
  const silent = driver(0, { other_cars_m: [[5, 3, 3]] }, { link: "stale", isDriving: false });
  const cars = carsOn([silent], "Catalunya");

  assert.deepEqual(cars.rigs, [{ index: 0, place: [0, -0], isLive: false }]);
  assert.deepEqual(cars.others, []);
});

test("when one of two rigs in a race is silent, the other one's cars are on the map", () => {
  const told = [[5, 3, 3]];
  const silent = driver(0, { other_cars_m: told }, { link: "stale", isDriving: false });

  assert.deepEqual(carsOn([silent, driver(1, { other_cars_m: told })], "Catalunya").others, [[3, 3]]);
});

test("a car that is silent since before the page was opened still has a map under it", () => {
  const silent = driver(0, {}, { link: "stale", isDriving: false });

  const cars = carsOn([silent], "Catalunya");

  assert.equal(cars.rigs.length, 1);
  assert.deepEqual(roadUnder(cars), [cars.rigs[0].place]);
});

test("a rig at another track is named, not drawn", () => {
  const cars = carsOn([driver(0), driver(1, {}, { track: "Monza" })], "Catalunya");

  assert.deepEqual(cars.rigs.map(({ index }) => index), [0]);
  assert.deepEqual(cars.elsewhere.map(({ index }) => index), [1]);
});

test("a spectator has no car on the map", () => {
  assert.deepEqual(carsOn([driver(0, { mode: "spectating" }, { isDriving: false })], "Catalunya").rigs, []);
});

test("hostile places are no cars", () => {
  for (const world_position_m of [null, 7, {}, { x: "1", z: 2 }, { x: NaN, z: 0 }, { x: 1 }]) {
    assert.deepEqual(carsOn([driver(0, { world_position_m })], "Catalunya").rigs, []);
  }
  for (const other_cars_m of [null, 7, {}, [null], [[1]], [[5, "1", 2]], [[5, Infinity, 2]]]) {
    assert.deepEqual(carsOn([driver(0, { other_cars_m })], "Catalunya").others, []);
  }
});

test("two marks are never nearer than they may be, and their middle stays", () => {
  for (let step = 0; step < 200; step += 1) {
    const marks = [[100, 100], [100 + 30 * Math.cos(step) * (step / 200), 100 + 30 * Math.sin(step) * (step / 200)]];
    const [one, other] = spread(marks, 40);

    assert.ok(Math.hypot(one[0] - other[0], one[1] - other[1]) >= 40 - 1e-6);
    assert.ok(Math.abs(one[0] + other[0] - marks[0][0] - marks[1][0]) < 1e-6);
  }
});

test("marks that are far from each other stay, and no list is changed in place", () => {
  const marks = Object.freeze([Object.freeze([0, 0]), Object.freeze([50, 0]), Object.freeze([50, 50])]);

  assert.deepEqual(spread(marks, 40), [[0, 0], [50, 0], [50, 50]]);
  assert.deepEqual(spread([[7, 7], [7, 7]], 40), [[-13, 7], [27, 7]]);
});
