"""`python -m tests.chaos.crowd PORT`: many dashboards in a process of their own, as cheap as they can be.

Reads wishes from standard input, a line each, and answers each with a line of JSON:

    burst COUNT PER_ADDRESS     that many handshakes in one burst, from 127.0.0.2 on, so many from each address;
                                answered when each has its first state, or was refused
    idle COUNT                  that many connections that say nothing
    dribble COUNT               that many whose request comes at a byte a second
    gone                        how many of those two the gateway has ended
    leave                       all connections are dropped
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

PATIENCE_S: Final = 20.0
_WISH: Final = b'{"type": "subscribe_rig", "rig_id": "all"}'
_SUBSCRIBE: Final = bytes([0x81, 0x80 | len(_WISH), 0, 0, 0, 0]) + _WISH  # masked with zeros
_DRIBBLED: Final = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 200


class Peer(asyncio.Protocol):
    """One dashboard: a handshake, a subscription, and then it reads and thinks of nothing."""

    def __init__(self) -> None:
        self.first_state: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Resolves to `101` with the first state, to another status, or to `gone`."""
        self.retry_after = False
        self.transport: asyncio.Transport | None = None
        self._heard = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the socket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Look for the answer, then for a state, then for nothing."""
        if self.first_state.done():
            return
        self._heard += data
        if not self._is_open and b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            status = head[9:12].decode("ascii", "replace")
            self.retry_after = b"retry-after:" in head.lower()
            if status != "101":
                self._settle(status)
                return
            self._is_open = True
            assert self.transport is not None
            self.transport.write(_SUBSCRIBE)
        if self._is_open and b'"telemetry_update"' in self._heard:
            self._settle("101")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it came to nothing, if it did."""
        self._settle("gone")

    def _settle(self, how: str) -> None:
        self._heard = b""
        if not self.first_state.done():
            self.first_state.set_result(how)


class Quiet(asyncio.Protocol):
    """A connection that says nothing, or a byte a second."""

    def __init__(self, says: bytes = b"") -> None:
        self.is_gone = False
        self.transport: asyncio.Transport | None = None
        self._left = list(says)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to say it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._dribble()

    def connection_lost(self, exc: Exception | None) -> None:
        """The gateway has had enough."""
        self.is_gone = True
        if self._timer is not None:
            self._timer.cancel()

    def _dribble(self) -> None:
        if self._left and self.transport is not None and not self.transport.is_closing():
            self.transport.write(bytes([self._left.pop(0)]))
            self._timer = asyncio.get_running_loop().call_later(1.0, self._dribble)


class Crowd:
    """The connections of this process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._peers: list[Peer] = []
        self._quiet: list[Quiet] = []

    # object: JSON.
    async def burst(self, count: int, per_address: int) -> dict[str, object]:
        """So many handshakes at once; what became of them, and when the last one had its first state."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        came = await asyncio.gather(*(self._one(f"127.0.0.{2 + n // per_address}") for n in range(count)))
        states = [at_s for status, at_s, _ in came if status == "101"]
        refused = [retry for status, _, retry in came if status != "101"]
        return {
            "by_status": Counter(status for status, _, _ in came),
            "last_state_s": max(states, default=began_s) - began_s,
            "refused_with_retry_after": sum(refused),
        }

    async def _one(self, address: str) -> tuple[str, float, bool]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(PATIENCE_S):
                _, peer = await loop.create_connection(Peer, "127.0.0.1", self._port, local_addr=(address, 0))
                self._peers.append(peer)
                return await peer.first_state, loop.time(), peer.retry_after
        except (OSError, TimeoutError) as failure:
            return type(failure).__name__, loop.time(), False

    async def idle(self, count: int) -> dict[str, object]:
        """So many connections that say nothing."""
        return await self._be_quiet(count, b"")

    async def dribble(self, count: int) -> dict[str, object]:
        """So many whose request comes at a byte a second."""
        return await self._be_quiet(count, _DRIBBLED)

    async def _be_quiet(self, count: int, says: bytes) -> dict[str, object]:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            with suppress(OSError):
                _, quiet = await loop.create_connection(lambda: Quiet(says), "127.0.0.1", self._port)
                self._quiet.append(quiet)
        return {"connected": len(self._quiet)}

    async def gone(self) -> dict[str, object]:
        """How many of the quiet ones the gateway has ended."""
        return {"gone": sum(quiet.is_gone for quiet in self._quiet), "of": len(self._quiet)}

    async def leave(self) -> dict[str, object]:
        """Drop everything."""
        for transport in [each.transport for each in self._peers] + [each.transport for each in self._quiet]:
            if transport is not None:
                transport.abort()
        self._peers.clear()
        self._quiet.clear()
        await asyncio.sleep(0.2)
        return {}

    async def obey(self, wish: Sequence[str]) -> dict[str, object]:
        """Do what a line says."""
        deeds: dict[str, Callable[..., Awaitable[dict[str, object]]]] = {
            "burst": self.burst,
            "idle": self.idle,
            "dribble": self.dribble,
            "gone": self.gone,
            "leave": self.leave,
        }
        return await deeds[wish[0]](*map(int, wish[1:]))


async def _serve(port: int) -> None:
    crowd = Crowd(port)
    while line := await asyncio.to_thread(sys.stdin.readline):
        sys.stdout.write(json.dumps(await crowd.obey(line.split())) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)  # these screens are machines of their own: they take nothing from the gateway, nor from the witness
    asyncio.run(_serve(int(sys.argv[1])))
