"""The operator's routes over ASGI, with a gateway that notes what it was told; the door has tests of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.publish.control_routes import add_control_routes


class Gateway:
    """Has one rig and one object, and notes what became of them."""

    def __init__(self) -> None:
        self.rebound: list[str] = []
        self.claims: dict[str, str] = {}
        self.resumed: list[str] = []

    def rebind(self, rig_id: str) -> bool:
        self.rebound += [rig_id] * (rig_id == "RIG_A")
        return rig_id == "RIG_A"

    def claim(self, rig_id: str, address: str) -> None:
        if rig_id != "RIG_A":
            raise ValueError(f"There is no rig {rig_id}: this gateway has RIG_A")
        self.claims[rig_id] = address

    def resume(self, name: str) -> bool:
        self.resumed += [name] * (name == "LapEvent")
        return name == "LapEvent"


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
async def operator(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_control_routes(app, gateway, gateway)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        yield client


async def test_a_rig_is_rebound_as_often_as_the_button_is_pressed(
    operator: httpx.AsyncClient, gateway: Gateway
) -> None:
    answers = [await operator.post("/api/rigs/RIG_A/rebind") for _ in range(2)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"rig_id": "RIG_A"})] * 2
    assert gateway.rebound == ["RIG_A", "RIG_A"]


async def test_an_address_is_claimed_for_a_rig_in_its_usual_form(operator: httpx.AsyncClient, gateway: Gateway) -> None:
    answers = [await operator.post("/api/rigs/RIG_A/claim", json={"address": " 192.168.1.21"}) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json() == {"rig_id": "RIG_A", "address": "192.168.1.21"}
    assert gateway.claims == {"RIG_A": "192.168.1.21"}


async def test_what_the_gateway_says_against_a_claim_is_passed_on(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/api/rigs/RIG_X/claim", json={"address": "192.168.1.21"})

    assert (answer.status_code, answer.json()["error"]) == (422, "There is no rig RIG_X: this gateway has RIG_A")


async def test_a_claim_without_an_address_says_what_to_send(operator: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await operator.post("/api/rigs/RIG_A/claim", json={"address": "booth.local"})

    assert answer.status_code == 422
    assert "send the rig's, such as 192.168.1.21" in answer.json()["error"]
    assert gateway.claims == {}


async def test_what_is_not_there_is_not_found_with_where_to_look(operator: httpx.AsyncClient) -> None:
    rig = await operator.post("/api/rigs/RIG_X/rebind")
    thing = await operator.post("/api/cloud/objects/Nothing/resume")

    assert (rig.status_code, thing.status_code) == (404, 404)
    assert "/api/ops" in rig.json()["error"]
    assert "/api/cloud" in thing.json()["error"]


async def test_a_parked_object_is_resumed(operator: httpx.AsyncClient, gateway: Gateway) -> None:
    answer = await operator.post("/api/cloud/objects/LapEvent/resume")

    assert (answer.status_code, gateway.resumed) == (200, ["LapEvent"])


async def test_the_page_can_ask_whether_its_token_is_good(operator: httpx.AsyncClient) -> None:
    assert (await operator.get("/api/operator")).json() == {"operator": True}


async def test_each_change_is_a_line_in_the_log_with_who_asked(
    operator: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "app.publish.control_routes"):
        await operator.post("/api/rigs/RIG_A/rebind")
        await operator.post("/api/rigs/RIG_X/rebind")

    (line,) = caplog.records
    assert line.getMessage() == "the operator asked for rebind"
    assert (vars(line)["rig_id"], vars(line)["address"]) == ("RIG_A", "127.0.0.1")
