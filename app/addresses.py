"""This host's IPv4 addresses [edge]: what a game is told to send to.

Nothing here raises, and nothing waits: no packet is sent, and no resolver is asked where the system can be asked
instead. On Linux the interfaces themselves are; elsewhere the host's own name is resolved, on a thread of its own,
since a black-holed resolver answers after minutes or never; until then there is the address of the default route.
"""

from __future__ import annotations

import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address
from typing import Final

_REFRESH_S: Final = 30.0
"""Cables are swapped and leases end, but not every second."""
_EVERYWHERE: Final = ("", "0.0.0.0", "::")
_OUTSIDE: Final = ("192.0.2.1", 9)
"""Somewhere behind the default route (a documentation network, RFC 5737); nothing is sent there."""
_GUESTS_ONLY: Final = re.compile(r"(docker|virbr|vmnet|vboxnet)\d+|br-[0-9a-f]{12}|veth.*")
"""Interfaces behind which there are only this host's own containers and virtual machines."""

# linux/sockios.h and linux/if.h; Python has no names for them
_SIOCGIFFLAGS: Final = 0x8913
_SIOCGIFADDR: Final = 0x8915
_IFF_UP: Final = 0x1
_IFF_RUNNING: Final = 0x40
_IFREQ_SIZE: Final = 40

Resolve = Callable[[str], Iterable[str]]


class HostAddresses:
    """The addresses that a game may be told to send to, looked up at most every half minute.

    Args:
        udp_host: Where the rigs' ports listen; a concrete address is the only one that is told.
        resolve: From the host's name to its addresses, where interfaces cannot be asked; may take for ever.
    """

    def __init__(self, udp_host: str, resolve: Resolve | None = None) -> None:
        self._only = None if udp_host in _EVERYWHERE else udp_host
        self._resolve = resolve or (None if sys.platform == "linux" else _by_name)
        self._resolved: tuple[str, ...] = ()
        self._thread: threading.Thread | None = None
        self._told: tuple[str, ...] = ()
        self._looked_s: float | None = None

    def current(self, now_s: float) -> tuple[str, ...]:
        """The addresses, that of the default route first; empty when there are none or they are not known yet."""
        if self._only is not None:
            return (self._only,)
        if self._looked_s is None or now_s - self._looked_s >= _REFRESH_S:
            self._looked_s = now_s
            self._look()
        if self._resolve is not None:
            self._told = in_order(_default(), self._resolved)
        return self._told

    def _look(self) -> None:
        if self._resolve is None:
            self._told = in_order(_default(), _of_interfaces())
        elif self._thread is None or not self._thread.is_alive():  # one that hangs is waited for, not joined by others
            self._thread = threading.Thread(target=self._ask, args=(self._resolve,), name="own-addresses", daemon=True)
            self._thread.start()

    def _ask(self, resolve: Resolve) -> None:
        try:
            self._resolved = tuple(resolve(socket.gethostname()))
        except (OSError, UnicodeError):  # the latter for a name that no resolver would take
            self._resolved = ()  # the host does not know its own name: the default route's address is all there is


def own_names() -> tuple[str, ...]:
    """The names by which this host is asked for: its own, without its domain, and as mDNS has it. Asks no resolver."""
    name = socket.gethostname()
    short = name.partition(".")[0]
    return name, short, f"{short}.local"


def in_order(default: str | None, found: Iterable[str]) -> tuple[str, ...]:
    """The addresses that a game on another machine can reach, each once.

    Args:
        default: That of the default route, which goes first.
        found: All, in any order; what is no IPv4 address is passed over.

    Returns:
        No loopback, and link-local ones only when there is nothing else; by number but for the first.
    """
    known = {address for text in [*found, *([default] if default else [])] if (address := _parsed(text)) is not None}
    usable = {address for address in known if not (address.is_loopback or address.is_unspecified)}
    routable = {address for address in usable if not address.is_link_local} or usable
    return tuple(str(address) for address in sorted(routable, key=lambda each: (str(each) != default, each)))


def _parsed(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None


def _default() -> str | None:
    """The address of the default route: a connected UDP socket knows its own, and connecting sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(_OUTSIDE)
            address: str = probe.getsockname()[0]
            return address
    except OSError:
        return None  # no default route: a booth without internet


def _by_name(name: str) -> list[str]:
    return [str(info[4][0]) for info in socket.getaddrinfo(name, None, socket.AF_INET)]


def _of_interfaces() -> list[str]:
    """The first IPv4 address of every interface that is up and has a carrier (Linux)."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            names = [name for _, name in socket.if_nameindex() if not _GUESTS_ONLY.fullmatch(name)]
            return [address for name in names if (address := _of_interface(probe, name)) is not None]
    except OSError:
        return []


def _of_interface(probe: socket.socket, name: str) -> str | None:
    if sys.platform != "linux":
        return None
    import fcntl  # Windows has none

    asked = name.encode()[:15].ljust(_IFREQ_SIZE, b"\0")
    try:
        flags: int = struct.unpack_from("H", fcntl.ioctl(probe, _SIOCGIFFLAGS, asked), 16)[0]
        if flags & (_IFF_UP | _IFF_RUNNING) != _IFF_UP | _IFF_RUNNING:
            return None
        return socket.inet_ntoa(fcntl.ioctl(probe, _SIOCGIFADDR, asked)[20:24])
    except OSError:
        return None  # no IPv4 address, or gone this moment
