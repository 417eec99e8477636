// @ts-check
/** [edge] The board of the day: the fastest valid laps on one track, and the newest one in any case. */
import { attributeOf, cell, el, hiddenOf, textOf } from "../cells.js";
import { boardFor, rowsShown } from "../board.js";
import { badgeOf, gap, lapTime, UNKNOWN, whole } from "../format.js";
import { DUEL, lapsWord } from "../words/duel.js";

const MOST_LINES = 8;
const LEAST_LINES = 1;

function createLine() {
  const glyph = el("span", "board-glyph");
  const glyphText = textOf(glyph);
  const spoken = el("span", "visually-hidden");
  const spokenText = textOf(spoken);
  glyph.setAttribute("aria-hidden", "true");
  const rank = cell("board.rank", "board-rank");
  const badge = el("span", "badge is-small");
  const badgeText = textOf(badge);
  const badgeHidden = hiddenOf(badge);
  const name = cell("board.driver_name", "board-name", "bdi");
  const time = cell("board.lap_time_ms", "board-time");
  const behind = cell("board.gap", "board-gap");
  const node = el("li", "board-row", glyph, spoken, rank.node, el("span", "board-badge", badge), name.node, time.node, behind.node);
  name.node.dataset.mayCut = "";
  const hide = hiddenOf(node);
  const newest = attributeOf(node, "data-newest");
  const letter = attributeOf(node, "data-badge");
  const lap = attributeOf(node, "data-lap");

  /** @param {import("../board.js").BoardRow | null} row `null` for an empty line. @param {number} rigIndex -1 for a rig that is no more. */
  const update = (row, rigIndex) => {
    hide(row === null);
    if (row === null) return;
    glyphText(row.isNewest ? DUEL.newestGlyph : row.isNewestGuest ? DUEL.newestGuestGlyph : "");
    spokenText(row.isNewest ? DUEL.newest : row.isNewestGuest ? DUEL.newestGuest : "");
    newest(row.isNewest ? "" : null);
    lap(row.lapId);
    letter(rigIndex < 0 ? null : badgeOf(rigIndex));
    badgeText(rigIndex < 0 ? "" : badgeOf(rigIndex));
    badgeHidden(rigIndex < 0);
    rank.write(whole(row.rank));
    name.write(row.driverName ?? UNKNOWN);
    time.write(lapTime(row.lapTimeMs));
    behind.write(row.rank === 1 ? "" : gap(row.gapMs));
  };
  return { node, update };
}

export function createBoard() {
  const lines = Array.from({ length: MOST_LINES }, createLine);
  const rows = el("ol", "board-rows", ...lines.map((line) => line.node));
  const nothing = el("p", "board-nothing");
  const nothingText = textOf(nothing);
  const nothingHidden = hiddenOf(nothing);
  const place = el("bdi", "board-track");
  place.dataset.cell = "board.track";
  place.dataset.mayCut = "";
  const placeText = textOf(place);
  const count = el("span", "board-count");
  const countText = textOf(count);
  const old = el("span", "board-old");
  const oldText = textOf(old);
  const room = el("div", "board-room", nothing, rows);
  const node = el("section", "board", el("header", "board-head", el("h2", "board-title", DUEL.board), place, old, count), room);
  node.dataset.widget = "board";
  node.setAttribute("aria-label", DUEL.board);
  let linesThatFit = MOST_LINES;
  /** @type {(() => void) | null} */
  let writeAgain = null;
  /** @type {unknown[]} */
  let written = [];

  // On a low screen there are fewer lines, and the newest lap is to be among them.
  new ResizeObserver(() => {
    const lineHeight = parseFloat(getComputedStyle(rows).gridAutoRows);
    if (!(lineHeight > 0) || room.clientHeight === 0) return;
    const fit = Math.max(LEAST_LINES, Math.min(MOST_LINES, Math.floor((room.clientHeight + 0.5) / lineHeight)));
    if (fit === linesThatFit) return;
    linesThatFit = fit;
    writeAgain?.();
  }).observe(room);

  /**
   * @param {import("../board.js").Day} day
   * @param {string | null} track
   * @param {readonly import("../venue.js").Driver[]} drivers
   */
  const update = (day, track, drivers) => {
    const write = () => {
      const board = boardFor(day, track);
      const shown = board === null ? [] : rowsShown(board, linesThatFit);
      lines.forEach((line, at) => {
        const row = shown[at] ?? null;
        line.update(row, row === null ? -1 : drivers.findIndex(({ rigId }) => rigId === row.rigId));
      });
      nothingText(day.isKnown ? DUEL.noLap : DUEL.boardAsked);
      nothingHidden(shown.length > 0 || (!day.isKnown && day.isOld));
      placeText(board?.track ?? "");
      countText(board === null || board.laps === null ? "" : lapsWord(board.laps));
      oldText(day.isOld ? DUEL.boardOld : "");
    };
    const rigs = drivers.map(({ rigId }) => rigId).join();
    if (written[0] === day && written[1] === track && written[2] === rigs) return;
    written = [day, track, rigs];
    writeAgain = write;
    write();
  };
  return { node, update };
}
