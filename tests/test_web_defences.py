"""The web side of a real gateway, attacked as somebody on the booth's network would: handshakes, floods, probing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app import __version__
from app.ingest.capture import read_capture
from app.publish.access import ROUTES
from tests.chaos.stage import resident_mib
from tests.chaos.verdict import at_most, exactly
from tests.conftest import Reached
from tests.gateway import MELBOURNE, OPERATOR_TOKEN, ROOT, Running, running_gateway
from tests.publish.test_door import path_of

pytestmark = pytest.mark.live

HELD_OUT_S: Final = 3.0
FORGED: Final = 100_000
ADDRESSES: Final = 500
CAR_TELEMETRY: Final = 6
OWN_KIND: Final = re.compile(r'kind="Rig(Online|Silent)"')
"""What a rig that pauses adds, whoever sends."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway") / "log"


@pytest.fixture(scope="module")
def gateway(log: Path) -> Iterator[Running]:
    with running_gateway(log=log, LOG_LEVEL="DEBUG", LOG_FORMAT="json") as running:
        yield running


def own_address() -> str | None:
    """An address of this host that is not loopback; None where there is no network."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address: str = probe.getsockname()[0]
        return address
    return None


async def is_accepted(url: str, **options: Any) -> bool:
    try:
        async with connect(url, proxy=None, **options):
            return True
    except InvalidStatus as refused:
        answer = refused.response
    assert answer.status_code in (400, 401, 403)
    assert "content-security-policy" in answer.headers
    return False


@pytest.mark.row("W5")
async def test_of_twenty_foreign_origins_no_handshake_is_accepted(gateway: Running, reached: Reached) -> None:
    own = f"127.0.0.1:{gateway.port}"
    foreign = [
        "http://evil.example",
        "https://evil.example",
        f"http://evil.example:{gateway.port}",
        "null",
        "file://",
        "http://localhost",
        f"http://localhost:{gateway.port}",
        f"http://gateway.local:{gateway.port}",
        f"http://gateway.local.evil.example:{gateway.port}",
        f"http://{own}.evil.example",
        f"http://evil.example/{own}",
        f"http://{own}@evil.example",
        f"http://evil.example@{own}",
        f"http://{own}/",
        f"http://{own}0",
        f"http://127.0.0.1:{gateway.port + 1}",
        "http://127.0.0.1",
        f"http://127.0.0.2:{gateway.port}",
        f"ws://{own}",
        f"chrome-extension://{own}",
        f"http://{own}, http://evil.example",
        "",
    ]

    accepted = [origin for origin in foreign if await is_accepted(gateway.socket_url, origin=origin)]

    reached(exactly(f"of {len(foreign)} foreign origins accepted", len(accepted), 0))
    assert await is_accepted(gateway.socket_url, origin=f"http://{own}")


@pytest.mark.row("W5")
async def test_from_another_machine_a_program_without_an_origin_needs_a_token(reached: Reached) -> None:
    address = own_address()
    if address is None:
        pytest.skip("this host has no address but loopback")
    with running_gateway(HTTP_HOST="0.0.0.0") as gateway:
        url = f"ws://{address}:{gateway.port}/ws"
        bearer = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        without = await is_accepted(url)
        wrong = await is_accepted(url, additional_headers={"Authorization": "Bearer wrong"})
        right = await is_accepted(url, additional_headers=bearer)
        page = await is_accepted(url, origin=f"http://{address}:{gateway.port}")

    reached(exactly("a program without Origin: without a token, with a wrong one", [without, wrong], [False, False]))
    assert (right, page) == (True, True)


@pytest.mark.row("W6")
async def test_under_a_foreign_name_there_is_neither_page_nor_socket(gateway: Running, reached: Reached) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        statuses = [
            (await client.get("/", headers={"Host": name})).status_code
            for name in ("evil.example", f"evil.example:{gateway.port}", f"localhost.evil.example:{gateway.port}", "")
        ]
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as raw:
        raw.sendall(
            b"GET /ws HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        handshake = raw.recv(64)

    accepted = sum(status < 400 for status in statuses) + handshake.startswith(b"HTTP/1.1 101")
    reached(exactly("requests and sockets accepted under a foreign name", accepted, 0))
    assert handshake.startswith(b"HTTP/1.1 400")


async def closing_code(client: ClientConnection) -> int | None:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(5):
            async for _ in client:
                pass
    return client.close_code


@pytest.mark.row("W7")
async def test_oversized_messages_are_refused_before_they_cost_memory(gateway: Running, reached: Reached) -> None:
    for _ in range(3):  # what every first connection costs is no bomb's doing
        assert await is_accepted(gateway.socket_url)
    before_mib = resident_mib(gateway.process.pid)
    codes = []
    async with connect(gateway.socket_url) as client:
        assert client.protocol.extensions == []  # no deflate: nothing small can become large
        await client.send("x" * 70_000)
        codes.append(await closing_code(client))
    async with connect(gateway.socket_url) as client:
        with contextlib.suppress(ConnectionClosed):
            await client.send("x" * 1000 for _ in range(2000))  # two megabytes in fragments
        codes.append(await closing_code(client))

    reached(exactly("70 kB at once: closed with", codes[0], 1009))
    assert codes[1] in (1009, 1006)  # 1006: the end of the connection overtook its reason, as bytes were still unread
    reached(at_most("memory grows by", resident_mib(gateway.process.pid) - before_mib, 1, " MiB"))


@pytest.mark.row("W8")
async def test_a_thousand_malformed_messages_a_second_are_answered_closed_and_felt_by_nobody(
    gateway: Running, log: Path, reached: Reached
) -> None:
    dice = random.Random(8)
    texts: list[str | bytes] = [
        "", "{", "[]", "7", "null", "NaN", '"x"', "[" * 4000, '{"type": 7}', '{"type": "shutdown"}', "\u202e\0",
        '{"type": "subscribe_rig", "rig_id": {"a": []}}', '{"type": "__proto__"}', dice.randbytes(40), '{"a":' * 700,
    ]  # fmt: skip
    codes: set[int | None] = set()
    sent = 0
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        until_s = loop.time() + HELD_OUT_S
        while loop.time() < until_s:
            async with connect(gateway.socket_url) as attacker:
                with contextlib.suppress(ConnectionClosed):
                    for _ in range(100):
                        await attacker.send(dice.choice(texts))
                        sent += 1
                        await asyncio.sleep(0.0005)
                codes.add(await closing_code(attacker))
        ops = (await client.get("/api/ops")).json()

    assert codes <= {1003, 1007, 1008}
    reached(
        at_most(f"loop lag under {sent / HELD_OUT_S:.0f} messages a second", ops["loop_lag_ms"]["newest"], 20, " ms")
    )
    said = await asyncio.to_thread(log.read_text, "utf-8")
    reached(exactly("tracebacks in the log", said.count("Traceback"), 0))
    assert sent / HELD_OUT_S >= 300


@pytest.mark.row("W17")
async def test_no_answer_tells_a_path_a_version_or_a_setting(gateway: Running, reached: Reached) -> None:
    asked = [path_of(path) for path in ROUTES]
    asked += [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/nowhere",
        "/api/nothing",
        "/api/laps/x",
        "/rig/%00",
        "/.env",
        "/app/main.py",
    ]
    versions = re.compile(r"uvicorn|starlette|fastapi|python/|\bh11\b", re.IGNORECASE)
    own_fields = {"/health", "/api/ops", "/metrics"}  # these tell the gateway's version, in a field for that
    leaks = []
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        for path in asked:
            for method in ("GET", "POST", "TRACE"):
                answer = await client.request(method, path)
                told = answer.text + json.dumps(dict(answer.headers))
                is_page = answer.headers.get("content-type", "").startswith(("text/html", "text/javascript"))
                found = [word for word in (str(ROOT), ".venv", "Traceback", OPERATOR_TOKEN) if word in told]
                if not is_page and path not in own_fields:
                    found += versions.findall(told) + ([__version__] if f'"{__version__}"' in told else [])
                leaks += [(method, path, word) for word in found]
                assert "server" not in answer.headers
        docs = {path: (await client.get(path)).status_code for path in ("/docs", "/redoc", "/openapi.json", "/.env")}

    reached(exactly(f"leaks in {3 * len(asked)} answers", leaks, []))
    assert set(docs.values()) == {404}


async def test_a_request_that_is_no_http_is_answered_without_a_word_of_ours(gateway: Running) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as raw:
        raw.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = raw.recv(4096)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"uvicorn" not in answer.lower()


@pytest.mark.row("W9")
async def test_the_operator_rebinds_a_rig_and_nobody_else_does(gateway: Running, log: Path) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        refused = await client.post("/api/rigs/RIG_A/rebind", json={})
        bearer = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        done = await client.post("/api/rigs/RIG_A/rebind", json={}, headers=bearer)
        metrics = (await client.get("/metrics")).text

    assert (refused.status_code, done.status_code) == (401, 200)
    assert re.search(r'^f1_publish_refused_total\{reason="token"\} [1-9]', metrics, re.MULTILINE)
    said = await asyncio.to_thread(log.read_text, "utf-8")
    assert "the operator asked for rebind" in said
    assert OPERATOR_TOKEN not in said


@pytest.mark.row("W15")
async def test_no_session_address_or_path_from_outside_ever_becomes_a_label(gateway: Running, reached: Reached) -> None:
    telemetry = next(datagram.payload for datagram in read_capture(MELBOURNE) if datagram.payload[6] == CAR_TELEMETRY)
    gateway.send(0, telemetry)
    await asyncio.to_thread(forge, gateway, telemetry, 200)  # all that may happen to a datagram has happened once
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20) as client:
        await client.get("/metrics")  # makes what any scrape makes
        before = series((await client.get("/metrics")).text)

        await asyncio.to_thread(forge, gateway, telemetry, FORGED)
        for number in range(50):
            await client.get(f"/rig/{number}", headers={"User-Agent": f"agent {number}"})
        scrapes_ms = []
        for _ in range(5):
            answer = await client.get("/metrics")
            scrapes_ms.append(answer.elapsed.total_seconds() * 1000)
    after = series(answer.text)

    new = sorted(name for name in after - before if not OWN_KIND.search(name))
    reached(exactly(f"new series after {FORGED} forged sessions of {ADDRESSES} addresses", new, []))
    reached(at_most("series in all", len(after), 40 * 2 + 200))
    reached(at_most("a scrape takes", min(scrapes_ms), 20, " ms"))


def forge(gateway: Running, telemetry: bytes, times: int) -> None:
    """Send as many sessions as there are numbers, half of them from the rig's own address."""
    senders = []
    for number in range(ADDRESSES):
        senders.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        senders[-1].bind((f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for number in range(times):
        forged = telemetry[:7] + number.to_bytes(8, "little") + telemetry[15:]
        sender = own if number % 2 else senders[number % ADDRESSES]
        sender.sendto(forged, ("127.0.0.1", gateway.rig_ports[0]))
        if number % 200 == 0:
            time.sleep(0.005)  # or the kernel drops most of them
    for each in (own, *senders):
        each.close()


def series(exposition: str) -> set[str]:
    """Every series of a scrape, by name and labels."""
    return {line.rpartition(" ")[0] for line in exposition.splitlines() if not line.startswith("#")}


async def test_the_same_doors_stand_under_a_plain_uvicorn() -> None:
    command = (sys.executable, "-m", "uvicorn", "app.main:app", "--port", "{port}")
    with running_gateway(*command) as plain:
        own = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        async with httpx.AsyncClient(base_url=plain.url) as client:
            statuses = [
                (await client.get("/", headers={"Host": "evil.example"})).status_code,
                (await client.post("/api/rigs/RIG_A/rebind", json={})).status_code,
                (await client.post("/api/rigs/RIG_A/rebind", headers={**own, "Origin": "null"}, json={})).status_code,
                (await client.post("/api/rigs/RIG_A/rebind", headers=own, content=b"x" * 70_000)).status_code,
                (await client.post("/api/rigs/RIG_A/rebind", headers=own, json={})).status_code,
            ]
        sockets = [
            await is_accepted(plain.socket_url, origin="http://evil.example"),
            await is_accepted(plain.socket_url, origin=plain.url),
        ]

    assert statuses == [400, 401, 403, 413, 200]
    assert sockets == [False, True]


async def test_a_sender_that_is_told_of_can_be_claimed_and_given_up_again(gateway: Running) -> None:
    telemetry = next(datagram.payload for datagram in read_capture(MELBOURNE) if datagram.payload[6] == CAR_TELEMETRY)
    bearer = {"Authorization": f"Bearer {OPERATOR_TOKEN}"}
    holders = []
    with from_address("127.0.0.1") as first, from_address("127.0.0.3") as second:
        async with httpx.AsyncClient(base_url=gateway.url, headers=bearer) as client:

            async def holder() -> str | None:
                for sender in (first, second):
                    sender.sendto(telemetry, ("127.0.0.1", gateway.rig_ports[1]))
                    await asyncio.sleep(0.1)
                source: str | None = (await client.get("/api/ops")).json()["rigs"][1]["source_address"]
                return source

            async def told() -> set[str]:
                return {each["address"] for each in (await client.get("/api/ops")).json()["senders"]}

            holders.append(await holder())
            async with asyncio.timeout(5):  # who sends is counted by the second
                while not await told() >= {"127.0.0.1", "127.0.0.3"}:
                    await holder()
            claimed = await client.post("/api/rigs/RIG_B/claim", json={"address": "127.0.0.3"})
            holders.append(await holder())
            taken = await client.post("/api/rigs/RIG_A/claim", json={"address": "not an address"})
            rebound = await client.post("/api/rigs/RIG_B/rebind", json={})
            holders.append(await holder())

    assert [claimed.status_code, taken.status_code, rebound.status_code] == [200, 422, 200]
    assert holders == ["127.0.0.1", "127.0.0.3", "127.0.0.1"]


@contextlib.contextmanager
def from_address(address: str) -> Iterator[socket.socket]:
    """A sender with an address of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((address, 0))
        yield sender
