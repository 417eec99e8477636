"""The history on disk: what is promised of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.history import store as module
from app.history.laptrace import LapTrace
from app.history.record import LapRecord, Outline, SessionBegin, Venue
from app.history.shelf import Shelf
from app.history.store import MOST_TRACES, RETRY_S, Drive, Store
from tests.history.builders import DAY, driven, lap_of, make_record, moving

T = TypeVar("T")

NOW = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
MUCH = 1 << 30
ROOT = Path(__file__).resolve().parents[2]
KILL_S = 20.0


def make_drive() -> Drive:
    trace: LapTrace = lap_of(driven(moving([4.0 * n for n in range(300)])))
    return Drive(trace, 24_000, Venue("Monza", "Race", 1200, 400.0, 800.0))


class Stage:
    """A store on a clock of its own, whose thread is this one."""

    def __init__(self, path: Path, max_bytes: int = MUCH) -> None:
        self.path = path
        self.now_s = 100.0
        self.store = Store(path, max_bytes, wall=lambda: NOW, monotonic=lambda: self.now_s)
        self.contents = self.store.open()

    def end(self) -> None:
        answer(self.store.close(1.0))

    def turn(self) -> None:
        self.store.turn()


def answer(asked: Coroutine[Any, Any, T]) -> T:
    """What a store whose thread is this one answers at once."""
    with pytest.raises(StopIteration) as told:
        asked.send(None)
    value: T = told.value.value
    return value


def kept(path: Path) -> list[LapRecord]:
    """The laps that are in the file, by id."""
    shelf = Shelf(path, MUCH)
    shelf.open()
    laps = sorted(shelf.contents().laps)
    shelf.close()
    return laps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.sqlite3"


# --- basic ------------------------------------------------------------------------------------------------


def test_laps_maps_and_begins_of_sessions_are_there_in_the_next_run(path: Path) -> None:
    stage = Stage(path)
    outline = Outline("Monza", 30, None, None, (0.0, 1.0, 2.0), (0.0, 1.0, 0.0), True)
    begin = SessionBegin("RIG_A", "7", 3, DAY)

    stage.store.put(make_record(1, has_trace=True), make_drive())
    stage.store.put(make_record(2))
    stage.store.put_outline(outline)
    stage.store.put_session(begin)
    stage.end()

    later = Stage(path)
    assert [lap.lap_number for lap in later.contents.laps] == [1, 2]
    assert (later.contents.outlines, later.contents.sessions) == ([outline], [begin])
    assert later.store.problem is None
    later.end()


def test_what_waits_is_written_once_as_it_is_now(path: Path) -> None:
    stage = Stage(path)

    stage.store.put(make_record(1))
    stage.store.put(make_record(1, valid=False))
    stage.store.put(make_record(2))
    stage.store.remove(make_record(2).lap_id)
    stage.end()

    assert kept(path) == [make_record(1, valid=False)]


def test_a_removed_lap_that_is_driven_again_without_a_trace_has_none(path: Path) -> None:
    stage = Stage(path)
    stage.store.put(make_record(1, has_trace=True), make_drive())
    stage.turn()

    stage.store.remove(make_record(1).lap_id)
    stage.store.put(make_record(1))
    stage.turn()

    assert answer(stage.store.trace(make_record(1).lap_id)) is None
    stage.end()


def test_a_trace_can_be_had_before_it_is_written_and_afterwards(path: Path) -> None:
    stage, lap = Stage(path), make_record(1, has_trace=True)
    stage.store.put(lap, make_drive())

    waiting = answer(stage.store.trace(lap.lap_id))
    stage.turn()
    written = answer(stage.store.trace(lap.lap_id))

    assert waiting is not None
    assert waiting == written
    assert waiting.sector2_start_m == 400.0
    stage.end()


def test_old_days_go(path: Path) -> None:
    stage = Stage(path)
    stage.store.put(make_record(1, day="2026-08-01"))
    stage.store.put(make_record(2))

    stage.store.drop_days("2026-08-27")
    stage.turn()
    stage.end()

    assert kept(path) == [make_record(2)]


def test_a_lap_of_any_day_and_all_laps_of_one_can_be_had(path: Path) -> None:
    stage = Stage(path)
    stage.store.put(make_record(1, day="2026-11-20"))
    stage.turn()

    assert answer(stage.store.lap(make_record(1).lap_id)) == make_record(1, day="2026-11-20")
    assert answer(stage.store.laps("2026-11-20")) == [make_record(1, day="2026-11-20")]
    assert answer(stage.store.laps(DAY)) == []
    stage.end()


async def test_the_thread_writes_by_itself_and_answers_on_the_loop(path: Path) -> None:
    store = Store(path, MUCH)
    store.open()
    store.start(asyncio.get_running_loop())

    store.put(make_record(1, has_trace=True), make_drive())
    async with asyncio.timeout(KILL_S):
        while not await store.laps(DAY):
            pass
        trace = await store.trace(make_record(1).lap_id)
        await store.close(KILL_S)

    assert trace is not None
    assert kept(path) == [make_record(1, has_trace=True)]


async def test_what_waits_at_the_end_is_written(path: Path) -> None:
    store = Store(path, MUCH)
    store.open()
    store.start(asyncio.get_running_loop())

    for number in range(1, 21):
        store.put(make_record(number))
    await store.close(KILL_S)

    assert len(kept(path)) == 20


# --- limits -----------------------------------------------------------------------------------------------


def test_when_the_disk_does_not_take_them_the_oldest_trace_is_lost_counted_and_told(path: Path) -> None:
    stage = Stage(path)

    for number in range(1, MOST_TRACES + 3):
        stage.store.put(make_record(number, has_trace=True), make_drive())

    assert stage.store.dropped == 2
    assert stage.store.take_lost() == [make_record(1).lap_id, make_record(2).lap_id]
    assert stage.store.take_lost() == []
    stage.end()
    assert len(kept(path)) == MOST_TRACES + 2


def test_when_the_disk_does_not_take_them_the_oldest_lap_is_lost_and_counted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    stage = Stage(path)

    for number in range(1, 6):
        stage.store.put(make_record(number))

    assert stage.store.dropped == 2
    stage.end()
    assert [lap.lap_number for lap in kept(path)] == [3, 4, 5]


def test_a_removal_does_not_lose_its_place_to_laps(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Stage(path)
    before.store.put(make_record(1))
    before.end()
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    stage = Stage(path)

    stage.store.remove(make_record(1).lap_id)
    for number in range(2, 6):
        stage.store.put(make_record(number))
    stage.end()

    assert [lap.lap_number for lap in kept(path)] == [4, 5]


def test_traces_beyond_the_budget_are_told(path: Path) -> None:
    stage = Stage(path, max_bytes=1)
    stage.store.put(make_record(1, has_trace=True), make_drive())

    stage.turn()

    assert stage.store.take_lost() == [make_record(1).lap_id]
    assert answer(stage.store.laps(DAY)) == [make_record(1)]
    stage.end()


async def test_readers_beyond_the_bound_are_sent_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ASKS", 0)
    store = Store(path, MUCH)
    store.open()
    store.start(asyncio.get_running_loop())

    with pytest.raises(TimeoutError):
        await store.laps(DAY)

    await store.close(KILL_S)


# --- trouble ----------------------------------------------------------------------------------------------


def test_a_place_that_cannot_be_written_never_stops_the_start_and_laps_live_in_memory(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the directory should be")
    stage = Stage(tmp_path / "data" / "history.sqlite3")

    stage.store.put(make_record(1, has_trace=True), make_drive())
    stage.turn()

    assert answer(stage.store.laps(DAY)) == [make_record(1, has_trace=True)]
    assert answer(stage.store.trace(make_record(1).lap_id)) is not None
    assert stage.store.failed
    assert "kept only until the gateway ends" in (stage.store.problem or "")
    assert "HISTORY_PATH" in (stage.store.problem or "")
    stage.end()


def test_a_damaged_file_is_kept_under_another_name_and_its_laps_are_taken_over(path: Path) -> None:
    stage = Stage(path)
    laps = [make_record(number) for number in range(1, 1_000)]
    for lap in laps:
        stage.store.put(lap)
    stage.end()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * 4096)

    later = Stage(path)

    assert 500 < len(later.contents.laps) < 1_000
    assert not later.store.failed
    assert "it is kept as history.sqlite3.damaged-20261125T103000Z" in (later.store.problem or "")
    assert path.with_name("history.sqlite3.damaged-20261125T103000Z").stat().st_size == size
    later.store.put(make_record(2_000))
    later.end()
    assert make_record(2_000) in kept(path)


def test_a_file_that_is_no_database_at_all_is_kept_and_a_new_one_begun(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"noise" * 1000)

    stage = Stage(path)
    stage.store.put(make_record(1))
    stage.end()

    assert kept(path) == [make_record(1)]
    assert path.with_name("history.sqlite3.damaged-20261125T103000Z").read_bytes() == b"noise" * 1000


def test_a_newer_versions_file_is_left_alone_and_its_laps_are_shown(path: Path) -> None:
    stage = Stage(path)
    stage.store.put(make_record(1))
    stage.end()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")
    before = path.read_bytes()

    later = Stage(path)
    later.store.put(make_record(2))
    later.turn()

    assert list(later.contents.laps) == [make_record(1)]
    assert later.store.failed
    assert "newer version" in (later.store.problem or "")
    later.end()
    assert path.read_bytes() == before


def test_what_the_disk_refuses_waits_and_is_written_when_it_can_be(path: Path) -> None:
    stage = Stage(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        stage.store._shelf._db.execute("PRAGMA busy_timeout=0").fetchall()
        other.execute("BEGIN EXCLUSIVE")
        stage.store.put(make_record(1, has_trace=True), make_drive())
        stage.turn()
        assert stage.store.failed
        assert "cannot be written (database is locked)" in (stage.store.problem or "")
        other.execute("ROLLBACK")

    stage.turn()
    assert stage.store.failed  # it is not tried again at once
    stage.now_s += RETRY_S
    stage.turn()

    assert stage.store.problem is None
    stage.end()
    assert kept(path) == [make_record(1, has_trace=True)]


def test_what_came_while_the_disk_refused_wins_over_what_was_refused(path: Path) -> None:
    stage = Stage(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        stage.store._shelf._db.execute("PRAGMA busy_timeout=0").fetchall()
        other.execute("BEGIN EXCLUSIVE")
        stage.store.put(make_record(1))
        stage.store.put(make_record(2, has_trace=True), make_drive())
        stage.turn()
        stage.store.put(make_record(1, valid=False))
        stage.store.remove(make_record(2).lap_id)
        other.execute("ROLLBACK")

    stage.end()

    assert kept(path) == [make_record(1, valid=False)]


def test_a_file_that_turns_out_to_be_damaged_while_it_is_written_is_set_aside(path: Path) -> None:
    stage = Stage(path)
    for number in range(1, 400):
        stage.store.put(make_record(number))
    stage.turn()
    stage.store._shelf._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    stage.store._shelf._db.execute("PRAGMA shrink_memory").fetchall()

    stage.store.put(make_record(1_000))
    stage.turn()
    stage.now_s += RETRY_S
    stage.turn()

    assert not stage.store.failed
    assert "it is kept as" in (stage.store.problem or "")
    stage.end()
    assert make_record(1_000) in kept(path)


def test_a_file_that_was_deleted_under_us_is_there_again_with_the_next_lap(path: Path) -> None:
    stage = Stage(path)
    stage.store.put(make_record(1))
    stage.turn()
    path.unlink()

    stage.store.put(make_record(2))
    stage.end()

    assert [lap.lap_number for lap in kept(path)] == [1, 2]


def test_a_disk_that_refuses_a_reader_is_no_lap_without_a_trace(path: Path) -> None:
    stage = Stage(path)
    stage.store._shelf.close()

    for question in (stage.store.trace("any"), stage.store.laps(DAY)):
        with pytest.raises(TimeoutError, match="the history's disk refuses"):
            answer(question)


def spoiled(path: Path, statement: str) -> None:
    """Change a stored value as a failing disk may, so that SQLite's own check sees nothing."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE outlines SET x=CAST(x'5bff' AS TEXT)",
        "UPDATE laps SET completed_at_us=9223372036854775807",
        "UPDATE laps SET completed_at_us='noon'",
    ],
)
def test_a_value_that_the_disk_changed_is_damage_and_never_stops_the_start(path: Path, statement: str) -> None:
    stage = Stage(path)
    stage.store.put(make_record(1))
    stage.store.put_outline(Outline("Monza", 20, None, None, (0.0, 10.0), (0.0, 5.0), True))
    stage.end()
    spoiled(path, statement)

    later = Stage(path)
    later.store.put(make_record(2))
    later.end()

    assert "it is kept as history.sqlite3.damaged-20261125T103000Z" in (later.store.problem or "")
    assert make_record(2) in kept(path)


async def test_a_reader_that_meets_damage_ends_no_thread(path: Path) -> None:
    store = Store(path, 1 << 30)
    store.open()
    store.put(make_record(1))
    store.start(asyncio.get_running_loop())
    await store.laps(DAY)
    spoiled(path, "UPDATE laps SET completed_at_us=9223372036854775807")

    assert await store.laps(DAY) == []
    store.put(make_record(2))
    assert await store.lap(make_record(2).lap_id) == make_record(2)
    await store.close(5)


# --- crashes ----------------------------------------------------------------------------------------------

_KILLED = """
import asyncio, sys
from pathlib import Path
from app.history.store import Store
from tests.history.builders import DAY, make_record
from tests.history.test_store import make_drive

async def main():
    store = Store(Path(sys.argv[1]), 1 << 30)
    store.open()
    store.start(asyncio.get_running_loop())
    for number in range(1, 10_000):
        store.put(make_record(number, has_trace=True), make_drive())
        while len(await store.laps(DAY)) < number:
            await asyncio.sleep(0)
        print(number, flush=True)

asyncio.run(main())
"""


def test_a_lap_that_was_stored_outlives_the_process_that_is_killed_the_moment_after(path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process, process.stdout as said:
        stored = [int(said.readline()) for _ in range(5)]
        process.send_signal(signal.SIGKILL)
        stored += [int(line) for line in said.read().split()]
        assert process.wait(KILL_S) == -signal.SIGKILL

    later = Stage(path)
    numbers = sorted(lap.lap_number for lap in later.contents.laps)
    assert numbers[: len(stored)] == stored
    assert all(lap.has_trace for lap in later.contents.laps)
    assert all(answer(later.store.trace(lap.lap_id)) for lap in later.contents.laps)
    assert later.store.problem is None
    later.end()


# --- invariants -------------------------------------------------------------------------------------------


def test_the_store_agrees_with_a_plain_dictionary_through_writes_refusals_and_reopenings(tmp_path: Path) -> None:
    class Machine(RuleBasedStateMachine):
        runs = 0

        @initialize()
        def begin(self) -> None:
            Machine.runs += 1
            self.path = tmp_path / f"{Machine.runs}.sqlite3"
            self.stage = Stage(self.path)
            self.laps: dict[str, LapRecord] = {}
            self.refuses = False

        @rule(number=st.integers(1, 6), valid=st.booleans(), traced=st.booleans())
        def put(self, number: int, valid: bool, traced: bool) -> None:
            lap = make_record(number, valid=valid, has_trace=traced)
            self.laps[lap.lap_id] = lap
            self.stage.store.put(lap, make_drive() if traced else None)

        @rule(number=st.integers(1, 6))
        def tell_again(self, number: int) -> None:
            lap = self.laps.get(make_record(number).lap_id)
            if lap is not None:
                self.laps[lap.lap_id] = lap._replace(valid=not lap.valid)
                self.stage.store.put(self.laps[lap.lap_id])

        @rule(number=st.integers(1, 6))
        def remove(self, number: int) -> None:
            lap_id = make_record(number).lap_id
            self.laps.pop(lap_id, None)
            self.stage.store.remove(lap_id)

        @rule()
        def write(self) -> None:
            self.stage.now_s += RETRY_S
            self.stage.turn()
            self.written()

        @rule()
        def refuse(self) -> None:
            db = self.stage.store._shelf._db
            db.execute("PRAGMA query_only=1").fetchall()
            self.stage.now_s += RETRY_S
            self.stage.turn()
            db.execute("PRAGMA query_only=0").fetchall()

        @rule()
        def reopen(self) -> None:
            self.stage.end()
            self.stage = Stage(self.path)
            self.written()

        def written(self) -> None:
            shelf: Shelf = self.stage.store._shelf
            assert sorted(shelf.laps(DAY)) == sorted(self.laps.values())

        @invariant()
        def a_trace_can_be_had_of_each_lap_that_has_one(self) -> None:
            for lap in self.laps.values():
                assert (answer(self.stage.store.trace(lap.lap_id)) is not None) == lap.has_trace

        def teardown(self) -> None:
            if hasattr(self, "stage"):
                self.stage.end()

    run_state_machine_as_test(Machine, settings=settings(max_examples=20, stateful_step_count=15, deadline=None))
