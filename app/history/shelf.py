"""The history's file [edge]: SQLite, synchronous, used by one thread at a time.

    laps      one row a lap that stands
    traces    its columns over lap distance, see `codec`; `seq` is their age
    outlines  one map a track
    sessions  with which lap a session began

Each write is one transaction with `synchronous=FULL`: what was committed survives the plug being pulled. When the file
holds more than its budget the oldest traces go, never a lap. Errors of SQLite leave here as they are; `store` is the
one place that catches them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.history.lapbook import MOST_KNOWN
from app.history.record import LapRecord, Outline, SessionBegin, StoredTrace

APPLICATION_ID: Final = 0x52_47_48_49  # "RGHI", in the file's header
BUSY_S: Final = 5.0
"""How long to wait for another process's transaction: somebody may be looking at the file."""
MIGRATIONS: Final = (
    """
    CREATE TABLE laps(
        lap_id TEXT PRIMARY KEY, rig_id TEXT NOT NULL, session_uid TEXT, lap_number INTEGER NOT NULL, day TEXT NOT NULL,
        track TEXT, session_type TEXT, driver_name TEXT, individual_id TEXT, lap_time_ms INTEGER NOT NULL,
        sector1_time_ms INTEGER, sector2_time_ms INTEGER, sector3_time_ms INTEGER, valid INTEGER NOT NULL,
        pit_lap INTEGER, tyre_compound TEXT, completed_at_us INTEGER NOT NULL);
    CREATE INDEX laps_by_day ON laps(day);
    CREATE TABLE traces(
        seq INTEGER PRIMARY KEY AUTOINCREMENT, lap_id TEXT NOT NULL UNIQUE, length_m INTEGER, sector2_start_m REAL,
        sector3_start_m REAL, data BLOB NOT NULL);
    CREATE TABLE outlines(
        track TEXT PRIMARY KEY, length_m INTEGER NOT NULL, sector2_start_m REAL, sector3_start_m REAL,
        x TEXT NOT NULL, z TEXT NOT NULL, valid INTEGER NOT NULL);
    CREATE TABLE sessions(
        rig_id TEXT NOT NULL, session_uid TEXT NOT NULL, first_lap INTEGER NOT NULL, day TEXT NOT NULL,
        PRIMARY KEY(rig_id, session_uid)) WITHOUT ROWID;
    """,
)
"""What makes form n+1 out of form n; `user_version` counts those that were done. Add at the end, change nothing."""

LAP_COLUMNS: Final = ", ".join(name for name in LapRecord._fields if name not in ("completed_at", "has_trace"))
_SELECT: Final = (
    f"SELECT {', '.join('laps.' + name for name in LAP_COLUMNS.split(', '))}, completed_at_us, traces.seq IS NOT NULL "
    "FROM laps LEFT JOIN traces USING(lap_id)"
)
_PUT_LAP: Final = f"INSERT OR REPLACE INTO laps({LAP_COLUMNS}, completed_at_us) VALUES ({', '.join('?' * 17)})"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PRUNE_STEP: Final = 16
_FREED_PAGES: Final = 1024


class Batch(NamedTuple):
    """What one transaction writes.

    Attributes:
        laps: By id; None takes the lap and its trace out.
        traces: By id, of laps in this batch or in the file.
        outlines, sessions: As they are now.
    """

    laps: Mapping[str, LapRecord | None] = {}
    traces: Mapping[str, StoredTrace] = {}
    outlines: Sequence[Outline] = ()
    sessions: Sequence[SessionBegin] = ()


class Contents(NamedTuple):
    """What a file holds that is wanted in memory.

    Attributes:
        laps: The newest ones.
        older_before: Days before this one may have laps that are not among them; empty when all are.
        days: Days with laps, newest first.
    """

    laps: Sequence[LapRecord] = ()
    older_before: str = ""
    days: Sequence[str] = ()
    outlines: Sequence[Outline] = ()
    sessions: Sequence[SessionBegin] = ()


class Shelf:
    """One file.

    Args:
        path: It is made when it does not exist; None keeps everything in memory.
        max_bytes: Beyond, the oldest traces go.
    """

    def __init__(self, path: Path | None, max_bytes: int) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._connection: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise OSError("the history is closed")
        return self._connection

    def open(self) -> None:
        """Open the file, and bring its tables to the form that this program knows."""
        self.close()
        self._connection = connected(self.path)
        for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=FULL", "cache_size=-4096"):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        for form in range(self._pragma("user_version"), len(MIGRATIONS)):
            with self._transaction():
                for statement in MIGRATIONS[form].split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id={APPLICATION_ID}")
                self._db.execute(f"PRAGMA user_version={form + 1}")
        with self._transaction():  # to know at once whether the file can be written
            self._db.execute(f"PRAGMA user_version={len(MIGRATIONS)}")

    def close(self) -> None:
        """Let go of the file; its log is folded into it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def is_there(self) -> bool:
        """Whether the open file still has its name; what is written to one that has not is lost with the process."""
        return self.path is None or self.path.exists()

    def put_back(self) -> None:
        """Write the open file, whose name was taken from it, anew under its name, and go on with that."""
        if self.path is None:
            return
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        self._db.execute("VACUUM INTO ?", (str(fresh),))
        self.close()
        for suffix in ("-wal", "-shm"):  # a log left behind would be played into the new file
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        fresh.rename(self.path)
        self.open()

    # --- writing -----------------------------------------------------------------------------------------

    def write(self, batch: Batch) -> None:
        """Commit a batch as a whole."""
        with self._transaction():
            for lap_id, lap in batch.laps.items():
                if lap is None:
                    self._db.execute("DELETE FROM laps WHERE lap_id=?", (lap_id,))
                else:
                    self._db.execute(_PUT_LAP, _values_of(lap))
                if lap is None or not lap.has_trace:
                    self._db.execute("DELETE FROM traces WHERE lap_id=?", (lap_id,))
            for lap_id, trace in batch.traces.items():
                self._db.execute(
                    "INSERT OR REPLACE INTO traces(lap_id, length_m, sector2_start_m, sector3_start_m, data) "
                    "SELECT ?,?,?,?,? WHERE EXISTS(SELECT 1 FROM laps WHERE lap_id=?)",
                    (lap_id, *trace, lap_id),
                )
            for outline in batch.outlines:
                points = (json.dumps(outline.x), json.dumps(outline.z))
                self._db.execute(
                    "INSERT OR REPLACE INTO outlines VALUES (?,?,?,?,?,?,?)", (*outline[:4], *points, outline.valid)
                )
            self._db.executemany("INSERT OR REPLACE INTO sessions VALUES (?,?,?,?)", batch.sessions)

    def drop_days(self, before_day: str) -> None:
        """Forget the laps, with their traces, and the sessions of all days before one."""
        with self._transaction():
            old = "SELECT lap_id FROM laps WHERE day<?"
            self._db.execute(f"DELETE FROM traces WHERE lap_id IN ({old})", (before_day,))
            self._db.execute("DELETE FROM laps WHERE day<?", (before_day,))
            self._db.execute("DELETE FROM sessions WHERE day<?", (before_day,))
        self._give_back()

    def drop_traces(self) -> list[str]:
        """Give up the oldest traces while the file holds more than its budget; the laps they were of."""
        lost: list[str] = []
        while self._used_bytes() > self._max_bytes:
            with self._transaction():
                rows = self._db.execute(
                    "DELETE FROM traces WHERE seq IN (SELECT seq FROM traces ORDER BY seq LIMIT ?) RETURNING lap_id",
                    (_PRUNE_STEP,),
                ).fetchall()
            if not rows:
                break
            lost += [lap_id for (lap_id,) in rows]
        if lost:
            self._give_back()
        return lost

    # --- reading -----------------------------------------------------------------------------------------

    def contents(self, most: int = MOST_KNOWN) -> Contents:
        """What is wanted in memory; the newest `most` laps, of whole days."""
        days = [day for (day,) in self._db.execute("SELECT DISTINCT day FROM laps ORDER BY day DESC")]
        laps: list[LapRecord] = []
        older_before = ""
        for day in days:
            of_day = self.laps(day)
            if laps and len(laps) + len(of_day) > most:
                break
            laps += of_day
            older_before = day
        if not days or older_before == days[-1]:
            older_before = ""
        outlines = [
            Outline(track, length_m, sector2_m, sector3_m, tuple(json.loads(x)), tuple(json.loads(z)), bool(valid))
            for track, length_m, sector2_m, sector3_m, x, z, valid in self._db.execute("SELECT * FROM outlines")
        ]
        sessions = [
            SessionBegin(*row) for row in self._db.execute("SELECT rig_id, session_uid, first_lap, day FROM sessions")
        ]
        return Contents(laps, older_before, days, outlines, sessions)

    def laps(self, day: str) -> list[LapRecord]:
        """The laps of a day, in no order."""
        return [lap_of(row) for row in self._db.execute(f"{_SELECT} WHERE day=?", (day,))]

    def lap(self, lap_id: str) -> LapRecord | None:
        """A lap; None when it is not there."""
        row = self._db.execute(f"{_SELECT} WHERE laps.lap_id=?", (lap_id,)).fetchone()
        return None if row is None else lap_of(row)

    def trace(self, lap_id: str) -> StoredTrace | None:
        """The trace of a lap; None when it has none."""
        row = self._db.execute(
            "SELECT length_m, sector2_start_m, sector3_start_m, data FROM traces WHERE lap_id=?", (lap_id,)
        ).fetchone()
        return None if row is None else StoredTrace(*row)

    def file_bytes(self) -> int:
        """Size of the file and of its log; in memory, of what is held."""
        if self.path is None:
            return self._used_bytes()
        return sum(_size(self.path.with_name(self.path.name + suffix)) for suffix in ("", "-wal"))

    # --- below -------------------------------------------------------------------------------------------

    def _used_bytes(self) -> int:
        return (self._pragma("page_count") - self._pragma("freelist_count")) * self._pragma("page_size")

    def _give_back(self) -> None:
        """Give unused pages back to the disk; not by execute(), which frees one only."""
        if self._pragma("freelist_count") > _FREED_PAGES:
            self._db.executescript(f"PRAGMA incremental_vacuum({_FREED_PAGES})")

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                with suppress(sqlite3.Error):  # the error that brought us here is the one to tell
                    self._db.execute("ROLLBACK")
            raise


def connected(path: Path | None, mode: str = "rwc") -> sqlite3.Connection:
    """A connection that waits for other processes' transactions, and begins none by itself."""
    uri = "file::memory:" if path is None else f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


# Any: a row of SQLite.
def lap_of(row: Sequence[Any]) -> LapRecord:
    """A lap out of a row: `LAP_COLUMNS`, then the instant in microseconds since 1970, and whether there is a trace."""
    *values, at_us, has_trace = row
    lap = LapRecord._make([*values, _EPOCH + at_us * _MICROSECOND, bool(has_trace)])
    return lap._replace(valid=bool(lap.valid), pit_lap=None if lap.pit_lap is None else bool(lap.pit_lap))


def _values_of(lap: LapRecord) -> tuple[Any, ...]:
    *values, completed_at, _ = lap
    return (*values, (completed_at - _EPOCH) // _MICROSECOND)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
