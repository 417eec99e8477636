// @ts-check
/** [edge] The valid laps of one rig today, fastest first. */
import { attributeOf, cell, el, hiddenOf, textOf } from "../cells.js";
import { dayOf } from "../board.js";
import { cleanName, lapTime, UNKNOWN } from "../format.js";
import { rigLapsOf, trackFor } from "../riglaps.js";
import { createTrackLaps } from "../tracklaps.js";
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
  /** @param {import("../riglaps.js").RigLap | null} row @param {number} place */
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
  /** @type {import("../riglaps.js").Told | null} */
  let told = null;
  const want = createTrackLaps((laps) => void (told = laps)); // drawn with the next state, or the next tick
  /** @type {unknown[]} */
  let drawn = [];
  let day = dayOf(null);
  const mountHidden = hiddenOf(mount);

  /** @param {import("../store.js").State} state */
  const update = (state) => {
    mountHidden(state.greeted && !state.rigs.some(({ rig_id }) => rig_id === rigId)); // of a rig that is not there nothing can be said
    const driven = cleanName(state.rigs.find(({ rig_id }) => rig_id === rigId)?.data?.track);
    if (state.day !== drawn[0]) day = dayOf(state.day);
    want(trackFor(day, rigId, driven), day.version);
    if (state.day === drawn[0] && driven === drawn[1] && told === drawn[2]) return;
    drawn = [state.day, driven, told];
    const { track: shown, rows, note: said } = rigLapsOf(day, told, rigId, driven);
    trackText(shown ?? "");
    noteHidden(said === "");
    noteText(said);
    lines.forEach((line, at) => line.update(rows[at] ?? null, at + 1));
  };
  return { update };
}
