"""The panel of Data Cloud in a real Chromium, on the real page, with answers of `/api/cloud` that the test writes."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import pytest
import uvicorn
from playwright.async_api import Page, ViewportSize
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from app.publish.headers import SecurityHeaders
from tests.browser import chromium
from tests.gateway import ROOT, free_port

pytestmark = [pytest.mark.browser, pytest.mark.live]

WALL: Final[ViewportSize] = {"width": 1920, "height": 1080}
WALLS: Final[tuple[ViewportSize, ...]] = (
    WALL,
    {"width": 2560, "height": 1440},
    {"width": 5120, "height": 1440},
)
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PILL: Final = 'button[data-pill="cloud"]'
PANEL: Final = ".cloud-panel"
PATIENCE_MS = 8_000
HOSTILE: Final = "<img src=x onerror=\"document.title='taken'\">"
OBJECTS: Final = ("SessionEvent", "LapEvent", "RaceEvent", "TelemetryEvent")


def answer(**changes: Any) -> dict[str, Any]:  # Any: JSON of any shape
    """A body of `/api/cloud` with a fresh connection, changed by keyword."""
    body: dict[str, Any] = {
        "state": "connected",
        "sentence": "Rows reach Data Cloud: the last was accepted 2 s ago",
        "evidence": {
            "last_accepted_at": "2026-03-01T10:00:00.123Z",
            "last_accepted_age_s": 1.8,
            "last_object": "LapEvent",
        },
        "waiting": waiting(0),
        "rate_rows_per_s": 19.8,
        "drain_eta_s": 0.0,
        "safe_to_pack_up": True,
        "pack_up_sentence": "Safe to pack up: every row has been accepted",
        "dead_letters": {"rows": 0, "by_object": dict.fromkeys(OBJECTS, 0), "latest": None},
        "today": {
            "rows": 1234,
            "credits": 6.17,
            "credits_per_8h": 2880.0,
            "limit_rows": 500_000,
            "telemetry_stopped": False,
        },
        "lost": {"evicted": 0, "not_stored": 0, "damaged": 0},
        "problems": [],
        "target": "http://127.0.0.1:8990 (emulator)",
    }
    return body | changes


def waiting(rows: int) -> dict[str, Any]:
    """Rows that wait, all of them telemetry."""
    by_object = dict.fromkeys(OBJECTS, 0) | {"TelemetryEvent": rows}
    return {"rows": rows, "bytes": rows * 580, "oldest_age_s": 190.0 if rows else None, "by_object": by_object}


def backlog() -> dict[str, Any]:
    """Offline for three minutes, with rows of telemetry waiting."""
    return answer(
        state="offline",
        sentence="No answer from Data Cloud: rows are kept and sent when it is back",
        evidence={
            "last_accepted_at": "2026-03-01T10:00:00.123Z",
            "last_accepted_age_s": 190.0,
            "last_object": "LapEvent",
        },
        waiting=waiting(4120),
        rate_rows_per_s=0.0,
        drain_eta_s=None,
        safe_to_pack_up=False,
        pack_up_sentence="Not yet: 4120 rows wait on this host",
        problems=["No route to acme.my.salesforce.com: check the network of this host"],
    )


def with_dead_letters() -> dict[str, Any]:
    """Connected, with three rows refused for a reason that looks like markup."""
    latest = {"object": "LapEvent", "reason": f"#/driver_name: {HOSTILE}", "at": "2026-03-01T09:59:00.000Z"}
    return answer(dead_letters={"rows": 3, "by_object": {**dict.fromkeys(OBJECTS, 0), "LapEvent": 3}, "latest": latest})


class Stand:
    """A server of the page whose word on Data Cloud the test decides; None is no answer."""

    def __init__(self) -> None:
        self.body: dict[str, Any] | None = answer()
        self.port = free_port()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}"

    async def cloud(self, _: Request) -> Response:
        """`GET /api/cloud`."""
        return Response(status_code=503) if self.body is None else JSONResponse(self.body)

    async def live(self, websocket: WebSocket) -> None:
        """`/ws`: says hello, with two rigs that never sent."""
        await websocket.accept()
        rigs = [{"rig_id": f"RIG_{badge}", "udp_port": port} for badge, port in (("A", 20777), ("B", 20778))]
        hello = {"type": "connection_status", "status": "connected", "rate_hz": 20, "rigs": rigs}
        await websocket.send_json(hello)
        async for _ in websocket.iter_text():
            await websocket.send_json(hello)

    def application(self) -> Starlette:
        """The page with the gateway's own security headers."""
        routes = [
            Route("/api/cloud", self.cloud),
            WebSocketRoute("/ws", self.live),
            Mount("/", StaticFiles(directory=ROOT / "web", html=True)),
        ]
        return Starlette(routes=routes, middleware=[Middleware(SecurityHeaders)])


@contextmanager
def serving(stand: Stand) -> Iterator[None]:
    """The stand answers on its port while the block runs."""
    config = uvicorn.Config(
        stand.application(),
        host="127.0.0.1",
        port=stand.port,
        ws="websockets-sansio",
        log_level="critical",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="stand")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def running() -> Iterator[Stand]:
    stand = Stand()
    with serving(stand):
        yield stand


@pytest.fixture
def stand(running: Stand) -> Stand:
    running.body = answer()
    return running


@asynccontextmanager
async def page_of(stand: Stand, size: ViewportSize = WALL) -> AsyncIterator[Page]:
    """The page, once both panes stand and a first answer has come or failed."""
    async with chromium() as browser:
        page = await browser.new_page(viewport=size)
        await page.goto(stand.url)
        await page.wait_for_selector('section[data-rig="RIG_B"]', state="attached", timeout=PATIENCE_MS)
        await page.wait_for_function(
            "selector => !/–$/.test(document.querySelector(selector).innerText.trim())", arg=PILL, timeout=PATIENCE_MS
        )
        yield page


async def said(page: Page, selector: str) -> str:
    """The text of an element on one line, with common spaces."""
    return re.sub(r"\s+", " ", await page.inner_text(selector)).strip()


def line(name: str) -> str:
    """The selector of one line's value and detail."""
    return f'{PANEL} [data-line="{name}"] dd'


async def until_pill_says(page: Page, pattern: str) -> None:
    await page.wait_for_function(
        "([selector, pattern]) => new RegExp(pattern).test(document.querySelector(selector).innerText)",
        arg=[PILL, pattern],
        timeout=PATIENCE_MS,
    )


async def test_a_cloud_that_is_off_says_how_to_turn_it_on(stand: Stand) -> None:
    stand.body = {"state": "off", "sentence": "off", "safe_to_pack_up": True, "problems": [], "target": None}

    async with page_of(stand) as page:
        pill = await said(page, PILL)
        await page.click(PILL)
        panel = await said(page, PANEL)

    assert pill.endswith("Cloud off")
    assert "DATACLOUD_ENABLED" in panel
    assert "docs/salesforce.md" in panel
    assert "rows" not in panel.split("docs/salesforce.md")[1]


async def test_a_connected_cloud_shows_its_evidence(stand: Stand) -> None:
    async with page_of(stand) as page:
        pill = await said(page, PILL)
        await page.click(PILL)

        assert pill.endswith("Cloud 0 waiting")
        assert await said(page, ".cloud-word") == "connected"
        assert await said(page, ".cloud-headline") == "Safe to pack up"
        assert re.match(r"[1-4] s ago .*LapEvent", await said(page, line("last")))
        assert await said(page, line("today")) == "1 234 rows 6.17 credits · 2 880 in 8 h at this rate"
        assert await said(page, line("target")) == "http://127.0.0.1:8990 (emulator)"


async def test_a_backlog_says_that_it_is_not_safe_to_pack_up(stand: Stand) -> None:
    stand.body = backlog()

    async with page_of(stand) as page:
        pill = await said(page, PILL)
        await page.click(PILL)

        assert "offline 3 min · 4 120 waiting" in pill
        assert await said(page, ".cloud-headline") == "Not yet: 4 120 rows wait"
        assert "TelemetryEvent 4 120" in await said(page, line("waiting"))
        assert "check the network" in await said(page, ".cloud-problem-list")
        assert "connected" not in await said(page, PANEL)


async def test_the_reason_of_a_dead_letter_is_text_whatever_it_looks_like(stand: Stand) -> None:
    stand.body = with_dead_letters()

    async with page_of(stand) as page:
        await page.click(PILL)
        letters = await said(page, line("letters"))

        assert HOSTILE in letters
        assert letters.startswith("3 rows")
        assert letters.endswith("python -m app.datacloud letters")
        assert await page.locator(f"{PANEL} img").count() == 0
        assert await page.title() != "taken"


async def test_a_poll_that_fails_is_told_and_nothing_is_called_safe(stand: Stand) -> None:
    async with page_of(stand) as page:
        await page.click(PILL)
        stand.body = None
        await until_pill_says(page, "no word")
        panel = await said(page, PANEL)
        stand.body = answer()
        await until_pill_says(page, "0 waiting")

    assert re.search(r"no word from the gateway for \d+ s", panel)
    assert "Safe to pack up" not in panel
    assert "connected" not in panel


async def test_a_gateway_without_an_answer_from_the_start_is_told_too(stand: Stand) -> None:
    stand.body = None

    async with page_of(stand) as page:
        await page.click(PILL)

        assert "no word from the gateway yet" in await said(page, PANEL)


async def test_the_panel_is_worked_by_keys_alone(stand: Stand) -> None:
    focused = "document.activeElement.className"

    async with page_of(stand) as page:
        for _ in range(5):
            await page.keyboard.press("Tab")
            if "cloud-pill" in await page.evaluate(focused):
                break
        await page.keyboard.press("Enter")
        opened = await page.get_attribute(PILL, "aria-expanded"), await page.is_visible(PANEL)
        await page.keyboard.press("Tab")
        inside = await page.evaluate(focused)
        await page.keyboard.press("Escape")
        closed = await page.get_attribute(PILL, "aria-expanded"), await page.is_visible(PANEL)

        assert opened == ("true", True)
        assert "cloud-close" in inside
        assert closed == ("false", False)
        assert "cloud-pill" in await page.evaluate(focused)


async def test_its_own_button_and_the_pill_close_the_panel(stand: Stand) -> None:
    async with page_of(stand) as page:
        for closer in (".cloud-close", PILL):
            await page.click(PILL)
            assert await page.is_visible(PANEL)
            await page.click(closer)
            assert not await page.is_visible(PANEL)


BOXES: Final = """() => [...document.querySelectorAll("section[data-rig], .timeline, .masthead, .pill")]
    .map((node) => node.getBoundingClientRect()).map(({x, y, width, height}) => [x, y, width, height])"""
SCROLLED: Final = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
HIDDEN_TEXT: Final = """() => { const body = document.querySelector(".cloud-body");
    return [body.scrollWidth - body.clientWidth, body.scrollHeight - body.clientHeight]; }"""


@pytest.mark.parametrize("size", WALLS, ids=lambda size: f"{size['width']}x{size['height']}")
async def test_the_open_panel_moves_and_scrolls_nothing_on_a_wall(stand: Stand, size: ViewportSize) -> None:
    stand.body = backlog() | {"dead_letters": with_dead_letters()["dead_letters"]}

    async with page_of(stand, size) as page:
        before = await page.evaluate(BOXES)
        await page.click(PILL)
        panel = await page.locator(PANEL).bounding_box()

        assert await page.evaluate(BOXES) == before
        assert await page.evaluate(SCROLLED) == [size["width"], size["height"]]
        assert await page.evaluate(HIDDEN_TEXT) == [0, 0]
        assert panel is not None
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= size["width"]
        assert panel["y"] + panel["height"] <= size["height"]


async def test_a_pill_that_says_more_moves_no_other_pill(stand: Stand) -> None:
    others = BOXES.replace(".pill", ".pill:not(.cloud-pill)")

    async with page_of(stand) as page:
        before = await page.evaluate(others)
        stand.body = backlog()
        await until_pill_says(page, "offline")

        assert await page.evaluate(others) == before


async def test_on_a_phone_the_panel_is_a_sheet_of_full_width(stand: Stand) -> None:
    stand.body = backlog() | {"dead_letters": with_dead_letters()["dead_letters"]}

    async with page_of(stand, PHONE) as page:
        before = await page.evaluate(BOXES)
        await page.click(PILL)
        panel = await page.locator(PANEL).bounding_box()

        assert panel is not None
        assert (panel["x"], panel["width"]) == (0, PHONE["width"])
        assert panel["y"] >= 0
        assert panel["y"] + panel["height"] == PHONE["height"]
        assert await page.evaluate(BOXES) == before
        assert (await page.evaluate(SCROLLED))[0] == PHONE["width"]
        assert (await page.evaluate(HIDDEN_TEXT))[0] == 0
        await page.click(".cloud-close")
        assert not await page.is_visible(PANEL)
