"""What waits in the outbox: one row of one object, encoded once; resends carry the very same bytes."""

from __future__ import annotations

from typing import NamedTuple


class Memory(NamedTuple):
    """What is remembered of a row after it has left, so that a later telling of the same key can be held against it.

    Attributes:
        event_time: Of the first telling, as text; a correction keeps it, or Data Cloud would make a second row.
        said: The row as it was told.
    """

    event_time: str
    said: bytes


class Row(NamedTuple):
    """One row.

    Attributes:
        object: Its object, which is also its lane in the outbox.
        key: The value of the object's primary key.
        body: The row as compact JSON in UTF-8; holds no raw line break.
        memory: What to remember of it, in the same commit; None for rows that are told only once.
    """

    object: str
    key: str
    body: bytes
    memory: Memory | None = None
