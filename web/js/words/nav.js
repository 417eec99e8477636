// @ts-check
/** The words of the way from page to page. */

export const NAV = Object.freeze({ label: "Pages", wall: "Wall", compare: "Compare", ops: "Ops" });
