"""A port of the gateway on one host, rigs on another: addresses that change, broadcast, fragments."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from app.ingest.decoder import encode
from app.ingest.lease import LEASE_S
from app.line import Line
from app.port import Port
from tests.builders import make_packet
from tests.chaos.verdict import at_most, exactly
from tests.conftest import Reached
from tests.hosts import BROADCAST, GATEWAY, RIG_A, RIG_B, Cable, cabled
from tests.test_port import Clock, make_line, received

VALID = encode(make_packet(1))
NEW_ADDRESS = "10.77.0.44"


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    with cabled() as laid:
        yield laid


@asynccontextmanager
async def listening(cable: Cable, *lines: Line) -> AsyncIterator[tuple[Port, Clock]]:
    clock = Clock()
    for line in lines:
        line.pipeline._monotonic = clock
    port = Port(lines, "0.0.0.0", 4_194_304, clock)
    with cable.gateway():
        await port.open()
    try:
        yield port, clock
    finally:
        port.close()


def send(cable: Cable, port: Port, rig: str, *datagrams: bytes, to: str = GATEWAY) -> None:
    with cable.rigs(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.bind((rig, 0))
        for datagram in datagrams:
            sock.sendto(datagram, (to, port.number))


async def heard(port: Port, count: int) -> None:
    """Return when the port has heard so many datagrams."""

    def so_far() -> int:
        return port.unclaimed + sum(each.pipeline.rejected.total() + sum(received(each)) for each in port.lines)

    async with asyncio.timeout(5):
        while so_far() < count:  # noqa: ASYNC110  # nobody tells: the port is asked
            await asyncio.sleep(0.005)


@pytest.mark.row("I12")
async def test_a_rig_that_gets_another_address_is_taken_back_after_ten_seconds_and_that_is_written_down(
    cable: Cable, reached: Reached, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    line = make_line()
    async with listening(cable, line) as (port, clock):
        send(cable, port, RIG_A, VALID)
        await heard(port, 1)
        cable.remove(RIG_A)
        cable.add(NEW_ADDRESS)
        try:
            for sent in range(2, 200):
                clock.now_s += 1 / 15
                send(cable, port, NEW_ADDRESS, VALID)
                await heard(port, sent)
                if line.lease.holder == NEW_ADDRESS:
                    break
        finally:
            cable.remove(NEW_ADDRESS)
            cable.add(RIG_A)

        reached(at_most("taken over after", round(clock.now_s, 1), LEASE_S + 0.1, " s"))
        reached(exactly("audit lines", [vars(each)["address"] for each in caplog.records], [RIG_A, NEW_ADDRESS]))


@pytest.mark.row("I12")
async def test_rigs_that_swap_their_cables_are_rebound_at_once_by_command(cable: Cable, reached: Reached) -> None:
    a, b = make_line("RIG_A"), make_line("RIG_B")
    async with listening(cable, a) as (one, clock), listening(cable, b) as (other, _):
        send(cable, one, RIG_A, VALID)
        send(cable, other, RIG_B, VALID)
        await heard(one, 1)
        await heard(other, 1)

        one.rebind(a)
        other.rebind(b)
        send(cable, one, RIG_B, VALID)
        send(cable, other, RIG_A, VALID)
        await heard(one, 2)
        await heard(other, 2)

    reached(exactly("holders after the swap", [a.lease.holder, b.lease.holder], [RIG_B, RIG_A]))
    reached(at_most("by command after", clock.now_s, 1, " s"))


@pytest.mark.row("I14")
async def test_two_rigs_that_broadcast_to_one_port_are_told_apart_by_their_sources(
    cable: Cable, reached: Reached
) -> None:
    a, b = make_line("RIG_A", RIG_A), make_line("RIG_B", RIG_B)
    cable.add(NEW_ADDRESS)
    async with listening(cable, a, b) as (port, _):
        for _ in range(100):
            send(cable, port, RIG_A, VALID, to=BROADCAST)
            send(cable, port, RIG_B, VALID, to=BROADCAST)
        send(cable, port, NEW_ADDRESS, VALID, to=BROADCAST)
        await heard(port, 201)
    cable.remove(NEW_ADDRESS)

    reached(exactly("of 100 broadcasts each, of RIG_A and RIG_B", received(a, b), [100, 100]))
    reached(exactly("of an unknown address, guessed", port.unclaimed, 1))


@pytest.mark.row("I14")
async def test_a_rig_that_broadcasts_to_a_port_of_its_own_needs_no_source(cable: Cable, reached: Reached) -> None:
    line = make_line()
    async with listening(cable, line) as (port, _):
        send(cable, port, RIG_A, *[VALID] * 50, to=BROADCAST)
        await heard(port, 50)

    reached(exactly("of 50 broadcasts, taken", received(line), [50]))


@pytest.mark.row("I15")
async def test_datagrams_that_travel_in_fragments_arrive_whole(cable: Cable, reached: Reached) -> None:
    longest = encode(make_packet(0))  # 1349 bytes: two fragments
    line = make_line()
    cable.mtu(1000)
    async with listening(cable, line) as (port, _):
        send(cable, port, RIG_A, *[longest] * 200)
        await heard(port, 200)
        dropped = port.figures().kernel_dropped
    cable.mtu(1500)

    reached(exactly(f"of 200 datagrams of {len(longest)} bytes at an MTU of 1000, taken", received(line), [200]))
    reached(exactly("dropped by the kernel", dropped, 0))


async def test_the_kernels_filter_reads_addresses_on_a_real_interface_too(cable: Cable) -> None:
    line = make_line(source=RIG_A)
    async with listening(cable, line) as (port, _):
        send(cable, port, RIG_B, *[b"noise"] * 600)
        await heard(port, 600)

        send(cable, port, RIG_B, *[b"noise"] * 250)
        send(cable, port, RIG_A, *[VALID] * 50)
        async with asyncio.timeout(5):
            while received(line) != [50]:  # noqa: ASYNC110  # nobody tells: the port is asked
                await asyncio.sleep(0.005)

        assert (port.figures().kernel_dropped or 0) > 200
