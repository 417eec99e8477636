// @ts-check
/**
 * [edge] Elements, and writers that touch one only when its value changed. Text goes in as text, never as markup.
 */

/**
 * An element with a class and children; strings become text.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, className = "", ...children) {
  const node = document.createElement(tag);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}

/** Where a page leaves room for a view. @param {string} name @returns {HTMLElement} */
export const mountOf = (name) => /** @type {HTMLElement} */ (document.querySelector(`[data-mount="${name}"]`));

/** @template Value @param {(value: Value) => void} write @returns {(value: Value) => void} */
function onChange(write) {
  /** @type {Value | undefined} */
  let last;
  return (value) => {
    if (value === last) return;
    last = value;
    write(value);
  };
}

/** @param {Node} node @returns {(text: string) => void} */
export const textOf = (node) => onChange((text) => void (node.textContent = text));

/** An attribute; `null` takes it away. @param {Element} node @param {string} name @returns {(value: string | null) => void} */
export const attributeOf = (node, name) =>
  onChange((value) => (value === null ? node.removeAttribute(name) : node.setAttribute(name, value)));

/** A CSS property, through the CSSOM. @param {HTMLElement | SVGElement} node @param {string} name @returns {(value: string) => void} */
export const styleOf = (node, name) => onChange((value) => node.style.setProperty(name, value));

/** @param {HTMLElement} node @returns {(isHidden: boolean) => void} */
export const hiddenOf = (node) => onChange((isHidden) => void (node.hidden = isHidden));

/** @typedef {{node: HTMLElement, write: (text: string) => void}} Cell */

/**
 * One value of the contract. `name` is its key in `data`, and stands in `data-cell` for those who read the page.
 *
 * @param {string} name
 * @param {string} className
 * @param {"span" | "bdi"} tag `bdi` for text from the game, which may run right to left.
 * @returns {Cell}
 */
export function cell(name, className = "", tag = "span") {
  const node = el(tag, `value ${className}`.trim());
  node.dataset.cell = name;
  const write = textOf(node);
  write("–");
  return { node, write };
}

/** A label above its values. @param {string} label @param {string} className @param {...(Node | string)} values */
export const stat = (label, className, ...values) =>
  el("div", `stat ${className}`.trim(), el("span", "label", label), el("span", "stat-values", ...values));
