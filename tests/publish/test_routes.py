"""The HTTP surface, asked over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, WebSocket
from prometheus_client import CollectorRegistry

from app.datacloud.status import OFF
from app.publish.frames import Display
from app.publish.headers import SecurityHeaders
from app.publish.health import RigHealth
from app.publish.routes import add_routes
from tests.chaos.verdict import exactly
from tests.conftest import Reached


class Gateway:
    """A gateway whose stages are as told."""

    def __init__(self) -> None:
        self.up: dict[str, bool] = {"live": True}

    def rigs(self) -> Sequence[RigHealth]:
        return [RigHealth("RIG_A", 20777, None, 0, 0, 0, None, False, None)]

    def stages(self) -> Mapping[str, bool]:
        return self.up

    def problems(self) -> Sequence[str]:
        return []

    def queue_size(self) -> int:
        return 0

    def cloud(self) -> Mapping[str, Any]:
        return OFF


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def browser(gateway: Gateway, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "index.html").write_text("<title>the wall</title>", encoding="utf-8")
    (tmp_path / "web" / "compare.html").write_text("<title>compare</title>", encoding="utf-8")
    (tmp_path / "web" / "ops.html").write_text("<title>ops</title>", encoding="utf-8")
    (tmp_path / "web" / "rig.html").write_text("<title>rig</title>", encoding="utf-8")
    (tmp_path / "web" / "404.html").write_text("<title>no such page</title>", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("not yours", encoding="utf-8")

    async def serve(websocket: WebSocket) -> None:
        await websocket.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)
    add_routes(app, gateway, CollectorRegistry(), serve, tmp_path / "web", "0.1.0", Display("Expo", "mph", "f"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


async def test_the_page_is_served_at_the_root(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/")

    assert (answer.status_code, answer.text) == (200, "<title>the wall</title>")


async def test_health_is_200_while_every_stage_runs(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_health_is_503_when_a_stage_has_died(browser: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.up["live"] = False

    answer = await browser.get("/health")

    assert (answer.status_code, answer.json()["status"]) == (503, "failed")


async def test_the_gateway_is_alive_even_when_a_stage_has_died(browser: httpx.AsyncClient, gateway: Gateway) -> None:
    gateway.up["live"] = False

    assert (await browser.get("/healthz")).status_code == 200


async def test_the_gateway_is_ready_only_once_its_stages_run(browser: httpx.AsyncClient, gateway: Gateway) -> None:
    states = [({"live": True}, 200), ({"live": False}, 503), ({}, 503)]

    for stages, status in states:
        gateway.up = stages
        assert (await browser.get("/readyz")).status_code == status


async def test_metrics_are_in_prometheus_text_form(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json"])
async def test_no_papers_of_the_framework_are_served(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


TRAVERSALS = [
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/css/../../secret.txt",
    "/%252e%252e/secret.txt",
    "/.//secret.txt",
    "/....//secret.txt",
    "/link.txt",
    "/linked/secret.txt",
    "/index.html%00.txt",
    "/%00",
    "/rig/..%2f..%2fsecret.txt",
]


@pytest.mark.row("W11")
async def test_no_path_leads_outside_the_pages(browser: httpx.AsyncClient, tmp_path: Path, reached: Reached) -> None:
    (tmp_path / "web" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "web" / "linked").symlink_to(tmp_path)

    answers = {path: await browser.get(path) for path in TRAVERSALS}

    outside = [path for path, answer in answers.items() if "not yours" in answer.text]
    reached(exactly(f"of {len(TRAVERSALS)} paths that lead outside", len(outside), 0))
    assert [path for path, answer in answers.items() if answer.status_code != 404] == []


async def test_a_mistyped_address_is_answered_with_a_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/wal/l")

    assert (answer.status_code, answer.text) == (404, "<title>no such page</title>")
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_program_that_asks_for_what_is_not_there_is_answered_in_json(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/nothing/here")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_how_it_stands_with_data_cloud_has_a_path_of_its_own(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/cloud")

    assert (answer.status_code, answer.json()["state"]) == (200, "off")


@pytest.mark.parametrize(("path", "title"), [("/compare", "compare"), ("/ops", "ops"), ("/rig/RIG_A", "rig")])
async def test_each_page_has_an_address_without_an_ending(browser: httpx.AsyncClient, path: str, title: str) -> None:
    answer = await browser.get(path)

    assert (answer.status_code, answer.text) == (200, f"<title>{title}</title>")


async def test_the_page_of_a_rig_that_is_not_there_is_not_found_and_yet_says_so_itself(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/rig/RIG_Z")

    assert (answer.status_code, answer.text) == (404, "<title>rig</title>")


async def test_what_the_operator_set_for_all_screens_is_told(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/display")

    assert answer.json() == {"event_name": "Expo", "speed_unit": "mph", "temperature_unit": "f"}
