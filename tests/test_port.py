"""Whose a datagram is: by its sender's address, on real sockets and by the clock of the test."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from app.bus import Bus
from app.ingest.decoder import encode
from app.ingest.forwarder import Forwarder
from app.ingest.strangers import BUDGET_PER_S
from app.line import Line
from app.normalize.events import Event
from app.port import Port, ports_of
from app.settings import RigSettings, Settings
from tests.builders import make_packet
from tests.chaos.verdict import at_most, exactly
from tests.conftest import Reached

A, B, OTHER = "192.0.2.8", "192.0.2.9", "192.0.2.66"
VALID = encode(make_packet(1))
SETTINGS = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings' documented parameter


class Clock:
    """Goes only when told to; lines and their pipelines have the real one."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def make_line(rig_id: str = "RIG_A", source: str = "", port: int = 0) -> Line:
    rig = RigSettings.model_validate({"rig_id": rig_id, "udp_port": port, "source": source})
    return Line(rig, Bus[Event](), SETTINGS, None, Forwarder([]))


def make_port(*lines: Line) -> tuple[Port, Clock]:
    clock = Clock()
    for line in lines:
        line.pipeline._monotonic = clock  # one clock for all: leases are measured on it
    return Port(lines, "127.0.0.1", 65_536, clock), clock


def received(*lines: Line) -> list[int]:
    return [line.pipeline.packets_received for line in lines]


def states(port: Port) -> list[tuple[str, str | None, str]]:
    return [(sender.address, sender.rig_id, sender.state) for sender in port.senders()]


# --- one rig a port ---------------------------------------------------------------------------------


def test_the_first_valid_sender_is_the_rig_and_a_second_one_is_not_even_read() -> None:
    line = make_line()
    port, _ = make_port(line)

    port.receive(VALID, (A, 1))
    port.receive(VALID, (OTHER, 1))
    port.receive(b"noise", (OTHER, 1))

    assert received(line) == [1]
    assert line.pipeline.rejected["other_sender"] == 2
    assert line.pipeline.rejected["wrong_length"] == 0


def test_noise_takes_no_lease_however_much_of_it_comes() -> None:
    line = make_line()
    port, _ = make_port(line)

    for _ in range(10 * BUDGET_PER_S):
        port.receive(b"noise", (OTHER, 1))
    port.receive(VALID, (A, 1))

    assert (line.lease.holder, received(line)) == (A, [1])


@pytest.mark.row("I13")
def test_two_senders_are_told_with_both_addresses_and_the_rate_within_two_seconds(
    caplog: pytest.LogCaptureFixture, reached: Reached
) -> None:
    line = make_line()
    port, clock = make_port(line)
    told_s = None

    while told_s is None and clock.now_s < 10:
        port.receive(VALID, (A, 1))
        for _ in range(6):
            port.receive(VALID, (OTHER, 1))
        clock.now_s += 1 / 60
        port.tick()
        told_s = clock.now_s if " hears " in caplog.text else None

    assert "RIG_A hears 192.0.2.8 and 192.0.2.66 (360 datagrams/s, refused): give each game a port of its own" in (
        caplog.text
    )
    reached(at_most("warned after", told_s or 99, 2, " s"))
    reached(exactly("read of the second sender", line.pipeline.packets_received - line.heard, 0))
    assert states(port) == [(A, "RIG_A", "accepted"), (OTHER, "RIG_A", "refused")]


def test_a_warning_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    line = make_line()
    port, clock = make_port(line)

    for _ in range(300):
        port.receive(VALID, (A, 1))
        port.receive(VALID, (OTHER, 1))
        clock.now_s += 0.1
        port.tick()

    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_after_ten_seconds_of_silence_the_next_sender_is_the_rig_and_that_is_written_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    line = make_line()
    port, clock = make_port(line)
    port.receive(VALID, (A, 1))

    clock.now_s = 10.0
    port.receive(VALID, (B, 1))

    assert line.lease.holder == B
    audit = [record for record in caplog.records if record.getMessage() == "RIG_A has a sender"]
    assert [(vars(record)["address"], vars(record)["before"]) for record in audit] == [(A, None), (B, A)]


def test_a_rig_whose_address_is_set_hears_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    line = make_line(source=A)
    port, clock = make_port(line)

    port.receive(VALID, (OTHER, 1))
    clock.now_s = 100.0
    port.receive(VALID, (OTHER, 1))
    port.tick()

    assert received(line) == [0]
    assert line.pipeline.problem == (
        "RIG_A hears 192.0.2.66 (0 datagrams/s, refused), which is none of its addresses: set its source right,"
        " rebind it, or stop that sender"
    )
    port.receive(VALID, (A, 1))
    assert received(line) == [1]


def test_a_flood_is_told_as_one() -> None:
    line = make_line()
    port, clock = make_port(line)
    port.receive(VALID, (A, 1))

    for _ in range(5_000):
        port.receive(b"noise", (OTHER, 1))
    clock.now_s = 1.0
    port.tick()

    assert line.pipeline.problem == (
        "RIG_A's port is flooded by 192.0.2.66 (5 000 datagrams/s, refused): find that machine and take it off the"
        " network"
    )


def test_who_sends_is_told_with_rate_and_age() -> None:
    line = make_line()
    port, clock = make_port(line)
    port.receive(VALID, (A, 1))
    for _ in range(60):
        port.receive(VALID, (A, 1))
    for _ in range(30):
        port.receive(VALID, (OTHER, 1))
    clock.now_s = 1.0
    port.tick()

    rates = [(sender.address, sender.datagrams_per_s, sender.last_age_s) for sender in port.senders()]

    assert rates == [(A, 61.0, 1.0), (OTHER, 30.0, 0.0)]


def test_a_sender_that_nobody_refuses_is_unclaimed_until_it_says_something_valid() -> None:
    port, clock = make_port(make_line())
    port.receive(b"noise", (OTHER, 1))
    clock.now_s = 1.0
    port.tick()

    assert states(port) == [(OTHER, None, "unclaimed")]


# --- several rigs on a port (broadcast) ---------------------------------------------------------------


@pytest.mark.row("I14")
def test_rigs_on_one_port_are_told_apart_by_their_addresses_and_nobody_is_guessed(reached: Reached) -> None:
    a, b = make_line("RIG_A", A, 20777), make_line("RIG_B", f"{B},10.0.0.0/8", 20777)
    port, clock = make_port(a, b)

    for _ in range(100):
        port.receive(VALID, (A, 1))
        port.receive(VALID, (B, 1))
        port.receive(VALID, (OTHER, 1))
    clock.now_s = 1.0
    port.tick()

    reached(exactly("of 100 datagrams each, attributed to RIG_A and RIG_B", received(a, b), [100, 100]))
    reached(exactly("of an unknown address, attributed", port.unclaimed, 100))
    assert a.pipeline.rejected.total() == b.pipeline.rejected.total() == 0
    assert states(port)[-1] == (OTHER, None, "unclaimed")
    (told,) = port.problems()
    assert told == (
        "UDP port 20777 hears 192.0.2.66 (100 datagrams/s), unclaimed by any rig: put its address into the source of"
        " the rig that it is, or stop that sender"
    )


def test_rigs_with_one_port_number_have_one_port_and_rigs_with_none_have_each_their_own() -> None:
    lines = [make_line("A", A, 20777), make_line("B", B, 20777), make_line("C"), make_line("D")]

    ports = ports_of(lines, "127.0.0.1", 65_536)

    assert [[line.rig.rig_id for line in port.lines] for port in ports] == [["A", "B"], ["C"], ["D"]]


# --- commands -----------------------------------------------------------------------------------------


@pytest.mark.row("I12")
def test_after_a_rebind_the_next_valid_sender_is_the_rig_at_once(reached: Reached) -> None:
    line = make_line()
    port, clock = make_port(line)
    port.receive(VALID, (A, 1))
    port.receive(VALID, (B, 1))

    port.rebind(line)
    port.receive(b"noise", (OTHER, 1))
    port.receive(VALID, (B, 1))

    reached(at_most("takeover by command after", clock.now_s, 1, " s"))
    assert line.lease.holder == B
    port.receive(VALID, (A, 1))
    assert line.lease.holder == B


def test_a_claimed_address_is_the_rig_and_no_silence_gives_it_to_another() -> None:
    line = make_line()
    port, clock = make_port(line)
    port.receive(VALID, (A, 1))

    port.claim(line, B)
    port.receive(VALID, (A, 1))
    port.receive(VALID, (B, 1))
    clock.now_s = 60.0
    port.receive(VALID, (A, 1))

    assert (line.lease.holder, received(line)) == (B, [2])
    port.rebind(line)
    port.receive(VALID, (A, 1))
    assert line.lease.holder == A


# --- real sockets -------------------------------------------------------------------------------------


@asynccontextmanager
async def opened(*lines: Line, host: str = "127.0.0.1") -> AsyncIterator[Port]:
    port = Port(lines, host, 4_194_304)
    await port.open()
    try:
        yield port
    finally:
        port.close()


def send(port: Port, sender: str, *datagrams: bytes, family: socket.AddressFamily = socket.AF_INET) -> None:
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.bind((sender, 0))
        for datagram in datagrams:
            sock.sendto(datagram, ("::1" if family == socket.AF_INET6 else "127.0.0.1", port.number))


async def until(reached: Callable[[], bool]) -> None:
    """Return when it is so; the loop reads what came meanwhile."""
    async with asyncio.timeout(5):
        while not reached():  # noqa: ASYNC110  # nobody tells: the port is asked, as by its clock
            await asyncio.sleep(0.01)


async def test_a_rig_and_a_flood_on_a_real_port_and_the_kernel_drops_the_flood() -> None:
    line = make_line()
    async with opened(line) as port:
        send(port, "127.0.0.1", VALID)
        await until(lambda: received(line) == [1])

        for sent in range(2, 42):
            send(port, "127.0.0.9", *[b"noise"] * 250)
            send(port, "127.0.0.1", VALID)
            await until(lambda sent=sent: received(line) == [sent])  # type: ignore[misc]  # mypy infers no default

        figures = port.figures()
        assert figures.no_filter is None
        assert figures.least_share < 1
        assert (figures.kernel_dropped or 0) > 5_000
        assert line.pipeline.rejected["other_sender"] + (figures.kernel_dropped or 0) == 10_000
        readings = {name: value for name, _, value in [*port.readings(), *line.readings()]}
    assert readings["f1_ingest_source_filter"] == 1.0
    assert readings["f1_ingest_source_filter_share"] < 1.0
    assert readings["f1_ingest_kernel_dropped"] > 5_000


async def test_while_a_flood_goes_on_a_rig_is_found_at_first_and_again_under_another_address() -> None:
    line, clock = make_line(), Clock()
    line.pipeline._monotonic = clock
    port = Port([line], "127.0.0.1", 4_194_304, clock)
    await port.open()

    def flooded() -> bool:
        return sum(line.pipeline.rejected.values()) >= 600

    send(port, "127.0.0.9", *[b"noise"] * 600)
    await until(flooded)
    send(port, "127.0.0.9", *[b"noise"] * 400)
    send(port, "127.0.0.5", VALID)
    await until(lambda: line.lease.holder == "127.0.0.5")
    clock.now_s = 10.0
    send(port, "127.0.0.9", *[b"noise"] * 400)
    send(port, "127.0.0.6", VALID)
    await until(lambda: line.lease.holder == "127.0.0.6")

    assert (port.figures().kernel_dropped or 0) > 600
    port.close()


async def test_a_buffer_that_was_full_is_told_for_a_minute_with_what_to_do() -> None:
    line, clock = make_line(), Clock()
    line.pipeline._monotonic = clock
    port = Port([line], "127.0.0.1", 65_536, clock)
    await port.open()
    send(port, "127.0.0.1", *[bytes(1_352)] * 500)  # more than such a buffer holds, while nobody reads

    clock.now_s = 1.0
    port.tick()
    told = port.problems()
    clock.now_s = 62.0
    port.tick()

    assert len(told) == 1
    assert re.fullmatch(r"UDP port \d+ lost \d+ datagrams, since the kernel's buffer was full: .*rmem_max\)", told[0])
    assert port.problems() == []
    port.close()


async def test_a_flood_in_a_rigs_name_is_not_told_as_a_buffer_that_is_too_small() -> None:
    line, clock = make_line(), Clock()
    line.pipeline._monotonic = clock
    port = Port([line], "127.0.0.1", 65_536, clock)
    await port.open()
    send(port, "127.0.0.1", *[bytes(1_352)] * 5_000)

    clock.now_s = 1.0
    port.tick()

    assert port.problems() == []
    port.close()


async def test_on_an_ipv6_port_strangers_are_refused_by_us_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    line = make_line()
    async with opened(line, host="::") as port:
        send(port, "127.0.0.1", VALID)
        await until(lambda: received(line) == [1])
        send(port, "::1", *[VALID] * 2_000, family=socket.AF_INET6)
        send(port, "127.0.0.1", VALID)
        await until(lambda: received(line) == [2])

        assert line.lease.holder == "127.0.0.1"
        assert line.pipeline.rejected["other_sender"] == 2_000
        assert port.figures().no_filter == "source filters read IPv4 addresses only"
    said = [record for record in caplog.records if "refused here instead" in record.getMessage()]
    assert len(said) == 1
