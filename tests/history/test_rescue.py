"""Files that cannot be trusted."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.history.record import LapRecord
from app.history.rescue import Trouble, examine, readable_laps, set_aside
from app.history.shelf import MIGRATIONS, Batch, Shelf
from tests.history.builders import make_record

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


def stored(path: Path, laps: Sequence[LapRecord]) -> None:
    shelf = Shelf(path, 1 << 30)
    shelf.open()
    shelf.write(Batch({lap.lap_id: lap for lap in laps}))
    shelf.close()


def overwrite(path: Path, first: int, last: int) -> None:
    """Noise over a part of the file."""
    with path.open("r+b") as file:
        file.seek(first)
        file.write(b"\xa5" * (last - first))


def test_a_sound_file_and_one_that_is_not_there_are_no_trouble(path: Path) -> None:
    assert examine(path) is None
    path.touch()
    assert examine(path) is None
    stored(path, [make_record()])
    assert examine(path) is None


def test_a_file_that_is_no_database_is_damaged(path: Path) -> None:
    path.write_bytes(b"this was a database once" * 100)

    assert examine(path) == Trouble("is damaged (file is not a database)", damaged=True)


def test_damage_in_the_middle_is_found(path: Path) -> None:
    stored(path, [make_record(n) for n in range(1, 200)])
    overwrite(path, 4096 * 5, 4096 * 9)

    trouble = examine(path)

    assert trouble is not None
    assert trouble.damaged
    assert trouble.words.startswith("is damaged (")


def test_another_programs_database_is_not_ours_to_touch(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photos(name)")

    assert examine(path) == Trouble("is the database of another program", damaged=False)


def test_a_newer_versions_file_is_not_ours_to_touch(path: Path) -> None:
    stored(path, [])
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")

    known = len(MIGRATIONS)
    words = f"was written by a newer version (form 99; this one knows {known})"
    assert examine(path) == Trouble(words, damaged=False)


def test_a_check_that_takes_too_long_is_broken_off_and_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stored(path, [make_record(n) for n in range(1, 20_000)])

    with caplog.at_level(logging.WARNING):
        assert examine(path, check_s=0.0) is None

    assert "too large to be checked whole" in caplog.text


def test_a_file_set_aside_is_renamed_with_its_log_and_nothing_is_overwritten(path: Path) -> None:
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).write_text(f"new{name}")
    earlier = path.with_name("history.sqlite3.damaged-20261125T103000Z")
    earlier.write_text("earlier")

    aside = set_aside(path, NOW)

    assert aside.name == "history.sqlite3.damaged-20261125T103000Z+"
    assert sorted(each.name.removeprefix(aside.name) for each in path.parent.glob(f"{aside.name}*")) == [
        "",
        "-shm",
        "-wal",
    ]
    assert not path.exists()
    assert earlier.read_text() == "earlier"


def test_the_laps_of_a_sound_file_are_read_without_their_traces(path: Path) -> None:
    laps = [make_record(n) for n in range(1, 5)]
    stored(path, laps)

    assert readable_laps(path) == laps


def test_what_lies_before_and_behind_the_damage_is_read(path: Path) -> None:
    laps = [make_record(n) for n in range(1, 2_000)]
    stored(path, laps)
    size = path.stat().st_size
    overwrite(path, size // 2, size // 2 + 4096)
    before = path.read_bytes()

    read = readable_laps(path)

    assert 1_000 < len(read) < 2_000
    assert set(read) <= set(laps)
    assert {laps[0], laps[-1]} <= set(read)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"noise" * 1000])
def test_nothing_is_read_of_what_is_no_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    assert readable_laps(path) == []


def test_nothing_is_read_of_a_file_that_is_not_there(path: Path) -> None:
    assert readable_laps(path) == []
    assert not path.exists()
