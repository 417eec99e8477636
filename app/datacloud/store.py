"""The outbox's file [edge]: SQLite, synchronous, used by one thread at a time.

Each commit is one transaction with `synchronous=FULL`: rows, acknowledgements, dead letters, memories and counts go in
together or not at all, and what was committed survives the plug being pulled. What the file says of each object is kept
in `figures` as well, so that nobody has to ask it; another process that writes (a command moves dead letters back) is
noticed by `others_wrote`.

Errors of SQLite leave here as they are; `outbox` is the one place that catches them. Commands use a `visit.Visit`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal, NamedTuple

from app.datacloud.chunk import Chunk, Press, codec_of, cut, dictionary, seal
from app.datacloud.leases import Refusal, Settled, body_bytes
from app.datacloud.salvage import Found, FoundChunk, FoundDictionary, FoundLetter, FoundMemory, FoundTally
from app.datacloud.schema import OBJECTS, TELEMETRY
from app.datacloud.tables import (
    DDL,
    EVER,
    PAGE_SIZE,
    SCHEMA_VERSION,
    Batch,
    Limits,
    utc_day,
)

Room = Literal["all", "rare", "none"]
"""Whose rows may make the file grow: all objects', all but telemetry's, nobody's."""

BUSY_S: Final = 5.0
"""How long to wait for another process's transaction; a command's takes milliseconds."""
MEMORY_DAYS: Final = 40
MOST_MEMORIES: Final = 20_000

_REASON: Final = 2000  # characters kept of the server's words
_TALLY_DAYS: Final = 62  # this month and the last
_CHECKPOINT_PAGES: Final = 512  # the log is folded into the file every 2 MiB, with a small budget sooner
_SLACK_PAGES: Final = 16  # inner pages, index, counts: what a commit touches besides its rows
_EVICT_STEP: Final = 16
_TAKE_OVER_STEP: Final = 64
NOW: Final = "now"
"""The "day" of what is there at present; not stored, since the rows themselves say it."""

Key = tuple[str, str, str]
"""Of a figure: day, object, name."""


class Picked(NamedTuple):
    """A chunk that may go out."""

    seq: int
    chunk: Chunk


class Choice(NamedTuple):
    """What may go out next, and which chunks that came back are not there any more."""

    picked: list[Picked]
    missing: list[int]


class _Gone(NamedTuple):
    object: str
    rows: int
    size: int


class Store:
    """One outbox file.

    Args:
        path: The file; made when it does not exist.
        limits: How much it may hold.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.limits = limits
        self.figures: Counter[Key] = Counter()
        """By day, object and name; see `tables`. Under the day "now": rows, size, letters, letter_bytes."""
        self._under_way_evicted: dict[int, int] = {}  # rows by chunk
        self._connection: sqlite3.Connection | None = None
        self._data_version = 0
        self._inode: int | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise sqlite3.OperationalError("the outbox is closed")
        return self._connection

    def open(self) -> None:
        """Open the file, make its tables if it has none, and count what is in it."""
        self.close()
        self._connection = connected(self.path, create=True)
        self._inode = _inode(self.path)
        for pragma in (
            f"page_size={PAGE_SIZE}",
            "auto_vacuum=INCREMENTAL",  # before the journal mode, or it silently stays off
            "journal_mode=WAL",
            "synchronous=FULL",
            "cache_size=-4096",
            "temp_store=MEMORY",
        ):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        if not self._pragma("user_version"):
            self._db.executescript(DDL)
        self._page_size = self._pragma("page_size")
        log_pages = min(_CHECKPOINT_PAGES, self._budget_pages // 64)
        self._db.execute(f"PRAGMA wal_autocheckpoint={log_pages}").fetchall()
        self._db.execute(f"PRAGMA journal_size_limit={2 * log_pages * self._page_size}").fetchall()
        self._db.execute(f"PRAGMA max_page_count={self._budget_pages}").fetchall()
        self._press = self._pressed_with(dictionary())
        self.count()

    def is_there(self) -> bool:
        """Whether the open file still has its name; what is written to one that has not is lost with the process."""
        return self._inode is not None and _inode(self.path) == self._inode

    def probe(self) -> None:
        """Write something, to know at once whether the file can be written."""
        with self._transaction():
            self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    # --- writing -----------------------------------------------------------------------------------------

    def pack(self, name: str, bodies: Sequence[bytes], at_ms: int) -> list[Chunk]:
        """The bodies as chunks, ready to be written."""
        return [self._press.pack(name, piece, at_ms) for piece in cut(bodies)]

    def remembered(self, name: str, key: str, event_time: str, said: bytes, at_ms: int) -> FoundMemory:
        """A memory, ready to be written."""
        return FoundMemory(name, key, event_time, *self._press.squeeze(said), at_ms)

    def write(self, batch: Batch, now_s: float, room: Room = "all", under_way: Collection[int] = ()) -> bool:
        """Commit a batch.

        Args:
            batch: Goes in as a whole or not at all.
            now_s: Seconds since 1970 UTC, for the day's counts and the letters.
            room: Whose rows may make the file grow.
            under_way: Chunks that somebody sends just now; they are evicted last.

        Returns:
            Whether there was room: the oldest telemetry makes it, and when none is left there is none.
        """
        change: Counter[Key] = Counter()
        noted, committed = dict(self._under_way_evicted), False
        try:
            committed = self._write(batch, now_s, room, under_way, change)
        finally:
            if not committed:
                self._under_way_evicted = noted
        if committed:
            self.figures.update(change)
        return committed

    def _write(self, batch: Batch, now_s: float, room: Room, under_way: Collection[int], change: Counter[Key]) -> bool:
        with self._transaction():
            for settled in batch.settled:
                self._settle(settled, now_s, change)
            if not self._make_room(batch.chunks, room, under_way, change):
                self._db.execute("ROLLBACK")
                return False
            self._insert(batch.chunks, utc_day(now_s), change)
            self._db.executemany(
                "INSERT INTO memory VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET "
                "event_time=excluded.event_time, codec=excluded.codec, said=excluded.said, at_ms=excluded.at_ms",
                batch.memories,
            )
            for name, rows in batch.not_spooled.items():
                change[EVER, name, "not_spooled"] += rows
            self._write_tally(change)
        return True

    def _insert(self, chunks: Sequence[Chunk], day: str, change: Counter[Key]) -> None:
        self._db.executemany(
            "INSERT INTO chunk(object, rows, raw_bytes, at_ms, crc, codec, data) VALUES (?,?,?,?,?,?,?)", chunks
        )
        for chunk in chunks:
            change[EVER, chunk.object, "taken"] += chunk.rows
            for span in (day, day[:7]):
                change[span, chunk.object, "appended"] += chunk.rows
            change[NOW, chunk.object, "rows"] += chunk.rows
            change[NOW, chunk.object, "size"] += chunk.raw_bytes

    def _settle(self, settled: Settled, now_s: float, change: Counter[Key]) -> None:
        """Take a delivered lease's chunks out, and make letters of what was refused."""
        name, day, rows, size = settled.object, utc_day(now_s), 0, 0
        for seq in settled.seqs:
            gone = self._delete(seq, change)
            if gone is not None:
                rows, size = rows + gone.rows, size + gone.size
            elif seq in self._under_way_evicted:  # it was given up, and arrived all the same
                evicted = self._under_way_evicted.pop(seq)
                change[EVER, name, "evicted"] -= evicted
                rows += evicted
        if not rows:
            return  # a commit that was thought to have failed had been written
        for refusal in settled.refused:
            self._refuse(name, refusal, int(now_s * 1000), change)
        accepted = rows - len(settled.refused)
        change[EVER, name, "delivered"] += accepted
        accepted_bytes = size - sum(len(refusal.body) for refusal in settled.refused)
        for span in (day, day[:7]):
            change[span, name, "accepted"] += accepted
            change[span, name, "accepted_bytes"] += accepted_bytes
        self._trim_letters(change)

    def _delete(self, seq: int, change: Counter[Key]) -> _Gone | None:
        """Delete a chunk; what it was, None when it is not there."""
        rows = self._db.execute("DELETE FROM chunk WHERE seq=? RETURNING object, rows, raw_bytes", (seq,)).fetchall()
        if not rows:
            return None
        gone = _Gone(*rows[0])
        change[NOW, gone.object, "rows"] -= gone.rows
        change[NOW, gone.object, "size"] -= gone.size
        return gone

    def _refuse(self, name: str, refusal: Refusal, at_ms: int, change: Counter[Key]) -> None:
        reason = refusal.reason[:_REASON].encode(errors="replace").decode()
        facts = (name, at_ms, refusal.status, reason)
        self._db.execute(
            "INSERT INTO letter(object, at_ms, status, reason, crc, body) VALUES (?,?,?,?,?,?)",
            (*facts, seal(refusal.body, *facts), refusal.body),
        )
        change[NOW, name, "letters"] += 1
        change[NOW, name, "letter_bytes"] += len(refusal.body)

    def _trim_letters(self, change: Counter[Key]) -> None:
        """Beyond the limits, the oldest letters go."""
        while (
            self._total("letters", change) > self.limits.dead_letter_rows
            or self._total("letter_bytes", change) > self.limits.dead_letter_bytes
        ):
            oldest = "DELETE FROM letter WHERE id=(SELECT min(id) FROM letter) RETURNING object, length(body)"
            rows = self._db.execute(oldest).fetchall()
            if not rows:
                return
            ((name, size),) = rows
            change[NOW, name, "letters"] -= 1
            change[NOW, name, "letter_bytes"] -= size
            change[EVER, name, "letters_lost"] += 1

    def _total(self, what: str, change: Counter[Key]) -> int:
        keys = [(NOW, spec.name, what) for spec in OBJECTS]
        return sum(self.figures[key] + change[key] for key in keys)

    # --- room --------------------------------------------------------------------------------------------

    def _make_room(self, chunks: Sequence[Chunk], room: Room, under_way: Collection[int], change: Counter[Key]) -> bool:
        """Give up the oldest telemetry until the chunks fit; whether they do."""
        if not chunks:
            return True
        telemetry = any(chunk.object == TELEMETRY.name for chunk in chunks)
        may_grow = room == "all" or (room == "rare" and not telemetry)
        most = self._budget_pages if may_grow else min(self._pragma("page_count"), self._budget_pages)
        needed = _SLACK_PAGES + sum(-(-len(chunk.data) // self._page_size) for chunk in chunks)
        while self._used_pages() + needed > most:
            if not self._evict(under_way, change):
                return False
        return True

    def _evict(self, under_way: Collection[int], change: Counter[Key]) -> bool:
        """Give up some of the oldest telemetry, what is being sent just now last; False when there is none."""
        oldest = self._db.execute(
            "SELECT seq FROM chunk WHERE object=? ORDER BY seq LIMIT ?",
            (TELEMETRY.name, _EVICT_STEP + len(under_way)),
        ).fetchall()
        doomed = [seq for (seq,) in oldest if seq not in under_way] or [seq for (seq,) in oldest]
        for seq in doomed[:_EVICT_STEP]:
            gone = self._delete(seq, change)
            if gone is not None:
                change[EVER, TELEMETRY.name, "evicted"] += gone.rows
                if seq in under_way:
                    self._under_way_evicted[seq] = gone.rows
        return bool(doomed)

    @property
    def _budget_pages(self) -> int:
        return max(64, self.limits.budget_bytes // self._page_size)

    def _used_pages(self) -> int:
        return self._pragma("page_count") - self._pragma("freelist_count")

    def shrink(self, pages: int) -> bool:
        """Give up to so many unused pages back to the disk, if there are many; whether any were."""
        if self._pragma("freelist_count") <= pages:
            return False
        # Not execute(): that frees one page only.
        self._db.executescript(f"PRAGMA incremental_vacuum({pages})")
        return True

    def fold(self) -> bool:
        """Empty the write-ahead log into the file; False when a reader is in the way."""
        self._db.execute("PRAGMA busy_timeout=0").fetchall()
        try:
            busy, _, _ = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._db.execute(f"PRAGMA busy_timeout={round(BUSY_S * 1000)}").fetchall()
        return not busy

    def wal_bytes(self) -> int:
        """Size of the write-ahead log."""
        return _size(self.path.with_name(self.path.name + "-wal"))

    def file_bytes(self) -> int:
        """Size of the file and of its log."""
        return _size(self.path) + self.wal_bytes()

    # --- reading -----------------------------------------------------------------------------------------

    def pick(
        self, name: str, back: Sequence[int], beyond: int, most_bytes: int, most_rows: int | None = None
    ) -> Choice:
        """The next chunks of an object that fit into a request body together, at least one if there is any.

        Args:
            name: The object.
            back: Chunks that come first.
            beyond: After those, chunks with higher numbers.
            most_bytes: Of the body.
            most_rows: In the body; None for any number.
        """
        picked: list[Picked] = []
        missing: list[int] = []
        rows = size = 0
        cursor = self._db.cursor()
        try:
            for each in _in_order(cursor, name, back, beyond):
                if isinstance(each, int):
                    missing.append(each)
                    continue
                rows, size = rows + each.chunk.rows, size + each.chunk.raw_bytes
                if picked and (body_bytes(rows, size) > most_bytes or (most_rows is not None and rows > most_rows)):
                    break
                picked.append(each)
        finally:
            cursor.close()  # a statement that is not done would hold the log
        return Choice(picked, missing)

    def rows_of(self, chunk: Chunk) -> tuple[bytes, ...] | None:
        """A chunk's bodies; None for one that is damaged."""
        return self._press.open(chunk)

    def drop_damaged(self, seqs: Sequence[int]) -> int:
        """Delete chunks that cannot be opened; returns how many rows are lost with them."""
        change: Counter[Key] = Counter()
        with self._transaction():
            gone = [each for seq in seqs if (each := self._delete(seq, change)) is not None]
            for each in gone:
                change[EVER, each.object, "damaged"] += each.rows
            self._write_tally(change)
        self.figures.update(change)
        return sum(each.rows for each in gone)

    def oldest_ms(self, name: str) -> int | None:
        """When the oldest chunk that waits was taken over; milliseconds since 1970 UTC."""
        row = self._db.execute("SELECT at_ms FROM chunk WHERE object=? ORDER BY seq LIMIT 1", (name,)).fetchone()
        return None if row is None else int(row[0])

    def memories(self, now_s: float) -> list[FoundMemory]:
        """What is remembered, the oldest first."""
        since_ms = int((now_s - MEMORY_DAYS * 86_400) * 1000)
        newest = "SELECT * FROM memory WHERE at_ms>=? ORDER BY at_ms DESC LIMIT ?"
        rows = self._db.execute(newest, (since_ms, MOST_MEMORIES)).fetchall()
        return [FoundMemory(*row) for row in reversed(rows)]

    def said(self, memory: FoundMemory) -> bytes | None:
        """What a memory says."""
        return self._press.swell(memory.codec, memory.said, 1 << 24)

    def tidy(self, now_s: float) -> None:
        """Forget memories and days' counts that are too old or too many."""
        since_ms = int((now_s - MEMORY_DAYS * 86_400) * 1000)
        first_day = utc_day(now_s - _TALLY_DAYS * 86_400)
        with self._transaction():
            self._db.execute("DELETE FROM memory WHERE at_ms<?", (since_ms,))
            self._db.execute(
                "DELETE FROM memory WHERE at_ms<(SELECT at_ms FROM memory ORDER BY at_ms DESC LIMIT 1 OFFSET ?)",
                (MOST_MEMORIES,),
            )
            self._db.execute("DELETE FROM tally WHERE day<>? AND day<?", (EVER, first_day))
        for key in [key for key in self.figures if key[0] not in (EVER, NOW) and key[0] < first_day]:
            del self.figures[key]

    # --- others ------------------------------------------------------------------------------------------

    def others_wrote(self) -> bool:
        """Whether another process has written since the last time; then everything was counted anew."""
        before, self._data_version = self._data_version, self._pragma("data_version")
        if before == self._data_version:
            return False
        self.count()
        return True

    def count(self) -> None:
        """Count anew what the file holds."""
        self.figures = figures_of(self._db)
        self._data_version = self._pragma("data_version")

    def take_wishes(self) -> list[str]:
        """What commands have asked for since the last time, oldest first."""
        if not self._db.execute("SELECT EXISTS(SELECT * FROM wish)").fetchone()[0]:
            return []
        with self._transaction():
            rows = self._db.execute("DELETE FROM wish RETURNING id, name").fetchall()
        return [name for _, name in sorted(rows)]

    def take_over(self, name: str, found: Iterable[Found]) -> Counter[tuple[str, str]]:
        """Put what a salvage found into this file, which nobody works with yet.

        Rows keep their places. It can be broken off and done again: what is there already is not put in twice.

        Args:
            name: Of the damaged file.
            found: What was found in it.

        Returns:
            By object and `rows`, `letters`, `lost`: what was taken over, and how many rows must have been lost.
        """
        if self._db.execute("SELECT EXISTS(SELECT * FROM salvaged WHERE name=?)", (name,)).fetchone()[0]:
            return Counter()
        tallies: list[FoundTally] = []
        held: list[Found] = []
        for each in found:
            if isinstance(each, FoundTally):
                tallies.append(each)
                continue
            held.append(each)
            if len(held) >= _TAKE_OVER_STEP:
                self._take_over(held)
                held.clear()
        self._take_over(held)
        return self._balance(name, tallies)

    def _take_over(self, found: Sequence[Found]) -> None:
        change: Counter[Key] = Counter()
        with self._transaction():
            fits = self._make_room([each.chunk for each in found if isinstance(each, FoundChunk)], "all", (), change)
            for each in found:
                match each:
                    case FoundChunk(seq, chunk) if fits or chunk.object != TELEMETRY.name:
                        self._db.execute("INSERT OR IGNORE INTO chunk VALUES (?,?,?,?,?,?,?,?)", (seq, *chunk))
                    case FoundChunk(_, chunk):
                        change[EVER, chunk.object, "evicted"] += chunk.rows
                    case FoundLetter():
                        self._db.execute("INSERT OR IGNORE INTO letter VALUES (?,?,?,?,?,?,?)", each)
                    case FoundDictionary():
                        self._db.execute("INSERT OR IGNORE INTO dictionary VALUES (?,?)", each)
                    case FoundMemory():
                        self._db.execute("INSERT OR IGNORE INTO memory VALUES (?,?,?,?,?,?)", each)
            self._write_tally(change)

    def _balance(self, name: str, tallies: Sequence[FoundTally]) -> Counter[tuple[str, str]]:
        """Take the old counts over, and count as damaged what they say there was and is not."""
        change: Counter[Key] = Counter({(day, lane, what): n for day, lane, what, n in tallies})
        told: Counter[tuple[str, str]] = Counter()
        with self._transaction():
            now = figures_of(self._db)
            for spec in OBJECTS:
                lane = spec.name
                known = now[NOW, lane, "rows"] + now[NOW, lane, "letters"]
                known += sum(
                    now[EVER, lane, what] + change[EVER, lane, what]
                    for what in ("delivered", "letters_lost", "purged", "evicted", "damaged")
                )
                missing = now[EVER, lane, "taken"] + change[EVER, lane, "taken"] - known
                change[EVER, lane, "damaged" if missing > 0 else "taken"] += abs(missing)
                told[lane, "lost"] = max(0, missing)
                told[lane, "rows"] = now[NOW, lane, "rows"]
                told[lane, "letters"] = now[NOW, lane, "letters"]
            self._write_tally(change)
            self._db.execute("INSERT INTO salvaged VALUES (?)", (name,))
        self._press = self._pressed_with(dictionary())
        self.count()
        return told

    # --- below -------------------------------------------------------------------------------------------

    def _pressed_with(self, own: bytes) -> Press:
        """A press with the dictionary, which stands in the file from now on, and with all that stand there."""
        self._db.execute("INSERT OR IGNORE INTO dictionary VALUES (?,?)", (codec_of(own), own))
        return Press(own, [data for (data,) in self._db.execute("SELECT data FROM dictionary").fetchall()])

    def _write_tally(self, change: Counter[Key]) -> None:
        self._db.executemany(
            "INSERT INTO tally VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET n=n+excluded.n",
            [(*key, n) for key, n in change.items() if key[0] != NOW and n],
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with transaction(self._db):
            yield

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])


def _in_order(cursor: sqlite3.Cursor, name: str, back: Sequence[int], beyond: int) -> Iterator[Picked | int]:
    """The chunks that came back, or the number of one that is gone; then the object's chunks with higher numbers."""
    columns = "seq, object, rows, raw_bytes, at_ms, crc, codec, data"
    for seq in back:
        rows = cursor.execute(f"SELECT {columns} FROM chunk WHERE seq=?", (seq,)).fetchall()
        yield Picked(seq, Chunk(*rows[0][1:])) if rows else seq
    of_lane = f"SELECT {columns} FROM chunk WHERE object=? AND seq>? ORDER BY seq"
    for row in cursor.execute(of_lane, (name, beyond)):
        yield Picked(row[0], Chunk(*row[1:]))


def connected(path: Path, create: bool) -> sqlite3.Connection:
    """A connection that waits for other processes' transactions, and begins none by itself."""
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; the body may have rolled back by itself."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        if db.in_transaction:
            db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            with suppress(sqlite3.Error):  # the error that brought us here is the one to tell
                db.execute("ROLLBACK")
        raise


def figures_of(db: sqlite3.Connection) -> Counter[Key]:
    """What a file holds, counted."""
    figures: Counter[Key] = Counter(
        {(day, name, what): n for day, name, what, n in db.execute("SELECT * FROM tally").fetchall()}
    )
    for name, rows, size in db.execute(
        "SELECT object, sum(rows), sum(raw_bytes) FROM chunk GROUP BY object"
    ).fetchall():
        figures[NOW, name, "rows"], figures[NOW, name, "size"] = rows, size
    for name, rows, size in db.execute(
        "SELECT object, count(*), sum(length(body)) FROM letter GROUP BY object"
    ).fetchall():
        figures[NOW, name, "letters"], figures[NOW, name, "letter_bytes"] = rows, size
    return figures


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
