"""What a crowd sees, proved from UDP to pixels: simulated rigs, a real gateway, a real browser, and the ledger's truth.

Three evenings, which begin together so that none is waited for:

- *duel*: two time trials in format 2025; sizes, a phone, and ten times every figure against the ledger.
- *lobby*: two rigs in one race in format 2024 with hostile names, the second one with restricted telemetry; every page
  under axe, silence and return, a restart of the gateway in mid-race, and the day's board at the end.
- *evening*: four rigs with a flashback, an invalid lap, a lap given up, and a spectator; a restart of the gateway in
  mid-session, and the day's board at the end.

Each is played fast until its first laps are done. Then it goes on slowly, so that its rigs stay live however long the
tests before it take, until a test sets another tempo.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize

from app.sim.ledger import LapTruth
from app.sim.run import simulate
from tests import layout
from tests.axe import violations
from tests.browser import cell, chromium
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.expected import Expected
from tests.gateway import Running, free_port, running_gateway
from tests.reading import (
    ARROW,
    BOARD,
    BRIGHTEST,
    COLOURED,
    FONT_VH,
    PLACES,
    READ,
    UNKNOWN,
    WATCH_LINK,
    exact_cells,
    lap_text,
    milliseconds,
)
from tests.simulated import Play, playing, with_names

pytestmark = [pytest.mark.browser, pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]

# Any: what a page tells of itself, and JSON.
Json = Any

WALL: Final[ViewportSize] = {"width": 1920, "height": 1080}
WALLS: Final[Sequence[ViewportSize]] = (WALL, {"width": 2560, "height": 1440}, {"width": 5120, "height": 1440})
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
SMALL: Final[ViewportSize] = {"width": 1280, "height": 720}
"""A screen of 1080 lines at 150 %."""
ONE_AT_A_TIME: Final[Sequence[ViewportSize]] = (
    PHONE,
    {"width": 844, "height": 390},  # a phone lying
    {"width": 768, "height": 1024},  # a tablet held upright
    {"width": 960, "height": 540},  # a screen of 1080 lines at 200 %
)
PATIENCE_MS: Final = 15_000
LAG_S: Final = 0.3
"""A screen may be so far behind the game: 50 ms between states, the way, a paint, and a machine under load."""
NEAR_MS: Final = 50
ONE_FRAME_S: Final = 0.05 + 0.12
"""One frame of the stream, and what the way to the pixels may take."""

HOSTILE: Final = (
    '"><img src=x onerror="window.pwned=1">',
    "🏎" * 12,
    "<script>window.pwned=1</script>",
    "\u202eevil",
    "W" * 48,
)
"""As long as a name can be: 48 bytes in format 2024."""
LONG_RIG: Final = "W" * 32
COLOUR_B: Final = (0x7F, 0xDB, 0xFF)
VIEWS: Final = ("/", "/rig/RIG_A", "/compare", "/ops")
SLOWLY: Final = 0.1
"""Six frames a second are left of sixty, two of twenty: enough to be live."""
DUEL_LOOKED_AT_S: Final = 33.5
LOBBY_LOOKED_AT_S: Final = 32.0
EVENING: Final = (("flashback_over_line", 1), ("invalid_lap", 1), ("practice_restart", 4), ("spectator", 1))
"""Scenario and seed by rig."""
EVENING_RIGS: Final = ("RIG_A", "RIG_B", "RIG_C", LONG_RIG)
RESTART_AT_S: Final = 51.5
"""All these are moments of ledger time at which every rig has completed a lap and none is about to complete another."""


class House:
    """A gateway that can be restarted: the same ports, the same history.

    Args:
        folder: Takes the history.
        rig_ports: One per rig.
        settings: Further settings, by name.
    """

    def __init__(self, folder: Path, rig_ports: tuple[int, ...], **settings: str) -> None:
        self._settings = {"HISTORY_PATH": str(folder / "history.sqlite3"), **settings}
        self._processes = ExitStack()
        self.gateway = self._begun(free_port(), rig_ports)

    def restart(self) -> None:
        """End the gateway, and let another one take its place."""
        self.gateway.terminate()
        self.gateway = self._begun(self.gateway.port, self.gateway.rig_ports)

    def close(self) -> None:
        """End it for good."""
        self._processes.close()

    def _begun(self, port: int, rig_ports: tuple[int, ...]) -> Running:
        settings: dict[str, Any] = self._settings
        return self._processes.enter_context(running_gateway(port=port, rig_ports=rig_ports, **settings))


class Duel(NamedTuple):
    """Two time trials, and what is true of them."""

    gateway: Running
    play: Play
    expected: Expected


class Race(NamedTuple):
    """Two rigs in one race."""

    house: House
    play: Play


class Evening(NamedTuple):
    """Four rigs, of which the last one watches; `restarting` ends when the gateway has been restarted."""

    house: House
    plays: Sequence[Play]
    restarting: threading.Thread


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture(scope="module", autouse=True)
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    named = dict(zip(EVENING_RIGS, (free_port(socket.SOCK_DGRAM) for _ in EVENING_RIGS), strict=True))
    rigs = [{"rig_id": name, "udp_port": port} for name, port in named.items()]
    rigs[3]["driver_name"] = HOSTILE[0]
    house = House(tmp_path_factory.mktemp("evening"), tuple(named.values()), RIGS=json.dumps(rigs))
    with ExitStack() as stack:
        stack.callback(house.close)
        plays = [
            stack.enter_context(
                playing(
                    scenario,
                    house.gateway,
                    seed=seed,
                    rate_hz=20,
                    packet_format=2024,
                    speed=2.0,
                    later=((RESTART_AT_S, SLOWLY),),
                    first_rig=rig,
                    rewrite=with_names(*HOSTILE[rig:], *HOSTILE[:rig]),
                )
            )
            for rig, (scenario, seed) in enumerate(EVENING)
        ]
        restarting = threading.Thread(target=restart_at, args=(house, plays[0], RESTART_AT_S), daemon=True)
        restarting.start()
        yield Evening(house, plays, restarting)
        restarting.join(30)


def restart_at(house: House, play: Play, at_s: float) -> None:
    """Restart the gateway at a ledger time."""
    time.sleep(play.wait_s(at_s))
    house.restart()


@pytest.fixture(scope="module", autouse=True)
def lobby(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Race]:
    ports = (free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM))
    house = House(tmp_path_factory.mktemp("lobby"), ports)
    hostile = with_names(*HOSTILE)
    try:
        with playing(
            "lobby",
            house.gateway,
            seed=4,
            packet_format=2024,
            later=((LOBBY_LOOKED_AT_S, SLOWLY),),
            rewrite=hostile,
        ) as play:
            yield Race(house, play)
    finally:
        house.close()


@pytest.fixture(scope="module")
def duel() -> Iterator[Duel]:
    expected = Expected(simulate("duel", rate_hz=60))  # the same run as the one that is sent
    with running_gateway(DISPLAY_EVENT_NAME="Night of the Rigs") as gateway:
        with playing("duel", gateway, speed=5.0, later=((DUEL_LOOKED_AT_S, SLOWLY),)) as play:
            yield Duel(gateway, play, expected)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def wall(browser: Browser, duel: Duel) -> AsyncIterator[Page]:
    """The duel's wall, on which each rig has completed a lap."""
    page = await opened(browser, duel.gateway)
    await asyncio.sleep(duel.play.wait_s(DUEL_LOOKED_AT_S))
    yield page
    await page.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def race(browser: Browser, lobby: Race) -> AsyncIterator[Page]:
    """The lobby's wall, on which each rig has completed a lap."""
    page = await opened(browser, lobby.house.gateway)
    await asyncio.sleep(lobby.play.wait_s(LOBBY_LOOKED_AT_S))
    yield page
    await page.close()


async def opened(browser: Browser, gateway: Running, size: ViewportSize = WALL) -> Page:
    """The wall with something live on it. It remembers in `window.pwned` that a dialog opened."""
    page = await browser.new_page(viewport=size)
    page.on("dialog", lambda _: page.evaluate("window.pwned = 1"))
    await page.goto(gateway.url)
    await page.wait_for_selector("section[data-link=live]", timeout=PATIENCE_MS)
    return page


def sizes(size: ViewportSize) -> str:
    return f"{size['width']}x{size['height']}"


# --- must show 1: sizes


@pytest.mark.parametrize("size", WALLS, ids=sizes)
async def test_on_a_wall_nothing_is_cut_overlaps_scrolls_or_moves(wall: Page, size: ViewportSize) -> None:
    await wall.set_viewport_size(size)
    await wall.wait_for_timeout(300)

    assert await layout.faults(wall) == []
    assert await layout.shifts(wall, 1.5) == []
    assert await layout.faults(wall) == []


@pytest.mark.parametrize("size", WALLS, ids=sizes)
async def test_what_decides_the_duel_can_be_read_from_five_metres(wall: Page, size: ViewportSize) -> None:
    await wall.set_viewport_size(size)
    least = {cell("RIG_A", "speed_kph"): 9, cell("RIG_B", "speed_kph"): 9, cell("RIG_A", "gear"): 14, ".gapbar-hero": 9}

    for selector, vh in least.items():
        assert await wall.eval_on_selector(selector, FONT_VH) >= vh, selector
    assert await wall.eval_on_selector(".gapbar-hero", FONT_VH) <= 14


@pytest.mark.parametrize("size", ONE_AT_A_TIME, ids=sizes)
async def test_on_a_small_screen_every_tab_fits(browser: Browser, duel: Duel, size: ViewportSize) -> None:
    page = await opened(browser, duel.gateway, size)
    tabs = await page.locator(".tabs button").all()

    assert len(tabs) == 4
    for tab in tabs:
        await tab.click()
        await page.wait_for_timeout(150)
        assert await layout.faults(page) == [], await tab.inner_text()
    await page.close()


# --- must show 2: truth


async def test_ten_times_what_the_page_shows_is_what_the_ledger_says(wall: Page, duel: Duel) -> None:
    await wall.set_viewport_size(WALL)
    play = duel.play
    play.tempo(2.0)
    play.late_s = 0.0
    began_s, end_s = play.at_s() + 0.5, play.ledger.own_laps(0)[-1].completed_at_s - 0.5
    shown: list[Json] = []
    for number in range(10):
        await asyncio.sleep(play.wait_s(began_s + number * (end_s - began_s) / 9))
        shown.append(await wall.evaluate(READ))

    assert [mistake for sample in shown for mistake in mistakes(sample, duel)] == []
    assert end_s - began_s > 20, "the moments are spread over a lap at least"


def mistakes(shown: Json, duel: Duel) -> list[str]:
    """What a page shows that was true at no moment of the last fraction of a second."""
    play, expected = duel.play, duel.expected
    at_s = play.at_s(shown["at_s"])
    from_s = at_s - (LAG_S + play.late_s) * 2.0  # at twice the speed
    found = []
    moments = [expected.moments(rig, from_s, at_s) for rig in (0, 1)]
    for rig, cells in enumerate(shown["rigs"]):
        found += [
            f"{at_s:.2f} s, rig {rig}: {name} {cells[name]}, not {sorted(truths)}"
            for name, truths in exact_cells(moments[rig]).items()
            if cells[name] not in truths
        ]
        if tuple(cells["marks"]) not in {moment.marks for moment in moments[rig]}:
            found.append(f"{at_s:.2f} s, rig {rig}: marks {cells['marks']}, not {moments[rig][-1].marks}")
        bests = [moment.delta_to_best_ms for moment in moments[rig]]
        if not is_near(milliseconds(cells["delta_to_best_ms"]), bests):
            found.append(f"{at_s:.2f} s, rig {rig}: delta {cells['delta_to_best_ms']}, not {bests[0]} to {bests[-1]}")
    chaser = expected.chaser(at_s, LAG_S)
    deltas = [moment.delta_to_other_ms for moment in moments[chaser]]
    hero_ms = milliseconds(shown["hero"])
    if hero_ms is not None and shown["ahead"] == "AB"[chaser]:
        hero_ms = -hero_ms
    if shown["kind"] != "delta" or not is_near(hero_ms, deltas):
        told = f"{shown['hero']} ({shown['kind']}), {shown['ahead']} ahead"
        found.append(f"{at_s:.2f} s: hero {told}; rig {chaser} chases by {deltas[0]} to {deltas[-1]}")
    return found


def is_near(shown_ms: float | None, truths_ms: Sequence[float | None]) -> bool:
    """Within 50 ms of one of them; unknown only where that is true."""
    if shown_ms is None:
        return None in truths_ms
    return any(true_ms is not None and abs(shown_ms - true_ms) <= NEAR_MS for true_ms in truths_ms)


async def test_in_one_race_the_hero_is_the_gap_that_the_ledger_says(race: Page, lobby: Race) -> None:
    play = lobby.play
    play.tempo(1.0)
    play.late_s = 0.0
    shown: list[Json] = []
    for _ in range(5):
        await asyncio.sleep(1.0)
        shown.append(await race.evaluate(READ))
    play.tempo(SLOWLY)

    assert [mistake for sample in shown for mistake in gap_mistakes(sample, play)] == []


def gap_mistakes(shown: Json, play: Play) -> list[str]:
    """What a page says of the gap that was true at no moment of the last fraction of a second."""
    at_s = play.at_s(shown["at_s"])
    past_s = [at_s - step / 60 for step in range(round((LAG_S + play.late_s) * 60))]
    truths = [gap_ms for past in past_s if (gap_ms := play.ledger.traces.gap_ms(0, 1, past)) is not None]
    ahead = {"B" if gap_ms > 0 else "A" for gap_ms in truths}
    if shown["kind"] == "gap" and shown["ahead"] in ahead and is_near(milliseconds(shown["hero"]), [*map(abs, truths)]):
        return []
    told = f"{shown['hero']} ({shown['kind']}), {shown['ahead']} ahead"
    return [f"{at_s:.2f} s: hero {told}; rig A is behind by {truths[-1:]} to {truths[:1]}"]


# --- must show 5: hostile names


async def told_by(browser: Browser, gateway: Running, rig: str) -> str:
    """What a rig's own page tells: on the wall two rigs tell together, in one's words, and here their names differ."""
    page = await browser.new_page(viewport=WALL)
    await page.goto(f"{gateway.url}/rig/{rig}")
    timeline = page.locator('[data-widget="timeline"]')
    await timeline.locator("li").first.wait_for(timeout=PATIENCE_MS)
    told = []
    for kind in ("Race", "All"):
        await timeline.get_by_role("button", name=kind, exact=True).click()
        await page.wait_for_timeout(150)
        told.append(await timeline.inner_text())
    assert await page.evaluate("() => window.pwned ?? 'nothing'") == "nothing"
    await page.close()
    return "\n".join(told)


@pytest.mark.row("W12")
async def test_hostile_names_stand_there_literally_and_run_nothing(
    browser: Browser, race: Page, lobby: Race, reached: Reached
) -> None:
    own = [HOSTILE[((rig.car_index or 0) + rig.number) % len(HOSTILE)] for rig in lobby.play.run.rigs]
    timeline = await race.inner_text('[data-widget="timeline"]')
    for rig in ("RIG_A", "RIG_B"):
        timeline += await told_by(browser, lobby.house.gateway, rig)

    assert own == [HOSTILE[0], HOSTILE[1]]
    assert await race.inner_text(cell("RIG_A", "driver_name")) == HOSTILE[0]
    assert await race.inner_text(cell("RIG_B", "driver_name")) == HOSTILE[1]
    for name in HOSTILE:
        assert name.removeprefix("\u202e") in timeline
    assert await race.evaluate("() => document.body.innerText.includes('\\u202e')") is False
    assert await race.evaluate("() => document.querySelectorAll('body :is(img, script, iframe, object)').length") == 0
    reached(
        exactly("what scripts in names have done", await race.evaluate("() => window.pwned ?? 'nothing'"), "nothing")
    )


@pytest.mark.parametrize("size", WALLS, ids=sizes)
async def test_the_layout_holds_with_hostile_names(race: Page, size: ViewportSize) -> None:
    await race.set_viewport_size(size)
    await race.wait_for_timeout(300)

    assert await layout.faults(race) == []


async def test_a_restricted_drivers_own_rig_shows_all_of_its_car(race: Page) -> None:
    shown = await race.evaluate(READ)

    for name in ("ers_store_energy_j", "fuel_kg", "damage", "tyre_wear_percent.fl", "best_lap_time_ms"):
        assert shown["rigs"][1][name] != UNKNOWN, name
    assert shown["kind"] == "gap"


# --- must show 8: accessibility


async def test_axe_finds_nothing_on_any_live_page(browser: Browser, race: Page, lobby: Race) -> None:
    assert await found_by_axe(browser, lobby.house.gateway) == {}


async def found_by_axe(browser: Browser, gateway: Running) -> dict[str, list[str]]:
    """What axe finds, by view and size; views without findings are left out."""
    found: dict[str, list[str]] = {}

    async def examine(path: str) -> None:
        page = await browser.new_page(viewport=WALL)
        await page.goto(gateway.url + path)
        await page.wait_for_selector("main section *:visible", timeout=PATIENCE_MS)
        await page.wait_for_timeout(700)
        found[f"{path} on a wall"] = await violations(page)
        await page.set_viewport_size(PHONE)
        await page.wait_for_timeout(200)
        found[f"{path} on a phone"] = await violations(page)
        await page.close()

    await asyncio.gather(*(examine(path) for path in VIEWS))
    return {view: rules for view, rules in found.items() if rules}


# --- must show 6: silence


async def test_a_silent_rig_dims_says_for_how_long_and_is_back_within_a_frame(race: Page, lobby: Race) -> None:
    play = lobby.play
    play.tempo(1.0)
    await race.set_viewport_size(WALL)
    await race.evaluate(WATCH_LINK, "RIG_B")
    assert await race.evaluate(COLOURED, COLOUR_B) > 50
    assert await race.evaluate(BRIGHTEST, "RIG_B") > 0.9

    play.pause(1)
    silent_s = time.time()
    await race.wait_for_selector('section[data-rig="RIG_B"][data-link="stale"]', timeout=5000)
    await race.wait_for_timeout(100)
    shown, dim = await race.evaluate(READ), await race.evaluate(BRIGHTEST, "RIG_B")
    on_map, faults = await race.evaluate(COLOURED, COLOUR_B), await layout.faults(race)
    await race.wait_for_function("() => /no packets for [34] s/.test(document.body.innerText)", timeout=3000)
    play.resume(1)
    await race.wait_for_selector('section[data-rig="RIG_B"][data-link="live"]', timeout=5000)
    back_s = play.back_s(1)
    links = await race.evaluate("() => window.links")
    play.tempo(SLOWLY)

    assert [link for link, _, _ in links] == ["stale", "live"]
    (_, said, stale_s), (_, _, live_s) = links
    assert stale_s - silent_s <= 2.5
    assert "no packets for 2 s" in said
    assert dim < 0.6
    assert (shown["hero"], shown["ahead"]) == (UNKNOWN, None)
    assert "RIG_B is silent" in shown["why"]
    assert on_map == 0
    assert faults == []
    assert back_s is not None
    assert live_s - back_s <= ONE_FRAME_S


# --- must show 7: the board of the day


async def test_the_board_is_still_there_after_a_restart_of_the_gateway(race: Page, lobby: Race) -> None:
    before = await race.evaluate(BOARD)

    await asyncio.to_thread(lobby.house.restart)
    await race.wait_for_selector('section[data-rig="RIG_B"][data-link="live"]', timeout=PATIENCE_MS)
    await race.wait_for_timeout(500)

    assert [lap_id.rpartition(":")[2] for lap_id, _ in before] == ["1", "1"]
    assert await race.evaluate(BOARD) == before


async def test_the_board_of_a_lobby_has_every_valid_lap_of_both_rigs(race: Page, lobby: Race) -> None:
    lobby.play.tempo(5.0)
    await asyncio.sleep(lobby.play.wait_s(lobby.play.run.duration_s) + 0.5)
    laps = [(f"RIG_{'AB'[rig]}", lap) for rig in (0, 1) for lap in lobby.play.ledger.own_laps(rig)]

    assert len(laps) == 6
    assert await settled_board(race, rows_of(laps)) == rows_of(laps)


async def test_axe_finds_nothing_on_any_page_whose_rigs_are_silent(browser: Browser, race: Page, lobby: Race) -> None:
    await race.wait_for_selector('section[data-rig="RIG_B"][data-link="stale"]', timeout=10_000)

    assert await found_by_axe(browser, lobby.house.gateway) == {}


async def test_four_rigs_lie_two_by_two_and_one_of_them_only_watches(browser: Browser, evening: Evening) -> None:
    await asyncio.to_thread(evening.restarting.join)
    page = await opened(browser, evening.house.gateway)
    await page.wait_for_selector(f'section[data-rig="{LONG_RIG}"][data-mode="spectating"]', timeout=PATIENCE_MS)

    assert rows_on(await page.evaluate(PLACES)) == ["A|B", "C|D"]
    assert await page.inner_text(cell(LONG_RIG, "driver_name")) == HOSTILE[0]
    assert await page.inner_text(cell(LONG_RIG, "speed_kph")) == UNKNOWN
    notice = await page.inner_text(f'section[data-rig="{LONG_RIG}"] .notice')
    assert "spectating" in notice or "no packets" in notice  # on a slow machine its race may be over by now
    assert await layout.faults(page) == []
    await page.set_viewport_size(SMALL)
    await page.wait_for_timeout(150)
    assert await layout.faults(page) == []
    await page.close()


async def test_the_page_of_one_of_four_rigs_is_no_wider_than_its_window(browser: Browser, evening: Evening) -> None:
    page = await browser.new_page(viewport=WALL)
    await page.goto(f"{evening.house.gateway.url}/rig/{LONG_RIG}")
    await page.wait_for_selector(f'section[data-rig="{LONG_RIG}"]', timeout=PATIENCE_MS)

    for size in (WALL, SMALL, PHONE):
        await page.set_viewport_size(size)
        await page.wait_for_timeout(150)
        assert await layout.faults(page, may_scroll=size is PHONE) == []
    await page.close()


async def test_the_board_of_an_evening_of_flashbacks_invalid_laps_and_restarts_is_true(
    browser: Browser, evening: Evening
) -> None:
    await asyncio.to_thread(evening.restarting.join)
    for play in evening.plays:
        play.tempo(4.0)
    page = await opened(browser, evening.house.gateway)
    await asyncio.sleep(max(play.wait_s(play.run.duration_s) for play in evening.plays) + 0.5)
    plays = zip(EVENING_RIGS, evening.plays, strict=True)
    laps = [(name, lap) for name, play in plays for lap in play.ledger.own_laps(0)]

    assert len(laps) == 8
    assert await settled_board(page, rows_of(laps)) == rows_of(laps)
    await page.close()


async def settled_board(page: Page, wanted: list[list[str]]) -> list[list[str]]:
    """The rows of the board, once they are as wanted or no more is to be expected."""
    until_s = time.monotonic() + 8.0
    while (rows := await page.evaluate(BOARD)) != wanted and time.monotonic() < until_s:
        await page.wait_for_timeout(100)
    return list(rows)


def rows_of(laps: Sequence[tuple[str, LapTruth]]) -> list[list[str]]:
    """The board that these laps of rigs' own cars make: lap id and time of the valid ones, the fastest first."""
    valid = sorted((lap.lap_time_ms, lap.completed_at_s, rig_id, lap) for rig_id, lap in laps if lap.valid)
    return [
        [f"{rig_id}:{lap.session_uid}:LapCompleted:{lap.car_index}:{lap.lap_number}", lap_text(time_ms)]
        for time_ms, _, rig_id, lap in valid
    ]


# --- fewer rigs, and the console


def rows_on(panes: Sequence[Json]) -> list[str]:
    """The rows of the wall from the top, their panes from the left; `|` is the centre."""
    rows: dict[int, dict[str, list[tuple[float, str]]]] = {}
    for pane in panes:
        sides = rows.setdefault(round(pane["y"]), {})
        sides.setdefault(pane["side"], []).append((pane["x"], pane["badge"]))
    told = []
    for _, sides in sorted(rows.items()):
        left, right = ("".join(badge for _, badge in sorted(sides.pop(side, []))) for side in ("left", "right"))
        assert sides == {}, "a pane lies over the centre"
        told.append(f"{left}|{right}")
    return told


@pytest.mark.parametrize(
    ("rigs", "rows", "least_px"),
    [(1, ["A|"], (1000, 850)), (3, ["A|B", "C|"], (640, 440)), (6, ["AB|C", "DE|F"], (430, 440))],
    ids=["one", "three", "six"],
)
async def test_any_number_of_rigs_fits_on_the_wall(
    browser: Browser, rigs: int, rows: list[str], least_px: tuple[int, int]
) -> None:
    with running_gateway(rigs=rigs) as gateway:
        with playing("duel", gateway, rigs=rigs, rate_hz=20, speed=8.0, later=((DUEL_LOOKED_AT_S, SLOWLY),)) as play:
            page = await opened(browser, gateway)
            await asyncio.sleep(play.wait_s(DUEL_LOOKED_AT_S))
            panes = await page.evaluate(PLACES)

            assert rows_on(panes) == rows
            assert min(pane["width"] for pane in panes) >= least_px[0]
            assert min(pane["height"] for pane in panes) >= least_px[1]
            assert await layout.faults(page) == []
            assert await layout.shifts(page, 1.0) == []
            if rigs > 2:
                await page.wait_for_selector(".gapbar-arrow[data-shown]", timeout=PATIENCE_MS)
                badge, side = await page.evaluate(ARROW)
                assert side == next(pane["side"] for pane in panes if pane["badge"] == badge)
            await page.close()


async def test_nobody_complains_in_the_console(browser: Browser, evening: Evening) -> None:
    said: list[ConsoleMessage] = []
    page = await browser.new_page(viewport=WALL)
    page.on("console", lambda message: said.append(message) if message.type in ("error", "warning") else None)
    for path in VIEWS:
        await page.goto(evening.house.gateway.url + path)
        await page.wait_for_timeout(400)

    assert [message.text for message in said] == []
    await page.close()
