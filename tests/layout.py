"""Faults of a layout, found in the page itself: text that is cut, boxes that overlap, things that move.

What may be cut carries `data-may-cut` (names and sentences of any length), and what scrolls may hide what it scrolls.
What lies over the page by design (a notice, a panel, a banner) may cover what is below.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import Page

_SOURCE: Final = (Path(__file__).parent / "layout.js").read_text(encoding="utf-8").rstrip()


async def faults(page: Page, *, may_scroll: bool = False) -> list[str]:
    """What is wrong with how the page lies at this moment, a sentence each.

    Args:
        page: Looked at within one task of its own, so that nothing changes meanwhile.
        may_scroll: The page is longer than its window by design; sideways it never may be.
    """
    found: list[str] = await page.evaluate(f"mayScroll => {_SOURCE}.faults(mayScroll)", may_scroll)
    return found


async def shifts(page: Page, seconds: float) -> list[str]:
    """Which panes, widgets and labels moved or changed their size while their values changed, a sentence each.

    Raises:
        AssertionError: The page was looked at too seldom to tell.
    """
    looks, moved = await page.evaluate(f"seconds => {_SOURCE}.shifts(seconds)", seconds)
    assert looks > 2 * seconds, f"{looks} looks in {seconds:g} s are too few"
    told: list[str] = moved
    return told
