"""The outbox's file as tables, what is written into it at once, and how much it may hold.

    chunk       rows that wait; `seq` is their place in the order and is never given twice
    letter      dead letters: rows that the org refused
    memory      what is remembered of rows by their key
    tally       counts by object: of all time where `day` is empty, else of that UTC day, or month such as 2026-03
    dictionary  what chunks were pressed with
    wish        what a command asks of the running gateway
    salvaged    damaged files whose rows were taken over

For every object, at all times: taken = delivered + waiting + letters + letters_lost + purged + evicted + damaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from app.datacloud.chunk import Chunk
from app.datacloud.leases import Settled
from app.datacloud.salvage import FoundMemory

APPLICATION_ID: Final = 0x52_47_4F_42  # "RGOB", in the file's header
SCHEMA_VERSION: Final = 1
PAGE_SIZE: Final = 4096
"""A commit writes whole pages, some five of them: with 8 KiB it would write twice as much for two rows of telemetry."""

DDL: Final = f"""
BEGIN IMMEDIATE;
CREATE TABLE chunk(
    seq INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL, rows INTEGER NOT NULL, raw_bytes INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, crc INTEGER NOT NULL, codec INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX lane ON chunk(object, seq, rows, raw_bytes, at_ms);
CREATE TABLE letter(
    id INTEGER PRIMARY KEY AUTOINCREMENT, object TEXT NOT NULL, at_ms INTEGER NOT NULL, status INTEGER NOT NULL,
    reason TEXT NOT NULL, crc INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE memory(
    object TEXT NOT NULL, key TEXT NOT NULL, event_time TEXT NOT NULL, codec INTEGER NOT NULL, said BLOB NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY(object, key)) WITHOUT ROWID;
CREATE TABLE tally(
    day TEXT NOT NULL, object TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY(day, object, name)) WITHOUT ROWID;
CREATE TABLE dictionary(codec INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE wish(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE salvaged(name TEXT PRIMARY KEY);
PRAGMA application_id={APPLICATION_ID};
PRAGMA user_version={SCHEMA_VERSION};
COMMIT;
"""

EVER: Final = ""
"""The day of a tally that counts all time."""


class Limits(NamedTuple):
    """How much the outbox may hold.

    Attributes:
        budget_bytes: Its file; beyond, the oldest telemetry goes.
        min_free_bytes: With less free on the disk, telemetry makes the file grow no further.
        dead_letter_rows, dead_letter_bytes: Beyond, the oldest letter goes.
        queue_rows, queue_bytes: Rows that are not committed yet; telemetry may take up three quarters.
        wal_bytes: The write-ahead log, also while a reader keeps it from being emptied.
    """

    budget_bytes: int = 2 * 1024**3
    min_free_bytes: int = 512 * 1024**2
    dead_letter_rows: int = 10_000
    dead_letter_bytes: int = 64 * 1024**2
    queue_rows: int = 20_000
    queue_bytes: int = 16 * 1024**2
    wal_bytes: int = 64 * 1024**2

    @property
    def ballast_bytes(self) -> int:
        """Kept for the day when the disk is full: enough for a log that lets the outbox empty itself."""
        return min(32 * 1024**2, self.budget_bytes // 64)


class Batch(NamedTuple):
    """What one commit writes.

    Attributes:
        chunks: New rows.
        memories: What to remember of them.
        settled: Leases that ended well.
        not_spooled: Rows that found the queue full since the last commit, by object.
    """

    chunks: Sequence[Chunk] = ()
    memories: Sequence[FoundMemory] = ()
    settled: Sequence[Settled] = ()
    not_spooled: Mapping[str, int] = {}


class Letter(NamedTuple):
    """A dead letter.

    Attributes:
        id: Its number.
        object: Whose row it was.
        at_s: When it was refused; seconds since 1970 UTC.
        status: The HTTP status.
        reason: The server's words.
        body: The row.
    """

    id: int
    object: str
    at_s: float
    status: int
    reason: str
    body: bytes


class LaneBacklog(NamedTuple):
    """What the file says of one object.

    Attributes:
        rows, size: What waits; bodies in bytes.
        oldest_at_s: When the oldest of it was taken over; seconds since 1970 UTC.
        letters: Dead letters.
        counts: Of all time, by the names of the tally.
        days: `appended` and `accepted` rows, and `accepted_bytes`, by UTC day such as 2026-03-01, and by month such
            as 2026-03; of the last two months.
    """

    rows: int
    size: int
    oldest_at_s: float | None
    letters: int
    counts: Mapping[str, int]
    days: Mapping[str, Mapping[str, int]]


def utc_day(now_s: float) -> str:
    """The UTC day, such as 2026-03-01, of seconds since 1970; the nearest there is for a clock that has gone mad."""
    return datetime.fromtimestamp(min(max(now_s, 0.0), 253_402_300_799.0), UTC).date().isoformat()
