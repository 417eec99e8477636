"""Who may speak on a rig's port: the first valid sender holds it, until it has been silent for long.

UDP tells the sender's address and nothing else; two games set to one port would mix two guests into one. The lease is
by address and not by port, since a game that restarts sends from another one.
"""

from __future__ import annotations

from typing import Final

LEASE_S: Final = 10.0
"""A rig that gets another address (DHCP, swapped cables) is taken back after so long."""


class Lease:
    """The sender of one rig's port."""

    def __init__(self) -> None:
        self.holder: str | None = None
        """The address that holds the port."""
        self.other: str | None = None
        """The address that was refused last."""
        self._heard_s = 0.0
        self._other_s = 0.0

    def admit(self, address: str, now_s: float) -> bool:
        """Whether a valid datagram from this address is the rig's."""
        if address != self.holder:
            if self.holder is not None and now_s - self._heard_s < LEASE_S:
                self.other, self._other_s = address, now_s
                return False
            self.holder = address
        self._heard_s = now_s
        return True

    def intruder(self, now_s: float) -> str | None:
        """The address that was refused within the last seconds; None when nobody was."""
        return self.other if self.other is not None and now_s - self._other_s < LEASE_S else None
