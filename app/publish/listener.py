"""HTTP connections that say nothing, or too slowly, cost nothing for long [edge]: uvicorn's protocol, bounded.

uvicorn waits for the head of a request as long as it takes, so a few hundred connections that dribble a byte a second
fill its table. Here the head has `HEADER_S` to come, from the connection or from the end of the last answer on. Among
those that wait, the one that has waited longest makes room for the newest; beyond `MOST_CONNECTIONS` in all, whoever
comes is turned away. A peer that takes no more bytes of an answer is cut by the kernel.

This needs the server's own protocol, so it is there with `python -m app`, and not under plain `uvicorn app.main:app`.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter, OrderedDict
from contextlib import suppress
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from app.publish.connections import USER_TIMEOUT_MS

HEADER_S: Final = 10.0
"""How long the head of a request may take."""

MOST_WAITING: Final = 512
"""Connections that wait for a request: a browser keeps six, and a hundred screens are many."""

MOST_CONNECTIONS: Final = 2000
"""In all, the WebSockets among them, of which there are 1 000 at most."""


class Waiting:
    """The connections of one server that wait for a request, the one that has waited longest in front.

    Args:
        refused: Counts those that were turned away, by reason.
    """

    def __init__(self, refused: Counter[str]) -> None:
        self._refused = refused
        self._protocols: OrderedDict[BoundedProtocol, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._protocols)

    def add(self, protocol: BoundedProtocol) -> None:
        """It waits from now on."""
        self._protocols[protocol] = None
        if len(self._protocols) > MOST_WAITING:
            oldest, _ = self._protocols.popitem(last=False)
            self.turn_away(oldest, "connections")

    def remove(self, protocol: BoundedProtocol) -> None:
        """It waits no more."""
        self._protocols.pop(protocol, None)

    def turn_away(self, protocol: BoundedProtocol, reason: str) -> None:
        """Cut it, counted."""
        self._refused[reason] += 1
        protocol.transport.abort()


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with a deadline for the head of each request. `waiting` is the server's table."""

    waiting: ClassVar[Waiting]

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody connected."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self.waiting.turn_away(self, "connections")
            return
        _bound(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came: perhaps the rest of a head."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before or self.transport.get_protocol() is not self:
            self._forget()
            if self.cycle is not None and self.cycle.response_complete and self.transport.get_protocol() is self:
                self._await_head()
        elif self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()

    def on_response_complete(self) -> None:
        """An answer is out: the next request may come, or what is left of this one."""
        super().on_response_complete()
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self._await_head()

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_S, self._too_late)
            self.waiting.add(self)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self.waiting.remove(self)

    def _too_late(self) -> None:
        self._forget()
        self.waiting.turn_away(self, "header_timeout")


def bounded_protocol(refused: Counter[str]) -> type[BoundedProtocol]:
    """The protocol for one server, with a table of its own.

    Args:
        refused: Counts those that were turned away, by reason.
    """
    # Any: what a class body is made of.
    body: dict[str, Any] = {"waiting": Waiting(refused), "__doc__": BoundedProtocol.__doc__}
    return type("BoundedProtocol", (BoundedProtocol,), body)


def _bound(transport: asyncio.Transport) -> None:
    """Have the kernel cut a peer that acknowledges nothing."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # not every platform has it
    peer = transport.get_extra_info("socket")
    if option is not None and peer is not None:
        with suppress(OSError, ValueError):  # not a TCP socket, or gone this moment
            peer.setsockopt(socket.IPPROTO_TCP, option, USER_TIMEOUT_MS)
