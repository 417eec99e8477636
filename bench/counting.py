"""`python -m bench.counting SHAPE`: a process that receives datagrams and counts them, and does nothing else.

Shapes: `stdlib`, an asyncio endpoint as the standard library ships it; `asyncio` and `uvloop`, the product's
`open_port` on either loop; `recv` and `recvmmsg`, C. All ask for the same receive buffer but where another is given.
Told `{"seconds": 2}` it says what it counted in that time and its CPU; `{"stall_s": 0.1}` blocks its loop for so long.

The product is imported for its own shapes alone. What the 256 KiB that asyncio reads into cost depends on what else the
process has allocated and freed (malloc's threshold for mapping pages rises with it), and `stdlib` is to show it as
shipped: a small program.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from bench.child import Child, child, obey, obey_on_loop
from bench.machine import GATEWAY_CORE
from bench.native import floor

BUFFER_BYTES: Final = 4_194_304
"""The product's own choice: `UDP_RECEIVE_BUFFER_BYTES`."""
DEFAULT_BUFFER: Final = 0
"""Asks for no buffer: the kernel's own choice."""
_ON_LOOP: Final = ("stdlib", "asyncio", "uvloop")
_IN_C: Final = ("recv", "recvmmsg")
SHAPES: Final = (*_ON_LOOP, *_IN_C)
_BLOCKS_S: Final = struct.pack("ll", 0, 20_000)


class Counted(NamedTuple):
    """What a process received in a while."""

    datagrams: int
    cpu_s: float

    @property
    def us(self) -> float:
        """CPU microseconds a datagram."""
        return self.cpu_s / max(1, self.datagrams) * 1e6


class Counting:
    """The process, from its parent's side."""

    def __init__(self, process: Child) -> None:
        self._process = process
        self.ports: list[int] = process.ready["ports"]

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def begin(self, seconds: float) -> None:
        """Have it count for so long."""
        self._process.tell(seconds=seconds)

    def end(self) -> Counted:
        """What it counted."""
        return Counted(**self._process.hear())

    def stall(self, seconds: float) -> None:
        """Block its event loop; back when that is over and all is read that waited."""
        self._process.ask(stall_s=seconds)


@contextmanager
def counting(
    shape: str, ports: int = 1, buffer_bytes: int = BUFFER_BYTES, core: int | None = GATEWAY_CORE
) -> Iterator[Counting]:
    """A counting process with so many ports, until the block ends."""
    with child("bench.counting", shape, "--ports", ports, "--buffer", buffer_bytes, core=core) as process:
        yield Counting(process)


# --- the child's side -----------------------------------------------------------------------------


class _Count(asyncio.DatagramProtocol):
    """Counts; as `receive` of the product's endpoint and as an endpoint of the standard library."""

    def __init__(self) -> None:
        self._datagrams = 0
        self._told = (0, time.process_time())

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._datagrams += 1

    def since_last(self) -> dict[str, Any]:
        """What came since the last time, so that nothing is missed which comes before a command does."""
        (datagrams, cpu_s), self._told = self._told, (self._datagrams, time.process_time())
        return {"datagrams": self._datagrams - datagrams, "cpu_s": self._told[1] - cpu_s}


async def _on_loop(shape: str, ports: int, buffer_bytes: int) -> None:
    count = _Count()
    opened = [await _open(shape, count, buffer_bytes) for _ in range(ports)]

    async def work(command: dict[str, Any]) -> dict[str, Any]:
        if "stall_s" in command:
            time.sleep(command["stall_s"])  # noqa: ASYNC251  # the loop is to be blocked
            await asyncio.sleep(0.05)
            return count.since_last()
        await asyncio.sleep(command["seconds"])
        return count.since_last()

    count.since_last()  # what the start took is nobody's
    await obey_on_loop(work, ports=opened)


async def _open(shape: str, count: _Count, buffer_bytes: int) -> int:
    """A port that counts; its number."""
    if shape == "stdlib":
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: count, sock=bound(buffer_bytes))
        port: int = transport.get_extra_info("sockname")[1]
        return port
    from app.ingest.udp import open_port

    endpoint = await open_port("RIG", "127.0.0.1", 0, count.datagram_received, buffer_bytes)
    return endpoint.port


def _in_c(shape: str, buffer_bytes: int) -> None:
    functions = floor()
    if functions is None:
        raise SystemExit("no cc: the floors in C cannot be measured")
    with bound(buffer_bytes) as sock:
        sock.setblocking(True)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _BLOCKS_S)

        def work(command: dict[str, Any]) -> dict[str, Any]:
            cpu_s = time.process_time()
            datagrams = functions.count(shape, sock.fileno(), command["seconds"])
            return {"datagrams": datagrams, "cpu_s": time.process_time() - cpu_s}

        obey(work, ports=[sock.getsockname()[1]])


def bound(buffer_bytes: int) -> socket.socket:
    """A socket on a free port of this machine, with so large a receive buffer."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    if buffer_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    sock.bind(("127.0.0.1", 0))
    return sock


def _loop_factory(shape: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if shape != "uvloop":
        return None
    import uvloop

    return uvloop.new_event_loop


def main() -> None:
    """Count when told to."""
    parser = argparse.ArgumentParser(prog="python -m bench.counting", description="Counts datagrams, told by JSON.")
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--ports", type=int, default=1)
    parser.add_argument("--buffer", type=int, default=BUFFER_BYTES)
    given = parser.parse_args()
    if given.shape in _IN_C:
        _in_c(given.shape, given.buffer)
        return
    with asyncio.Runner(loop_factory=_loop_factory(given.shape)) as runner:
        runner.run(_on_loop(given.shape, given.ports, given.buffer))


if __name__ == "__main__":
    main()
