"""Who guesses at tokens: five wrong ones within a minute shut an address out for a minute.

Pure: told the time, never asks. The table is bounded. When it is full, the address that guessed longest ago is
forgotten; whoever has so many addresses to guess from still has 32 random bytes before him.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

MOST_FAILURES: Final = 5
WINDOW_S: Final = 60.0
BLOCK_S: Final = 60.0
MOST_ADDRESSES: Final = 1024


@dataclass(slots=True)
class _Guesses:
    since_s: float
    count: int = 0
    blocked_until_s: float = 0.0


class Attempts:
    """Wrong tokens by address."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[str, _Guesses] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_address)

    def blocked_for_s(self, address: str, now_s: float) -> float:
        """How long the address is still shut out; 0 when it is not."""
        guesses = self._by_address.get(_key(address))
        return 0.0 if guesses is None else max(0.0, guesses.blocked_until_s - now_s)

    def failed(self, address: str, now_s: float) -> None:
        """The address showed a wrong token."""
        key = _key(address)
        guesses = self._by_address.pop(key, None)
        if guesses is None or now_s - guesses.since_s >= WINDOW_S:
            guesses = _Guesses(now_s)
        guesses.count += 1
        if guesses.count >= MOST_FAILURES:
            guesses = _Guesses(now_s, blocked_until_s=now_s + BLOCK_S)
        self._by_address[key] = guesses
        while len(self._by_address) > MOST_ADDRESSES:
            self._by_address.popitem(last=False)


def _key(address: str) -> str:
    """The address itself; of IPv6 its network, since a host has 2**64 addresses of that."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
