"""The page of the operator in a real Chromium, on a real gateway, with rigs that are simulated."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Request, ViewportSize

from tests.browser import chromium
from tests.gateway import ROOT, Running, running_gateway

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

WALL: Final[ViewportSize] = {"width": 1920, "height": 1080}
WALLS: Final[tuple[ViewportSize, ...]] = (WALL, {"width": 2560, "height": 1440}, {"width": 5120, "height": 1440})
LAPTOP: Final[ViewportSize] = {"width": 1366, "height": 768}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PATIENCE_MS = 15_000
VERDICT: Final = ".ops-verdict"

SCROLLED: Final = """() => { const [root, main] = [document.documentElement, document.querySelector("main")];
    return [root.scrollWidth, root.scrollHeight, main.scrollWidth - main.clientWidth,
        main.scrollHeight - main.clientHeight]; }"""
WIDER_THAN_ITS_CARD: Final = """() => [...document.querySelectorAll("main table, main dl")].filter((node) => {
    if (!node.checkVisibility()) return false;
    const card = node.closest("section").getBoundingClientRect(), own = node.getBoundingClientRect();
    return own.left < card.left || own.right > card.right; }).length"""
SMALLEST_TEXT: Final = """() => Math.min(...[...document.querySelectorAll("body *")]
    .filter((node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()))
    .map((node) => parseFloat(getComputedStyle(node).fontSize)))"""
HEADINGS: Final = """[...document.querySelectorAll("h1, h2, h3, h4")].filter((node) => node.checkVisibility())
    .map((node) => Number(node.tagName[1]))"""


@contextmanager
def simulating(scenario: str, *ports: int, rate: int = 60) -> Iterator[None]:
    """Simulated rigs drive, one per port, until the block ends."""
    options = ["--rigs", str(len(ports)), "--rate", str(rate), "--ports", ",".join(map(str, ports))]
    process = subprocess.Popen(
        [sys.executable, "-m", "app.sim", "--scenario", scenario, "--short", "--loop", *options],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def duel() -> Iterator[Running]:
    """Two rigs that send all that they should."""
    with running_gateway() as gateway, simulating("duel", *gateway.rig_ports):
        yield gateway


@pytest.fixture(scope="module")
def trouble() -> Iterator[Running]:
    """RIG_A sends 20 times a second, RIG_B hides its telemetry, RIG_C sends nothing."""
    with running_gateway(rigs=3) as gateway:
        slow, restricted, _ = gateway.rig_ports
        with simulating("duel", slow, rate=20), simulating("restricted", restricted):
            yield gateway


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One for all tests: each has a page of its own."""
    async with chromium() as running:
        yield running


@asynccontextmanager
async def ops_of(browser: Browser, gateway: Running) -> AsyncIterator[Page]:
    """The page, once the gateway has told of its rigs."""
    page = await browser.new_page(viewport=WALL)
    try:
        await page.goto(f"{gateway.url}/ops")
        await page.wait_for_selector(card("RIG_A"), timeout=PATIENCE_MS)
        yield page
    finally:
        await page.close()


def card(rig_id: str, link: str | None = None) -> str:
    """The selector of a rig's card."""
    return f'section[data-rig="{rig_id}"]' + (f'[data-link="{link}"]' if link else "")


def setting(rig_id: str, name: str, mark: str | None = None) -> str:
    """The selector of one line of what to type into the game."""
    return f'{card(rig_id)} tr[data-setting="{name}"]' + (f'[data-mark="{mark}"]' if mark else "")


def fact(rig_id: str, name: str) -> str:
    """The selector of a value that the gateway sees of a rig."""
    return f'{card(rig_id)} [data-fact="{name}"] dd'


async def said(page: Page, selector: str) -> str:
    """The text of an element on one line."""
    return re.sub(r"\s+", " ", await page.inner_text(selector)).strip()


async def until_says(page: Page, selector: str, pattern: str) -> None:
    await page.wait_for_function(
        "([selector, pattern]) => new RegExp(pattern).test(document.querySelector(selector)?.innerText)",
        arg=[selector, pattern],
        timeout=PATIENCE_MS,
    )


async def seen_hz(page: Page, rig_id: str, packet: str) -> float:
    """How often a kind of packet comes, as the card says."""
    row = page.locator(f"{card(rig_id)} .ops-part-packets tr", has_text=packet)
    return float(await row.locator("td").nth(1).inner_text())


async def test_two_rigs_that_drive_are_live_with_their_rates_and_no_loss(browser: Browser, duel: Running) -> None:
    async with ops_of(browser, duel) as page:
        for rig_id in ("RIG_A", "RIG_B"):
            await until_says(page, VERDICT, f"{rig_id} sends 60 times a second, 0.0 % lost")
        for rig_id in ("RIG_A", "RIG_B"):
            assert await page.is_visible(card(rig_id, "live"))
            assert 54 <= await seen_hz(page, rig_id, "car telemetry") <= 66
            assert await said(page, fact(rig_id, "loss")) == "0.0 %"
            assert await said(page, fact(rig_id, "last")) == "just now"
            for name in ("telemetry", "addresses", "port", "sendRate", "format", "yourTelemetry"):
                assert await page.is_visible(setting(rig_id, name, "ok")), (rig_id, name)


async def test_a_rig_that_sends_too_seldom_is_told_with_its_remedy(browser: Browser, trouble: Running) -> None:
    async with ops_of(browser, trouble) as page:
        await until_says(page, VERDICT, r"RIG_A .*20.*: .*60 ?Hz")
        await page.wait_for_selector(setting("RIG_A", "sendRate", "bad"), timeout=PATIENCE_MS)

        assert (await said(page, setting("RIG_A", "sendRate"))).endswith("✕ sends 20 Hz")
        assert 17 <= await seen_hz(page, "RIG_A", "car telemetry") <= 23


async def test_a_rig_that_hides_its_telemetry_is_told_with_its_remedy(browser: Browser, trouble: Running) -> None:
    async with ops_of(browser, trouble) as page:
        await page.wait_for_selector(setting("RIG_B", "yourTelemetry", "bad"), timeout=PATIENCE_MS)
        await until_says(page, VERDICT, r"RIG_B .*: .*Public")

        assert (await said(page, setting("RIG_B", "yourTelemetry"))).endswith("✕ sends restricted")


async def test_a_rig_that_never_sent_says_what_to_type_in_and_claims_nothing(
    browser: Browser, trouble: Running
) -> None:
    async with ops_of(browser, trouble) as page:
        await page.wait_for_selector(card("RIG_C", "never"), timeout=PATIENCE_MS)

        assert str(trouble.rig_ports[2]) in await said(page, setting("RIG_C", "port"))
        assert re.search(r"\d+\.\d+\.\d+\.\d+", await said(page, setting("RIG_C", "addresses")))
        assert await page.locator(f"{card('RIG_C')} tr[data-setting]:not([data-mark='unknown'])").count() == 0
        assert await said(page, fact("RIG_C", "last")) == "–"
        assert "RIG_C" in await said(page, VERDICT)


async def test_nothing_of_a_silent_rig_or_of_a_gateway_that_is_gone_stays_as_if_live(browser: Browser) -> None:
    with running_gateway(rigs=1) as gateway:
        async with ops_of(browser, gateway) as page:
            with simulating("duel", *gateway.rig_ports):
                await page.wait_for_selector(card("RIG_A", "live"), timeout=PATIENCE_MS)
            await page.wait_for_selector(card("RIG_A", "stale"), timeout=PATIENCE_MS)
            await until_says(page, fact("RIG_A", "last"), r"^[3-9] s ago")
            silent = await said(page, card("RIG_A"))
            assert "RIG_A" in await said(page, VERDICT)

            gateway.terminate()
            await until_says(page, VERDICT, r"No word from the gateway for [2-9] s")
            gone = await said(page, "main")
            with running_gateway(port=gateway.port, rig_ports=gateway.rig_ports):
                await page.wait_for_selector(card("RIG_A", "never"), timeout=PATIENCE_MS)

                assert "does not answer" not in await said(page, VERDICT)

    assert "✓" not in silent + gone
    assert "just now" not in silent + gone
    assert "The gateway does not answer" in gone


async def test_two_rigs_fit_a_wall_without_scrolling(browser: Browser, duel: Running) -> None:
    async with ops_of(browser, duel) as page:
        await page.wait_for_selector(card("RIG_B", "live"), timeout=PATIENCE_MS)
        for size in WALLS:
            await page.set_viewport_size(size)

            assert await page.evaluate(SCROLLED) == [size["width"], size["height"], 0, 0]
            assert await page.evaluate(WIDER_THAN_ITS_CARD) == 0


async def test_smaller_screens_scroll_downwards_only_and_stay_readable(browser: Browser, trouble: Running) -> None:
    async with ops_of(browser, trouble) as page:
        await until_says(page, VERDICT, "RIG_C")
        for size in (LAPTOP, PHONE):
            await page.set_viewport_size(size)

            width, _, beside, _ = await page.evaluate(SCROLLED)
            assert (width, beside) == (size["width"], 0)
            assert await page.evaluate(WIDER_THAN_ITS_CARD) == 0
            assert await page.evaluate(SMALLEST_TEXT) >= 14


async def test_headings_are_in_order_and_the_way_to_more_is_reached_by_keys(browser: Browser, duel: Running) -> None:
    async with ops_of(browser, duel) as page:
        levels = await page.evaluate(HEADINGS)
        reached = set()
        for _ in range(16):
            await page.keyboard.press("Tab")
            reached.add(await page.evaluate("document.activeElement.getAttribute('href')"))

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert {"/", "/compare", "/health", "/metrics"} <= reached


async def test_nothing_is_loaded_from_another_host_and_the_console_stays_clean(browser: Browser, duel: Running) -> None:
    requests: list[Request] = []
    complaints: list[str] = []
    page = await browser.new_page(viewport=WALL)
    page.on("request", lambda request: requests.append(request))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    await page.goto(f"{duel.url}/ops")
    await page.wait_for_selector(card("RIG_B", "live"), timeout=PATIENCE_MS)
    await page.close()

    assert {urlsplit(request.url).netloc for request in requests} == {f"127.0.0.1:{duel.port}"}
    assert complaints == []
