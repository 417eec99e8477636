"""Rows between the event loop and the outbox's thread: a bounded queue per object.

The loop offers, the thread takes; no lock, because each number has one side that writes it. A row counts as waiting
here until it is committed. When there is no room the row that comes loses, telemetry first: it may fill three quarters
only, so that a lap finds room when the disk hangs.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from app.datacloud.row import Row
from app.datacloud.schema import OBJECTS, TELEMETRY

_TELEMETRY_SHARE: Final = 0.75


class Queued(NamedTuple):
    """A row, and when it was taken over in milliseconds since 1970 UTC."""

    row: Row
    at_ms: int


class Inlet:
    """The queues of one outbox.

    Args:
        most_rows: All objects together.
        most_bytes: Bodies of all objects together.
    """

    def __init__(self, most_rows: int, most_bytes: int) -> None:
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        self._queues: Mapping[str, deque[Queued]] = {spec.name: deque() for spec in OBJECTS}
        self._rows_in, self._rows_out = _zeros(), _zeros()
        self._bytes_in, self._bytes_out = _zeros(), _zeros()
        self.refused: Counter[str] = _zeros()
        """Rows that found no room, by object."""

    # --- on the event loop -------------------------------------------------------------------------------

    def offer(self, rows: Sequence[Row], at_ms: int) -> int:
        """Take over what there is room for; returns how many rows there was none for.

        Raises:
            ValueError: A body holds a line break, so it is not the compact JSON it should be; none is taken.
        """
        if any(b"\n" in row.body for row in rows):
            raise ValueError("a row's body holds a line break")
        refused = 0
        all_rows, all_bytes = self.rows, self.bytes
        for row in rows:
            name, size = row.object, len(row.body)
            if all_rows < self._most_rows and all_bytes + size <= self._most_bytes and self._may(name, size):
                self._rows_in[name] += 1
                self._bytes_in[name] += size
                self._queues[name].append(Queued(row, at_ms))
                all_rows, all_bytes = all_rows + 1, all_bytes + size
            else:
                self.refused[name] += 1
                refused += 1
        return refused

    def refuse(self, rows: Sequence[Row]) -> int:
        """Take none of the rows, and count them; returns how many."""
        self.refused.update(row.object for row in rows)
        return len(rows)

    def _may(self, name: str, size: int) -> bool:
        """Whether an object's own share has room; only telemetry has a share."""
        if name != TELEMETRY.name:
            return True
        waiting_bytes = self._bytes_in[name] - self._bytes_out[name]
        return (
            self.waiting(name) < self._most_rows * _TELEMETRY_SHARE
            and waiting_bytes + size <= self._most_bytes * _TELEMETRY_SHARE
        )

    # --- on both sides -----------------------------------------------------------------------------------

    @property
    def rows(self) -> int:
        """Rows that are not committed, of all objects."""
        return sum(self._rows_in.values()) - sum(self._rows_out.values())

    @property
    def bytes(self) -> int:
        """Bytes of their bodies."""
        return sum(self._bytes_in.values()) - sum(self._bytes_out.values())

    def waiting(self, name: str) -> int:
        """Rows of an object that are not committed."""
        return self._rows_in[name] - self._rows_out[name]

    # --- on the thread -----------------------------------------------------------------------------------

    def take(self, name: str, most: int) -> list[Queued]:
        """The oldest rows of an object, at most so many; they are waiting until they are `done`."""
        queue = self._queues[name]
        return [queue.popleft() for _ in range(min(len(queue), most))]

    def done(self, name: str, rows: Sequence[Queued]) -> None:
        """These are committed, or given up."""
        self._rows_out[name] += len(rows)
        self._bytes_out[name] += sum(len(each.row.body) for each in rows)


def _zeros() -> Counter[str]:
    """All keys from the start: the other side may be adding them up."""
    return Counter({spec.name: 0 for spec in OBJECTS})
