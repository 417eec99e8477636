"""The history's file."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.history.record import Outline, SessionBegin, StoredTrace
from app.history.shelf import APPLICATION_ID, MIGRATIONS, Batch, Contents, Shelf
from tests.history.builders import DAY, make_record, make_trace

MUCH = 1 << 30
OUTLINE = Outline("Monza", 30, 10.0, None, (0.0, 10.0, 0.1), (0.0, 5.5, -3.0), True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def shelf(path: Path) -> Iterator[Shelf]:
    opened = Shelf(path, MUCH)
    opened.open()
    yield opened
    opened.close()


def reopened(shelf: Shelf) -> Contents:
    shelf.close()
    shelf.open()
    return shelf.contents()


def test_what_was_written_is_there_as_it_was_after_a_reopening(shelf: Shelf) -> None:
    laps = [
        make_record(1, has_trace=True, individual_id="i-1"),
        make_record(2, session_uid=None, track=None, session_type=None, driver_name=None, sector1_time_ms=None),
        make_record(3, pit_lap=None, tyre_compound=None, valid=False),
    ]
    begin = SessionBegin("RIG_A", "7", 3, DAY)

    shelf.write(Batch({lap.lap_id: lap for lap in laps}, {laps[0].lap_id: make_trace()}, [OUTLINE], [begin]))

    assert reopened(shelf) == Contents(laps, "", [DAY], [OUTLINE], [begin])
    assert shelf.trace(laps[0].lap_id) == make_trace()
    assert shelf.lap(laps[1].lap_id) == laps[1]
    assert shelf.lap("nobody's") is None
    assert shelf.trace(laps[1].lap_id) is None


def test_a_lap_that_is_written_again_stays_one_row_and_keeps_its_trace(shelf: Shelf) -> None:
    lap = make_record(1, has_trace=True)
    shelf.write(Batch({lap.lap_id: lap}, {lap.lap_id: make_trace()}))

    shelf.write(Batch({lap.lap_id: lap._replace(valid=False)}))

    assert shelf.laps(DAY) == [lap._replace(valid=False)]


def test_a_lap_that_is_written_without_its_trace_loses_it(shelf: Shelf) -> None:
    lap = make_record(1, has_trace=True)
    shelf.write(Batch({lap.lap_id: lap}, {lap.lap_id: make_trace()}))

    shelf.write(Batch({lap.lap_id: lap._replace(has_trace=False)}))

    assert shelf.trace(lap.lap_id) is None


def test_a_lap_that_is_taken_out_goes_with_its_trace(shelf: Shelf) -> None:
    lap = make_record(1, has_trace=True)
    shelf.write(Batch({lap.lap_id: lap}, {lap.lap_id: make_trace()}))

    shelf.write(Batch({lap.lap_id: None}))

    assert shelf.laps(DAY) == []
    assert shelf.trace(lap.lap_id) is None


def test_a_trace_of_no_lap_is_not_kept(shelf: Shelf) -> None:
    shelf.write(Batch({}, {"nobody's": make_trace()}))

    assert shelf.trace("nobody's") is None


def test_a_batch_is_written_as_a_whole_or_not_at_all(shelf: Shelf) -> None:
    broken = StoredTrace(1200, None, None, None)  # type: ignore[arg-type]  # what the table refuses

    with pytest.raises(sqlite3.IntegrityError):
        shelf.write(Batch({make_record().lap_id: make_record()}, {make_record().lap_id: broken}))

    assert reopened(shelf).laps == []


def test_days_that_are_over_go_with_their_traces_and_sessions(shelf: Shelf) -> None:
    old, new = make_record(1, day="2026-08-01", has_trace=True), make_record(2)
    begun = [SessionBegin("RIG_A", "6", 1, "2026-08-01"), SessionBegin("RIG_A", "7", 1, DAY)]
    shelf.write(Batch({lap.lap_id: lap for lap in (old, new)}, {old.lap_id: make_trace()}, [OUTLINE], begun))

    shelf.drop_days("2026-08-27")

    assert reopened(shelf) == Contents([new], "", [DAY], [OUTLINE], begun[1:])
    assert shelf.trace(old.lap_id) is None


def test_beyond_its_budget_the_oldest_traces_go_and_every_lap_stays(path: Path) -> None:
    shelf = Shelf(path, 400_000)
    shelf.open()
    noise = random.Random(1)
    laps = [make_record(number, has_trace=True) for number in range(1, 101)]

    lost: list[str] = []
    for lap in laps:
        shelf.write(Batch({lap.lap_id: lap}, {lap.lap_id: StoredTrace(1200, None, None, noise.randbytes(8_000))}))
        lost += shelf.drop_traces()

    assert lost == [lap.lap_id for lap in laps[: len(lost)]]
    assert 40 <= len(lost) < 100
    told = shelf.contents().laps
    assert [lap.has_trace for lap in told] == [False] * len(lost) + [True] * (100 - len(lost))
    assert shelf.file_bytes() < 400_000 + 5_000_000  # the log beside it may be as long as it is before it is folded
    shelf.close()
    assert path.stat().st_size < 500_000


def test_without_traces_to_give_up_the_laps_stay_whatever_the_budget(path: Path) -> None:
    shelf = Shelf(path, 1)
    shelf.open()
    shelf.write(Batch({make_record().lap_id: make_record()}))

    assert shelf.drop_traces() == []
    assert len(shelf.laps(DAY)) == 1
    shelf.close()


def test_only_the_newest_laps_are_wanted_in_memory_and_only_whole_days(shelf: Shelf) -> None:
    days = [f"2026-11-{20 + n // 3}" for n in range(9)]
    laps = [make_record(number, day=day) for number, day in enumerate(days)]
    shelf.write(Batch({lap.lap_id: lap for lap in laps}))

    contents = shelf.contents(most=7)

    assert len(contents.laps) == 6
    assert contents.older_before == "2026-11-21"
    assert list(contents.days) == ["2026-11-22", "2026-11-21", "2026-11-20"]


def test_in_memory_everything_works_without_a_file() -> None:
    shelf = Shelf(None, MUCH)
    shelf.open()

    shelf.write(Batch({make_record().lap_id: make_record(has_trace=True)}, {make_record().lap_id: make_trace()}))

    assert shelf.is_there()
    assert shelf.trace(make_record().lap_id) == make_trace()
    assert shelf.file_bytes() > 0
    shelf.put_back()
    shelf.close()


def test_a_file_whose_name_was_taken_from_it_is_written_anew_with_all_it_holds(shelf: Shelf, path: Path) -> None:
    shelf.write(Batch({make_record().lap_id: make_record(has_trace=True)}, {make_record().lap_id: make_trace()}))
    path.unlink()
    assert not shelf.is_there()

    shelf.put_back()
    shelf.write(Batch({make_record(2).lap_id: make_record(2)}))

    told = reopened(shelf)
    assert [lap.lap_number for lap in told.laps] == [1, 2]
    assert shelf.trace(make_record().lap_id) == make_trace()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_commit_is_on_the_disk_and_not_in_a_cache_of_it(shelf: Shelf) -> None:
    full, wal = 2, "wal"

    assert shelf._db.execute("PRAGMA synchronous").fetchone() == (full,)
    assert shelf._db.execute("PRAGMA journal_mode").fetchone() == (wal,)


def test_a_file_of_an_earlier_form_is_brought_to_this_one(path: Path) -> None:
    """A file with no form at all is the earliest there is: it has no tables yet."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=0")

    shelf = Shelf(path, MUCH)
    shelf.open()

    assert shelf._db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    shelf.write(Batch({make_record().lap_id: make_record()}))
    shelf.close()


def test_a_closed_shelf_says_so(path: Path) -> None:
    with pytest.raises(OSError, match="closed"):
        Shelf(path, MUCH).laps(DAY)
