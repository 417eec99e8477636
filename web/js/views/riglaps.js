// @ts-check
/** [edge] The valid laps of one rig today, fastest first, out of the board of the day. */
import { attributeOf, cell, el, hiddenOf, textOf } from "../cells.js";
import { dayOf } from "../board.js";
import { cleanName, lapTime, UNKNOWN } from "../format.js";
import { RIG_LAPS } from "../words/rig.js";

const MOST_LINES = 20;

function createLine() {
  const rank = cell("lap.rank", "rig-laps-rank");
  const name = cell("lap.driver_name", "rig-laps-name", "bdi");
  const time = cell("lap.lap_time_ms", "rig-laps-time");
  name.node.dataset.mayCut = "";
  const node = el("li", "rig-laps-row", rank.node, name.node, time.node);
  const hide = hiddenOf(node);
  const newest = attributeOf(node, "data-newest");
  /** @param {import("../board.js").BoardRow | null} row @param {number} place */
  const update = (row, place) => {
    hide(row === null);
    if (row === null) return;
    rank.write(String(place));
    name.write(row.driverName ?? UNKNOWN);
    time.write(lapTime(row.lapTimeMs));
    newest(row.isNewest ? "" : null);
  };
  return { node, update };
}

/** @param {HTMLElement} mount @param {string} rigId */
export function createRigLaps(mount, rigId) {
  const lines = Array.from({ length: MOST_LINES }, createLine);
  const track = el("bdi", "rig-laps-track");
  const note = el("p", "rig-laps-note");
  const [trackText, noteText, noteHidden] = [textOf(track), textOf(note), hiddenOf(note)];
  mount.setAttribute("aria-label", RIG_LAPS.title);
  mount.tabIndex = 0; // it scrolls in itself, by keys too
  mount.replaceChildren(
    el("header", "rig-laps-head", el("h2", "rig-laps-title", RIG_LAPS.title), track),
    note,
    el("ol", "rig-laps-rows", ...lines.map((line) => line.node)),
  );
  /** @type {unknown} */
  let drawnDay = lines; // nothing that a state holds
  /** @type {unknown} */
  let drawnTrack = null;

  /** @param {import("../store.js").State} state */
  const update = (state) => {
    const driven = cleanName(state.rigs.find(({ rig_id }) => rig_id === rigId)?.data?.track);
    if (state.day === drawnDay && driven === drawnTrack) return;
    drawnDay = state.day;
    drawnTrack = driven;
    const day = dayOf(state.day);
    const boards = day.boards.map((board) => ({ ...board, rows: board.rows.filter((row) => row.rigId === rigId) }));
    const board = boards.find((each) => each.track === driven) ?? boards.find((each) => each.rows.length > 0);
    const rows = board?.rows ?? [];
    trackText(board?.track ?? "");
    noteHidden(rows.length > 0 && !day.isOld);
    noteText(day.isOld ? RIG_LAPS.old : day.isKnown ? RIG_LAPS.none : RIG_LAPS.asked);
    lines.forEach((line, at) => line.update(rows[at] ?? null, at + 1));
  };
  return { update };
}
