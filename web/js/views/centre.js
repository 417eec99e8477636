// @ts-check
/** [edge] The column between the panes: where the rigs are, the gap bar, the track map, the board of the day. */
import { el } from "../cells.js";
import { dayOf } from "../board.js";
import { gapOf } from "../gap.js";
import { outlineOf } from "../trackmap.js";
import { driversOf, scenesOf, shownTrack } from "../venue.js";
import { DUEL } from "../words/duel.js";
import { createBoard } from "./board.js";
import { createGapBar } from "./gapbar.js";
import { createTrackMap } from "./trackmap.js";
import { createVenue } from "./venue.js";

/** Read a body once, however often it is shown. @template Read @param {(body: any) => Read} read @returns {(body: unknown) => Read} */
function once(read) {
  /** @type {{body: unknown, found: Read} | null} */
  let last = null;
  return (body) => {
    if (last === null || last.body !== body) last = { body, found: read(body) };
    return last.found;
  };
}

export function createCentre() {
  const venue = createVenue();
  const gapBar = createGapBar();
  const map = createTrackMap();
  const board = createBoard();
  const node = el("section", "centre", el("div", "centre-body", venue.node, gapBar.node, map.node, board.node));
  node.dataset.widget = "centre";
  node.setAttribute("aria-label", DUEL.centre);
  const readDay = once(dayOf);
  const readOutline = once(outlineOf);

  /** @param {import("../store.js").State} state @param {number} nowMs */
  const update = (state, nowMs) => {
    const drivers = driversOf(state, nowMs);
    const day = readDay(state.day);
    const track = shownTrack(drivers, day.boards.map((told) => told.track));
    const body = track !== null && Object.hasOwn(state.outlines, track) ? state.outlines[track] : undefined;
    venue.update(scenesOf(drivers), state.display);
    gapBar.update(gapOf(drivers, day), drivers);
    map.update(track, readOutline(body), drivers);
    board.update(day, track, drivers);
  };
  return { node, update };
}
