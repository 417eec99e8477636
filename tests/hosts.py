"""Two hosts on one cable, by network namespaces and a veth pair: for whatever loopback cannot show. Linux, as root.

    with cabled() as cable:
        with cable.gateway():
            sock = socket.socket(...)  # on the gateway's host; it stays there after the block
        with cable.rigs():
            ...  # likewise on the host of the rigs, which has as many addresses as it is given

Nothing of the machine's own network is touched.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

GATEWAY: Final = "10.77.0.1"
RIG_A: Final = "10.77.0.2"
RIG_B: Final = "10.77.0.3"
BROADCAST: Final = "10.77.0.255"
_CLONE_NEWNET: Final = 0x40000000


class Cable:
    """The cable and its two ends."""

    def __init__(self, name: str) -> None:
        self._gateway, self._rigs = f"{name}-g", f"{name}-r"

    def set_up(self) -> None:
        """Lay it."""
        for end in (self._gateway, self._rigs):
            _ip("netns", "add", end)
        _ip("link", "add", "cable", "netns", self._gateway, "type", "veth", "peer", "cable", "netns", self._rigs)
        for end in (self._gateway, self._rigs):
            _ip("-n", end, "link", "set", "lo", "up")
            _ip("-n", end, "link", "set", "cable", "up")
        with self.rigs():  # taking one address away must not take the others along
            Path("/proc/sys/net/ipv4/conf/all/promote_secondaries").write_text("1", encoding="ascii")
        self._address("add", self._gateway, GATEWAY)
        for rig in (RIG_A, RIG_B):
            self.add(rig)

    def tear_down(self) -> None:
        """Take it away; a namespace that goes takes its interfaces along."""
        for end in (self._gateway, self._rigs):
            subprocess.run(["ip", "netns", "del", end], check=False, capture_output=True)

    def add(self, address: str) -> None:
        """Give the rigs' host another address."""
        self._address("add", self._rigs, address)

    def remove(self, address: str) -> None:
        """Take an address from the rigs' host."""
        self._address("del", self._rigs, address)

    def mtu(self, size: int) -> None:
        """Carry no packet that is larger."""
        for end in (self._gateway, self._rigs):
            _ip("-n", end, "link", "set", "cable", "mtu", str(size))

    @contextmanager
    def gateway(self) -> Iterator[None]:
        """Whatever socket this thread makes is on the gateway's host."""
        with _inside(self._gateway):
            yield

    @contextmanager
    def rigs(self) -> Iterator[None]:
        """Whatever socket this thread makes is on the rigs' host."""
        with _inside(self._rigs):
            yield

    @staticmethod
    def _address(change: str, end: str, address: str) -> None:
        broadcast = ["brd", BROADCAST] if change == "add" else []
        _ip("-n", end, "addr", change, f"{address}/24", *broadcast, "dev", "cable")


@contextmanager
def cabled() -> Iterator[Cable]:
    """A cable, taken away with the block."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root: run the tests as root to see this one")
    cable = Cable(f"rig-gateway-{os.getpid()}")
    try:
        try:
            cable.set_up()
        except subprocess.CalledProcessError as refused:
            if b"not permitted" in refused.stderr or b"denied" in refused.stderr:
                pytest.skip("this machine lets nobody make network namespaces: run the tests on one that does")
            raise
        yield cable
    finally:
        cable.tear_down()


@contextmanager
def _inside(namespace: str) -> Iterator[None]:
    with open("/proc/thread-self/ns/net", "rb") as before, open(f"/run/netns/{namespace}", "rb") as there:
        _enter(there.fileno())
        try:
            yield
        finally:
            _enter(before.fileno())


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot enter the network namespace")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
