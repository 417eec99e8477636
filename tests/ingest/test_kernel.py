"""The kernel's filter and its drop counter, on real sockets."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Final

import pytest

from app.ingest.kernel import attach, dropped, program
from app.ingest.strangers import EVERYTHING, Shares

RIG, LOUD, OTHER = "127.0.0.2", "127.0.0.9", "127.0.0.66"
NOBODY: Final = 65_534
ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_194_304)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def arrived(port: socket.socket, sender: str, count: int) -> int:
    """How many of so many datagrams of a sender arrive."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((sender, 0))
        for _ in range(count):
            sock.sendto(b"x", port.getsockname())
    through = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            port.recv(16)
            through += 1
    return through


def test_a_rigs_datagrams_all_pass_and_of_others_a_share(port: socket.socket) -> None:
    why_not = attach(port, program([ip_network(RIG)], Shares((LOUD,), 1 / 16, 1 / 2)))

    assert why_not is None
    assert arrived(port, RIG, 1000) == 1000
    assert 20 <= arrived(port, LOUD, 1000) <= 120  # 62 are expected
    assert 400 <= arrived(port, OTHER, 1000) <= 600


def test_a_whole_network_may_be_the_rigs(port: socket.socket) -> None:
    attach(port, program([ip_network("127.0.0.0/28")], Shares((), 1.0, 2**-32)))

    assert [arrived(port, sender, 200) for sender in (RIG, LOUD, OTHER)] == [200, 200, 0]


def test_a_filter_is_swapped_while_the_port_is_open(port: socket.socket) -> None:
    attach(port, program([ip_network(RIG)], Shares((), 1.0, 2**-32)))
    before = arrived(port, OTHER, 100)

    attach(port, program([ip_network(RIG)], EVERYTHING))

    assert (before, arrived(port, OTHER, 100)) == (0, 100)


def test_many_rigs_and_loud_addresses_fit_into_one_filter(port: socket.socket) -> None:
    rigs = [ip_network(f"127.0.{number}.2") for number in range(100)]
    loud = tuple(f"127.1.{number}.9" for number in range(8))

    assert attach(port, program(rigs, Shares(loud, 1 / 16, 2**-32))) is None
    assert [arrived(port, sender, 50) for sender in ("127.0.99.2", OTHER)] == [50, 0]


def test_an_ipv6_network_is_no_concern_of_an_ipv4_port(port: socket.socket) -> None:
    assert attach(port, program([ip_network("2001:db8::/32"), ip_network(RIG)], EVERYTHING)) is None


def test_an_ipv6_port_says_why_it_has_no_filter() -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        assert attach(sock, program([], EVERYTHING)) == "source filters read IPv4 addresses only"


def test_a_filter_that_the_kernel_refuses_is_told_with_its_reason(port: socket.socket) -> None:
    assert attach(port, b"\xff" * 8) == "the kernel refuses source filters: Invalid argument"


def test_what_the_kernel_dropped_is_what_procfs_says(port: socket.socket) -> None:
    attach(port, program([ip_network(RIG)], Shares((), 1.0, 2**-32)))
    arrived(port, OTHER, 321)

    rows = [line.split() for line in Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]]
    own = next(row for row in rows if row[9] == str(os.fstat(port.fileno()).st_ino))

    assert dropped(port) == int(own[-1]) == 321


def test_no_privilege_is_needed() -> None:
    """A child gives up root, if the tests have it, and filters all the same."""
    script = (
        "import os, socket; from ipaddress import ip_network\n"
        "from app.ingest.kernel import attach, program; from app.ingest.strangers import Shares\n"
        f"os.geteuid() == 0 and (os.setgroups([]), os.setgid({NOBODY}), os.setuid({NOBODY}))\n"
        "sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sock.bind(('127.0.0.1', 0))\n"
        "print(os.geteuid() != 0, attach(sock, program([ip_network('127.0.0.2')], Shares((), 1.0, 0.5))))"
    )

    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert told.stdout == "True None\n"
