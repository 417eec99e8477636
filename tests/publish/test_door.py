"""The door before real applications: HTTP over ASGI, WebSockets by hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, WebSocket
from pydantic import SecretStr
from starlette.types import Message, Scope

from app.main import create_app
from app.publish import door as door_module
from app.publish.access import ROUTES, Access
from app.publish.door import Door
from app.publish.headers import SecurityHeaders
from app.publish.origins import Origins
from app.publish.rules import MOST_BODY_BYTES, Doorkeepers, Rules
from app.settings import RigSettings, Settings
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.gateway import OPERATOR_TOKEN, history_path

TOKEN = "the-operator-of-the-tests"
OPERATOR = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}


class Token:
    async def current(self) -> str:
        return TOKEN


class Served:
    """An application with one route of each kind behind the door, and what it counted."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        rules = Rules(Doorkeepers(Origins((), (), ())))
        self.app.add_middleware(Door, routes=self.app.router.routes, rules=rules, token=Token(), refused=self.refused)
        self.app.add_middleware(SecurityHeaders)

        @self.app.get("/api/day")
        async def day() -> str:
            return "today"

        @self.app.post("/api/rigs/{rig_id}/claim")
        async def claim(rig_id: str, request: Request) -> str:
            self.bodies.append(await request.body())
            return rig_id

        @self.app.websocket("/ws")
        async def live(websocket: WebSocket) -> None:
            await websocket.accept()

    @asynccontextmanager
    async def client(self, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:
            yield client

    async def handshake(self, path: str = "/ws", *, can_answer: bool = True, **headers: str) -> list[Message]:
        """What a WebSocket's handshake is answered by, before anything else is said."""
        told: list[Message] = []
        scope: Scope = {
            "type": "websocket",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in {"host": "localhost", **headers}.items()],
            "client": ("192.168.1.30", 5000),
            "server": ("192.168.1.5", 8080),
            "extensions": {"websocket.http.response": {}} if can_answer else {},
            "subprotocols": [],
        }

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            told.append(message)

        await self.app(scope, receive, send)
        return told


@pytest.fixture
def served() -> Served:
    return Served()


async def test_what_is_open_is_served(served: Served) -> None:
    async with served.client() as client:
        assert (await client.get("/api/day")).json() == "today"

    assert not served.refused


async def test_a_refusal_says_what_to_do_counts_and_has_all_the_headers(served: Served) -> None:
    async with served.client() as client:
        answer = await client.post("/api/rigs/RIG_A/claim", json={})

    assert answer.status_code == 401
    assert answer.json() == {"error": "This needs the operator token: python -m app.token shows it on the gateway"}
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert served.refused == {"token": 1}


async def test_too_many_wrong_tokens_are_answered_with_when_to_come_back(served: Served) -> None:
    async with served.client(Authorization="Bearer wrong") as client:
        answers = [await client.post("/api/rigs/RIG_A/claim", json={}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 60
    assert served.refused == {"token": 5, "blocked": 1}


async def test_a_body_of_the_most_bytes_arrives_whole(served: Served) -> None:
    async with served.client(**OPERATOR) as client:
        answer = await client.post("/api/rigs/RIG_A/claim", content=b"x" * MOST_BODY_BYTES)

    assert answer.status_code == 200
    assert served.bodies == [b"x" * MOST_BODY_BYTES]


async def test_a_body_that_is_too_long_is_cut_off_whether_it_was_announced_or_not(served: Served) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1024

    async with served.client(**OPERATOR) as client:
        announced = await client.post("/api/rigs/RIG_A/claim", content=b"x" * (MOST_BODY_BYTES + 1))
        unannounced = await client.post("/api/rigs/RIG_A/claim", content=endless())

    assert (announced.status_code, unannounced.status_code) == (413, 413)
    assert (announced.headers["connection"], unannounced.headers["connection"]) == ("close", "close")
    assert served.bodies == []
    assert served.refused == {"body": 2}


async def test_a_body_that_dribbles_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "BODY_S", 0.01)

    async def dribbling() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with served.client(**OPERATOR) as client:
        answer = await client.post("/api/rigs/RIG_A/claim", content=dribbling())

    assert answer.status_code == 408


async def test_a_socket_of_a_foreign_page_is_refused_before_it_is_accepted(served: Served) -> None:
    start, *_ = await served.handshake(origin="http://evil.example")

    assert (start["type"], start["status"]) == ("websocket.http.response.start", 403)
    assert b"content-security-policy" in dict(start["headers"])
    assert served.refused == {"origin": 1}


async def test_a_server_that_cannot_answer_in_words_closes_the_socket(served: Served) -> None:
    (close,) = await served.handshake(can_answer=False, origin="null")

    assert close["type"] == "websocket.close"


async def test_the_own_page_and_a_program_with_a_token_get_their_socket(served: Served) -> None:
    page = await served.handshake(origin="http://localhost")
    program = await served.handshake(authorization=f"Bearer {TOKEN}")

    assert [page[0]["type"], program[0]["type"]] == ["websocket.accept", "websocket.accept"]


@pytest.mark.parametrize("path", ["/", "/api/day", "/metrics", "/nowhere"])
async def test_a_socket_to_what_is_no_socket_is_refused(served: Served, path: str) -> None:
    start, *_ = await served.handshake(path, origin="http://localhost")

    assert start["status"] == 403


@pytest.mark.row("W6")
@pytest.mark.parametrize("path", ["/ws", "/nowhere"])
async def test_a_socket_that_was_asked_for_by_a_foreign_name_is_refused(served: Served, path: str) -> None:
    start, *_ = await served.handshake(path, host="evil.example", origin="http://evil.example")

    assert start["status"] == 400


async def test_two_headers_of_one_name_are_none_of_them(served: Served) -> None:
    async with served.client() as client:
        answer = await client.get("/api/day", headers=[("Host", "localhost"), ("Host", "evil.example")])

    assert answer.status_code == 400


# --- the whole gateway's routes ------------------------------------------------------------------------

IN_PLACE = {"{name}": "LapEvent", "{lap_id:path}": "x", "{rig_id}": "RIG_A"}
METRICS_TOKEN = "the-prometheus-of-the-tests"
WRONG: dict[str, str | None] = {
    "none": None,
    "empty": "",
    "wrong": "Bearer wrong",
    "rotated away": "Bearer " + "a" * 43,
    "of the metrics": f"Bearer {METRICS_TOKEN}",
}


@pytest.fixture
async def gateway() -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        _env_file=None,
        rigs=(RigSettings(rig_id="RIG_A", udp_port=0),),
        history_path=history_path(),
        operator_token=SecretStr(OPERATOR_TOKEN),
        metrics_token=SecretStr(METRICS_TOKEN),
    )  # type: ignore[call-arg]  # pydantic-settings' documented parameter
    transport = httpx.ASGITransport(create_app(settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


def path_of(template: str) -> str:
    for part, value in IN_PLACE.items():
        template = template.replace(part, value)
    return template or "/"


@pytest.mark.row("W9")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_no_route_at_all_changes_anything_without_the_operators_token(
    gateway: httpx.AsyncClient, method: str, reached: Reached
) -> None:
    let_in = []
    for template in ROUTES:
        for number, (kind, shown) in enumerate(WRONG.items()):
            headers = {} if shown is None else {"Authorization": shown}
            transport: Any = gateway._transport
            transport.client = (f"10.0.{len(template)}.{number}", 1)  # each an address of its own: nobody is blocked
            answer = await gateway.request(method, path_of(template), headers=headers)
            if answer.status_code not in (401, 403, 429):
                let_in.append((template, kind, answer.status_code))

    reached(exactly(f"{method} of {len(ROUTES)} routes with {len(WRONG)} kinds of no token: let in", let_in, []))


@pytest.mark.row("W9")
async def test_what_is_the_operators_is_not_even_read_without_the_token(gateway: httpx.AsyncClient) -> None:
    closed = [path for path, access in ROUTES.items() if access is Access.OPERATOR]

    statuses = {path: (await gateway.get(path_of(path))).status_code for path in closed}

    assert statuses.pop("/api/operator") == 401
    assert set(statuses.values()) == {404}  # these are only ever posted to


@pytest.mark.row("W6")
async def test_no_route_is_served_under_a_foreign_name(gateway: httpx.AsyncClient, reached: Reached) -> None:
    bearer = {"Authorization": f"Bearer {OPERATOR_TOKEN}", "Host": "gateway.evil.example"}

    served = [path for path in ROUTES if (await gateway.get(path_of(path), headers=bearer)).status_code != 400]

    reached(exactly(f"of {len(ROUTES)} routes served under a foreign name", len(served), 0))


@pytest.mark.row("W10")
async def test_no_form_of_a_foreign_page_reaches_a_route(gateway: httpx.AsyncClient, reached: Reached) -> None:
    forms: list[dict[str, str]] = [
        {"Origin": "http://evil.example", "Content-Type": "application/x-www-form-urlencoded"},
        {"Origin": "null", "Content-Type": "text/plain"},
        {"Origin": "http://localhost", "Content-Type": "text/plain"},
        {"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json"},
        {"Origin": "http://evil.example", "Content-Type": "application/json"},
    ]
    closed = [path for path, access in ROUTES.items() if access is Access.OPERATOR]

    accepted = [
        (path, form)
        for path in closed
        for form in forms
        for bearer in ({}, {"Authorization": f"Bearer {OPERATOR_TOKEN}"})
        if (await gateway.post(path_of(path), headers={**form, **bearer}, content=b"{}")).status_code < 400
    ]

    reached(exactly(f"of {2 * len(closed) * len(forms)} cross-site requests accepted", len(accepted), 0))


async def test_the_operator_is_let_in_through_the_whole_of_it(gateway: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {OPERATOR_TOKEN}", "Origin": "http://localhost"}

    whoami = await gateway.get("/api/operator", headers=headers)
    rebound = await gateway.post("/api/rigs/RIG_A/rebind", headers=headers, json={})

    assert (whoami.status_code, rebound.status_code) == (200, 200)


async def test_the_metrics_are_closed_where_a_token_is_set(gateway: httpx.AsyncClient) -> None:
    without = await gateway.get("/metrics")
    scraped = await gateway.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})

    assert (without.status_code, scraped.status_code) == (401, 200)
    assert 'f1_publish_refused_total{reason="token"} 1.0' in scraped.text
