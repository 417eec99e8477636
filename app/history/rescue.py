"""What is done with a history file that cannot be trusted [edge]: looked at, set aside, read as far as that goes.

A damaged file is renamed, never deleted. One of another program or of a newer version is left alone.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from app.history.record import LapRecord
from app.history.shelf import APPLICATION_ID, LAP_COLUMNS, MIGRATIONS, connected, lap_of

logger = logging.getLogger(__name__)

CHECK_S: Final = 2.0
"""A start must not wait for the check of a gigabyte; what was not reached is checked as it is read."""
_STEPS_BETWEEN_LOOKS: Final = 1_000
"""Of SQLite's machine, at the clock: some 20 µs."""
_SUFFIXES: Final = ("-wal", "-shm", "-journal", "")  # the file itself last: while it has its name nothing is lost

_CANNOT_OPEN: Final = (8, 14)  # SQLite's primary result codes: read-only, cannot open


class Trouble(NamedTuple):
    """What is wrong with a file.

    Attributes:
        words: The rest of a sentence that begins with its name.
        damaged: Whether it is ours and damaged; otherwise it is none of ours to touch.
    """

    words: str
    damaged: bool


def examine(path: Path, check_s: float = CHECK_S) -> Trouble | None:
    """What is wrong with a history file; None when it is sound, or not there.

    Args:
        path: The file; nobody writes it.
        check_s: How long looking for damage may take.

    Raises:
        sqlite3.OperationalError: It cannot be told: the disk refuses, or somebody else has the file.
    """
    if not path.exists() or not path.stat().st_size:
        return None
    try:
        with closing(connected(path, "rw")) as db:
            return _examine(db, check_s)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as damage:
        return Trouble(f"is damaged ({damage})", damaged=True)


def _examine(db: sqlite3.Connection, check_s: float) -> Trouble | None:
    ids = [int(db.execute(f"PRAGMA {what}").fetchone()[0]) for what in ("application_id", "user_version")]
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    application, version = ids
    if not (application or version or tables):
        return None  # a process died between making the file and its tables
    if application != APPLICATION_ID:
        return Trouble("is the database of another program", damaged=False)
    if version > len(MIGRATIONS):
        known = len(MIGRATIONS)
        return Trouble(f"was written by a newer version (form {version}; this one knows {known})", damaged=False)
    first = _checked(db, check_s)
    return None if first == "ok" else Trouble(f"is damaged ({first.splitlines()[-1]})", damaged=True)


def _checked(db: sqlite3.Connection, check_s: float) -> str:
    """What SQLite's check says within its time: `ok`, or the first damage."""
    deadline_s = time.monotonic() + check_s
    db.set_progress_handler(lambda: time.monotonic() > deadline_s, _STEPS_BETWEEN_LOOKS)
    try:
        (first,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as stopped:
        if stopped.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        logger.warning("the history is too large to be checked whole within %g s", check_s)
        return "ok"
    finally:
        db.set_progress_handler(None, 0)
    return str(first)


def set_aside(path: Path, now: datetime) -> Path:
    """Rename the file and what belongs to it; its new name."""
    aside = path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}")
    while aside.exists():
        aside = aside.with_name(aside.name + "+")
    for suffix in _SUFFIXES:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


def readable_laps(path: Path) -> list[LapRecord]:
    """The laps that can still be read of a file, without their traces; it is not changed.

    Damage in the middle ends the reading from either side.
    """
    found, could_open = _readable(path, "ro")
    if not could_open:  # nothing may be written beside it: then without its log
        found, _ = _readable(path, "ro&immutable=1")
    return found


def _readable(path: Path, mode: str) -> tuple[list[LapRecord], bool]:
    """The laps, and whether the file could be opened so."""
    found: dict[str, LapRecord] = {}
    for direction in ("ASC", "DESC"):
        try:
            with closing(connected(path, mode)) as db:
                select = f"SELECT {LAP_COLUMNS}, completed_at_us, 0 FROM laps NOT INDEXED ORDER BY rowid {direction}"
                for row in db.execute(select):
                    lap = lap_of(row)
                    found.setdefault(lap.lap_id, lap)
        except sqlite3.OperationalError as refusal:
            if refusal.sqlite_errorcode & 0xFF in _CANNOT_OPEN:
                return [], False
            logger.warning("the laps of %s could not be read: %s", path.name, refusal)
        except (sqlite3.Error, TypeError, ValueError, OverflowError) as damage:
            logger.warning("the laps of %s could be read in part: %s", path.name, damage)
    return list(found.values()), True
