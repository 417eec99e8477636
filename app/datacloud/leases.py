"""Who works on what: leases on chunks, kept in memory only.

Chunks go out in the order of their numbers. A cursor per object stands behind the last one that went out; what came
back goes out again first, in its old place. After a restart nobody works on anything, and all that was not acknowledged
goes out once more, with the same bytes.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from typing import NamedTuple


class Lease(NamedTuple):
    """Rows that somebody sends.

    Attributes:
        lease_id: Names the lease.
        object: The rows' object.
        rows: Their bodies, oldest first.
        oldest_at_s: When the oldest chunk's oldest row was taken over; seconds since 1970 UTC.
    """

    lease_id: int
    object: str
    rows: tuple[bytes, ...]
    oldest_at_s: float

    @property
    def body_bytes(self) -> int:
        """How long a request body `{"data":[...]}` of all rows is."""
        return body_bytes(len(self.rows), sum(map(len, self.rows)))


class Refusal(NamedTuple):
    """A row that the org does not want.

    Attributes:
        body: The row.
        status: The HTTP status.
        reason: The server's words.
    """

    body: bytes
    status: int
    reason: str


class Settled(NamedTuple):
    """A lease that ended well: its chunks can go, its refused rows become dead letters."""

    object: str
    seqs: tuple[int, ...]
    refused: tuple[Refusal, ...]


def body_bytes(rows: int, raw_bytes: int) -> int:
    """How long `{"data":[...]}` is with so many rows of so many bytes together."""
    return 11 + raw_bytes + max(0, rows - 1)


class Leases:
    """All leases of one outbox."""

    def __init__(self) -> None:
        self._out: dict[int, tuple[str, tuple[int, ...]]] = {}
        self._behind: dict[str, int] = {}
        self._back: dict[str, list[int]] = {}
        self._count = 0

    @property
    def seqs(self) -> set[int]:
        """The chunks that somebody works on."""
        return {seq for _, seqs in self._out.values() for seq in seqs}

    def next(self, object_name: str) -> tuple[Sequence[int], int]:
        """What goes out next: chunks that came back, then all with numbers beyond the second value."""
        return tuple(self._back.get(object_name, ())), self._behind.get(object_name, 0)

    def grant(self, object_name: str, seqs: Sequence[int]) -> int:
        """Somebody works on these chunks now; returns the lease's id."""
        self._count += 1
        self._out[self._count] = (object_name, tuple(seqs))
        self._behind[object_name] = max(self._behind.get(object_name, 0), *seqs)
        self.forget(object_name, seqs)
        return self._count

    def forget(self, object_name: str, seqs: Sequence[int]) -> None:
        """These chunks came back, and are not there any more."""
        gone = set(seqs)
        self._back[object_name] = [seq for seq in self._back.get(object_name, ()) if seq not in gone]

    def end(self, lease_id: int) -> tuple[int, ...]:
        """The chunks of a lease, which is over; none for one that is over already."""
        _, seqs = self._out.pop(lease_id, ("", ()))
        return seqs

    def give_back(self, lease_id: int) -> None:
        """Nobody works on it any more, and it is not done."""
        object_name, seqs = self._out.pop(lease_id, ("", ()))
        for seq in seqs:
            insort(self._back.setdefault(object_name, []), seq)
