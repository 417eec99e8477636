// @ts-check
/** [edge] One rig's card: what to type into the game, what of it arrives, what the gateway sees. */
import { attributeOf, el, hiddenOf, textOf } from "../cells.js";
import { badgeOf } from "../format.js";
import { OPS, RIG_FACTS, TYPE_IN } from "../words/ops.js";
import { createFacts } from "./opsfacts.js";
import { createTable } from "./opstable.js";

const PACKET_COLUMNS = Object.freeze([
  { key: "name", label: OPS.packet, isHead: true },
  { key: "expected", label: OPS.expected, isFigure: true },
  { key: "seen", label: OPS.seen, isFigure: true },
  { key: "glyph", label: OPS.state, isSign: true },
  { key: "total", label: OPS.total, isFigure: true },
]);

/** @param {string} className @param {string} title @param {...Node} children */
const part = (className, title, ...children) => el("div", `ops-part ${className}`, el("h3", "ops-subtitle", title), ...children);

/** @param {string} setting @param {string} label */
function createTypeInRow(setting, label) {
  const value = el("bdi");
  const sign = el("span", "ops-check");
  sign.setAttribute("aria-hidden", "true");
  const seen = el("bdi");
  const head = el("th", "ops-setting", label);
  head.scope = "row";
  const node = el("tr", "", head, el("td", "ops-typed", value), el("td", "ops-checked", sign, " ", seen));
  node.dataset.setting = setting;
  const [valueText, signText, seenText] = [textOf(value), textOf(sign), textOf(seen)];
  const mark = attributeOf(node, "data-mark");
  /** @param {import("../ops/rig.js").TypeInRow} row */
  const update = (row) => {
    valueText(row.value);
    signText(row.glyph);
    seenText(row.seen);
    mark(row.mark);
  };
  return { node, update };
}

function createTypeIn() {
  const rows = Object.entries(TYPE_IN).map(([setting, label]) => createTypeInRow(setting, label));
  const heads = [OPS.setting, OPS.value, OPS.check].map((label) => {
    const node = el("th", "", label);
    node.scope = "col";
    return node;
  });
  const node = el("table", "ops-table ops-type-in", el("thead", "", el("tr", "", ...heads)), el("tbody", "", ...rows.map((row) => row.node)));
  node.setAttribute("aria-label", OPS.typeIn);
  /** @param {readonly import("../ops/rig.js").TypeInRow[]} wanted */
  const update = (wanted) => wanted.forEach((row, index) => rows[index].update(row));
  return { node, update };
}

function createPackets() {
  const table = createTable(OPS.packets, PACKET_COLUMNS);
  const nothing = el("p", "ops-quiet", OPS.noPackets);
  const others = el("bdi");
  const quiet = el("p", "ops-quiet", `${OPS.nowAndThen}: `, others);
  const [othersText, quietHidden, nothingHidden] = [textOf(others), hiddenOf(quiet), hiddenOf(nothing)];
  /** @param {import("../ops/rig.js").RigView} rig */
  const update = ({ packets, nowAndThen }) => {
    table.update(packets);
    nothingHidden(packets.length > 0 || nowAndThen !== "");
    quietHidden(nowAndThen === "");
    othersText(nowAndThen);
  };
  return { nodes: [table.node, nothing, quiet], update };
}

/** @param {string} rigId @param {number} index Its place in the gateway's order. */
function createRigCard(rigId, index) {
  const driver = el("bdi", "ops-driver");
  const sign = el("span", "ops-check");
  sign.setAttribute("aria-hidden", "true");
  const linkWord = el("span", "ops-link-word");
  const flag = el("span", "ops-flag");
  const [typeIn, packets, facts] = [createTypeIn(), createPackets(), createFacts(OPS.facts, RIG_FACTS)];
  const heading = el("h2", "ops-rig-name", el("bdi", "", rigId));
  const head = el("header", "ops-card-head", el("span", "badge ops-badge", badgeOf(index)), heading, driver, flag, el("span", "ops-link", sign, " ", linkWord));
  const where = el("p", "ops-quiet", OPS.typeInWhere);
  const body = el(
    "div",
    "ops-card-body",
    part("ops-part-type-in", OPS.typeIn, where, typeIn.node),
    part("ops-part-packets", OPS.packets, ...packets.nodes),
    part("ops-part-facts", OPS.facts, facts.node),
  );
  const node = el("section", "ops-card ops-rig", head, body);
  node.dataset.rig = rigId;
  node.dataset.badge = badgeOf(index);
  node.setAttribute("aria-label", rigId);
  const [driverText, signText, linkText, flagText] = [textOf(driver), textOf(sign), textOf(linkWord), textOf(flag)];
  const [link, flagHidden] = [attributeOf(node, "data-link"), hiddenOf(flag)];

  /** @param {import("../ops/rig.js").RigView} rig */
  const update = (rig) => {
    link(rig.link);
    driverText(rig.driver);
    signText(rig.linkGlyph);
    linkText(rig.linkWord);
    flagHidden(rig.flag === "");
    flagText(rig.flag);
    typeIn.update(rig.typeIn);
    packets.update(rig);
    facts.update(rig.facts);
  };
  return { node, update };
}

/** @param {HTMLElement} mount */
export function createRigCards(mount) {
  const note = el("p", "ops-quiet", OPS.noRigs);
  const hide = hiddenOf(note);
  /** @type {ReturnType<typeof createRigCard>[]} */
  let cards = [];
  let shown = "";
  mount.replaceChildren(note);

  /** @param {import("../ops.js").OpsView} view */
  const update = ({ rigs, isGreeted }) => {
    const wanted = JSON.stringify(rigs.map(({ rigId }) => rigId));
    if (wanted !== shown) {
      shown = wanted;
      cards = rigs.map(({ rigId }, index) => createRigCard(rigId, index));
      mount.replaceChildren(note, ...cards.map((card) => card.node));
    }
    hide(!isGreeted || rigs.length > 0);
    rigs.forEach((rig, index) => cards[index].update(rig));
  };
  return { update };
}
