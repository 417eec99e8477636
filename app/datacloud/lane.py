"""One object's rows on their way: when they leave, what is held against them, and when the object is parked.

Told the time, never asks for it. A single bad row is dead-lettered; eight single rows refused in a row are no bad
rows but a wrong schema, and then the object is parked with all its rows, so that a misnamed field does not dead-
letter a whole day.
"""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

from app.datacloud.endpoints import Destination

SUSPICIOUS: Final = 8
"""Single rows refused in a row that make the schema the suspect."""
PROBE_S: Final = 900.0
"""A parked schema is tried again so often, with what waits."""
_FIRST_PARK_S: Final = 60.0
_MOMENT_S: Final = 0.1
_LONGEST_PARK_S: Final = 600.0


class Waiting(NamedTuple):
    """What of a lane waits in the outbox."""

    rows: int
    size: int
    """Bytes of their bodies."""


class Lane:
    """The state of one object.

    Args:
        object_name: As in the schema.
        destination: Where its rows go.
        urgency: Smaller goes first.
        most_leases: How many batches may be under way at once; 1 keeps the order of tellings of one key.
    """

    def __init__(self, object_name: str, destination: Destination, urgency: int, most_leases: int) -> None:
        self.object = object_name
        self.destination = destination
        self.urgency = urgency
        self.most_leases = most_leases
        self.leases = 0
        self.leased = Waiting(0, 0)
        self.rows: Counter[str] = Counter()
        """Rows by what became of them: accepted, dead_lettered, and resent (again, after trouble)."""
        self.parked: str | None = None
        """Why nothing is sent, as a sentence; None while all is well."""
        self._retry_s = 0.0
        self._parks = 0
        self._refused_in_a_row = 0
        self._due_s: float | None = None

    # --- when a batch leaves ---------------------------------------------------------------------------

    def wants(self, waiting: Waiting, target: int, flush_s: float, now_s: float) -> bool:
        """Whether a batch should be leased now: enough waits, or what waits has waited for company long enough."""
        rows, size = waiting.rows - self.leased.rows, waiting.size - self.leased.size
        if rows <= 0:
            self._due_s = None
            return False
        due_s = now_s + flush_s
        self._due_s = due_s if self._due_s is None else min(self._due_s, due_s)  # at the end nobody waits for company
        if self.leases >= self.most_leases or self.rests(now_s):
            return False
        return size >= target or now_s >= self._due_s

    def hurry(self) -> None:
        """What waits already has waited long enough."""
        self._due_s = float("-inf")

    def nothing_there(self, now_s: float) -> None:
        """The outbox had nothing to lease after all: look again in a moment."""
        self._due_s = now_s + _MOMENT_S

    def wakes_s(self) -> float | None:
        """The instant at which `wants` may say otherwise without anything having happened."""
        if self._due_s is None or self.leases >= self.most_leases:
            return None
        return max(self._due_s, self._retry_s)

    def leased_one(self, rows: int, size: int) -> None:
        """A batch is under way."""
        self.leases += 1
        self.leased = Waiting(self.leased.rows + rows, self.leased.size + size)
        self._due_s = None

    def returned(self, rows: int, size: int) -> None:
        """A batch is settled, or waits again."""
        self.leases -= 1
        self.leased = Waiting(self.leased.rows - rows, self.leased.size - size)

    # --- what is held against it -----------------------------------------------------------------------

    def settled(self, accepted: int, refused: int) -> None:
        """A batch leaves the outbox: so many rows were accepted, so many become dead letters."""
        self.rows["accepted"] += accepted
        self.rows["dead_lettered"] += refused

    def accepted(self) -> None:
        """The org took rows: whatever was held against the object is over."""
        self._refused_in_a_row = 0
        self._parks = 0
        self.parked = None

    def row_refused(self) -> bool:
        """One single row was refused; True when that makes the schema the suspect."""
        self._refused_in_a_row += 1
        return self._refused_in_a_row >= SUSPICIOUS

    def rests(self, now_s: float) -> bool:
        """Whether it is parked, and not yet to be tried again."""
        return now_s < self._retry_s

    def park(self, sentence: str, now_s: float, seconds: float | None = None) -> None:
        """Send nothing for a while, longer each time; or for `seconds`. Whoever says so of one that rests is late."""
        if self.rests(now_s):
            return
        wait_s = min(_LONGEST_PARK_S, _FIRST_PARK_S * 2.0 ** min(self._parks, 30)) if seconds is None else seconds
        self._parks += 1
        self.parked = sentence
        self._retry_s = now_s + wait_s

    def resume(self) -> None:
        """Somebody says that the cause is mended: try now."""
        self._retry_s = 0.0
        self._parks = 0
        self._refused_in_a_row = 0
