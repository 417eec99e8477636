"""The operator's control panel in a real Chromium, on a real gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize

from tests.axe import violations
from tests.browser import chromium
from tests.gateway import OPERATOR_TOKEN, Running, running_gateway

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

WALL: Final[ViewportSize] = {"width": 1920, "height": 1080}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
STATUS: Final = "dialog [role=status]"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with running_gateway() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, gateway: Running) -> AsyncIterator[Page]:
    """The ops page in a browser that has never seen it."""
    context = await browser.new_context(viewport=WALL)
    opened = await context.new_page()
    opened.set_default_timeout(5_000)
    await opened.goto(f"{gateway.url}/ops")
    await opened.wait_for_selector('section[data-rig="RIG_A"]')
    yield opened
    await context.close()


async def says(page: Page, words: str) -> None:
    await page.wait_for_function(
        "([selector, words]) => document.querySelector(selector)?.innerText.includes(words)", arg=[STATUS, words]
    )


async def by_keys_as(page: Page, token: str) -> None:
    """Open the panel and give a token, without a mouse."""
    await page.get_by_role("button", name="Control").focus()
    await page.keyboard.press("Enter")
    await page.get_by_label("Operator token").focus()
    await page.keyboard.type(token)
    await page.keyboard.press("Enter")


async def test_an_operator_rebinds_a_rig_by_keys_alone(page: Page) -> None:
    await by_keys_as(page, OPERATOR_TOKEN)
    await says(page, "You are the operator")
    await page.get_by_role("button", name="Rebind RIG_B").focus()
    await page.keyboard.press("Enter")
    await says(page, "RIG_B is free")
    await page.keyboard.press("Escape")

    assert await page.locator("dialog").is_visible() is False
    assert await page.evaluate("document.activeElement.innerText") == "Control"


async def test_a_wrong_token_is_told_and_opens_nothing(page: Page) -> None:
    await by_keys_as(page, "a wrong token of somebody")
    await says(page, "That is not the operator token")

    assert await page.get_by_role("button", name="Rebind RIG_A").is_visible() is False
    assert await page.evaluate("sessionStorage.length") == 0


async def test_the_token_stays_with_the_tab_and_goes_on_request(page: Page) -> None:
    await by_keys_as(page, OPERATOR_TOKEN)
    await says(page, "You are the operator")
    await page.reload()
    await page.get_by_role("button", name="Control").click()
    await page.get_by_role("button", name="Rebind RIG_A").click()
    await says(page, "RIG_A is free")
    await page.get_by_role("button", name="Forget it").click()
    await says(page, "The token is forgotten")

    assert await page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [0, 0, ""]


@pytest.mark.parametrize("size", [WALL, PHONE], ids=["wall", "phone"])
async def test_the_panel_breaks_no_rule_of_accessibility_and_fits(page: Page, size: ViewportSize) -> None:
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    await page.set_viewport_size(size)
    await page.get_by_role("button", name="Control").click()
    asked = await violations(page)
    await page.get_by_label("Operator token").fill(OPERATOR_TOKEN)
    await page.keyboard.press("Enter")
    await says(page, "You are the operator")
    known = await violations(page)

    assert (asked, known, complaints) == ([], [], [])
    assert await page.evaluate("document.documentElement.scrollWidth") == size["width"]


async def test_a_sender_is_claimed_with_one_press_and_a_hostile_one_stays_text(page: Page) -> None:
    senders = [
        {"port": 1, "rig_id": None, "address": "10.0.0.7", "state": "unclaimed", "datagrams_per_s": 60},
        {"port": 1, "rig_id": None, "address": "<img src=x onerror=alert(1)>", "state": "refused"},
    ]
    rigs = [{"rig_id": "RIG_A", "port": 1}]
    claims: list[str | None] = []

    async def claimed(route: object) -> None:
        claims.append(route.request.post_data)  # type: ignore[attr-defined]  # playwright's Route
        await route.fulfill(json={"rig_id": "RIG_A"})  # type: ignore[attr-defined]

    await page.route("**/api/ops", lambda route: route.fulfill(json={"rigs": rigs, "senders": senders}))
    await page.route("**/api/rigs/RIG_A/claim", claimed)
    await by_keys_as(page, OPERATOR_TOKEN)
    await page.get_by_role("button", name="Claim for RIG_A: 10.0.0.7").click()
    await says(page, "10.0.0.7 is RIG_A from now on")

    assert claims == ['{"address":"10.0.0.7"}']
    assert await page.locator("dialog img").count() == 0
    assert await page.get_by_text("<img src=x onerror=alert(1)> to port 1: is refused").count() == 1
