/**
 * Run inside a page by tests/layout.py: faults of its layout as sentences. An expression, whose value has the functions.
 */
(() => {
  const OVERLAY = '.notice, .banner, dialog, [role="dialog"], [role="alert"]';
  const shown = (node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const clip = (text) => (text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const nameOf = (node) => {
    const cell = node.dataset.cell ? `[${node.dataset.cell}]` : "";
    const kind = typeof node.className === "string" && node.className ? `.${node.className.trim().split(/\s+/).join('.')}` : "";
    const pane = node.closest("[data-rig]")?.dataset.rig;
    const widget = node.closest("[data-widget]")?.dataset.widget;
    return `${node.localName}${kind}${cell}${widget ? ` of ${widget}` : ""}${pane ? ` of ${pane}` : ""}`;
  };
  const px = (rect) => `${Math.round(rect.left)},${Math.round(rect.top)} to ${Math.round(rect.right)},${Math.round(rect.bottom)}`;
  const unionOf = (rects) => ({
    left: Math.min(...rects.map((rect) => rect.left)),
    top: Math.min(...rects.map((rect) => rect.top)),
    right: Math.max(...rects.map((rect) => rect.right)),
    bottom: Math.max(...rects.map((rect) => rect.bottom)),
  });

  /** @param {boolean} mayScroll The page is longer than its window by design. @returns {string[]} */
  const faults = (mayScroll) => {
    const faults = [];
    const { innerWidth: width, innerHeight: height } = window;
    const root = document.documentElement;
    if (root.scrollWidth > width) {
      const wide = [...document.body.querySelectorAll("*")].filter((node) => node.getBoundingClientRect().right > width + 1);
      const said = wide.slice(0, 4).map((node) => `${nameOf(node)} to ${Math.round(node.getBoundingClientRect().right)}`);
      faults.push(`the page is ${root.scrollWidth} wide in a window of ${width}: ${said.join(", ")}`);
    }
    if (!mayScroll && root.scrollHeight > height) faults.push(`the page is ${root.scrollHeight} high in a window of ${height}`);

    // A font's box reaches above and below its figures: the middle of it is what can be seen.
    const inkOf = (rect) => {
      const spare = (rect.bottom - rect.top) * 0.2;
      return { left: rect.left, right: rect.right, top: rect.top + spare, bottom: rect.bottom - spare };
    };

    /** Where an element's text can be seen at most, and whether it may be hidden there. */
    const windowOf = (node) => {
      const seen = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity, scrolls: false, sliver: false };
      for (let at = node; at && at !== document.body && at !== root; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.display === "inline" || (style.overflowX === "visible" && style.overflowY === "visible")) continue;
        const box = at.getBoundingClientRect();
        if (box.width <= 1.5 || box.height <= 1.5) seen.sliver = true;
        if (/auto|scroll/.test(style.overflowX + style.overflowY)) seen.scrolls = true;
        if (style.overflowX !== "visible") { seen.left = Math.max(seen.left, box.left); seen.right = Math.min(seen.right, box.right); }
        if (style.overflowY !== "visible") { seen.top = Math.max(seen.top, box.top); seen.bottom = Math.min(seen.bottom, box.bottom); }
      }
      return seen;
    };

    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const node = text.parentElement;
      if (text.data.trim() === "" || /^(script|style|noscript|option)$/.test(node.localName) || !shown(node)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const rects = [...range.getClientRects()].filter((rect) => rect.width > 0.5);
      if (rects.length === 0) continue;
      const seen = windowOf(node);
      if (seen.sliver) continue; // for screen readers alone
      const box = inkOf(unionOf(rects));
      const mayCut = node.closest("[data-may-cut]") !== null;
      const told = `"${clip(text.data.trim())}" (${nameOf(node)})`;
      const isCut = box.left < seen.left - 1 || box.right > seen.right + 1 || box.top < seen.top - 1 || box.bottom > seen.bottom + 1;
      if (isCut && !mayCut && !seen.scrolls) faults.push(`${told} is cut: ${px(box)} in ${px(seen)}`);
      const visible = {
        left: Math.max(box.left, seen.left), right: Math.min(box.right, seen.right),
        top: Math.max(box.top, seen.top), bottom: Math.min(box.bottom, seen.bottom),
      };
      if (visible.right <= visible.left || visible.bottom <= visible.top) continue; // scrolled away, or cut altogether
      const isOut = visible.left < -1 || visible.right > width + 1 || (!mayScroll && (visible.top < -1 || visible.bottom > height + 1));
      if (isOut) faults.push(`${told} is outside the window: ${px(visible)}`);
      // A line that wraps has several boxes; each is held against the others by itself.
      const lines = rects.map(inkOf).map((line) => ({
        left: Math.max(line.left, seen.left), right: Math.min(line.right, seen.right),
        top: Math.max(line.top, seen.top), bottom: Math.min(line.bottom, seen.bottom),
      }));
      texts.push({ node, text, told, lines, isOver: node.closest(OVERLAY) !== null });
    }

    const overlap = (one, other, by) =>
      Math.min(one.right, other.right) - Math.max(one.left, other.left) > by &&
      Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > by;

    texts.forEach((one, at) => {
      for (const other of texts.slice(at + 1)) {
        if (one.isOver !== other.isOver) continue;
        if (one.lines.some((line) => other.lines.some((their) => overlap(line, their, 1.5)))) faults.push(`${one.told} overlaps ${other.told}`);
      }
    });

    const widgets = [...document.querySelectorAll("[data-widget]")].filter(shown).map((node) => ({ node, box: node.getBoundingClientRect() }));
    widgets.filter(({ box }) => box.width > 0 && box.height > 0).forEach(({ node, box }, at, all) => {
      const isOut = box.left < -1 || box.right > width + 1 || (!mayScroll && (box.top < -1 || box.bottom > height + 1));
      if (isOut) faults.push(`${nameOf(node)} is outside the window: ${px(box)}`);
      const room = node.parentElement.closest("[data-rig], [data-widget]");
      const around = room?.getBoundingClientRect();
      const isAway = around && (box.left < around.left - 1 || box.right > around.right + 1 || box.top < around.top - 1 || box.bottom > around.bottom + 1);
      if (isAway) faults.push(`${nameOf(node)} sticks out of ${nameOf(room)}: ${px(box)} of ${px(around)}`);
      for (const other of all.slice(at + 1)) {
        if (node.contains(other.node) || other.node.contains(node) || other.node.closest(OVERLAY) || node.closest(OVERLAY)) continue;
        if (overlap(box, other.box, 1)) faults.push(`${nameOf(node)} overlaps ${nameOf(other.node)}: ${px(box)} and ${px(other.box)}`);
      }
    });
    return faults;
  };

  /** @param {number} seconds @returns {Promise<[number, string[]]>} How often it looked, and what moved. */
  const shifts = async (seconds) => {
    const watched = [...document.querySelectorAll("[data-widget], section[data-rig], section[data-rig] .label")].filter(shown);
    const placeOf = (node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      // A label may say something else; where it begins stays.
      return node.matches(".label") ? [left, top] : [left, top, width, height];
    };
    const first = watched.map(placeOf);
    const moved = new Map();
    const until = performance.now() + seconds * 1000;
    let looks = 0;
    while (performance.now() < until) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      looks += 1;
      watched.forEach((node, at) => {
        if (moved.has(node) || !shown(node)) return;
        const now = placeOf(node);
        if (now.some((value, edge) => Math.abs(value - first[at][edge]) > 0.75)) {
          moved.set(node, `${nameOf(node)} "${clip(node.textContent)}" went from ${first[at].map(Math.round)} to ${now.map(Math.round)}`);
        }
      });
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    return [looks, [...moved.values()]];
  };

  return { faults, shifts };
})()
