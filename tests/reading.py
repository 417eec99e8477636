"""What a test asks the wall, read within one task of the page so that nothing changes meanwhile; and figures as it
writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.expected import Moment

UNKNOWN: Final = "–"

READ: Final = """() => {
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const cells = (root) => Object.fromEntries(all(root, "[data-cell]").map((n) => [n.dataset.cell, n.textContent]));
  const marks = (root) => all(root, '[data-cell^="sector_times_ms."]').map((n) => n.dataset.mark ?? null);
  const bar = document.querySelector('[data-widget="gapbar"]');
  return {
    at_s: Date.now() / 1000,
    hero: bar.querySelector(".gapbar-hero").textContent,
    kind: bar.dataset.kind,
    ahead: bar.querySelector(".gapbar-rig[data-ahead]")?.dataset.badge ?? null,
    why: bar.querySelector(".gapbar-label").textContent,
    rigs: all(document, "section[data-rig]").map((pane) => ({ ...cells(pane), marks: marks(pane) })),
  };
}"""
"""Values of both panes, the hero number and who is ahead, and when that was."""

PLACES: Final = """() => {
  const centre = document.querySelector('[data-widget="centre"]').getBoundingClientRect();
  return [...document.querySelectorAll("section[data-rig]")].map((pane) => {
    const box = pane.getBoundingClientRect();
    const side = box.right <= centre.left ? "left" : box.left >= centre.right ? "right" : "over";
    return { badge: pane.dataset.badge, side, x: box.left, y: box.top, width: box.width, height: box.height };
  });
}"""
"""Where each pane lies, and on which side of the centre."""

ARROW: Final = """() => {
  const arrow = document.querySelector('.gapbar-arrow[data-shown]');
  return arrow === null ? null : [arrow.dataset.badge, arrow.classList.contains("is-left") ? "left" : "right"];
}"""
"""The badge of the rig that leads, and the side that the gap bar points to; None without one."""

BOARD: Final = """() => [...document.querySelectorAll('[data-widget="board"] li')].filter((row) => !row.hidden)
  .map((row) => [row.dataset.lap, row.querySelector('[data-cell="board.lap_time_ms"]').textContent])"""
"""Lap ids and times of the day's board, in its order."""

WATCH_LINK: Final = """(rigId) => {
  const pane = document.querySelector(`section[data-rig="${rigId}"]`);
  const nowS = () => (performance.timeOrigin + performance.now()) / 1000;
  window.links = [];
  new MutationObserver(() => window.links.push([pane.dataset.link, pane.querySelector(".notice").textContent, nowS()]))
    .observe(pane, { attributes: true, attributeFilter: ["data-link"] });
}"""
"""From now on `window.links` has every change of a pane's link, what its notice said, and when (s since 1970)."""

FONT_VH: Final = "(node) => (parseFloat(getComputedStyle(node).fontSize) / innerHeight) * 100"

BRIGHTEST: Final = """(rigId) => {
  const opacity = (node) => (node === null ? 1 : Number(getComputedStyle(node).opacity) * opacity(node.parentElement));
  return Math.max(...[...document.querySelectorAll(`section[data-rig="${rigId}"] [data-cell]`)].map(opacity));
}"""
"""The opacity of a pane's most visible value."""

COLOURED: Final = """([red, green, blue]) => {
  const canvas = [...document.querySelectorAll('[data-widget="trackmap"] canvas')].at(-1);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const isIt = (at) => data[at + 3] > 240 && [red, green, blue].every((part, n) => Math.abs(data[at + n] - part) < 12);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) found += isIt(at) ? 1 : 0;
  return found;
}"""
"""How many points of the map's cars have a colour at full strength."""


def exact_cells(moments: Sequence[Moment]) -> dict[str, set[str]]:
    """By cell: the texts that were true at some of these moments."""
    return {
        "lap_number": {str(moment.lap_number) for moment in moments},
        "speed_kph": {str(moment.speed_kph) for moment in moments},
        "gear": {str(moment.gear) for moment in moments},
        "last_lap_time_ms": {lap_text(moment.last_ms) for moment in moments},
        "best_lap_time_ms": {lap_text(moment.best_ms) for moment in moments},
        "sectors_lap_number": {str(moment.sectors.lap_number or UNKNOWN) for moment in moments},
        "sector_times_ms.s1": {sector_text(moment.sectors.s1) for moment in moments},
        "sector_times_ms.s2": {sector_text(moment.sectors.s2) for moment in moments},
        "sector_times_ms.s3": {sector_text(moment.sectors.s3) for moment in moments},
    }


def milliseconds(text: str) -> float | None:
    """A gap or delta of less than a minute; None for the dash."""
    return None if text == UNKNOWN else float(text.replace("−", "-")) * 1000


def lap_text(ms: int | None) -> str:
    """A lap time as the page writes it."""
    return UNKNOWN if ms is None else f"{ms // 60_000}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def sector_text(ms: int | None) -> str:
    """A sector time of less than a minute as the page writes it."""
    return UNKNOWN if ms is None else f"{ms // 1000}.{ms % 1000:03}"
