"""The hub in a real uvicorn, with real clients and with one that never reads.

Each server below is a process of its own, started as an operator would: no special flags. The
tests of one implementation share a server, since starting one is most of their time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from app.publish import hub as hub_module
from app.publish.commands import BURST, PATIENCE
from app.publish.hub import Hub
from tests.chaos.stage import resident_mib
from tests.chaos.verdict import at_most, exactly
from tests.conftest import Reached

pytestmark = pytest.mark.live

HUNG = 20
FRAME_S = 0.05
IMPLEMENTATIONS = {
    "auto": ["--ws", "auto", "--loop", "auto"],
    "sansio-asyncio": ["--ws", "websockets-sansio", "--loop", "asyncio"],
    "legacy-asyncio": ["--ws", "websockets", "--loop", "asyncio"],
}


class Server:
    """One uvicorn process on a free loopback port."""

    def __init__(self, flags: list[str]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "uvicorn", "tests.publish.hub_server:app", "--log-level", "warning"]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *flags],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.log = b""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    def wait_until_up(self) -> None:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            time.sleep(0.05)
        raise AssertionError(f"no server: {self.stop()!r}")

    async def counts(self) -> dict[str, int]:
        async with httpx.AsyncClient() as client:
            counts: dict[str, int] = (await client.get(f"http://127.0.0.1:{self.port}/counts")).json()
            return counts

    async def flood(self, facts: int) -> None:
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{self.port}/flood/{facts}")

    def stop(self, within_s: float = 10.0) -> bytes:
        """End it as an operator would; returns what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.log += self.process.communicate(timeout=within_s)[0]
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.log += self.process.communicate()[0]
            raise
        return self.log


@pytest.fixture(scope="module", params=["auto", "legacy-asyncio"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(IMPLEMENTATIONS[request.param])
    server.wait_until_up()
    yield server
    assert b"Traceback" not in server.stop()


class HungClient:
    """A browser whose window went away: it subscribed, and reads no more."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(5)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(
            b"GET /ws HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert self.socket.recv(12) == b"HTTP/1.1 101"
        wish = json.dumps({"type": "subscribe_rig", "rig_id": "all"}).encode()
        self.socket.sendall(bytes([0x81, 0x80 | len(wish), 0, 0, 0, 0]) + wish)  # masked with zeros

    def gone(self) -> bool:
        """Whether the connection is no more, told without reading."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return bool(poll.poll(0))


class Stalls:
    """How long this machine kept us from running: not the server's fault."""

    def __init__(self) -> None:
        self.longest_s = 0.0

    async def watch(self) -> None:
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(0.01)
            self.longest_s = max(self.longest_s, time.monotonic() - before_s - 0.01)


@contextlib.asynccontextmanager
async def dashboard(server: Server, *rig_ids: str, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(server.url, **options) as client:
        assert (await read(client))["type"] == "connection_status"
        for rig_id in rig_ids:
            await ask(client, "subscribe_rig", rig_id)
        yield client


async def ask(client: ClientConnection, kind: str, rig_id: str) -> None:
    await client.send(json.dumps({"type": kind, "rig_id": rig_id}))


async def read(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message: dict[str, Any] = json.loads(await client.recv())
        return message


async def read_for(client: ClientConnection, seconds: float) -> list[dict[str, Any]]:
    messages = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                messages.append(json.loads(await client.recv()))
    return messages


async def read_until_closed(client: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):  # noqa: PT012  # what comes before the end is of no interest
        while True:
            await read(client)
    return client.close_code


def seqs(messages: list[dict[str, Any]], kind: str, rig_id: str = "RIG_A") -> list[int]:
    return [m["seq"] for m in messages if m["type"] == kind and m["rig_id"] == rig_id]


async def test_a_subscriber_gets_the_state_then_past_events_then_what_happens(server: Server) -> None:
    async with dashboard(server) as client:
        await asyncio.sleep(0.3)
        await ask(client, "subscribe_rig", "RIG_A")
        messages = await read_for(client, 0.5)

    assert messages[0]["type"] == "telemetry_update"
    assert messages[1]["replay"] is True
    facts = [m for m in messages if m["type"] == "event"]
    assert [m["replay"] for m in facts] == sorted((m["replay"] for m in facts), reverse=True)
    assert all(later == earlier + 1 for earlier, later in pairwise(seqs(messages, "event")))
    assert {m["rig_id"] for m in messages} == {"RIG_A"}


async def test_all_means_every_rig_and_what_is_given_up_stops(server: Server) -> None:
    async with dashboard(server, "all") as client:
        both = await read_for(client, 0.3)
        await ask(client, "unsubscribe_rig", "RIG_A")
        await read_for(client, 0.3)
        rest = await read_for(client, 0.3)

    assert {m["rig_id"] for m in both} == {"RIG_A", "RIG_B"}
    assert {m["rig_id"] for m in rest} == {"RIG_B"}


async def test_an_unknown_rig_is_answered_with_the_known_ones(server: Server) -> None:
    async with dashboard(server, "RIG_X") as client:
        answer = await read(client)

    assert answer["code"] == "unknown_rig"
    assert "RIG_A, RIG_B" in answer["message"]


async def test_nonsense_is_answered_and_changes_nothing(server: Server) -> None:
    async with dashboard(server) as client:
        codes = []
        for text in ("{", "[]", '{"type": "dance"}', '{"type": "subscribe_rig"}', "[" * 4000):
            await client.send(text)
            codes.append((await read(client))["code"])

    assert codes == ["bad_json", "bad_message", "unknown_type", "bad_message", "bad_json"]


@pytest.mark.parametrize(
    ("message", "code"), [("x" * 4097, 1009), ("é" * 2100, 1009), (b"{}", 1003)], ids=["long", "wide", "binary"]
)
async def test_a_message_we_do_not_read_closes(server: Server, message: str | bytes, code: int) -> None:
    async with dashboard(server) as client:
        await client.send(message)

        assert await read_until_closed(client) == code


async def test_a_client_that_floods_is_warned_once_then_closed(server: Server) -> None:
    async with dashboard(server) as client:
        for _ in range(BURST):
            await client.send("{}")
        answers = [(await read(client))["code"] for _ in range(BURST)]
        await client.send("{}")
        warning = await read(client)
        for _ in range(PATIENCE + 5):  # a few more, for what refills meanwhile
            await client.send("{}")
        code = await read_until_closed(client)

    assert answers == ["bad_message"] * BURST
    assert warning["code"] == "too_fast"
    assert code == 1008


async def test_a_client_too_far_behind_with_facts_is_closed_rather_than_shown_a_hole(server: Server) -> None:
    async with dashboard(server, "RIG_B") as client:
        await read(client)
        before = await server.counts()
        await server.flood(600)
        code = await read_until_closed(client)
        after = await server.counts()

    assert code == 1013
    assert after["overflowed"] == before["overflowed"] + 1


@pytest.mark.row("W2")
async def test_a_slow_reader_skips_states_but_no_facts(server: Server, reached: Reached) -> None:
    slow_socket = socket.socket()
    slow_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    slow_socket.connect(("127.0.0.1", server.port))
    options: dict[str, Any] = {"sock": slow_socket, "max_queue": 1, "compression": None}
    async with dashboard(server, "all", **options) as slow, dashboard(server, "all") as quick:
        await asyncio.sleep(1.5)
        messages, current = await asyncio.gather(read_for(slow, 0.7), read_for(quick, 0.7))

    states, facts = seqs(messages, "telemetry_update"), seqs(messages, "event")
    assert max(later - earlier for earlier, later in pairwise(states)) > 10
    assert all(later > earlier for earlier, later in pairwise(states))
    holes = sum(later != earlier + 1 for earlier, later in pairwise(facts))
    reached(exactly(f"holes in {len(facts)} events of a slow reader", holes, 0))
    behind = max(0, seqs(current, "telemetry_update")[-1] - states[-1])
    reached(at_most("age of its newest frame", behind * FRAME_S, 1, " s"))
    assert behind <= 2
    assert (await server.counts())["states_skipped"] > 0


@pytest.mark.row("W4")
async def test_more_clients_of_one_address_than_allowed_are_refused(server: Server) -> None:
    async with contextlib.AsyncExitStack() as stack:
        already = (await server.counts())["clients"]
        for _ in range(hub_module.MAX_CLIENTS_PER_ADDRESS - already):
            await stack.enter_async_context(connect(server.url, compression=None))

        with pytest.raises(InvalidStatus) as refused:
            await stack.enter_async_context(connect(server.url))
        other = await stack.enter_async_context(connect(server.url, local_addr=("127.0.0.2", 0)))
        greeting = await read(other)

    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"]
    assert greeting["type"] == "connection_status"


@pytest.mark.row("W1")
async def test_twenty_clients_that_never_read_are_cut_and_delay_nobody(server: Server, reached: Reached) -> None:
    stalls = Stalls()
    cut_before = (await server.counts())["cut"]
    async with dashboard(server, "RIG_A") as client, asyncio.TaskGroup() as group:
        watch = group.create_task(stalls.watch())
        await read_for(client, 0.2)
        before_mib = resident_mib(server.process.pid)
        hung = [HungClient(server.port) for _ in range(HUNG)]
        began_s = time.monotonic()
        arrivals, facts, gone_after_s = [began_s], [], None
        most_mib = before_mib
        while time.monotonic() < began_s + (12 if gone_after_s is None else gone_after_s + 0.5):
            most_mib = max(most_mib, resident_mib(server.process.pid))
            message = await read(client)
            if message["type"] == "event":
                facts.append(message["seq"])
                continue
            arrivals.append(time.monotonic())
            if gone_after_s is None and all(each.gone() for each in hung):
                gone_after_s = arrivals[-1] - began_s
        watch.cancel()

    largest_gap_s = max(later - earlier for earlier, later in pairwise(arrivals)) - stalls.longest_s
    reached(at_most("longest gap of another dashboard", 1000 * largest_gap_s, 150, " ms"))
    assert all(later == earlier + 1 for earlier, later in pairwise(facts))
    assert gone_after_s is not None, f"{sum(each.gone() for each in hung)} of {HUNG} gone, {await server.counts()}"
    reached(at_most(f"until {HUNG} hung clients are gone", gone_after_s, 12, " s"))
    reached(at_most("memory for each of them", (most_mib - before_mib) / HUNG, 1, " MiB"))
    assert (await server.counts())["cut"] == cut_before + HUNG
    for each in hung:
        each.socket.close()


async def seconds_to_shut_down_with_a_hung_client(implementation: str) -> float:
    server = Server(IMPLEMENTATIONS[implementation])
    await asyncio.to_thread(server.wait_until_up)
    hung = HungClient(server.port)
    try:
        async with dashboard(server, "RIG_A") as client:
            await read_for(client, 1.2)
            assert not hung.gone()
            began_s = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            code = await read_until_closed(client)
            log = await asyncio.to_thread(server.stop)
        assert code == 1012
        assert b"Traceback" not in log
        return time.monotonic() - began_s
    finally:
        hung.socket.close()
        await asyncio.to_thread(server.stop)


async def test_shutdown_does_not_wait_for_a_client_that_never_reads() -> None:
    took_s = await asyncio.gather(*map(seconds_to_shut_down_with_a_hung_client, IMPLEMENTATIONS))

    assert max(took_s) < 5


# Without a server: what a real one shows too seldom.


class FakeSocket:
    """An ASGI WebSocket without a server behind it; `stuck` never takes a message."""

    def __init__(self, *, stuck: bool = False, denial: bool = True) -> None:
        self.sent: deque[Message] = deque()
        self.stuck = stuck
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        extensions: dict[str, Any] = {"websocket.http.response": {}} if denial else {}
        scope = {"type": "websocket", "client": ("10.0.0.1", 1), "headers": [], "extensions": extensions}
        self.websocket = WebSocket(scope, self.incoming.get, self.send)

    async def send(self, message: Message) -> None:
        if self.stuck and message["type"] == "websocket.send":
            await asyncio.Event().wait()
        self.sent.append(message)
        if message["type"] == "websocket.close":
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": message["code"]})


class NoRigs:
    def hello(self) -> str:
        return "hello"

    def rig_ids(self) -> list[str]:
        return []

    def snapshot(self, rig_id: str) -> list[str]:
        raise AssertionError(rig_id)


async def test_closing_the_hub_closes_its_clients_and_takes_no_new_ones() -> None:
    hub, early, late = Hub(NoRigs()), FakeSocket(), FakeSocket()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(hub.serve(early.websocket))
        await asyncio.sleep(0)

        await hub.close()
        await hub.serve(late.websocket)

    assert early.sent[-1]["code"] == 1012
    assert late.sent[0]["status"] == 503
    assert hub.clients == 0


async def test_a_server_that_cannot_answer_before_accepting_gets_a_plain_refusal() -> None:
    hub, late = Hub(NoRigs()), FakeSocket(denial=False)
    await hub.close()

    await hub.serve(late.websocket)

    assert [message["type"] for message in late.sent] == ["websocket.close"]


async def test_a_stuck_client_is_let_go_even_where_no_transport_can_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "SEND_DEADLINE_S", 0.0)
    monkeypatch.setattr(hub_module, "WATCH_EVERY_S", 0.001)
    hub, stuck = Hub(NoRigs()), FakeSocket(stuck=True)

    async with asyncio.timeout(5):
        await hub.serve(stuck.websocket)

    assert hub.clients_cut == 1
    assert hub.clients == 0


async def test_a_client_that_leaves_is_forgotten() -> None:
    hub, brief = Hub(NoRigs()), FakeSocket()
    brief.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async with asyncio.timeout(5):
        await hub.serve(brief.websocket)

    assert hub.clients == 0
    assert hub.clients_cut == 0


async def test_the_most_clients_in_all_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "MAX_CLIENTS", 1)
    hub, first, second = Hub(NoRigs()), FakeSocket(), FakeSocket()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(hub.serve(first.websocket))
        await asyncio.sleep(0)

        await hub.serve(second.websocket)
        await hub.close()

    assert second.sent[0]["status"] == 503
    assert hub.clients_refused == 1


class TwoRigs(NoRigs):
    def rig_ids(self) -> list[str]:
        return ["RIG_A", "RIG_B"]

    def snapshot(self, rig_id: str) -> list[str]:
        return [f"{rig_id} now"]


async def test_an_operator_sees_each_client_with_what_it_asked_for_skipped_and_waits_for() -> None:
    hub, slow, idle = Hub(TwoRigs()), FakeSocket(), FakeSocket()
    slow.incoming.put_nowait({"type": "websocket.receive", "text": '{"type": "subscribe_rig", "rig_id": "RIG_B"}'})
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(hub.serve(slow.websocket))
        await asyncio.sleep(0.01)
        group.create_task(hub.serve(idle.websocket))
        await asyncio.sleep(0.01)
        for number in range(4):
            hub.push_state("RIG_A", f"A{number}")
            hub.push_state("RIG_B", f"B{number}")

        first, second = hub.client_views()
        await hub.close()

    assert first[:1] + first[2:] == ("10.0.0.1", ("RIG_B",), 3, 1)
    assert second[:1] + second[2:] == ("10.0.0.1", (), 0, 0)
    assert 5 > first.connected_s >= 0.01 + second.connected_s - 1e-6 > 0


async def test_a_client_that_left_is_not_seen_any_more() -> None:
    hub, brief = Hub(TwoRigs()), FakeSocket()
    brief.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async with asyncio.timeout(5):
        await hub.serve(brief.websocket)

    assert hub.client_views() == []
