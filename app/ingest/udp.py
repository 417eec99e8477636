"""The rigs' UDP ports: one asyncio `DatagramProtocol` endpoint each, which never raises and never answers.

There is no queue of ours behind the socket: a datagram is handed on in the call that received it, so the
kernel's receive buffer is the queue. It is bounded (4 MiB asked for), its loser is the newest datagram, and
Linux counts what it drops. Never SO_REUSEADDR: on UDP it would let a second process steal the packets.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any, Final

from app.errors import PortUnavailable
from app.ingest import kernel

logger = logging.getLogger(__name__)

Receive = Callable[[bytes, tuple[str, int]], None]

_READ_BYTES: Final = 65_536
"""No UDP datagram is longer. asyncio's own 256 KiB makes malloc map and unmap fresh pages for every read."""


class RigEndpoint(asyncio.DatagramProtocol):
    """One rig's port while it is open."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None
        # Any: asyncio's and uvloop's stand-ins for a socket, which are none by type.
        self._sock: Any = None
        self.socket_errors = 0
        """Errors that the operating system reported for the socket."""
        self.receive_buffer_bytes = 0
        """What the kernel granted, as it counts: on Linux twice the bytes asked for, its own cost included."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Any: uvloop's transport is no DatagramTransport by type, only by shape.
        opened: Any = transport
        self._transport = opened
        if hasattr(opened, "max_size"):
            opened.max_size = _READ_BYTES
        self._sock = transport.get_extra_info("socket")
        if self._sock.family == socket.AF_INET6:
            self._receive = _with_plain_addresses(self._receive)
        self.receive_buffer_bytes = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._receive(data, addr)

    def error_received(self, exc: Exception) -> None:
        self.socket_errors += 1

    @property
    def port(self) -> int:
        """The port it listens on; of use when 0 was asked for."""
        if self._transport is None:
            return 0
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def filter(self, filter_program: bytes) -> str | None:
        """Have the kernel drop datagrams by their source; why it does not, or None when it does."""
        return kernel.attach(self._sock, filter_program)

    @property
    def dropped(self) -> int | None:
        """Datagrams that the kernel dropped at this port, filtered ones included; None where it does not tell."""
        if self._transport is None or self._transport.is_closing():
            return None
        return kernel.dropped(self._sock)

    def close(self) -> None:
        """Stop receiving; what the kernel still holds is gone."""
        if self._transport is not None:
            self._transport.close()


def _with_plain_addresses(receive: Receive) -> Receive:
    """`receive`, with a sender that an IPv6 socket shows as ::ffff:192.0.2.7 under the address it has."""

    def receive_plain(datagram: bytes, source: tuple[str, int]) -> None:
        receive(datagram, (source[0].removeprefix("::ffff:"), source[1]))

    return receive_plain


async def open_port(rig_id: str, host: str, port: int, receive: Receive, buffer_bytes: int) -> RigEndpoint:
    """Open a rig's port.

    Args:
        rig_id: Whose port it is, for messages only.
        host: Local address to listen on.
        port: UDP port; 0 takes a free one.
        receive: Called with each datagram and its sender; must not raise.
        buffer_bytes: Kernel receive buffer to ask for.

    Raises:
        PortUnavailable: The port is in use, or may not be opened.
    """
    sock = _bound(rig_id, host, port, buffer_bytes)
    loop = asyncio.get_running_loop()
    _, endpoint = await loop.create_datagram_endpoint(lambda: RigEndpoint(receive), sock=sock)
    if endpoint.receive_buffer_bytes < buffer_bytes:
        logger.warning(
            "%s: the kernel grants %d bytes of receive buffer instead of %d; a busy moment may lose packets"
            " (on Linux: sysctl net.core.rmem_max)",
            rig_id,
            endpoint.receive_buffer_bytes,
            buffer_bytes,
        )
    return endpoint


def try_port(rig_id: str, host: str, port: int) -> None:
    """See whether a rig's port can be opened, and let go of it again.

    Raises:
        PortUnavailable: As `open_port` would.
    """
    _bound(rig_id, host, port, None).close()


def _bound(rig_id: str, host: str, port: int, buffer_bytes: int | None) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if buffer_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        sock.bind((host, port))
    except OSError as exc:
        sock.close()
        raise PortUnavailable(
            f"{rig_id}: UDP port {port} on {host} cannot be opened: {exc.strerror}: "
            "stop what listens there, often a second gateway, or give the rig another port"
        ) from exc
    return sock
