"""How many bytes a request may have, and rows cut so that none has more.

The service names a limit of 200 KB without saying of which size, and a proxy may have a smaller one. So the limit is
learnt: a refused size is never tried again while the process lives, and the next guess lies between what was accepted
and what was refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.datacloud.encode import ENVELOPE_BYTES

SERVICE_LIMIT_BYTES: Final = 200_000
"""The service takes no larger body, by the strictest reading of its 200 KB."""
FLOOR_BYTES: Final = 32_000
_STEP: Final = 0.9
_CLOSE: Final = 0.92
"""Accepted and refused sizes nearer than this are as good as the limit itself."""

Rows = Sequence[bytes]


def cut(rows: Rows, most_bytes: int) -> list[Rows]:
    """The rows in order, in parts whose request body has at most so many bytes; a longer row is a part by itself."""
    parts: list[Rows] = []
    begin, size = 0, ENVELOPE_BYTES
    for place, row in enumerate(rows):
        grown = size + len(row) + (place > begin)
        if grown > most_bytes and place > begin:
            parts.append(rows[begin:place])
            begin, grown = place, ENVELOPE_BYTES + len(row)
        size = grown
    return [*parts, rows[begin:]] if begin < len(rows) else parts


def halves(rows: Rows) -> tuple[Rows, Rows]:
    """The rows in two parts, the first not the longer."""
    middle = len(rows) // 2
    return rows[:middle], rows[middle:]


class BodyLimit:
    """The largest request body to send.

    Args:
        most_bytes: What the operator allows.
    """

    def __init__(self, most_bytes: int) -> None:
        self.bytes = most_bytes
        self._accepted = 0
        self._refused: int | None = None

    def accepted(self, size: int) -> None:
        """A body of this size was taken."""
        self._accepted = max(self._accepted, size)

    def refused(self, size: int) -> None:
        """A body of this size was too large. One row that is longer than the limit says nothing about the limit."""
        if size > self.bytes:
            return
        self._refused = size if self._refused is None else min(self._refused, size)
        if self._accepted >= self._refused:
            self._accepted = 0  # the limit has become smaller: what was accepted says nothing any more
        guess = self._refused * _STEP
        if self._accepted > self._refused * _CLOSE:
            guess = self._accepted
        elif self._accepted:
            guess = min(guess, (self._accepted + self._refused) / 2)
        self.bytes = max(FLOOR_BYTES, min(self.bytes, int(guess)))
