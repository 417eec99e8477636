"""Whoever sends to a port without being one of its rigs: who, how often, and how much of it should still be looked at.

Theory. A stranger must be seen, since it may be a rig that got another address; but a flood of hundreds of thousands
of datagrams a second, each of which costs us microseconds, would cost the rigs their own. So the kernel is told to let
a random share through (`kernel`). When more than a budget comes through within a second the share falls by a
step, at once and not at the next tick; it rises by a step after a second in which even the larger share would have
stayed within the budget. What is seen, divided by the share, is what was sent.

One loud address must not hide the others: while nobody holds a rig's lease, the next stranger may be the rig. So an
address that makes up half of the budget is put on a list with a share of its own, and the others keep theirs. A flood
from ever new, forged addresses lowers the others' share too; then a rig is found a few seconds later.
"""

from __future__ import annotations

from typing import Final, NamedTuple

BUDGET_PER_S: Final = 512
"""Strangers' datagrams a second that are looked at: more than a second game sends, some 2 ms of a core."""
STEP: Final = 16
LEAST_SHARE: Final = STEP**-4
"""At a million datagrams a second that lets through 15."""
MOST_LOUD: Final = 8
MOST_LISTED: Final = 32
_MOST_COUNTED: Final = 256
"""Addresses counted within one second; forged ones are without number."""
_LISTED_S: Final = 30.0
"""An address is listed for so long after it was heard last."""


class Stranger(NamedTuple):
    """One address that is no rig's: how often it sends, and when it was heard last."""

    address: str
    per_s: float
    heard_s: float


class Shares(NamedTuple):
    """What the kernel should let through of whom: the loud addresses and their share, and everybody else's."""

    loud: tuple[str, ...]
    of_loud: float
    of_others: float


EVERYTHING: Final = Shares((), 1.0, 1.0)


class Strangers:
    """The strangers of one port.

    Args:
        measured_s: When counting begins.

    Attributes:
        can_damp: Whether the kernel heeds the shares; without that everything comes through.
        unlisted: Addresses that found no place in the list.
    """

    def __init__(self, measured_s: float) -> None:
        self.can_damp = False
        self.unlisted = 0
        self.shares = EVERYTHING
        self._shares_before = EVERYTHING
        self._since_s = measured_s
        self._counted: dict[str, int] = {}
        self._not_counted = 0
        self._seen = {True: 0, False: 0}  # by whether it is loud, since the share fell last or the second began
        self._listed: dict[str, Stranger] = {}

    def note(self, address: str) -> bool:
        """Count one datagram; True when the shares have changed."""
        counted = self._counted
        if address in counted or len(counted) < _MOST_COUNTED:
            counted[address] = counted.get(address, 0) + 1
        else:
            self._not_counted += 1
        is_loud = address in self.shares.loud
        self._seen[is_loud] += 1
        if self._seen[is_loud] < BUDGET_PER_S or not self.can_damp:
            return False
        self._seen[is_loud] = 0
        return self._lower(is_loud)

    def roll(self, now_s: float) -> bool:
        """Called once a second: measure rates, raise the shares of those that went quiet; True when they changed."""
        elapsed_s = max(now_s - self._since_s, 1e-3)
        for address, count in self._counted.items():
            self._listed[address] = Stranger(address, count / elapsed_s / self._share_of(address), now_s)
        for address, row in list(self._listed.items()):
            if address not in self._counted:
                self._listed[address] = row._replace(per_s=0.0)
            if now_s - row.heard_s > _LISTED_S:
                del self._listed[address]
        kept = sorted(self._listed.values(), key=lambda row: (row.per_s, row.heard_s), reverse=True)
        self.unlisted = len(kept[MOST_LISTED:]) + self._not_counted
        self._listed = {row.address: row for row in kept[:MOST_LISTED]}
        changed = self._raise()
        self._shares_before, self._since_s = self.shares, now_s
        self._counted, self._not_counted, self._seen = {}, 0, {True: 0, False: 0}
        return changed

    def listed(self) -> list[Stranger]:
        """Those heard lately, the loudest first."""
        return list(self._listed.values())

    def forget(self, address: str) -> None:
        """It is a stranger no more."""
        self._listed.pop(address, None)
        self._counted.pop(address, None)
        if address in self.shares.loud:
            self.shares = self.shares._replace(loud=tuple(other for other in self.shares.loud if other != address))

    def _lower(self, is_loud: bool) -> bool:
        loud, of_loud, of_others = before = self.shares
        if is_loud:
            of_loud = max(LEAST_SHARE, of_loud / STEP)
        else:
            loudest = self._loudest_other()
            if loudest is not None and len(loud) < MOST_LOUD:
                loud, of_loud = (*loud, loudest), min(of_loud, 1 / STEP)
            else:
                of_others = max(LEAST_SHARE, of_others / STEP)
        self.shares = Shares(loud, of_loud, of_others)
        return self.shares != before

    def _loudest_other(self) -> str | None:
        """The address with half of what was counted of those that are not loud yet; None where there is none such."""
        others = {address: count for address, count in self._counted.items() if address not in self.shares.loud}
        loudest = max(others, key=lambda address: others[address], default=None)
        return loudest if loudest is not None and 2 * others[loudest] >= BUDGET_PER_S else None

    def _raise(self) -> bool:
        loud, of_loud, of_others = before = self.shares
        if self._seen[True] * STEP < BUDGET_PER_S and self._shares_before.of_loud == of_loud:
            of_loud = min(1.0, of_loud * STEP)
        if self._seen[False] * STEP < BUDGET_PER_S and self._shares_before.of_others == of_others:
            of_others = min(1.0, of_others * STEP)
        self.shares = Shares(loud if of_loud < 1.0 else (), of_loud, of_others)
        return self.shares != before

    def _share_of(self, address: str) -> float:
        """Of this second; the larger one where it changed, so that no rate is told that nobody has sent."""
        return max(_of(self._shares_before, address), _of(self.shares, address))


def _of(shares: Shares, address: str) -> float:
    return shares.of_loud if address in shares.loud else shares.of_others
