// @ts-check
/** [edge] The way from page to page: the wall, each rig, compare, ops; where one is now is marked. */
import { el } from "../cells.js";
import { NAV } from "../words/nav.js";

/** @param {string} href @param {string} text @param {string} here Path of this page. */
function link(href, text, here) {
  const node = el("a", "nav-link", text);
  node.href = href;
  if (href === here) node.setAttribute("aria-current", "page");
  return node;
}

/** A rig's id may be longer than its room. @param {string} rigId @param {string} here */
function rigLink(rigId, here) {
  const node = link(`/rig/${encodeURIComponent(rigId)}`, rigId, here);
  node.title = rigId;
  node.dataset.mayCut = "";
  return node;
}

/**
 * @param {HTMLElement} mount A nav element.
 * @param {string} here Path of this page.
 */
export function createNav(mount, here = location.pathname) {
  let shown = "";
  mount.setAttribute("aria-label", NAV.label);

  /** @param {readonly string[]} rigIds In the gateway's order; none before they are known. */
  const show = (rigIds) => {
    if (rigIds.join() === shown && mount.childElementCount > 0) return;
    shown = rigIds.join();
    mount.replaceChildren(
      link("/", NAV.wall, here),
      ...rigIds.map((rigId) => rigLink(rigId, here)),
      link("/compare", NAV.compare, here),
      link("/ops", NAV.ops, here),
    );
  };
  show([]);
  return { show };
}
