// @ts-check
/** [edge] The gateway's card: its parts, its queues, the screens that look at it, its clock, and the way to more. */
import { attributeOf, el, hiddenOf, textOf } from "../cells.js";
import { CLOCK_FACTS, GATEWAY_FACTS, MORE_PAGES, OPS } from "../words/ops.js";
import { createFacts } from "./opsfacts.js";
import { createTable } from "./opstable.js";

const QUEUE_COLUMNS = Object.freeze([
  { key: "subscriber", label: OPS.queue, isHead: true },
  { key: "waiting", label: OPS.waiting, isFigure: true },
  { key: "dropped", label: OPS.dropped, isFigure: true },
  { key: "conflated", label: OPS.conflated, isFigure: true },
  { key: "delivered", label: OPS.delivered, isFigure: true },
]);

const CLIENT_COLUMNS = Object.freeze([
  { key: "address", label: OPS.address, isHead: true },
  { key: "connected", label: OPS.connected },
  { key: "rigs", label: OPS.shows },
  { key: "skipped", label: OPS.skipped, isFigure: true },
]);

const SENDER_COLUMNS = Object.freeze([
  { key: "address", label: OPS.address, isHead: true },
  { key: "as", label: OPS.sentAs },
  { key: "rate", label: OPS.rate, isFigure: true },
]);

/** @param {string} title @param {...Node} children */
const part = (title, ...children) => el("div", "ops-part", el("h3", "ops-subtitle", title), ...children);

function createParts() {
  const node = el("ul", "ops-parts");
  let drawn = "";
  /** @param {readonly import("../ops/gateway.js").PartView[]} parts */
  const update = (parts) => {
    const wanted = JSON.stringify(parts);
    if (wanted === drawn) return;
    drawn = wanted;
    node.replaceChildren(
      ...parts.map(({ name, glyph, mark, word }) => {
        const sign = el("span", "ops-check", glyph);
        sign.setAttribute("aria-hidden", "true");
        const line = el("li", "ops-part-line", sign, " ", el("bdi", "", name), " ", el("span", mark === "ok" ? "visually-hidden" : "", word));
        line.dataset.mark = mark;
        return line;
      }),
    );
  };
  return { node, update };
}

function createClients() {
  const table = createTable(OPS.clients, CLIENT_COLUMNS);
  const nobody = el("p", "ops-quiet", OPS.noClients);
  const note = el("p", "ops-quiet");
  const [hide, noteText, noteHidden] = [hiddenOf(nobody), textOf(note), hiddenOf(note)];
  /** @param {import("../ops/gateway.js").GatewayView} view */
  const update = ({ clients, clientsNote }) => {
    table.update(clients);
    hide(clients.length > 0);
    noteText(clientsNote);
    noteHidden(clientsNote === "");
  };
  return { nodes: [table.node, nobody, note], update };
}

function createSenders() {
  const table = createTable(OPS.senders, SENDER_COLUMNS);
  const nobody = el("p", "ops-quiet", OPS.noSenders);
  const hide = hiddenOf(nobody);
  /** @param {import("../ops/gateway.js").GatewayView} view */
  const update = ({ senders }) => {
    table.update(senders.map((sender) => ({ ...sender, mark: sender.isBad ? "bad" : null })));
    hide(senders.length > 0);
  };
  return { nodes: [table.node, nobody], update };
}

function createMore() {
  const links = MORE_PAGES.map(([href, text]) => {
    const link = el("a", "ops-more-link", text);
    link.href = href;
    return link;
  });
  const node = el("nav", "ops-more", ...links);
  node.setAttribute("aria-label", OPS.more);
  return node;
}

/** @param {HTMLElement} mount A section. */
export function createGateway(mount) {
  const word = el("span", "ops-gateway-word");
  const [facts, clock, parts] = [createFacts(OPS.gateway, GATEWAY_FACTS), createFacts(OPS.clock, CLOCK_FACTS), createParts()];
  const [queues, clients] = [createTable(OPS.queues, QUEUE_COLUMNS), createClients()];
  const senders = createSenders();
  const body = el(
    "div",
    "ops-card-body ops-gateway-body",
    el("div", "ops-column", part(OPS.host, facts.node), part(OPS.clock, clock.node)),
    el("div", "ops-column", part(OPS.parts, parts.node), part(OPS.queues, queues.node)),
    el("div", "ops-column", part(OPS.senders, ...senders.nodes), part(OPS.clients, ...clients.nodes)),
  );
  body.tabIndex = 0; // on a wall it may scroll, by keys too
  const hide = hiddenOf(body);
  const wordText = textOf(word);
  const tone = attributeOf(mount, "data-state");
  mount.setAttribute("aria-label", OPS.gateway);
  mount.replaceChildren(el("header", "ops-card-head", el("h2", "ops-rig-name", OPS.gateway), word, createMore()), body);

  /** @param {import("../ops.js").OpsView} view */
  const update = ({ gateway }) => {
    hide(gateway === null);
    tone(gateway?.tone ?? null);
    wordText(gateway?.word ?? "");
    if (gateway === null) return;
    facts.update(gateway.facts);
    clock.update(gateway.clock);
    parts.update(gateway.parts);
    queues.update(gateway.queues.map((queue) => ({ ...queue, mark: queue.isBad ? "bad" : null })));
    senders.update(gateway);
    clients.update(gateway);
  };
  return { update };
}
