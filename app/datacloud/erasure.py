"""Takes a guest out of the outbox's file [edge]: rows that wait, dead letters, and what was told before.

For a command, while no gateway runs on the file. Rows keep their keys and all but their guest, so they are delivered as
anybody's. What the org has already, only the org can forget.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.datacloud.chunk import Chunk, Press, codec_of, dictionary, seal
from app.datacloud.encode import decode, encode
from app.datacloud.schema import BY_NAME, SESSION
from app.datacloud.store import connected, transaction
from app.datacloud.tables import APPLICATION_ID, SCHEMA_VERSION
from app.errors import OutboxUnavailable

Matches = Callable[[str | None, str | None], bool]
"""Whether a name and an id are those of the guest who is to be forgotten."""

GONE: Final = "[erased]"
_NAME: Final = "driver_name"
_ID: Final = "driver_individual_id"
_NOBODY: Final = b'"driver_individual_id":null'
_MOST_SAID: Final = 1 << 24


class Rows(NamedTuple):
    """What was found, in rows.

    Attributes:
        waiting: Not yet delivered.
        letters: Refused by the org.
        told: Kept to know what the org was told.
        unreadable: Damaged ones, of which nobody knows whose they are.
        ids: The ids of the people whose they are.
    """

    waiting: int = 0
    letters: int = 0
    told: int = 0
    unreadable: int = 0
    ids: frozenset[str] = frozenset()


class _Search:
    """Looks at rows, and takes the guest out of them."""

    def __init__(self, matches: Matches, names: tuple[str, ...]) -> None:
        self._matches = matches
        self._words = re.compile("|".join(map(re.escape, names)), re.IGNORECASE) if names else None
        self.ids: set[str] = set()

    def without(self, name: str, body: bytes) -> bytes | None:
        """The row without the guest; None when it is not theirs."""
        if name not in BY_NAME or (name != SESSION.name and _NOBODY in body):
            return None
        try:
            values: dict[str, Any] = decode(body)  # Any: JSON
        except ValueError:
            return None
        person = values.get(_NAME), values.get(_ID)
        if not any(person) or not self._matches(*person):
            return None
        if person[1] is not None:
            self.ids.add(person[1])
        return encode(BY_NAME[name], {**values, **{field: None for field in (_NAME, _ID) if field in values}})

    def words(self, text: str) -> str:
        """The org's words without the guest's name."""
        return text if self._words is None else self._words.sub(GONE, text)


def erase(path: Path, matches: Matches, names: tuple[str, ...], *, really: bool) -> Rows:
    """Find the rows of a guest, and make them nobody's.

    Args:
        path: The file; when there is none, there are no rows.
        matches: Whom.
        names: What to take out of the org's words about refused rows.
        really: Whether to change anything.

    Raises:
        sqlite3.Error: It cannot be read or written.
        OutboxUnavailable: It is no outbox of this version.
    """
    if not path.exists():
        return Rows()
    with closing(connected(path, create=False)) as db:
        ids = tuple(db.execute(f"PRAGMA {what}").fetchone()[0] for what in ("application_id", "user_version"))
        if ids != (APPLICATION_ID, SCHEMA_VERSION):
            raise OutboxUnavailable(f"{path} is no outbox of this version")
        press = Press(dictionary(), [data for (data,) in db.execute("SELECT data FROM dictionary").fetchall()])
        search = _Search(matches, names)
        db.execute("PRAGMA secure_delete=ON")
        db.execute("PRAGMA synchronous=FULL")
        try:
            with transaction(db):
                db.execute("INSERT OR IGNORE INTO dictionary VALUES (?,?)", _own())
                waiting, unreadable = _chunks(db, press, search)
                found = Rows(
                    waiting, _letters(db, search), _memories(db, press, search), unreadable, frozenset(search.ids)
                )
                if not really:
                    raise _OnlyLooking
        except _OnlyLooking:
            return found
        _write_anew(db, path)
    return found


class _OnlyLooking(Exception):
    """Takes back what a dry run has changed."""


def _own() -> tuple[int, bytes]:
    return codec_of(dictionary()), dictionary()


def _chunks(db: sqlite3.Connection, press: Press, search: _Search) -> tuple[int, int]:
    """How many rows that wait are the guest's, and how many cannot be read."""
    theirs = unreadable = 0
    for seq, chunk in _every_chunk(db):
        bodies = press.open(chunk)
        if bodies is None:
            unreadable += chunk.rows
            continue
        cleared = [search.without(chunk.object, body) for body in bodies]
        if not any(cleared):
            continue
        theirs += sum(body is not None for body in cleared)
        kept = [new or old for new, old in zip(cleared, bodies, strict=True)]
        anew = press.pack(chunk.object, kept, chunk.at_ms)
        db.execute(
            "UPDATE chunk SET object=?, rows=?, raw_bytes=?, at_ms=?, crc=?, codec=?, data=? WHERE seq=?", (*anew, seq)
        )
    return theirs, unreadable


def _every_chunk(db: sqlite3.Connection) -> Iterator[tuple[int, Chunk]]:
    """One after the other, so that an outbox of two gigabytes fits into memory."""
    seq = -1
    while row := db.execute("SELECT * FROM chunk WHERE seq>? ORDER BY seq LIMIT 1", (seq,)).fetchone():
        seq = row[0]
        yield seq, Chunk(*row[1:])


def _letters(db: sqlite3.Connection, search: _Search) -> int:
    theirs = 0
    for row_id, name, at_ms, status, reason, body in db.execute(
        "SELECT id, object, at_ms, status, reason, body FROM letter"
    ).fetchall():
        cleared, words = search.without(name, body), search.words(reason)
        if cleared is None and words == reason:
            continue
        theirs += 1
        kept = body if cleared is None else cleared
        crc = seal(kept, name, at_ms, status, words)
        db.execute("UPDATE letter SET reason=?, crc=?, body=? WHERE id=?", (words, crc, kept, row_id))
    return theirs


def _memories(db: sqlite3.Connection, press: Press, search: _Search) -> int:
    theirs = 0
    for name, key, codec, said in db.execute("SELECT object, key, codec, said FROM memory").fetchall():
        body = press.swell(codec, said, _MOST_SAID)
        cleared = None if body is None else search.without(name, body)
        if cleared is not None:
            theirs += 1
            squeezed = press.squeeze(cleared)
            db.execute("UPDATE memory SET codec=?, said=? WHERE object=? AND key=?", (*squeezed, name, key))
    return theirs


def _write_anew(db: sqlite3.Connection, path: Path) -> None:
    """Leave nothing in pages that are free; with too little room for that, give those pages back at least."""
    if shutil.disk_usage(path.parent).free > 3 * path.stat().st_size:
        db.execute("VACUUM")
    else:
        db.executescript("PRAGMA incremental_vacuum")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
