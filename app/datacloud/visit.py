"""A command's short look into an outbox [edge], also while the gateway runs.

Its transactions are short, and its readings end after two seconds: a reader keeps the gateway's log from being emptied.
The gateway notices by itself that somebody has written.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from app.datacloud.chunk import Press, cut
from app.datacloud.schema import OBJECTS
from app.datacloud.store import NOW, Key, connected, figures_of, transaction
from app.datacloud.tables import APPLICATION_ID, EVER, SCHEMA_VERSION, LaneBacklog, Letter
from app.errors import OutboxUnavailable

VISIT_S: Final = 2.0
"""A reading ends after so long."""


class Visit:
    """A command's short look into an outbox, also while the gateway runs; a context manager.

    Args:
        path: The outbox's file.

    Raises:
        OutboxUnavailable: There is no such file, or it is not one of ours.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._db = connected(path, create=False)
            self._db.execute("PRAGMA synchronous=FULL")
            application, version = (
                self._db.execute(f"PRAGMA {p}").fetchone()[0] for p in ("application_id", "user_version")
            )
        except sqlite3.Error as refusal:
            raise OutboxUnavailable(f"the outbox {path} cannot be read: {refusal}") from refusal
        if (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
            self._db.close()
            raise OutboxUnavailable(f"{path} is no outbox of this version")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def letters(self, object_name: str | None = None, limit: int = 100) -> list[Letter]:
        """The oldest dead letters, of one object or of all."""
        where = "" if object_name is None else "WHERE object=:object"
        return self._letters(f"{where} ORDER BY id LIMIT :limit", {"object": object_name, "limit": limit})

    def letter(self, letter_id: int) -> Letter | None:
        """The dead letter of a number; None when there is none."""
        return next(iter(self._letters("WHERE id=:id", {"id": letter_id})), None)

    def replay(self, ids: Sequence[int] | None = None) -> int:
        """Let dead letters, those of the ids or all, wait for delivery again; returns how many."""
        return sum(self._replay(some) for some in self._ids(ids))

    def purge(self, ids: Sequence[int] | None = None) -> int:
        """Delete dead letters for good, those of the ids or all; returns how many."""
        return sum(self._purge(some) for some in self._ids(ids))

    def backlog(self) -> dict[str, LaneBacklog]:
        """What the file says of each object."""
        with _deadline(self._db):
            figures = figures_of(self._db)
            oldest = dict(self._db.execute("SELECT object, min(at_ms) FROM chunk GROUP BY object").fetchall())
        return {spec.name: _backlog(spec.name, figures, oldest.get(spec.name)) for spec in OBJECTS}

    def wish(self, name: str) -> None:
        """Ask something of the running gateway, or of the next one."""
        self._db.execute("INSERT INTO wish(name) VALUES (?)", (name,))

    def wishes(self) -> list[str]:
        """What was asked and not yet heard, oldest first."""
        return [name for (name,) in self._db.execute("SELECT name FROM wish ORDER BY id").fetchall()]

    def _letters(self, rest: str, given: dict[str, Any]) -> list[Letter]:  # Any: SQLite's parameters
        with _deadline(self._db):
            rows = self._db.execute(
                f"SELECT id, object, at_ms, status, reason, body FROM letter {rest}", given
            ).fetchall()
        return [
            Letter(row_id, name, at_ms / 1000, status, reason, body)
            for row_id, name, at_ms, status, reason, body in rows
        ]

    def _ids(self, ids: Sequence[int] | None, step: int = 500) -> Iterator[Sequence[int]]:
        """The ids in pieces, so that no transaction lasts long."""
        if ids is None:
            ids = [row_id for (row_id,) in self._db.execute("SELECT id FROM letter ORDER BY id").fetchall()]
        for start in range(0, len(ids), step):
            yield ids[start : start + step]

    def _replay(self, ids: Sequence[int]) -> int:
        # Rows as they are: they are few, and the gateway may be of another version than this command.
        press = Press()
        with transaction(self._db):
            letters = [letter for each in ids if (letter := self.letter(each)) is not None]
            for name in dict.fromkeys(letter.object for letter in letters):
                of_lane = [letter for letter in letters if letter.object == name]
                oldest_ms = int(min(letter.at_s for letter in of_lane) * 1000)
                for bodies in cut([letter.body for letter in of_lane]):
                    self._db.execute(
                        "INSERT INTO chunk(object, rows, raw_bytes, at_ms, crc, codec, data) VALUES (?,?,?,?,?,?,?)",
                        press.pack(name, bodies, oldest_ms),
                    )
            self._db.executemany("DELETE FROM letter WHERE id=?", [(letter.id,) for letter in letters])
        return len(letters)

    def _purge(self, ids: Sequence[int]) -> int:
        purged: Counter[str] = Counter()
        with transaction(self._db):
            for each in ids:
                purged.update(
                    name
                    for (name,) in self._db.execute(
                        "DELETE FROM letter WHERE id=? RETURNING object", (each,)
                    ).fetchall()
                )
            self._db.executemany(
                "INSERT INTO tally VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET n=n+excluded.n",
                [(EVER, name, "purged", n) for name, n in purged.items()],
            )
        return purged.total()


def _backlog(name: str, figures: Counter[Key], oldest_ms: int | None) -> LaneBacklog:
    days: dict[str, dict[str, int]] = {}
    for (day, lane, what), n in sorted(figures.items()):
        if lane == name and day not in (EVER, NOW):
            days.setdefault(day, {})[what] = n
    return LaneBacklog(
        rows=figures[NOW, name, "rows"],
        size=figures[NOW, name, "size"],
        oldest_at_s=None if oldest_ms is None else oldest_ms / 1000,
        letters=figures[NOW, name, "letters"],
        counts={what: n for (day, lane, what), n in figures.items() if lane == name and day == EVER},
        days=days,
    )


@contextmanager
def _deadline(db: sqlite3.Connection) -> Iterator[None]:
    """Breaks a reading off that takes too long."""
    ends_s = time.monotonic() + VISIT_S
    db.set_progress_handler(lambda: time.monotonic() > ends_s, 10_000)
    try:
        yield
    finally:
        db.set_progress_handler(None, 0)
