"""The page in a real Chromium, fed by a real gateway with recorded traffic."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import ConsoleMessage, Page, Request, ViewportSize

from tests.browser import cell, chromium, texts_over
from tests.gateway import Running, both_rigs, replaying, running_gateway

pytestmark = [pytest.mark.browser, pytest.mark.live]

WALL: Final[ViewportSize] = {"width": 1920, "height": 1080}
PATIENCE_MS = 10_000
NAMES: Final = "nodes => nodes.map(node => node.dataset.rig ?? node.dataset.widget)"
BADGES: Final = """rows => rows.map(row => {
  const badges = row.querySelector('.fact-badges');
  return [row.dataset.rigId, badges.firstElementChild.dataset.badge ?? null, badges.textContent];
})"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with running_gateway() as running, replaying(*both_rigs(running)):
        yield running


async def until_live(page: Page, rig_id: str) -> None:
    await page.wait_for_selector(f'section[data-rig="{rig_id}"][data-link="live"]', timeout=PATIENCE_MS)


async def test_both_rigs_numbers_move(gateway: Running) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport=WALL)
        await page.goto(gateway.url)
        for rig_id in ("RIG_A", "RIG_B"):
            await until_live(page, rig_id)
            speeds = await texts_over(page, cell(rig_id, "speed_kph"), seconds=3)

            assert len({*speeds} - {"–"}) > 5


async def test_what_the_page_shows_is_what_the_socket_said(gateway: Running) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport=WALL)
        await page.goto(gateway.url)
        await until_live(page, "RIG_B")

        assert await page.inner_text(cell("RIG_B", "driver_name")) == "NORRIS"
        assert await page.inner_text(cell("RIG_B", "track")) == "Melbourne"
        assert (await page.inner_text(cell("RIG_B", "position"))).startswith("P2")
        assert await page.inner_text(cell("RIG_A", "track")) == "Catalunya"


async def test_every_widget_of_the_contract_has_its_place_in_both_panes(gateway: Running) -> None:
    wanted = (
        "speed_kph engine_rpm gear throttle brake steer position lap_number current_lap_time_ms last_lap_time_ms drs"
        " driver_name tyre_surface_temperature_c.fl tyre_surface_temperature_c.rr tyre_compound ers_store_energy_j"
    )
    async with chromium() as browser:
        page = await browser.new_page(viewport=WALL)
        await page.goto(gateway.url)
        for rig_id in ("RIG_A", "RIG_B"):
            await until_live(page, rig_id)
            for name in wanted.split():
                assert await page.is_visible(cell(rig_id, name)), (rig_id, name)
            assert await page.locator(f'section[data-rig="{rig_id}"] canvas').count() >= 1


async def test_the_timeline_tells_facts_of_the_race(gateway: Running) -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport=WALL)
        await page.goto(gateway.url)
        await page.wait_for_selector('li[data-kind="SpeedTrap"][data-rig-id="RIG_B"]', timeout=20_000)


async def test_nothing_is_loaded_from_another_host_and_the_console_stays_clean(gateway: Running) -> None:
    requests: list[Request] = []
    complaints: list[ConsoleMessage] = []
    async with chromium() as browser:
        page = await browser.new_page(viewport=WALL)
        page.on("request", lambda request: requests.append(request))
        page.on("console", lambda said: complaints.append(said) if said.type in ("error", "warning") else None)
        await page.goto(gateway.url)
        await until_live(page, "RIG_A")
        await page.wait_for_timeout(1000)

    assert {urlsplit(request.url).netloc for request in requests} == {f"127.0.0.1:{gateway.port}"}
    assert [said.text for said in complaints] == []


async def test_nothing_is_cut_or_scrolled_on_a_wall(gateway: Running) -> None:
    async with chromium() as browser:
        for width, height in ((1920, 1080), (2560, 1440), (5120, 1440)):
            page = await browser.new_page(viewport={"width": width, "height": height})
            await page.goto(gateway.url)
            await until_live(page, "RIG_A")

            size = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
            assert await page.evaluate(size) == [width, height]
            await page.close()


async def test_a_rig_that_falls_silent_says_for_how_long_and_comes_back() -> None:
    with running_gateway() as gateway:
        async with chromium() as browser:
            page = await browser.new_page(viewport=WALL)
            await page.goto(gateway.url)
            with replaying(*both_rigs(gateway)) as replay:
                await until_live(page, "RIG_A")
                replay.send_signal(signal.SIGSTOP)
                try:
                    stale = 'section[data-rig="RIG_A"][data-link="stale"]'
                    await page.wait_for_selector(stale, timeout=4000)
                    await page.wait_for_function(
                        "selector => /no packets for [3-9] s/.test(document.querySelector(selector).innerText)",
                        arg=stale,
                        timeout=4000,
                    )
                finally:
                    replay.send_signal(signal.SIGCONT)
                await until_live(page, "RIG_A")


async def test_the_page_survives_a_restart_of_the_gateway() -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport=WALL)
        with running_gateway() as gateway, replaying(*both_rigs(gateway)):
            await page.goto(gateway.url)
            await until_live(page, "RIG_B")
            gateway.terminate()
            await page.wait_for_selector('section[data-rig="RIG_B"][data-link="lost"]', timeout=PATIENCE_MS)
            with running_gateway(port=gateway.port, rig_ports=gateway.rig_ports):
                await page.wait_for_selector('section[data-rig="RIG_B"][data-link="live"]', timeout=20_000)
                speeds = await texts_over(page, cell("RIG_B", "speed_kph"), seconds=2)

    assert len(set(speeds)) > 3


async def test_before_a_rig_sends_its_pane_says_what_to_type_into_the_game() -> None:
    with running_gateway(rigs=1) as gateway:
        async with chromium() as browser:
            page = await browser.new_page(viewport=WALL)
            await page.goto(gateway.url)
            pane = await page.wait_for_selector('section[data-rig="RIG_A"][data-link="never"]', timeout=PATIENCE_MS)
            assert pane is not None
            said = await pane.inner_text()

    assert str(gateway.rig_ports[0]) in said
    assert "287" not in said


async def test_more_rigs_than_two_have_a_pane_each() -> None:
    rigs = [{"rig_id": name, "udp_port": 0} for name in ("POD_1", "POD_2", "POD_3", "POD_4")]
    with running_gateway(RIGS=json.dumps(rigs)) as gateway:
        async with chromium() as browser:
            page = await browser.new_page(viewport=WALL)
            await page.goto(gateway.url)
            await page.wait_for_selector('section[data-rig="POD_4"]', timeout=PATIENCE_MS)

            assert await page.locator("section[data-rig]").count() == 4


async def test_rigs_that_are_called_like_tabs_have_tabs_of_their_own_and_an_odd_address_no_rig() -> None:
    rigs = [{"rig_id": name, "udp_port": 0} for name in ("duel", "events")]
    with running_gateway(RIGS=json.dumps(rigs)) as gateway:
        async with chromium() as browser:
            page = await browser.new_page(viewport={"width": 390, "height": 844})
            await page.goto(gateway.url)
            shown = []
            for tab in ("duel", "events", "#duel", "#events"):
                await page.click(f'[data-tab="{tab}"]')
                shown.append(await page.eval_on_selector_all("[data-tab-shown]", NAMES))
            await page.goto(gateway.url + "/rig/%FF")
            await page.wait_for_selector("text=There is no rig %FF", timeout=PATIENCE_MS)

            assert shown == [["duel"], ["events"], ["centre"], ["timeline"]]


async def test_facts_wear_the_badge_of_their_rigs_place_also_when_the_gateway_comes_back_with_others() -> None:
    async with chromium() as browser:
        page = await browser.new_page(viewport=WALL)
        with running_gateway() as gateway, replaying(*both_rigs(gateway)):
            await page.goto(gateway.url)
            for rig_id in ("RIG_A", "RIG_B"):
                await page.wait_for_selector(f'.fact[data-rig-id="{rig_id}"]', timeout=PATIENCE_MS)
        others = json.dumps([{"rig_id": name, "udp_port": 0} for name in ("RIG_B", "RIG_Z")])
        with running_gateway(port=gateway.port, RIGS=others):
            await page.wait_for_selector('section[data-rig="RIG_Z"]', timeout=PATIENCE_MS)
            badges = await page.eval_on_selector_all(".fact", BADGES)

    assert {tuple(told) for told in badges} == {("RIG_A", None, ""), ("RIG_B", "A", "A")}
