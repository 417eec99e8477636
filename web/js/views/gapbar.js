// @ts-check
/**
 * [edge] The gap bar: the hero number of the wall, who is ahead, and a marker that moves to the side of the one ahead.
 *
 * The first rig's name stands on the left for good and the second one's on the right, as their panes do; the one that
 * is ahead is lit and pointed at. Screen readers find a labelled group that does not speak up by itself: a number
 * that changes 20 times a second would drown all else.
 */
import { attributeOf, cell, el, hiddenOf, styleOf, textOf } from "../cells.js";
import { badgeOf, cleanName, gap as gapText, lapTime, whole } from "../format.js";
import { heroFigure, SCALE_MS, signedHero } from "../gap.js";
import { sideOf } from "../places.js";
import { AHEAD, DUEL } from "../words/duel.js";
import { deltaVerdict } from "../words/pane.js";

/** @typedef {import("../gap.js").Gap} Gap */
/** @typedef {import("../venue.js").Driver} Driver */

const SIDES = /** @type {const} */ (["left", "right"]);

/** A rig's badge and its driver's name. */
function createWho() {
  const badge = el("span", "badge");
  const name = el("bdi", "gapbar-name");
  name.dataset.mayCut = "";
  const node = el("span", "gapbar-rig", badge, name);
  const letter = attributeOf(node, "data-badge");
  const badgeText = textOf(badge);
  const nameText = textOf(name);
  const ahead = attributeOf(node, "data-ahead");
  /** @param {Driver} driver @param {boolean} isAhead */
  const update = ({ index, rigId, data }, isAhead) => {
    letter(badgeOf(index));
    badgeText(badgeOf(index));
    nameText(cleanName(data.driver_name) ?? rigId);
    ahead(isAhead ? "" : null);
  };
  return { node, update };
}

/** @param {(typeof SIDES)[number]} side */
function createArrow(side) {
  const text = el("span", "gapbar-word");
  const node = el("span", `gapbar-arrow is-${side}`, el("span", "gapbar-triangle"), text);
  const badge = attributeOf(node, "data-badge");
  const wordText = textOf(text);
  const shown = attributeOf(node, "data-shown");
  /** @param {string | null} letter The badge of the one ahead, when it is on this side. @param {string} words */
  const update = (letter, words) => {
    badge(letter);
    wordText(letter === null ? "" : words);
    shown(letter === null ? null : "");
  };
  return { node, update };
}

function createBar() {
  const fill = el("span", "gapbar-fill");
  const mark = el("span", "gapbar-mark");
  const beyond = el("span", "gapbar-beyond");
  const node = el("div", "gapbar-bar", el("span", "gapbar-track", fill), el("span", "gapbar-tick"), mark, beyond);
  node.setAttribute("aria-hidden", "true");
  const grow = styleOf(fill, "transform");
  const move = styleOf(mark, "--at");
  const badge = attributeOf(node, "data-badge");
  const tone = attributeOf(node, "data-tone");
  const known = attributeOf(node, "data-known");
  const side = attributeOf(node, "data-beyond");
  const beyondText = textOf(beyond);

  /** @param {Gap} gap @param {string | null} letter @param {string | null} toneName */
  const update = ({ ms, offset, isClamped }, letter, toneName) => {
    grow(`scaleX(${offset.toFixed(3)})`);
    move(offset.toFixed(3));
    badge(letter);
    tone(toneName);
    known(ms === null ? null : "");
    side(isClamped ? (offset < 0 ? "left" : "right") : null);
    beyondText(isClamped ? (offset < 0 ? "«" : "»") : "");
  };
  return { node, update };
}

function createStanding() {
  const rank = cell("standing.rank", "standing-rank");
  const time = cell("standing.time", "standing-time");
  const behind = cell("standing.gap", "standing-gap");
  const who = createWho();
  const node = el("li", "standing", rank.node, who.node, time.node, behind.node);
  const hide = hiddenOf(node);
  /** @param {import("../standings.js").Standing | undefined} standing @param {readonly Driver[]} drivers */
  const update = (standing, drivers) => {
    hide(standing === undefined);
    if (standing === undefined) return;
    rank.write(whole(standing.rank));
    who.update(drivers[standing.index], standing.rank === 1);
    time.write(standing.timeMs === null ? "" : lapTime(standing.timeMs));
    behind.write(standing.rank === 1 ? "" : gapText(standing.gapMs));
  };
  return { node, update };
}

/** Three rigs and more in their order. */
function createStandings() {
  const node = el("ol", "standings");
  /** @type {ReturnType<typeof createStanding>[]} */
  let rows = [];
  /** @param {number} count */
  const rebuild = (count) => {
    rows = Array.from({ length: count }, createStanding);
    node.replaceChildren(...rows.map((row) => row.node));
  };
  /** @param {Gap} gap @param {readonly Driver[]} drivers */
  const update = ({ standings }, drivers) => rows.forEach((row, place) => row.update(standings[place], drivers));
  return { node, rebuild, update };
}

export function createGapBar() {
  const hero = cell("gap", "gapbar-hero");
  const label = el("p", "gapbar-label");
  const arrows = SIDES.map(createArrow);
  const who = el("div", "gapbar-who");
  const bar = createBar();
  const scales = SIDES.map(() => el("span", "gapbar-scale"));
  const foot = el("div", "gapbar-foot", scales[0], label, scales[1]);
  const standings = createStandings();
  const node = el("section", "gapbar", who, el("div", "gapbar-line", arrows[0].node, hero.node, arrows[1].node), bar.node, foot, standings.node);
  node.dataset.widget = "gapbar";
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", DUEL.gapBar);
  const kind = attributeOf(node, "data-kind");
  const known = attributeOf(node, "data-known");
  const rigCount = attributeOf(node, "data-field");
  const labelText = textOf(label);
  const scaleTexts = scales.map(textOf);
  const heroTone = attributeOf(hero.node, "data-tone");
  const hideBar = hiddenOf(bar.node);
  const hideStandings = hiddenOf(standings.node);
  /** @type {ReturnType<typeof createWho>[]} */
  let names = [];
  let shown = "";

  /** @param {readonly Driver[]} drivers */
  const rebuild = (drivers) => {
    const isField = drivers.length > 2;
    names = isField ? [] : drivers.map(createWho);
    who.replaceChildren(...names.map((name) => name.node));
    standings.rebuild(isField ? drivers.length : 0);
    hideBar(isField);
    hideStandings(!isField);
    rigCount(isField ? "many" : String(drivers.length));
  };

  /** @param {Gap} gap @param {readonly Driver[]} drivers */
  const update = (gap, drivers) => {
    const wanted = JSON.stringify(drivers.map(({ rigId }) => rigId));
    if (wanted !== shown) {
      shown = wanted;
      rebuild(drivers);
    }
    const { aheadIndex } = gap;
    const letter = aheadIndex === null ? null : badgeOf(aheadIndex);
    const pace = gap.kind === "best" ? deltaVerdict(gap.ms) : null;
    const scale = Object.hasOwn(SCALE_MS, gap.kind) ? `${SCALE_MS[/** @type {keyof typeof SCALE_MS} */ (gap.kind)] / 1000} s` : "";
    kind(gap.kind);
    known(gap.ms === null ? null : "");
    hero.write(gap.kind === "best" ? signedHero(gap.ms) : heroFigure(gap.ms));
    heroTone(pace?.tone ?? null);
    labelText(gap.why !== "" ? gap.why : pace === null ? gap.label : `${pace.glyph} ${pace.text} · ${gap.label}`);
    for (const write of scaleTexts) write(scale);
    const side = aheadIndex === null ? null : sideOf(drivers.length, aheadIndex);
    arrows.forEach((arrow, at) => arrow.update(SIDES[at] === side ? letter : null, AHEAD[gap.kind] ?? ""));
    bar.update(gap, letter, pace?.tone ?? null);
    names.forEach((name, index) => name.update(drivers[index], aheadIndex === index));
    standings.update(gap, drivers);
  };
  return { node, update };
}
