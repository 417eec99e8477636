"""The TCP connection under a WebSocket [edge]: bounded, and cut at once when it must be.

ASGI has no word for "cut". A WebSocket is closed with a message, and a message waits behind those
that the peer does not read; uvicorn's ping timeout and its shutdown call `transport.close()`, which
waits for them too, for ever. Only the transport can be aborted, and uvicorn lets it be found: the
raw ASGI `send` of both its `websockets` implementations is a method of the protocol object, which
holds the transport. Starlette wraps `send` for its routes, hence this outermost wrapper, which looks
before anybody wraps. Read in uvicorn 0.54: protocols/websockets/websockets_sansio_impl.py (what
"auto" means), websockets_impl.py (deprecated) and wsproto_impl.py. On another server, and with uvicorn at log level
`trace`, no transport is found: then nothing can be cut, and the hub only stops waiting.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

logger = logging.getLogger(__name__)

SCOPE_KEY = "rig_gateway.connection"

WRITE_BUFFER_BYTES = 0
"""What may wait in the process before a send waits: nothing beyond the frame being sent.

uvicorn's default is 64 KiB, which is 40 states, two seconds of them, that can no longer be replaced
by newer ones. With 0 a send waits as soon as the kernel takes no more: a hung client shows at once."""

UNSENT_BYTES = 16 * 1024
"""What may wait in the kernel, not yet on the wire (TCP_NOTSENT_LOWAT). Without it the kernel's send
buffer grows to 4 MiB a client (Linux: tcp_wmem); unlike a small SO_SNDBUF it leaves fast paths fast."""

USER_TIMEOUT_MS = 8000
"""How long the peer's kernel may leave data unacknowledged or its window shut (TCP_USER_TIMEOUT)."""


class Connection:
    """One client's TCP connection, or a stand-in that can do nothing where the server shows none."""

    def __init__(self, transport: asyncio.Transport | None) -> None:
        self._transport = transport

    def bound(self) -> None:
        """Make a peer that does not read cost little and show soon."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._set("TCP_NOTSENT_LOWAT", UNSENT_BYTES)
        self._set("TCP_USER_TIMEOUT", USER_TIMEOUT_MS)

    @property
    def closing(self) -> bool:
        """Whether the server has begun to close it, which need not ever end."""
        return self._transport is not None and self._transport.is_closing()

    @property
    def unsent_bytes(self) -> int:
        """What waits in the process for the peer to read."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def abort(self) -> bool:
        """Cut it now, unsent bytes and all; False where that is not possible."""
        if self._transport is None:
            return False
        # With a reset instead of an orderly end, the kernel too forgets the bytes nobody reads.
        no_time = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        self._set_raw(socket.SOL_SOCKET, socket.SO_LINGER, no_time)
        self._transport.abort()
        return True

    def _set(self, option: str, value: int) -> None:
        number = getattr(socket, option, None)  # not every platform has each
        if number is not None:
            self._set_raw(socket.IPPROTO_TCP, number, value)

    def _set_raw(self, level: int, option: int, value: int | bytes) -> None:
        peer = None if self._transport is None else self._transport.get_extra_info("socket")
        if peer is not None:
            # OSError: not a TCP socket, or gone this moment. ValueError: gone, says uvloop.
            with suppress(OSError, ValueError):
                peer.setsockopt(level, option, value)


class ConnectionsMiddleware:
    """Puts the `Connection` of each WebSocket into its scope, under `SCOPE_KEY`.

    Has to see the server's own `send`: add it last, so that it is the outermost.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "websocket":
            connection = Connection(transport_of(send))
            connection.bound()
            scope[SCOPE_KEY] = connection
        await self._app(scope, receive, send)


def transport_of(send: Send) -> asyncio.Transport | None:
    """The transport behind a server's raw ASGI `send`; None when it shows none."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    # By ability, not by class: uvloop's transports are no subclass of asyncio's everywhere.
    able = all(hasattr(transport, name) for name in ("abort", "is_closing", "get_write_buffer_size"))
    return transport if able else None


def connection_of(scope: Scope) -> Connection:
    """The connection that the middleware left in the scope; a stand-in without one."""
    connection = scope.get(SCOPE_KEY)
    return connection if isinstance(connection, Connection) else Connection(None)
