"""`/api/ops`, asked over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from fastapi import FastAPI

from app.publish.advice import ClientFigures, GatewayFigures, PortFigures, QueueFigures, RigFigures, SenderFigures
from app.publish.ops_routes import add_ops_routes
from tests.publish.test_advice import GATEWAY, NEVER, SCREEN, WELL


class Gateway:
    """A gateway whose rigs are as told."""

    def __init__(self) -> None:
        self.rigs: list[RigFigures] = [WELL, NEVER]

    def gateway_figures(self) -> GatewayFigures:
        return GATEWAY

    def rig_figures(self) -> Sequence[RigFigures]:
        return self.rigs

    def queue_figures(self) -> Sequence[QueueFigures]:
        return [QueueFigures("live_facts", 1, 2, 3, 4)]

    def client_figures(self) -> Sequence[ClientFigures]:
        return [SCREEN]

    def port_figures(self) -> Sequence[PortFigures]:
        return [PortFigures(20777, ["RIG_A"], None, 0.0625, 17, 0)]

    def sender_figures(self) -> Sequence[SenderFigures]:
        return [SenderFigures(20777, "RIG_A", "192.0.2.9", "refused", 359.96, 0.123)]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def browser(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_ops_routes(app, gateway)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


async def test_the_figures_are_those_of_the_moment(browser: httpx.AsyncClient, gateway: Gateway) -> None:
    before = (await browser.get("/api/ops")).json()
    gateway.rigs[0] = WELL._replace(send_rate_hz=20)
    after = (await browser.get("/api/ops")).json()

    assert [rig["send_rate_hz"] for rig in before["rigs"]] == [60, None]
    assert [rig["send_rate_hz"] for rig in after["rigs"]] == [20, None]


async def test_the_figures_are_json_with_every_part(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/ops")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    told = answer.json()
    assert [rig["rig_id"] for rig in told["rigs"]] == ["RIG_A", "RIG_C"]
    assert [queue["subscriber"] for queue in told["queues"]] == ["live_facts"]
    assert [client["address"] for client in told["clients"]] == ["192.168.1.50"]


async def test_a_monitor_may_ask_by_head(browser: httpx.AsyncClient) -> None:
    answer = await browser.head("/api/ops")

    assert (answer.status_code, answer.content) == (200, b"")


async def test_figures_cannot_be_changed(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/api/ops", json={})).status_code == 405


async def test_ports_and_senders_are_told(browser: httpx.AsyncClient) -> None:
    told = (await browser.get("/api/ops")).json()

    assert told["ports"] == [
        {
            "port": 20777,
            "rig_ids": ["RIG_A"],
            "source_filter": "kernel",
            "source_filter_note": None,
            "least_share": 0.0625,
            "kernel_dropped": 17,
            "senders_unlisted": 0,
        }
    ]
    assert told["senders"] == [
        {
            "port": 20777,
            "rig_id": "RIG_A",
            "address": "192.0.2.9",
            "state": "refused",
            "datagrams_per_s": 360.0,
            "last_age_s": 0.12,
        }
    ]
