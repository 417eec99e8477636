"""The page that compares two laps, in a real Chromium: what two rigs have driven, against the ledger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import pytest
from playwright.async_api import Page, ViewportSize

from app.sim.ledger import LapTruth
from tests import layout
from tests.browser import chromium
from tests.gateway import Running, running_gateway
from tests.simulated import Play, playing

pytestmark = [pytest.mark.browser, pytest.mark.live]

WALL: Final[ViewportSize] = {"width": 1920, "height": 1080}
SIZES: Final[tuple[ViewportSize, ...]] = (
    WALL,
    {"width": 2560, "height": 1440},
    {"width": 5120, "height": 1440},
    {"width": 390, "height": 844},
)
PATIENCE_MS: Final = 60_000
NEAR_MS: Final = 50
STANDSTILL: Final = 1e-6
SPEED: Final = 3.0
"""Times real time."""
LAPS: Final = 6
"""Of both rigs of the short duel together."""

NOTICE: Final = ".compare-notice"
DRAWN: Final = '[data-mount="charts"][data-drawn="both"]'
CHOSEN: Final = """() => [...document.querySelectorAll(".lap-card-select")].map((select) => select.value)"""
CELLS: Final = """() => Object.fromEntries(
    [...document.querySelectorAll("[data-cell]")].map((node) => [node.dataset.cell, node.textContent]))"""
FIGURES: Final = """() => Object.fromEntries([...document.querySelectorAll("[data-figure]")].map((row) =>
    [row.dataset.figure, [row.dataset.winner ?? null, ...[...row.querySelectorAll("[data-cell]")]
        .map((node) => node.textContent)]]))"""
CURSORS: Final = """() => [...document.querySelectorAll(".u-cursor-x:not(.u-off)")].map((line) => {
    const { left, right } = line.getBoundingClientRect(); return Math.round((left + right) / 2); })"""

# Any: JSON, and what a page tells of itself.
Json = Any


class Driven(NamedTuple):
    """A lap that the gateway knows of, with the truth about it."""

    row: Json
    truth: LapTruth


@pytest.fixture(scope="module")
def grid() -> Iterator[tuple[Running, Play]]:
    """Two rigs that are about to set off."""
    with running_gateway() as gateway, playing("duel", gateway, seed=7, speed=STANDSTILL) as play:
        yield gateway, play


@pytest.fixture
def duel(grid: tuple[Running, Play]) -> tuple[Running, Play]:
    """Two rigs on the way, faster than the world."""
    grid[1].tempo(SPEED)
    return grid


@asynccontextmanager
async def compare_of(gateway: Running, search: str = "", size: ViewportSize = WALL) -> AsyncIterator[Page]:
    """The page."""
    async with chromium() as browser:
        page = await browser.new_page(viewport=size)
        await page.goto(f"{gateway.url}/compare{search}")
        yield page


def driven(gateway: Running, play: Play, lap_id: str) -> Driven:
    """A lap by its id; rigs of the gateway and of the run are in one order."""
    row = next(row for row in json.loads(gateway.get("/api/laps")[1])["laps"] if row["lap_id"] == lap_id)
    rig = ord(row["rig_id"][-1]) - ord("A")
    return Driven(row, next(lap for lap in play.ledger.own_laps(rig) if lap.lap_number == row["lap_number"]))


def true_delta_ms(play: Play, a: LapTruth, b: LapTruth, distance_m: float) -> float:
    """By how much the second lap was behind the first one at a place."""
    a_ms, b_ms = (
        play.ledger.traces.lap_elapsed_ms(lap.rig, lap.session_uid, lap.lap_number, distance_m) for lap in (a, b)
    )
    assert a_ms is not None
    assert b_ms is not None
    return b_ms - a_ms


def sectors_ms(lap: LapTruth) -> tuple[int, int, int]:
    """What its three sectors took."""
    return lap.sector1_ms, lap.sector2_ms, lap.sector3_ms


def seconds_text(ms: int) -> str:
    """A sector time or a size as the page writes it."""
    return f"{ms / 1000:.3f}"


def signed_text(ms: int) -> str:
    """A difference as the page writes it."""
    return f"{'−' if ms < 0 else '+'}{abs(ms) / 1000:.3f}"


def from_text(text: str) -> float:
    """Milliseconds of a difference in seconds on the page."""
    return float(text.replace("−", "-")) * 1000


async def until_says(page: Page, selector: str, pattern: str) -> None:
    await page.wait_for_function(
        "([selector, pattern]) => new RegExp(pattern).test(document.querySelector(selector)?.innerText)",
        arg=[selector, pattern],
        timeout=PATIENCE_MS,
    )


async def test_new_laps_are_listed_while_the_chosen_ones_stay_and_say_what_the_ledger_says(
    grid: tuple[Running, Play],
) -> None:
    gateway, play = grid
    async with compare_of(gateway) as page:
        await until_says(page, NOTICE, "^No laps yet today")
        play.tempo(SPEED)
        await page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)
        await page.click(".compare-swap")  # until somebody chooses, the page shows the best pair of the moment
        first = await page.evaluate(CHOSEN)
        await page.wait_for_function(
            "laps => document.querySelectorAll('[data-mount=\"lap-a\"] option').length === laps",
            arg=LAPS,
            timeout=PATIENCE_MS,
        )
        chosen = await page.evaluate(CHOSEN)
        a, b = (driven(gateway, play, lap_id).truth for lap_id in chosen)
        cells, figures = await page.evaluate(CELLS), await page.evaluate(FIGURES)
        read = []
        await page.focus(".charts")
        await page.keyboard.press("Home")
        for _ in range(9):
            await page.keyboard.press("PageUp")  # 100 m
            read.append(await page.evaluate(CELLS))

    behind_ms = b.lap_time_ms - a.lap_time_ms
    assert chosen == first
    assert a.rig != b.rig
    assert cells["final_delta_ms"] == seconds_text(abs(behind_ms))
    for sector, ours_ms, theirs_ms in zip(("s1", "s2", "s3"), sectors_ms(a), sectors_ms(b), strict=True):
        winner = None if ours_ms == theirs_ms else "a" if ours_ms < theirs_ms else "b"
        texts = [seconds_text(ours_ms), signed_text(theirs_ms - ours_ms), seconds_text(theirs_ms)]
        assert figures[sector] == [winner, *texts]
    distances = [float(cells["distance_m"].removesuffix(" m")) for cells in read]
    assert distances == [100.0 * step for step in range(1, 10)]
    for distance_m, told in zip(distances, read, strict=True):
        assert from_text(told["delta_ms"]) == pytest.approx(true_delta_ms(play, a, b, distance_m), abs=NEAR_MS)


async def test_all_charts_show_one_place_and_the_figures_of_the_traces(duel: tuple[Running, Play]) -> None:
    gateway, _ = duel
    async with compare_of(gateway) as page:
        await page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)
        chosen = await page.evaluate(CHOSEN)
        plot = await page.locator('[data-chart="gear"] .u-over').bounding_box()
        assert plot is not None
        await page.mouse.move(plot["x"] + 0.4 * plot["width"], plot["y"] + 4)
        await page.mouse.move(5, 5)  # the cursor stays where it was left
        cells, cursors = await page.evaluate(CELLS), await page.evaluate(CURSORS)

    traces = [json.loads(gateway.get(f"/api/laps/{quote(lap_id, safe='')}")[1]) for lap_id in chosen]
    at = int(cells["distance_m"].replace("\u00a0", "").removesuffix(" m")) // 4
    assert len(cursors) == 5
    assert max(cursors) - min(cursors) <= 1
    assert at * 4 == pytest.approx(0.4 * traces[0]["length_m"], abs=8)
    for side, trace in zip("ab", traces, strict=True):
        assert float(cells[f"{side}.speed"]) == pytest.approx(trace["speed_kph"][at], abs=0.5)
        assert float(cells[f"{side}.throttle"]) == pytest.approx(100 * trace["throttle"][at], abs=0.5)
        assert float(cells[f"{side}.brake"]) == pytest.approx(100 * trace["brake"][at], abs=0.5)
        assert cells[f"{side}.gear"] == str(trace["gear"][at])


async def test_the_choice_stands_in_the_address_and_the_way_back_leads_to_the_one_before(
    duel: tuple[Running, Play],
) -> None:
    gateway, _ = duel
    async with compare_of(gateway) as page:
        await page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)
        a, b = await page.evaluate(CHOSEN)
        await page.click(".compare-swap")
        swapped = await page.evaluate(CHOSEN)
        await page.reload()
        await page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)
        reloaded = await page.evaluate(CHOSEN)
        await page.go_back()
        await page.wait_for_function(f"lap => ({CHOSEN})()[0] === lap", arg=a, timeout=PATIENCE_MS)
        back = await page.evaluate(CHOSEN)

    assert swapped == reloaded == [b, a]
    assert back == [a, b]


async def test_a_lap_that_does_not_exist_is_named_and_the_other_one_is_drawn(duel: tuple[Running, Play]) -> None:
    gateway, _ = duel
    async with compare_of(gateway, "?a=RIG_A:1:LapCompleted:0:99") as page:
        await until_says(page, NOTICE, "^Lap A is no longer there")
        await page.wait_for_selector('[data-mount="charts"][data-drawn="one"]', timeout=PATIENCE_MS)

        assert (await page.evaluate(CELLS))["final_delta_ms"] == "–"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']}x{size['height']}")
async def test_nothing_is_cut_and_only_a_phone_scrolls(duel: tuple[Running, Play], size: ViewportSize) -> None:
    gateway, _ = duel
    is_phone = size["width"] < 700
    async with compare_of(gateway, size=size) as page:
        await page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)

        assert await layout.faults(page, may_scroll=is_phone) == []


async def test_without_laps_the_page_says_so_and_without_a_gateway_that_nobody_answers() -> None:
    with running_gateway() as gateway:
        async with compare_of(gateway) as page:
            await until_says(page, NOTICE, "^No laps yet today")
            gateway.terminate()
            await until_says(page, NOTICE, "^The gateway does not answer")
