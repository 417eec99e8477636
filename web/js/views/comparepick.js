// @ts-check
/** [edge] What is compared: the day, the track, and a card for each of the two laps. */
import { attributeOf, cell, el, hiddenOf, textOf } from "../cells.js";
import { lapTime, UNKNOWN } from "../format.js";
import { fileUrl } from "../compare/address.js";
import { COMPARE, lapName, LETTERS, mannerOf, marksOf, placeOf } from "../words/compare.js";

/** @typedef {import("../compare.js").Option} Option */
/** @typedef {import("../compare.js").Group} Group */
/** @typedef {import("../words/compare.js").Side} Side */

/** A keyed child: made once for a key, then only written. @template Item @param {(item: Item) => {node: HTMLElement, update: (item: Item) => void}} make */
function keyed(make) {
  /** @type {Map<string, {node: HTMLElement, update: (item: Item) => void}>} */
  let children = new Map();
  /** @param {HTMLElement} parent @param {readonly Item[]} items @param {(item: Item) => string} keyOf */
  return (parent, items, keyOf) => {
    const wanted = new Map(items.map((item) => [keyOf(item), children.get(keyOf(item)) ?? make(item)]));
    const nodes = [...wanted.values()].map(({ node }) => node);
    // Taking out and putting in again would close a list that is open.
    if (nodes.length !== parent.children.length || nodes.some((node, at) => node !== parent.children[at])) parent.replaceChildren(...nodes);
    children = wanted;
    for (const item of items) wanted.get(keyOf(item))?.update(item);
  };
}

/** @param {Option} option */
function createOption({ value }) {
  const node = el("option");
  node.value = value;
  const write = textOf(node);
  const disabled = attributeOf(node, "disabled");
  /** @param {Option} option */
  const update = ({ text, isDisabled }) => {
    write(text);
    disabled(isDisabled ? "" : null);
  };
  return { node, update };
}

/** @param {Group} group */
function createGroup({ label }) {
  const node = el("optgroup");
  node.label = label;
  const arrange = keyed(createOption);
  /** @param {Group} group */
  const update = ({ options }) => arrange(node, options, ({ value }) => value);
  return { node, update };
}

/** @param {string} className @param {string} label @param {(value: string) => void} onChoose */
function createSelect(className, label, onChoose) {
  const node = el("select", className);
  node.setAttribute("aria-label", label);
  node.addEventListener("change", () => onChoose(node.value));
  const [arrangeGroups, arrangeOptions] = [keyed(createGroup), keyed(createOption)];
  /** @param {readonly Group[]} groups @param {string} chosen */
  const updateGroups = (groups, chosen) => {
    arrangeGroups(node, groups, ({ label: text }) => text);
    node.value = chosen;
  };
  /** @param {readonly Option[]} options @param {string} chosen */
  const updateOptions = (options, chosen) => {
    arrangeOptions(node, options, ({ value }) => value);
    node.value = chosen;
  };
  return { node, updateGroups, updateOptions };
}

/**
 * The day and the track.
 *
 * @param {HTMLElement} mount
 * @param {{onDay: (day: string) => void, onTrack: (track: string) => void}} listener
 */
export function createPlace(mount, { onDay, onTrack }) {
  const day = createSelect("compare-select", COMPARE.day, onDay);
  const track = createSelect("compare-select", COMPARE.track, onTrack);
  const file = el("a", "nav-link", COMPARE.download);
  file.download = "";
  file.title = COMPARE.downloadHint;
  file.setAttribute("aria-label", COMPARE.downloadHint);
  mount.replaceChildren(day.node, track.node, file);
  const [dayHidden, trackHidden, fileHidden] = [hiddenOf(day.node), hiddenOf(track.node), hiddenOf(file)];
  const href = attributeOf(file, "href");
  /** @param {import("../compare.js").CompareView} view */
  const update = (view) => {
    day.updateOptions(view.days, view.day);
    track.updateOptions(view.tracks, view.track);
    dayHidden(view.days.length === 0);
    trackHidden(view.tracks.length === 0);
    fileHidden(view.days.length === 0);
    href(fileUrl(view.day));
  };
  return { update };
}

/**
 * A lap as a card; the whole of it opens the list of the others.
 *
 * @param {HTMLElement} mount A section.
 * @param {Side} side
 * @param {(lapId: string) => void} onChoose
 */
export function createLapCard(mount, side, onChoose) {
  const time = cell(`${side}.lap_time_ms`, "lap-card-time");
  const name = cell(`${side}.driver_name`, "lap-card-name", "bdi");
  const place = cell(`${side}.place`, "lap-card-line");
  const manner = el("span");
  const marks = el("span", "lap-card-marks");
  const select = createSelect("lap-card-select", lapName(side), onChoose);
  const change = el("span", "lap-card-change", COMPARE.change);
  change.setAttribute("aria-hidden", "true");
  name.node.dataset.mayCut = "";
  place.node.dataset.mayCut = "";
  mount.dataset.badge = LETTERS[side];
  mount.dataset.widget = `lap-${side}`;
  mount.setAttribute("aria-label", lapName(side));
  mount.replaceChildren(
    el("span", "badge lap-card-badge", LETTERS[side]),
    el("span", "lap-card-who", name.node, place.node),
    time.node,
    el("span", "lap-card-line lap-card-manner", manner, marks),
    change,
    select.node,
  );
  const [mannerText, marksText] = [textOf(manner), textOf(marks)];

  /** @param {import("../compare.js").CompareView} view */
  const update = (view) => {
    const { lap, lapId, groups } = view[side];
    time.write(lapTime(lap?.lapTimeMs));
    name.write(lap?.driverName ?? UNKNOWN);
    const canChoose = groups.some(({ options }) => options.some(({ isDisabled }) => !isDisabled));
    place.write(lap !== null ? placeOf(lap) : lapId !== null ? COMPARE.unlisted : canChoose ? COMPARE.choose : COMPARE.noLap);
    mannerText(lap === null ? "" : mannerOf(lap));
    marksText(lap === null ? "" : marksOf(lap).join(" · "));
    select.updateGroups(groups, lapId ?? "");
  };
  return { update };
}

/** @param {() => void} onSwap */
export function createSwap(onSwap) {
  const node = el("button", "compare-swap", COMPARE.swapGlyph);
  node.type = "button";
  node.title = COMPARE.swap;
  node.setAttribute("aria-label", COMPARE.swap);
  node.addEventListener("click", onSwap);
  return node;
}
