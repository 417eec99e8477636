"""The search for layout faults finds the faults it is for, and leaves a sound page alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests import layout
from tests.browser import chromium

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

_SOUND = """<body style="margin:0;font:20px sans-serif">
<section data-rig="RIG_A" style="width:300px;height:200px">
<div data-widget="speed" style="height:40px"><span class="label">Speed</span> <b data-cell="speed_kph">287</b></div>
<div data-widget="gear" style="height:40px"><b data-cell="gear">7</b></div>
<div data-may-cut style="width:60px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis">a very long name</div>
<div style="height:40px;overflow:auto"><p>one</p><p>two</p><p>three</p></div>
</section></body>"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page(viewport={"width": 400, "height": 300})
    await page.set_content(_SOUND)
    yield page
    await page.close()


async def style(page: Page, selector: str, text: str) -> None:
    """Give an element further style."""
    await page.eval_on_selector(selector, "(node, text) => { node.style.cssText += `;${text}`; }", text)


async def test_a_sound_page_has_no_faults(page: Page) -> None:
    assert await layout.faults(page) == []


@pytest.mark.parametrize(
    ("selector", "text", "complaint"),
    [
        ("[data-widget=speed]", "width:20px;overflow:hidden;white-space:nowrap", '"Speed" (span.label of speed'),
        ("[data-widget=speed]", "height:8px;overflow:hidden", "is cut"),
        (
            "[data-cell=gear]",
            "position:absolute;top:4px;left:8px",
            '"Speed" (span.label of speed of RIG_A) overlaps "7"',
        ),
        ("[data-widget=gear]", "margin-top:-20px;width:300px", "div of speed of RIG_A overlaps div of gear"),
        ("[data-widget=gear]", "margin-left:-30px", "is outside the window"),
        ("[data-widget=gear]", "width:350px", "div of gear of RIG_A sticks out of section"),
        ("[data-rig]", "width:500px", "the page is 500 wide in a window of 400"),
        ("[data-rig]", "height:500px", "the page is 500 high in a window of 300"),
    ],
)
async def test_a_fault_is_found(page: Page, selector: str, text: str, complaint: str) -> None:
    await style(page, selector, text)

    found = await layout.faults(page)

    assert any(complaint in said for said in found), found


async def test_a_page_that_may_be_longer_than_its_window_may_not_be_wider(page: Page) -> None:
    await style(page, "[data-rig]", "height:500px;width:500px")

    found = await layout.faults(page, may_scroll=True)

    assert any(said.startswith("the page is 500 wide in a window of 400") for said in found)
    assert not any(" high in a window of " in said for said in found)


async def test_what_moves_when_a_value_changes_is_told_once(page: Page) -> None:
    grow = "setTimeout(() => { document.querySelector('[data-cell=speed_kph]').style.display = 'block'; }, 300)"
    await style(page, "[data-widget=speed]", "height:auto")
    await page.evaluate(grow)

    moved = await layout.shifts(page, 1)

    assert [said.partition(" went ")[0] for said in moved] == [
        'div of speed of RIG_A "Speed 287"',
        'div of gear of RIG_A "7"',
    ]


async def test_a_value_that_changes_in_its_place_moves_nothing(page: Page) -> None:
    await page.evaluate("setTimeout(() => { document.querySelector('[data-cell=gear]').textContent = '8'; }, 300)")

    assert await layout.shifts(page, 1) == []
