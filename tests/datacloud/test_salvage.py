"""What can be read of a file without SQLite, held against what SQLite wrote."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.datacloud.leases import Refusal, Settled
from app.datacloud.row import Row
from app.datacloud.salvage import (
    Found,
    FoundChunk,
    FoundDictionary,
    FoundLetter,
    FoundMemory,
    FoundTally,
    Pages,
    Record,
    found,
    records,
)
from app.datacloud.store import Store
from app.datacloud.tables import PAGE_SIZE, Batch, Limits
from tests.datacloud.boxes import crashed
from tests.datacloud.rows import make_rows

NOON_S = 1_772_366_400.0
TELEMETRY, LAPS = "TelemetryEvent", "LapEvent"


def salvaged(main: bytes, wal: bytes = b"") -> list[Found]:
    return [each for record in records(Pages(main, wal, PAGE_SIZE)) if (each := found(record)) is not None]


def rows_in(parts: Sequence[Found], store: Store) -> list[bytes]:
    chunks = sorted({each.seq: each.chunk for each in parts if isinstance(each, FoundChunk)}.items())
    return [body for _, chunk in chunks for body in store.rows_of(chunk) or ()]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, Store]:
    """A file that has seen some life, its log, and the store of it."""
    folder = tmp_path_factory.mktemp("salvage")
    store = Store(folder / "outbox.sqlite3", Limits())
    store.open()
    drawn = random.Random(1)
    for frame in range(0, 3000, 12):
        rows = make_rows(12, first_frame=frame)
        chunks = store.pack(TELEMETRY, [row.body for row in rows], frame)
        (lap,) = make_rows(1, LAPS, first_frame=frame)
        chunks += store.pack(LAPS, [lap.body], frame)
        memory = store.remembered(LAPS, lap.key, "2026-03-01T12:00:00.000Z", lap.body, frame)
        store.write(Batch(chunks, [memory]), NOON_S)
    store.write(Batch(store.pack(LAPS, [drawn.randbytes(30_000).replace(b"\n", b" ")], 1)), NOON_S)
    oldest = store.pick(TELEMETRY, (), 0, 300_000).picked
    refused = tuple(Refusal(row.body, 400, "ungültig") for row in make_rows(3))
    store.write(Batch(settled=[Settled(TELEMETRY, tuple(each.seq for each in oldest), refused)]), NOON_S)
    copy = crashed(store.path, folder / "copy")
    return copy.read_bytes(), copy.with_name(copy.name + "-wal").read_bytes(), store


def test_everything_is_found_in_a_whole_file_and_its_log(image: tuple[bytes, bytes, Store]) -> None:
    main, wal, store = image

    parts = salvaged(main, wal)

    for name in (TELEMETRY, LAPS):
        waiting = {each.seq: each.chunk for each in store.pick(name, (), 0, 1 << 40).picked}
        chunks = {each.seq: each.chunk for each in parts if isinstance(each, FoundChunk) and each.chunk.object == name}
        assert chunks == waiting
    letters = [each for each in parts if isinstance(each, FoundLetter)]
    assert [(each.object, each.status, each.reason) for each in letters] == [(TELEMETRY, 400, "ungültig")] * 3
    assert [each.body for each in letters] == [row.body for row in make_rows(3)]
    assert len([each for each in parts if isinstance(each, FoundDictionary)]) == 1
    assert {(each.day, each.object, each.name): each.n for each in parts if isinstance(each, FoundTally)} == {
        key: n for key, n in store.figures.items() if key[0] != "now" and n
    }
    memories = {each.key: each for each in parts if isinstance(each, FoundMemory)}
    assert memories == {each.key: each for each in store.memories(0)}


def test_damaged_pages_cost_their_own_rows_only(image: tuple[bytes, bytes, Store], tmp_path: Path) -> None:
    _, _, store = image
    before = Store(tmp_path / "outbox.sqlite3", Limits())
    before.open()
    for frame in range(0, 6000, 12):
        bodies = [row.body for row in make_rows(12, first_frame=frame)]
        before.write(Batch(before.pack(TELEMETRY, bodies, frame)), NOON_S)
    before.fold()
    main = bytearray((tmp_path / "outbox.sqlite3").read_bytes())
    before.close()
    count = len(main) // PAGE_SIZE
    drawn = random.Random(3)
    for page in [0, *drawn.sample(range(1, count), count // 20)]:
        main[page * PAGE_SIZE : (page + 1) * PAGE_SIZE] = drawn.randbytes(PAGE_SIZE)

    rows = rows_in(salvaged(bytes(main)), store)

    written = {row.body for row in make_rows(6000)}
    assert set(rows) <= written
    assert len(rows) > 6000 * 0.85  # a twentieth of the pages is gone, and each held some hundred rows


def test_without_a_header_the_pages_are_found_all_the_same(image: tuple[bytes, bytes, Store]) -> None:
    main, wal, store = image

    parts = salvaged(bytes(100) + main[100:], bytes(32) + wal[32:])

    found_all = set(rows_in(parts, store))  # and what the free list, which cannot be followed now, would have left out
    assert set(rows_in(salvaged(main, wal), store)) <= found_all
    assert {each for each in parts if isinstance(each, FoundTally)} >= {
        each for each in salvaged(main, wal) if isinstance(each, FoundTally)
    }


def test_a_log_without_its_file_still_tells_what_was_committed(image: tuple[bytes, bytes, Store]) -> None:
    _, wal, store = image

    assert len(rows_in(salvaged(b"", wal), store)) > 500


def test_what_was_not_committed_in_the_log_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "plain.sqlite3"
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE t(a TEXT, b TEXT)")
        db.execute("INSERT INTO t VALUES ('old', 'old')")
        db.execute("PRAGMA cache_size=1")
        db.execute("BEGIN")
        db.execute("UPDATE t SET a='new'")
        db.executemany("INSERT INTO t VALUES (?, 'filler')", [("x" * 900,)] * 200)
        main, wal = path.read_bytes(), path.with_name(path.name + "-wal").read_bytes()
        db.execute("ROLLBACK")
    db.close()

    assert list(records(Pages(main, wal, PAGE_SIZE)))[-1] == Record(1, ("old", "old"))


def test_every_kind_of_value_is_read_as_sqlite_wrote_it(tmp_path: Path) -> None:
    values = [None, 0, 1, -1, 127, -32768, 8_388_607, 2**31, 2**40, -(2**63), 1.5, "", "ü" * 5000, b"", bytes(70_000)]
    with sqlite3.connect(tmp_path / "plain.sqlite3") as db:
        db.execute("PRAGMA page_size=1024")
        db.execute("CREATE TABLE t(v)")
        db.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
        db.commit()
        db.execute("CREATE TABLE w(v TEXT PRIMARY KEY, n) WITHOUT ROWID")
        db.executemany("INSERT INTO w VALUES (?, ?)", [(str(number) * 200, number) for number in range(100)])
    db.close()

    read = list(records(Pages((tmp_path / "plain.sqlite3").read_bytes(), b"", PAGE_SIZE)))

    assert [each.values[0] for each in read if each.rowid is not None and len(each.values) == 1] == values
    keyed = {each.values for each in read if each.rowid is None}
    assert keyed == {(str(number) * 200, number) for number in range(100)}


@given(st.binary(max_size=3 * 512), st.binary(max_size=700))
def test_any_bytes_are_looked_at_without_an_error(main: bytes, wal: bytes) -> None:
    assert isinstance(list(records(Pages(main, wal, 512))), list)


EVERYTHING = frozenset(row.body for name in (TELEMETRY, LAPS) for row in make_rows(3000, name))


@settings(max_examples=50)
@given(st.integers(0, 1 << 32))
def test_any_damage_is_looked_at_without_an_error_and_nothing_false_is_believed(
    image: tuple[bytes, bytes, Store], seed: int
) -> None:
    (main, wal, store), drawn = image, random.Random(seed)
    damaged = bytearray(main[: 40 * PAGE_SIZE])
    for _ in range(200):
        damaged[drawn.randrange(len(damaged))] = drawn.randrange(256)

    parts = salvaged(bytes(damaged), wal[: PAGE_SIZE * drawn.randrange(40)])

    assert [body for body in rows_in(parts, store) if body not in EVERYTHING and len(body) < 20_000] == []


def test_records_of_others_are_not_ours() -> None:
    letter = (None, LAPS, 1, 400, "no", 12345, b"{}")

    assert found(Record(1, letter)) is None
    assert found(Record(1, (None, "Other", 1, 1, 1, 1, 0, b""))) is None
    assert found(Record(None, ("", "Other", "taken", 3))) is None
    assert found(Record(None, ("2026-13-01", LAPS, "taken", 3))) is None
    assert found(Record(None, ("2026-03", LAPS, "taken", 3))) == FoundTally("2026-03", LAPS, "taken", 3)
    assert found(Record(None, (LAPS, "k", "yesterday", 0, b"", 1))) is None
    assert Row(LAPS, "k", b"{}").memory is None
