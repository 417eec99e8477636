"""Connections that say nothing: a real uvicorn in this process, with short deadlines and small tables."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from app.publish import listener as listener_module
from app.publish.connections import USER_TIMEOUT_MS
from app.publish.listener import bounded_protocol

ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
OPENED: list[asyncio.StreamWriter] = []
"""What the test has opened, for its end."""


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def slow(request: Request) -> Response:
    await asyncio.sleep(0.4)
    return PlainTextResponse("slow")


async def live(websocket: WebSocket) -> None:
    await websocket.accept()
    await asyncio.sleep(0.4)
    await websocket.send_text("still here")
    await websocket.close()


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    monkeypatch.setattr(listener_module, "HEADER_S", 0.2)
    monkeypatch.setattr(listener_module, "MOST_WAITING", 5)
    monkeypatch.setattr(listener_module, "MOST_CONNECTIONS", 12)
    return Counter()


@pytest.fixture
async def port(refused: Counter[str]) -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/", hello), Route("/slow", slow), WebSocketRoute("/ws", live)])
    config = uvicorn.Config(
        app, http=bounded_protocol(refused), port=0, log_level="critical", lifespan="off", timeout_keep_alive=1
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        while OPENED:
            writer = OPENED.pop()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
        server.should_exit = True
        await running


Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def peer(port: int, *said: bytes) -> Peer:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    OPENED.append(writer)
    for part in said:
        writer.write(part)
    return reader, writer


async def is_cut(reader: asyncio.StreamReader, within_s: float = 2.0) -> bool:
    """Whether the other side ends the connection within the time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            with contextlib.suppress(ConnectionError):
                await reader.read()
            return True
    return False


async def answered(one: Peer, ask: bytes = ASK) -> bytes:
    reader, writer = one
    writer.write(ask)
    async with asyncio.timeout(2):
        return await reader.readuntil(b"hello")


async def test_who_says_nothing_is_cut_in_time(port: int, refused: Counter[str]) -> None:
    reader, _ = await peer(port)

    assert await is_cut(reader)
    assert refused == {"header_timeout": 1}


@pytest.mark.row("W16")
async def test_a_head_that_dribbles_does_not_hold_its_connection_for_ever(port: int, refused: Counter[str]) -> None:
    reader, writer = await peer(port)

    async def dribble() -> None:
        for byte in ASK:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)

    dribbling = asyncio.create_task(dribble())
    cut = await is_cut(reader)
    dribbling.cancel()

    assert cut
    assert refused == {"header_timeout": 1}


async def test_a_second_head_on_the_same_connection_has_the_same_deadline(port: int, refused: Counter[str]) -> None:
    one = await peer(port)
    first = await answered(one)
    one[1].write(b"GET")

    assert first.startswith(b"HTTP/1.1 200")
    assert await is_cut(one[0])
    assert refused == {"header_timeout": 1}


async def test_whoever_asks_again_and_again_is_served_on_one_connection(port: int, refused: Counter[str]) -> None:
    one = await peer(port)
    for _ in range(6):
        await answered(one)
        await asyncio.sleep(0.1)

    assert not refused


async def test_requests_sent_in_one_go_are_all_answered(port: int, refused: Counter[str]) -> None:
    reader, _ = await peer(port, ASK * 3)
    async with asyncio.timeout(2):
        for _ in range(3):
            await reader.readuntil(b"hello")

    assert not refused


async def test_an_answer_may_take_longer_than_a_head(port: int, refused: Counter[str]) -> None:
    reader, _ = await peer(port, ASK.replace(b"/ ", b"/slow "))
    async with asyncio.timeout(2):
        told = await reader.readuntil(b"slow")

    assert told.startswith(b"HTTP/1.1 200")
    assert not refused


async def test_a_socket_that_was_accepted_has_no_deadline(port: int, refused: Counter[str]) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ws") as client:
        assert await client.recv() == "still here"

    assert not refused


async def test_a_body_that_never_ends_after_its_answer_is_cut(port: int, refused: Counter[str]) -> None:
    reader, _ = await peer(port, ASK.replace(b"\r\n\r\n", b"\r\nContent-Length: 9999\r\n\r\nx"))

    assert await is_cut(reader, 3)


async def test_the_one_that_waited_longest_makes_room_for_the_newest(
    port: int, refused: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "HEADER_S", 5.0)
    monkeypatch.setattr(listener_module, "SPARED_S", 0.0)
    idle = []
    for _ in range(5):
        idle.append(await peer(port))
        await asyncio.sleep(0.01)
    told = await answered(await peer(port))

    assert told.startswith(b"HTTP/1.1 200")
    assert await is_cut(idle[0][0], 0.5)
    assert not await is_cut(idle[4][0], 0.1)
    assert refused == {"connections": 1}


async def test_many_who_come_at_once_do_not_push_each_other_out(port: int, refused: Counter[str]) -> None:
    came = [await peer(port) for _ in range(10)]

    told = await asyncio.gather(*(answered(each) for each in came))

    assert len(told) == 10
    assert not refused


async def test_of_a_crowd_a_few_are_heard_a_turn_in_the_order_in_which_they_spoke(
    port: int, refused: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "HEARD_A_TURN", 1)
    came = [await peer(port) for _ in range(8)]
    order: list[int] = []

    async def ask(number: int) -> None:
        await answered(came[number])
        order.append(number)

    await asyncio.gather(*map(ask, range(8)))

    assert order == list(range(8))
    assert not refused


async def test_one_that_leaves_before_its_turn_is_no_harm(
    port: int, refused: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "HEARD_A_TURN", 1)
    came = [await peer(port) for _ in range(6)]
    for _, writer in came:
        writer.write(ASK)
    for _, writer in came[:5]:
        writer.transport.abort()

    async with asyncio.timeout(2):
        await came[5][0].readuntil(b"hello")

    assert set(refused) <= {"header_timeout"}


async def test_beyond_the_most_connections_whoever_comes_is_turned_away(
    port: int, refused: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "MOST_WAITING", 100)
    monkeypatch.setattr(listener_module, "HEADER_S", 5.0)
    peers = [await peer(port) for _ in range(12)]
    await asyncio.sleep(0.05)

    late, _ = await peer(port)

    assert await is_cut(late, 0.5)
    assert not await is_cut(peers[0][0], 0.05)
    assert refused == {"connections": 1}


async def test_a_peer_that_acknowledges_nothing_is_the_kernels_to_cut() -> None:
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        pytest.skip("this system has no such deadline")
    loop = asyncio.get_running_loop()
    ours, theirs = socket.create_server(("127.0.0.1", 0)), socket.socket()
    theirs.connect(ours.getsockname())
    accepted, _ = ours.accept()
    transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, accepted)

    listener_module._bound(transport)

    bound = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
    transport.abort()
    theirs.close()
    ours.close()
    assert bound == USER_TIMEOUT_MS
