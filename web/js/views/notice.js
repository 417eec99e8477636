// @ts-check
/** [edge] What lies over a pane while its numbers must not be believed, or while there are none. */
import { el, hiddenOf, textOf } from "../cells.js";

export function createNotice() {
  const title = el("span", "notice-title");
  const detail = el("span", "notice-detail");
  const node = el("p", "notice", title, " ", detail);
  const titleText = textOf(title);
  const detailText = textOf(detail);
  const hide = hiddenOf(node);

  /** @param {{title: string, detail: string} | null} notice */
  const update = (notice) => {
    hide(notice === null);
    titleText(notice?.title ?? "");
    detailText(notice?.detail ?? "");
  };
  return { node, update };
}
