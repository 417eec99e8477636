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
from app.publish.headers import SecurityHeaders
from app.publish.health import RigHealth
from app.publish.routes import add_routes


class Gateway:
    """A gateway whose stages are as told."""

    def __init__(self) -> None:
        self.up: dict[str, bool] = {"live": True}

    def rigs(self) -> Sequence[RigHealth]:
        return []

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
    (tmp_path / "secret.txt").write_text("not yours", encoding="utf-8")

    async def serve(websocket: WebSocket) -> None:
        await websocket.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)
    add_routes(app, gateway, CollectorRegistry(), serve, tmp_path / "web", "0.1.0")
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


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/docs", "/openapi.json"])
async def test_nothing_but_the_page_is_served(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)

    assert answer.status_code == 404
    assert "not yours" not in answer.text


async def test_how_it_stands_with_data_cloud_has_a_path_of_its_own(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/cloud")

    assert (answer.status_code, answer.json()["state"]) == (200, "off")
