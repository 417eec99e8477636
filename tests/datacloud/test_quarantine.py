"""An outbox file that cannot be trusted is set aside, salvaged and told; nothing is ever silent."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.datacloud.leases import Refusal, Settled
from app.datacloud.quarantine import examine, open_store
from app.datacloud.store import Store
from app.datacloud.tables import APPLICATION_ID, PAGE_SIZE, Batch, Limits
from tests.datacloud.boxes import crashed
from tests.datacloud.rows import make_rows

NOON_S = 1_772_366_400.0  # 2026-03-01 12:00:00 UTC
TELEMETRY, LAPS = "TelemetryEvent", "LapEvent"
FRAMES = 6000
BODIES = [row.body for row in make_rows(FRAMES)]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed file with telemetry that waits, and a dead letter."""
    made = Store(tmp_path_factory.mktemp("image") / "outbox.sqlite3", Limits())
    open_store(made, NOON_S)
    for start in range(0, FRAMES, 120):
        pieces = [BODIES[frame : frame + 12] for frame in range(start, start + 120, 12)]
        made.write(Batch([chunk for piece in pieces for chunk in made.pack(TELEMETRY, piece, start)]), NOON_S)
    (lap,) = make_rows(1, LAPS)
    made.write(Batch(made.pack(LAPS, [lap.body], 0)), NOON_S)
    (picked,) = made.pick(LAPS, (), 0, 0).picked
    made.write(Batch(settled=[Settled(LAPS, (picked.seq,), (Refusal(lap.body, 400, "no"),))]), NOON_S)
    made.close()
    return made.path


@pytest.fixture
def path(image: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt."""
    return crashed(image, tmp_path / "own")


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """That file, not open yet."""
    made = Store(path, Limits())
    yield made
    made.close()


def content(store: Store) -> list[bytes]:
    picked = store.pick(TELEMETRY, (), 0, 1 << 40).picked
    return [body for each in picked for body in store.rows_of(each.chunk) or ()]


def unaccounted(store: Store) -> int:
    figures = store.figures
    known = figures["now", TELEMETRY, "rows"] + figures["", TELEMETRY, "damaged"]
    return figures["", TELEMETRY, "taken"] - known


def names(path: Path) -> set[str]:
    return {each.name.removeprefix(path.name) for each in path.parent.iterdir()}


def test_a_new_file_and_a_sound_one_need_no_words(tmp_path: Path) -> None:
    store = Store(tmp_path / "outbox.sqlite3", Limits())

    assert open_store(store, NOON_S) == ()
    store.close()
    assert open_store(store, NOON_S) == ()
    store.close()

    assert names(store.path) == {"", ".known"}


def test_a_broken_header_costs_no_row(path: Path, store: Store) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))

    (alarm,) = open_store(store, NOON_S)

    assert content(store) == BODIES
    assert "is no database, or its beginning is damaged; it is kept as outbox.sqlite3.corrupt-20260301T120000Z" in alarm
    assert "6000 waiting rows and 1 dead letters were taken over" in alarm
    assert "lost" not in alarm
    assert names(path) >= {"", ".known", ".corrupt-20260301T120000Z"}
    assert (store.figures["now", LAPS, "letters"], unaccounted(store)) == (1, 0)


def test_of_the_rows_outside_damaged_pages_none_is_lost_and_the_others_are_counted(path: Path, store: Store) -> None:
    image = bytearray(path.read_bytes())
    drawn = random.Random(5)
    pages = drawn.sample(range(3, len(image) // PAGE_SIZE), 6)
    for page in pages:
        image[page * PAGE_SIZE : (page + 1) * PAGE_SIZE] = drawn.randbytes(PAGE_SIZE)
    path.write_bytes(image)

    (alarm,) = open_store(store, NOON_S)

    rows = content(store)
    assert set(rows) <= set(BODIES)
    assert FRAMES - len(rows) <= 150 * len(pages)  # a page holds some eight chunks of a dozen rows
    assert "is damaged" in alarm
    assert f"{FRAMES - len(rows)} rows are lost" in alarm or FRAMES == len(rows)
    assert store.figures["", TELEMETRY, "damaged"] == FRAMES - len(rows)
    assert unaccounted(store) == 0


@pytest.mark.parametrize(("spoil", "words"), [("empty", "is empty although"), ("gone", "is gone although")])
def test_a_file_that_is_no_more_is_not_taken_for_a_new_one(path: Path, store: Store, spoil: str, words: str) -> None:
    if spoil == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()

    (alarm,) = open_store(store, NOON_S)

    assert words in alarm
    assert "what waited in it is lost" in alarm
    assert (content(store), open_store(store, NOON_S)) == ([], ())


def test_what_only_the_log_holds_is_taken_over_when_the_file_is_empty(path: Path, store: Store, tmp_path: Path) -> None:
    open_store(store, NOON_S)
    more = [row.body for row in make_rows(12, first_frame=FRAMES)]
    store.write(Batch(store.pack(TELEMETRY, more, 0)), NOON_S)
    copy = Store(crashed(path, tmp_path / "crashed"), Limits())
    copy.path.write_bytes(b"")

    (alarm,) = open_store(copy, NOON_S)

    assert content(copy)[-12:] == more
    assert "is empty although there was one; it is kept as" in alarm
    copy.close()


def test_the_database_of_another_program_is_kept_as_it_was(path: Path, store: Store) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs(a)")
        db.execute("INSERT INTO theirs VALUES (1)")
    db.close()
    theirs = path.read_bytes()

    (alarm,) = open_store(store, NOON_S)

    assert "is the database of another program" in alarm
    assert path.with_name("outbox.sqlite3.corrupt-20260301T120000Z").read_bytes() == theirs
    assert content(store) == []


def test_a_file_of_a_newer_version_is_kept_and_told_in_its_own_words(path: Path, store: Store) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=7")
    db.close()

    (alarm,) = open_store(store, NOON_S)

    assert "was written by a newer version of this program (form 7; this one knows 1)" in alarm
    assert content(store) == BODIES
    store.open()
    assert store.figures["", TELEMETRY, "taken"] == FRAMES


def test_a_salvage_that_was_broken_off_is_done_again_and_doubles_nothing(
    path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))
    whole = Store._balance

    def dies(*_: object) -> None:
        raise OSError("the process dies here")

    monkeypatch.setattr(Store, "_balance", dies)
    with pytest.raises(OSError, match="dies"):
        open_store(store, NOON_S)
    assert ".salvaging-20260301T120000Z" in names(path)
    monkeypatch.setattr(Store, "_balance", whole)

    (alarm,) = open_store(store, NOON_S)

    assert "6000 waiting rows and 1 dead letters" in alarm
    assert content(store) == BODIES
    assert unaccounted(store) == 0
    assert ".salvaging-20260301T120000Z" not in names(path)


def test_two_bad_files_in_the_same_second_are_both_kept(path: Path, store: Store) -> None:
    for _ in range(2):
        store.close()
        path.write_bytes(b"not a database at all")
        open_store(store, NOON_S)

    assert names(path) >= {".corrupt-20260301T120000Z", ".corrupt-20260301T120000Z+"}


def test_a_file_without_tables_is_a_beginning_that_was_broken_off(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "outbox.sqlite3") as db:
        db.execute("PRAGMA journal_mode=WAL")
    db.close()

    assert examine(tmp_path / "outbox.sqlite3") is None


def test_a_salvage_into_a_smaller_budget_gives_up_the_telemetry_that_does_not_fit(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))
    small = Store(path, Limits(budget_bytes=128 * PAGE_SIZE))

    open_store(small, NOON_S)

    assert 0 < small.figures["now", TELEMETRY, "rows"] <= FRAMES
    assert small.figures["", TELEMETRY, "evicted"] + small.figures["now", TELEMETRY, "rows"] == FRAMES
    assert small.figures["", TELEMETRY, "taken"] == FRAMES
    small.close()


@pytest.mark.row("L10")
def test_l10_a_start_does_not_wait_for_the_check_of_a_file_of_any_size(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA application_id={APPLICATION_ID}")
        db.execute("CREATE TABLE padding(bytes BLOB)")
        db.executemany("INSERT INTO padding VALUES (zeroblob(4000))", [()] * 20_000)
        db.commit()

    assert examine(path, check_s=0.005) is None
    assert "too large to be checked whole" in caplog.text
