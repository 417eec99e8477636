"""Passing datagrams on, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from app.errors import BadTarget
from app.ingest.forwarder import Forwarder, Target, resolve


@pytest.fixture
def overlay() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def target(sock: socket.socket) -> Target:
    return Target(socket.AF_INET, *sock.getsockname())


def test_a_datagram_reaches_every_target_unchanged(overlay: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as platform:
        platform.bind(("127.0.0.1", 0))
        platform.settimeout(5)
        forwarder = Forwarder([target(overlay), target(platform)])

        forwarder.forward(b"\xe9\x07telemetry")
        forwarder.close()

        assert (overlay.recv(2048), platform.recv(2048)) == (b"\xe9\x07telemetry", b"\xe9\x07telemetry")
    assert (forwarder.forwarded, forwarder.dropped) == ([1, 1], [0, 0])


def test_a_target_where_nobody_listens_neither_raises_nor_keeps_the_others_waiting(overlay: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        nobody = target(gone)
    forwarder = Forwarder([nobody, target(overlay)])

    for number in range(20):
        forwarder.forward(bytes([number]))
    forwarder.close()

    assert [overlay.recv(16)[0] for _ in range(20)] == list(range(20))
    assert forwarder.dropped == [0, 0]


def test_what_the_operating_system_does_not_take_is_dropped_and_counted(overlay: socket.socket) -> None:
    longer_than_any_datagram = bytes(65_600)
    forwarder = Forwarder([target(overlay)])

    forwarder.forward(longer_than_any_datagram)
    forwarder.close()

    assert (forwarder.forwarded, forwarder.dropped) == ([0], [1])


def test_a_target_without_a_way_there_is_counted() -> None:
    forwarder = Forwarder([Target(socket.AF_INET, "255.255.255.255", 0)])

    forwarder.forward(b"x")
    forwarder.close()

    assert forwarder.dropped == [1]


def test_a_target_that_never_reads_costs_no_time(overlay: socket.socket) -> None:
    forwarder = Forwarder([target(overlay)])

    began_s = time.thread_time()
    for _ in range(5_000):
        forwarder.forward(bytes(1_352))
    took_s = time.thread_time() - began_s
    forwarder.close()

    assert sum(forwarder.forwarded) + sum(forwarder.dropped) == 5_000
    assert took_s < 1.0


def test_a_closed_forwarder_sends_nothing(overlay: socket.socket) -> None:
    forwarder = Forwarder([target(overlay)])
    forwarder.close()

    forwarder.forward(b"late")

    assert forwarder.forwarded == [0]


def test_an_address_and_a_name_are_found() -> None:
    assert resolve("127.0.0.1:20780", "0.0.0.0", [20777]) == Target(socket.AF_INET, "127.0.0.1", 20780)
    assert resolve("[::1]:20780", "0.0.0.0", [20777]) == Target(socket.AF_INET6, "::1", 20780)
    assert resolve("localhost:20780", "0.0.0.0", [20777]).port == 20780


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("overlay", "write host:port"),
        ("127.0.0.1:0", "write host:port"),
        ("127.0.0.1:70000", "write host:port"),
        ("::1:20780", "write host:port"),
        ("no-such-host.invalid:20780", "names a host that cannot be found"),
        ("127.0.0.1:20777", "a port of the gateway's own"),
        ("localhost:20777", "a port of the gateway's own"),
        ("0.0.0.0:20777", "a port of the gateway's own"),
        ("127.255.255.255:20777", "a port of the gateway's own"),
    ],
)
def test_a_target_that_cannot_be_used_is_refused_with_the_remedy(text: str, why: str) -> None:
    with pytest.raises(BadTarget, match=why):
        resolve(text, "0.0.0.0", [20777, 20778])


def test_the_same_port_of_another_host_is_no_circle() -> None:
    assert resolve("192.0.2.7:20777", "0.0.0.0", [20777]).address == "192.0.2.7"


def test_a_port_beside_the_address_that_the_gateway_listens_on_is_no_circle() -> None:
    assert resolve("127.0.0.3:20777", "127.0.0.2", [20777]).port == 20777
    with pytest.raises(BadTarget):
        resolve("127.0.0.2:20777", "127.0.0.2", [20777])
