"""By which names the gateway may be asked for, and which pages may talk to it. Pure.

A page of the internet that a guest has open can send requests to the gateway from within the network, but it cannot
choose two headers: `Host`, which is the name in the address it asks for, and `Origin`, which is the page itself.

- *DNS rebinding*: the attacker's own name is made to point at the gateway, so that its page counts as the gateway's.
  Hence a name has to be one of ours. An address in numbers cannot be rebound; those of local networks pass, since
  behind the port forwarding of a container engine the gateway does not know its host's.
- *Cross-site requests and WebSockets*: hence an origin has to be the very place that is asked, or be named.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, NamedTuple

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_ORIGIN: Final = re.compile(rf"(?P<scheme>https?)://{_HOST.pattern}", re.IGNORECASE)
_PORTS: Final = {"http": "80", "https": "443"}


class Place(NamedTuple):
    """A host and a port, as a `Host` or an `Origin` header names them."""

    name: str
    port: str | None


def place_of(host: str) -> Place | None:
    """What a `Host` header says; None when it is none."""
    matched = _HOST.fullmatch(host)
    return None if matched is None else _place(matched)


def origin_of(origin: str) -> str | None:
    """An origin in its usual form, lower case and without the usual port; None when it is none."""
    matched = _ORIGIN.fullmatch(origin)
    if matched is None:
        return None
    scheme, place = matched["scheme"].lower(), _place(matched)
    port = "" if place.port in (None, _PORTS[scheme]) else f":{place.port}"
    return f"{scheme}://{place.name}{port}"


class Origins:
    """The names and the pages that are let in.

    Args:
        own_names: By which this host is called, such as `booth` and `booth.local`.
        more_hosts: Further names.
        more_origins: Pages of other hosts that may talk to the gateway.
    """

    def __init__(self, own_names: Collection[str], more_hosts: Collection[str], more_origins: Collection[str]) -> None:
        self._names = {_dotless(name.lower()) for name in ("localhost", *own_names, *more_hosts)}
        self._origins = {origin for text in more_origins if (origin := origin_of(text)) is not None}

    def is_ours(self, host: str | None, asked_at: str | None) -> bool:
        """Whether the gateway may be asked for by this `Host` header.

        Args:
            host: The header; None without one.
            asked_at: Our own address on this connection.
        """
        place = None if host is None else place_of(host)
        if place is None:
            return False
        address = _address(place.name)
        if address is None:
            return _dotless(place.name) in self._names
        is_near = address.is_private or address.is_link_local or address.is_loopback
        return is_near or str(address) in (asked_at, *self._names)

    def is_same(self, origin: str, host: str | None) -> bool:
        """Whether a page of this origin may talk to the gateway that it asked for as `host`."""
        given, place = origin_of(origin), None if host is None else place_of(host)
        if given is None or place is None:
            return False
        port = "" if place.port is None else f":{place.port}"
        same = {origin_of(f"{scheme}://{place.name}{port}") for scheme in _PORTS}
        return given in same or given in self._origins


def is_loopback(address: str) -> bool:
    """Whether a connection from there comes from this very machine."""
    parsed = _address(address)
    return parsed is not None and parsed.is_loopback


def _place(matched: re.Match[str]) -> Place:
    return Place(matched["name"].lower(), matched["port"])


def _dotless(name: str) -> str:
    return name.removesuffix(".")  # "booth.local." is the same name, written in full


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(name.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
