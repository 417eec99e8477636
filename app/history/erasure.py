"""Takes a guest out of the history's file [edge]: laps keep their times and traces, and lose their driver.

For a command, while no gateway runs on the file. What is taken out is overwritten and the file written anew, so that
nothing of it is left in pages that are free.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from app.history.shelf import APPLICATION_ID, MIGRATIONS, connected

Matches = Callable[[str | None, str | None], bool]
"""Whether a name and an id are those of the guest who is to be forgotten."""


class Laps(NamedTuple):
    """What was found.

    Attributes:
        laps: How many.
        days: On how many days.
        ids: The ids of the people who drove them.
    """

    laps: int = 0
    days: int = 0
    ids: frozenset[str] = frozenset()


def erase(path: Path, matches: Matches, *, really: bool) -> Laps:
    """Find the laps of a guest, and make them nobody's.

    Args:
        path: The file; when there is none, there are no laps.
        matches: Whom.
        really: Whether to change anything.

    Raises:
        sqlite3.Error: It cannot be read or written.
        ValueError: It is no history of this version; the message is a sentence.
    """
    if not path.exists():
        return Laps()
    with closing(connected(path, "rw" if really else "ro")) as db:
        ids = tuple(db.execute(f"PRAGMA {what}").fetchone()[0] for what in ("application_id", "user_version"))
        if ids != (APPLICATION_ID, len(MIGRATIONS)):
            raise ValueError(f"{path} is no history of this version: start the gateway once, and stop it")
        people = [
            person
            for person in db.execute("SELECT DISTINCT driver_name, individual_id FROM laps").fetchall()
            if matches(*person)
        ]
        found = _found(db, people)
        if really and people:
            _forget(db, people)
    return found


def _found(db: sqlite3.Connection, people: list[tuple[str | None, str | None]]) -> Laps:
    laps, days = 0, set()
    for person in people:
        rows = db.execute("SELECT day FROM laps WHERE driver_name IS ? AND individual_id IS ?", person).fetchall()
        laps += len(rows)
        days |= {day for (day,) in rows}
    return Laps(laps, len(days), frozenset(each for _, each in people if each))


def _forget(db: sqlite3.Connection, people: list[tuple[str | None, str | None]]) -> None:
    db.execute("PRAGMA secure_delete=ON")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("BEGIN IMMEDIATE")
    nobody = "UPDATE laps SET driver_name=NULL, individual_id=NULL WHERE driver_name IS ? AND individual_id IS ?"
    db.executemany(nobody, people)
    db.execute("COMMIT")
    db.execute("VACUUM")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
