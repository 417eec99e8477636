"""Passes a rig's datagrams on, unchanged, to other programs [edge]: an overlay, a motion platform, a second gateway.

It never makes our own path wait: the socket does not block, and what it cannot take at once is dropped and counted.
Names are looked up once, at the start. That nobody listens at a target is no error: UDP does not know.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from app.errors import BadTarget

MOST_TARGETS: Final = 4
TARGETS: Final = tuple(str(number) for number in range(1, MOST_TARGETS + 1))
"""The targets' names in metrics."""
_TARGET: Final = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:\s]+)):(?P<port>[0-9]{1,5})")
_ANY: Final = ("0.0.0.0", "::")
_SEND_BUFFER_BYTES: Final = 1_048_576


class Target(NamedTuple):
    """Where to: family, address, port."""

    family: socket.AddressFamily
    address: str
    port: int


def resolve(text: str, udp_host: str, own_ports: Iterable[int]) -> Target:
    """Find the target that `host:port` names.

    Args:
        text: An address or a name, a colon, a port; an IPv6 address in brackets.
        udp_host: Where the gateway listens for rigs.
        own_ports: The UDP ports that it listens on: passing datagrams on to them would never end.

    Raises:
        BadTarget: It cannot be used; the message says why, and not what was given.
    """
    found = _TARGET.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= 65_535:
        raise BadTarget("is no target: write host:port, for example 192.168.1.20:20780")
    host, port = found["v6"] or found["host"], int(found["port"])
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError):
        raise BadTarget("names a host that cannot be found: write its IP address") from None
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except OSError:
        raise BadTarget("is an IPv6 address, and this host has no IPv6: name an IPv4 address") from None
    address = str(place[0])
    if port in own_ports and (address in (*_ANY, udp_host) or (udp_host in _ANY and _is_ours(family, address))):
        raise BadTarget("is a port of the gateway's own, so datagrams would run in a circle: name another port")
    return Target(family, address, port)


def _is_ours(family: socket.AddressFamily, address: str) -> bool:
    """Whether what is sent there comes back to this host, as to an address or the broadcast address of its own."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


class Forwarder:
    """Sends one rig's datagrams to its targets.

    Args:
        targets: Where to, at most four.

    Attributes:
        forwarded: Datagrams that the operating system took, by target.
        dropped: Datagrams that it did not take at once, by target.
    """

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = tuple(targets)
        self.forwarded = [0] * len(self.targets)
        self.dropped = [0] * len(self.targets)
        self._sockets = {family: _socket(family) for family in {target.family for target in self.targets}}
        self._ways = [
            (number, self._sockets[target.family], (target.address, target.port))
            for number, target in enumerate(self.targets)
        ]

    def forward(self, datagram: bytes) -> None:
        """Send one datagram to every target; never waits, never raises."""
        for number, sock, place in self._ways:
            try:
                sock.sendto(datagram, place)
            except OSError:  # the buffer is full, there is no way there, or nobody listens
                self.dropped[number] += 1
            else:
                self.forwarded[number] += 1

    def close(self) -> None:
        """Send nothing any more."""
        self._ways = []
        for sock in self._sockets.values():
            sock.close()


def _socket(family: socket.AddressFamily) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)  # a target may be a whole network
    return sock
