"""The rigs' UDP ports, on real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from app.errors import PortUnavailable
from app.ingest.udp import RigEndpoint, open_port
from tests.chaos.verdict import exactly
from tests.conftest import Reached

BUFFER_BYTES = 4_194_304


class Inlet:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, tuple[str, int]]] = []
        self.more = asyncio.Event()

    def __call__(self, datagram: bytes, source: tuple[str, int]) -> None:
        self.got.append((datagram, source))
        self.more.set()

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.got) < count:
                self.more.clear()
                await self.more.wait()


@pytest.fixture
async def inlet() -> Inlet:
    return Inlet()


@pytest.fixture
async def endpoint(inlet: Inlet) -> AsyncIterator[RigEndpoint]:
    opened = await open_port("RIG_A", "127.0.0.1", 0, inlet, BUFFER_BYTES)
    yield opened
    opened.close()


async def test_a_datagram_arrives_whole_with_its_sender(endpoint: RigEndpoint, inlet: Inlet) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rig:
        rig.sendto(b"x" * 1470, ("127.0.0.1", endpoint.port))
        await inlet.wait_for(1)
        sender = rig.getsockname()[1]

    assert inlet.got == [(b"x" * 1470, ("127.0.0.1", sender))]


async def test_an_empty_and_the_longest_datagram_arrive_too(endpoint: RigEndpoint, inlet: Inlet) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rig:
        rig.sendto(b"", ("127.0.0.1", endpoint.port))
        rig.sendto(b"y" * 65_507, ("127.0.0.1", endpoint.port))
        await inlet.wait_for(2)

    assert [len(datagram) for datagram, _ in inlet.got] == [0, 65_507]


@pytest.mark.row("I16")
async def test_what_two_rigs_send_while_the_loop_is_held_up_for_a_second_waits_in_the_kernels_buffer(
    endpoint: RigEndpoint, inlet: Inlet, reached: Reached
) -> None:
    burst = 2 * 360

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rig:
        for _ in range(burst):
            rig.sendto(b"z" * 1352, ("127.0.0.1", endpoint.port))
        await inlet.wait_for(burst)

    reached(exactly("lost by the loop's stall", burst - len(inlet.got), 0))
    reached(exactly("dropped by the kernel", endpoint.dropped, 0))


async def test_a_taken_port_is_told_with_rig_and_port(endpoint: RigEndpoint) -> None:
    with pytest.raises(PortUnavailable, match=rf"RIG_B: UDP port {endpoint.port} on 127.0.0.1 cannot be opened"):
        await open_port("RIG_B", "127.0.0.1", endpoint.port, lambda data, source: None, BUFFER_BYTES)


async def test_the_buffer_that_the_kernel_grants_is_read_back(endpoint: RigEndpoint) -> None:
    assert endpoint.receive_buffer_bytes > 0


async def test_a_short_buffer_is_warned_about(inlet: Inlet, caplog: pytest.LogCaptureFixture) -> None:
    more_than_any_kernel_grants = 268_435_456

    opened = await open_port("RIG_A", "127.0.0.1", 0, inlet, more_than_any_kernel_grants)
    opened.close()

    assert "RIG_A: the kernel grants" in caplog.text
