"""Who may speak as a rig: the first valid sender holds its lease, until it has been silent for long.

UDP tells the sender's address and nothing else; two games set to one port would mix two guests into one. The lease is
by address and not by port, since a game that restarts sends from another one. Where addresses are set for the rig
(by its `source`, or claimed by an operator) only these can take the lease; among them it goes the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

Network = IPv4Network | IPv6Network

LEASE_S: Final = 10.0
"""A rig that gets another address (DHCP, swapped cables) is taken back after so long."""


class Lease:
    """The sender of one rig.

    Args:
        allowed: Networks that may take it; none means anybody.
    """

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self.allowed = tuple(allowed)
        self.holder: str | None = None
        """The address that holds it."""
        self.other: str | None = None
        """The address that was refused last."""
        self.other_per_s: float | None = None
        """How often that address sends; None until it was measured."""
        self._heard_s = 0.0
        self._other_s = 0.0

    def admit(self, address: str, now_s: float) -> bool:
        """Whether a valid datagram from this address is the rig's."""
        if address != self.holder:
            if not self.open_to(address, now_s):
                self.refuse(address, now_s)
                return False
            self.holder = address
            if self.other == address:
                self.other = self.other_per_s = None
        self._heard_s = now_s
        return True

    def open_to(self, address: str, now_s: float) -> bool:
        """Whether the next valid datagram from this address, not the holder's, would take it."""
        return not self.is_held(now_s) and self.allows(address)

    def is_held(self, now_s: float) -> bool:
        """Whether the holder was heard within the last seconds."""
        return self.holder is not None and now_s - self._heard_s < LEASE_S

    def silent_s(self, now_s: float) -> float:
        """Since the holder was heard."""
        return now_s - self._heard_s

    def allows(self, address: str) -> bool:
        """Whether this address may ever take it."""
        return not self.allowed or within(address, self.allowed)

    def refuse(self, address: str, now_s: float, per_s: float | None = None) -> None:
        """Note an address that was refused, and how often it sends if that is known."""
        if address != self.other or per_s is not None:
            self.other_per_s = per_s
        self.other, self._other_s = address, now_s

    def pin(self, allowed: Sequence[Network]) -> None:
        """From now on only these may take it; a holder that is none of them loses it at once."""
        self.allowed = tuple(allowed)
        if self.holder is not None and not self.allows(self.holder):
            self.forget()

    def forget(self) -> None:
        """The next valid sender takes it, whoever held it before."""
        self.holder = self.other = self.other_per_s = None

    def intruder(self, now_s: float) -> str | None:
        """The address that was refused within the last seconds; None when nobody was."""
        return self.other if self.other is not None and now_s - self._other_s < LEASE_S else None


def within(address: str, networks: Sequence[Network]) -> bool:
    """Whether a textual address lies in one of the networks; a text that is no address lies in none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
