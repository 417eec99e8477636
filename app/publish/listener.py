"""HTTP connections that say nothing, or too slowly, cost nothing for long [edge]: uvicorn's protocol, bounded.

uvicorn waits for the head of a request as long as it takes, so a few hundred connections that dribble a byte a second
fill its table. Here the head has `HEADER_S` to come, from the connection or from the end of the last answer on. Among
those that wait, the one that has waited longest makes room for the newest; beyond `MOST_CONNECTIONS` in all, whoever
comes is turned away. A peer that takes no more bytes of an answer is cut by the kernel.

When all screens come back at once, each costs some milliseconds, and served as they come they would stop the clock for
those that are there already. So of new connections a few are heard in each turn of the event loop, the first to speak
first, and everybody else has his turn in between.

This needs the server's own protocol, so it is there with `python -m app`, and not under plain `uvicorn app.main:app`.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter, OrderedDict, deque
from contextlib import suppress
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from app.publish.connections import USER_TIMEOUT_MS

HEADER_S: Final = 10.0
"""How long the head of a request may take."""

MOST_WAITING: Final = 512
"""Connections that wait for a request: a browser keeps six, and a hundred screens are many."""

HEARD_A_TURN: Final = 3
"""New connections heard in one turn of the event loop: a handshake and the first state cost some 2 ms, and a state
needs some five turns from its datagram to the screens that are there already."""

SPARED_S: Final = 1.0
"""Nobody makes room before he has waited so long: when all screens come back at once, they are slow to be heard."""

MOST_CONNECTIONS: Final = 2000
"""In all, the WebSockets among them, of which there are 1 000 at most."""


class Waiting:
    """The connections of one server that wait for a request, the one that has waited longest in front.

    Args:
        refused: Counts those that were turned away, by reason.
    """

    def __init__(self, refused: Counter[str]) -> None:
        self._refused = refused
        self._protocols: OrderedDict[BoundedProtocol, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._protocols)

    def add(self, protocol: BoundedProtocol, now_s: float) -> None:
        """It waits from now on."""
        self._protocols[protocol] = now_s
        if len(self._protocols) > MOST_WAITING:
            oldest, since_s = next(iter(self._protocols.items()))
            if now_s - since_s >= SPARED_S:
                self.turn_away(oldest, "connections")

    def remove(self, protocol: BoundedProtocol) -> None:
        """It waits no more."""
        self._protocols.pop(protocol, None)

    def turn_away(self, protocol: BoundedProtocol, reason: str) -> None:
        """Cut it, counted."""
        self.remove(protocol)
        self._refused[reason] += 1
        protocol.transport.abort()


class Turns:
    """Lets a few new connections be heard in each turn of the event loop, the first to speak first."""

    def __init__(self) -> None:
        self._queue: deque[BoundedProtocol] = deque()
        self._heard = 0
        self._is_ticking = False

    def is_now(self, protocol: BoundedProtocol) -> bool:
        """Whether the connection may be heard at once; else it is called by `hear` when its turn has come."""
        if not self._is_ticking:
            self._is_ticking = True
            protocol.loop.call_soon(self._tick, protocol.loop)
        if self._queue or self._heard >= HEARD_A_TURN:
            self._queue.append(protocol)
            return False
        self._heard += 1
        return True

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        called = [self._queue.popleft() for _ in range(min(HEARD_A_TURN, len(self._queue)))]
        self._heard = len(called)
        self._is_ticking = self._heard > 0
        if self._is_ticking:
            loop.call_soon(self._tick, loop)
        for protocol in called:
            loop.call_soon(protocol.hear)  # each by itself: what one breaks is not the others' to suffer


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with a deadline for the head of each request.

    `waiting` and `turns` are the server's.
    """

    waiting: ClassVar[Waiting]
    turns: ClassVar[Turns]

    _is_new: bool = True
    _held: bytes = b""
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
        if self._is_new:
            self._is_new = False
            if not self.turns.is_now(self):
                self._held = data
                self.transport.pause_reading()
                return
        elif self._held:
            self._held += data  # some loops deliver what they had read already
            return
        self._take(data)

    def hear(self) -> None:
        """Its turn has come."""
        held, self._held = self._held, b""
        if not self.transport.is_closing():
            self.transport.resume_reading()
            self._take(held)

    def _take(self, data: bytes) -> None:
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
            self.waiting.add(self, self.loop.time())

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
    body: dict[str, Any] = {"waiting": Waiting(refused), "turns": Turns(), "__doc__": BoundedProtocol.__doc__}
    return type("BoundedProtocol", (BoundedProtocol,), body)


def _bound(transport: asyncio.Transport) -> None:
    """Have the kernel cut a peer that acknowledges nothing."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # not every platform has it
    peer = transport.get_extra_info("socket")
    if option is not None and peer is not None:
        with suppress(OSError, ValueError):  # not a TCP socket, or gone this moment
            peer.setsockopt(socket.IPPROTO_TCP, option, USER_TIMEOUT_MS)
