"""Finding the transport, bounding it, cutting it: on real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.publish.connections import (
    UNSENT_BYTES,
    USER_TIMEOUT_MS,
    Connection,
    ConnectionsMiddleware,
    connection_of,
    transport_of,
)


class ServerProtocol(asyncio.Protocol):
    """As uvicorn's: it holds the transport, and its `send` is what ASGI calls."""

    transport: asyncio.Transport

    async def send(self, message: Message) -> None:
        raise AssertionError(message)


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[ServerProtocol, socket.socket]]:
    """A server's protocol and the client's socket; the client reads nothing by itself."""
    loop = asyncio.get_running_loop()
    theirs, ours = socket.socket(), socket.create_server(("127.0.0.1", 0))
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    theirs.connect(ours.getsockname())
    accepted, _ = ours.accept()
    accepted.setblocking(False)
    transport, protocol = await loop.connect_accepted_socket(ServerProtocol, accepted)
    protocol.transport = transport
    try:
        yield protocol, theirs
    finally:
        transport.abort()
        theirs.close()
        ours.close()
        await asyncio.sleep(0)


def read_to_the_end(peer: socket.socket) -> None:
    while peer.recv(65536):
        pass


async def scope_seen(send: Send, kind: str = "websocket") -> Scope:
    """The scope that an application behind the middleware gets."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        raise AssertionError("nobody asked")

    await ConnectionsMiddleware(app)({"type": kind}, receive, send)
    return seen[0]


async def test_the_application_finds_the_servers_transport_bounded() -> None:
    async with connected() as (protocol, _):
        scope = await scope_seen(protocol.send)

        assert transport_of(protocol.send) is protocol.transport
        assert protocol.transport.get_write_buffer_limits() == (0, 0)
        peer = protocol.transport.get_extra_info("socket")
        for option, value in (("TCP_USER_TIMEOUT", USER_TIMEOUT_MS), ("TCP_NOTSENT_LOWAT", UNSENT_BYTES)):
            if hasattr(socket, option):
                assert peer.getsockopt(socket.IPPROTO_TCP, getattr(socket, option)) == value
        assert not connection_of(scope).closing


async def test_aborting_ends_the_connection_with_bytes_unsent() -> None:
    async with connected() as (protocol, theirs):
        connection = Connection(protocol.transport)
        connection.bound()
        protocol.transport.write(bytes(1_000_000))
        protocol.transport.close()
        stuck = (connection.closing, connection.unsent_bytes > 0)

        aborted = connection.abort()
        await asyncio.sleep(0)

        assert stuck == (True, True)
        assert aborted
        assert connection.unsent_bytes == 0
        with pytest.raises(ConnectionResetError):
            read_to_the_end(theirs)


async def test_aborting_what_is_gone_does_no_harm() -> None:
    async with connected() as (protocol, _):
        connection = Connection(protocol.transport)
        connection.abort()
        await asyncio.sleep(0)

        assert connection.abort()
        connection.bound()


async def test_a_server_that_shows_no_transport_gets_a_stand_in() -> None:
    async def send(message: Message) -> None:
        raise AssertionError(message)

    connection = connection_of(await scope_seen(send))

    assert not connection.abort()
    assert not connection.closing
    assert connection.unsent_bytes == 0


async def test_plain_http_is_left_alone() -> None:
    async with connected() as (protocol, _):
        scope = await scope_seen(protocol.send, kind="http")

    assert scope == {"type": "http"}


def test_a_scope_the_middleware_never_saw_has_a_stand_in() -> None:
    scope: dict[str, Any] = {"type": "websocket"}

    assert not connection_of(scope).abort()
