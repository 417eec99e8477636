// @ts-check
/** [edge] Named facts, one below the other: what, its value, and a word on it. */
import { attributeOf, el, textOf } from "../cells.js";

/** @param {string} name @param {string} label */
function createFact(name, label) {
  const value = el("bdi", "ops-value");
  const detail = el("bdi", "ops-detail");
  const node = el("div", "ops-fact", el("dt", "label", label), el("dd", "ops-what", value, " ", detail));
  node.dataset.fact = name;
  const [valueText, detailText] = [textOf(value), textOf(detail)];
  const alert = attributeOf(node, "data-alert");
  /** @param {import("../ops/rig.js").Fact} fact */
  const update = (fact) => {
    valueText(fact.value);
    detailText(fact.detail);
    alert(fact.isAlert ? "" : null);
  };
  return { node, update };
}

/**
 * @param {string} label What the facts are of.
 * @param {Readonly<Record<string, string>>} labels By name, in their order.
 */
export function createFacts(label, labels) {
  const facts = Object.entries(labels).map(([name, text]) => /** @type {const} */ ([name, createFact(name, text)]));
  const node = el("dl", "ops-facts", ...facts.map(([, fact]) => fact.node));
  node.setAttribute("aria-label", label);
  /** @param {Readonly<Record<string, import("../ops/rig.js").Fact>>} told */
  const update = (told) => {
    for (const [name, fact] of facts) fact.update(told[name]);
  };
  return { node, update };
}
