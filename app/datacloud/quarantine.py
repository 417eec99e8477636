"""What is done with an outbox file that cannot be trusted [edge]: set aside, salvaged, told.

A file that is damaged, of another program, or of a newer version is renamed, never deleted; a new one takes its place,
and what can still be read of the old one is put into it. A file that has vanished, or is empty although there was one,
looks to SQLite like a new beginning: a note beside it (`<name>.known`) remembers that it is not.

A start must not wait for the check of a file of gigabytes that nothing has in memory, as after a power cut: it is given
two seconds. What it did not reach is checked as it is read; damage that is met then has the whole file checked.

While its rows are being taken over the old file is called `<name>.salvaging-<time>`, then `<name>.corrupt-<time>`. When
the process dies in between, the next one takes over what is missing.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from app.datacloud.salvage import MAGIC, Found, Pages, found, records
from app.datacloud.store import Store, connected
from app.datacloud.tables import APPLICATION_ID, PAGE_SIZE, SCHEMA_VERSION

logger = logging.getLogger(__name__)

CHECK_S: Final = 2.0

_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")


def open_store(store: Store, now_s: float, check_s: float = CHECK_S) -> tuple[str, ...]:
    """Open a store, whatever its file has become.

    Args:
        store: Not open; its directory exists and nobody else uses it.
        now_s: Seconds since 1970 UTC, for the name of a file that is set aside.
        check_s: How long looking for damage may take.

    Returns:
        A sentence for each thing that the operator must know; none when all is well.

    Raises:
        sqlite3.OperationalError: The disk refuses, or somebody else has the file.
        OSError: The disk refuses.
    """
    path, alarms = store.path, []
    trouble = examine(path, check_s)
    if trouble is not None:
        aside = _set_aside(path, now_s)
        if aside is None:
            alarms.append(f"the outbox {path} {trouble}; what waited in it is lost, and a new one was begun")
    store.open()
    _note(path)
    for aside in sorted(path.parent.glob(f"{path.name}.salvaging-*")):
        if not aside.name.endswith(_SUFFIXES[1:]):
            alarms.append(_take_over(store, aside, trouble or "was set aside by a process that died"))
            trouble = None
    for alarm in alarms:
        logger.error("%s", alarm)
    return tuple(alarms)


def examine(path: Path, check_s: float = CHECK_S) -> str | None:
    """What is wrong with an outbox file, as the rest of a sentence that begins with its name; None when it is sound.

    Args:
        path: The file; nobody writes it.
        check_s: How long looking for damage may take; what was not reached by then counts as sound.

    Raises:
        sqlite3.OperationalError: It cannot be told: the disk refuses, or somebody else has the file.
    """
    size = path.stat().st_size if path.exists() else None
    if not size:
        was_there = _known(path).exists() or _has_log(path)
        return ("is gone" if size is None else "is empty") + " although there was one" if was_there else None
    with path.open("rb") as file:
        if file.read(16) != MAGIC:
            return "is no database, or its beginning is damaged"
    try:
        with closing(connected(path, create=False)) as db:
            return _examine(db, check_s)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as damage:
        return f"is damaged ({damage})"


def _examine(db: sqlite3.Connection, check_s: float) -> str | None:
    application, version = (
        int(db.execute(f"PRAGMA {what}").fetchone()[0]) for what in ("application_id", "user_version")
    )
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not application and not version and not tables:
        return None  # a process died between making the file and its tables
    if application != APPLICATION_ID:
        return "is the database of another program"
    if version > SCHEMA_VERSION:
        return f"was written by a newer version of this program (form {version}; this one knows {SCHEMA_VERSION})"
    first = _checked(db, check_s)
    return None if first == "ok" else f"is damaged ({first.splitlines()[-1]})"


def _checked(db: sqlite3.Connection, check_s: float) -> str:
    """What SQLite's check says, within its time: `ok`, or the first damage."""
    too_long = threading.Timer(min(check_s, threading.TIMEOUT_MAX), db.interrupt)
    too_long.start()
    try:
        (first,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as stopped:
        if stopped.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        logger.warning(
            "the outbox is too large to be checked whole within %g s; the rest is checked as it is read", check_s
        )
        return "ok"
    finally:
        too_long.cancel()
        too_long.join()
    return str(first)


def _set_aside(path: Path, now_s: float) -> Path | None:
    """Rename the file and what belongs to it; its new name, None when there was nothing to rename."""
    at = datetime.fromtimestamp(max(0.0, now_s), UTC)
    aside = path.with_name(f"{path.name}.salvaging-{at:%Y%m%dT%H%M%SZ}")
    while aside.exists() or _final(aside).exists():
        aside = aside.with_name(aside.name + "+")
    there = [suffix for suffix in _SUFFIXES if _with(path, suffix).exists()]
    if not any(_with(path, suffix).stat().st_size for suffix in there if suffix != "-shm"):
        for suffix in there:
            _with(path, suffix).unlink()
        return None
    for suffix in reversed(there):  # the file itself last: while it has its name, the next process begins again
        _with(path, suffix).rename(_with(aside, suffix))
    if "" not in there:
        aside.touch()
    return aside


def _take_over(store: Store, aside: Path, trouble: str) -> str:
    """Put what can be read of a file set aside into the new one; a sentence on how it went."""
    with _contents(aside) as contents:
        told = store.take_over(aside.name, contents)
    kept = _final(aside)
    for suffix in reversed(_SUFFIXES):
        if _with(aside, suffix).exists():
            _with(aside, suffix).rename(_with(kept, suffix))
    sums: Counter[str] = Counter()
    for (_, what), number in told.items():
        sums[what] += number
    lost = f"; {sums['lost']} rows are lost" if sums["lost"] else ""
    return (
        f"the outbox {store.path} {trouble}; it is kept as {kept.name}, and {sums['rows']} waiting rows and "
        f"{sums['letters']} dead letters were taken over from it into a new one{lost}"
    )


@contextmanager
def _contents(aside: Path) -> Iterator[Iterator[Found]]:
    with ExitStack() as files:
        main, wal = (_FileBytes(_with(aside, suffix), files) for suffix in ("", "-wal"))
        pages = Pages(main, wal, PAGE_SIZE)
        yield (each for record in records(pages) if (each := found(record)) is not None)


class _FileBytes:
    """A file's bytes, read when they are asked for; zeros where the disk cannot read them."""

    def __init__(self, path: Path, files: ExitStack) -> None:
        self._file: BinaryIO | None = files.enter_context(path.open("rb")) if path.exists() else None
        self._size = path.stat().st_size if self._file else 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        if self._file is None or stop <= start:
            return b""
        try:
            self._file.seek(start)
            return self._file.read(stop - start)
        except OSError:
            return bytes(stop - start)


def _note(path: Path) -> None:
    """Remember beside the file that there is one."""
    known = _known(path)
    if not known.exists():
        known.write_text(f"{path.name} was made; a start without it is a loss, not a beginning\n", encoding="utf-8")


def _known(path: Path) -> Path:
    return path.with_name(path.name + ".known")


def _has_log(path: Path) -> bool:
    wal = _with(path, "-wal")
    return wal.exists() and wal.stat().st_size > 0


def _final(aside: Path) -> Path:
    return aside.with_name(aside.name.replace(".salvaging-", ".corrupt-"))


def _with(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)
