"""The file: what one commit does, what a crash leaves of it, and how it keeps to its budget."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.datacloud.chunk import Chunk
from app.datacloud.leases import Refusal, Settled
from app.datacloud.row import Row
from app.datacloud.store import Store
from app.datacloud.tables import Batch, Limits
from tests.datacloud.boxes import SMALL, crashed
from tests.datacloud.rows import make_rows

NOON_S = 1_772_366_400.0  # 2026-03-01
TELEMETRY, LAPS = "TelemetryEvent", "LapEvent"
PRAGMAS = {"synchronous": 2, "auto_vacuum": 2, "journal_mode": "wal", "page_size": 4096, "max_page_count": 1024}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "outbox.sqlite3", SMALL)
    made.open()
    yield made
    made.close()


def packed(store: Store, rows: Sequence[Row], at_ms: int = 0) -> list[Chunk]:
    return store.pack(rows[0].object, [row.body for row in rows], at_ms)


def add(store: Store, rows: Sequence[Row], at_ms: int = 0) -> bool:
    return store.write(Batch(packed(store, rows, at_ms)), NOON_S)


def content(store: Store, name: str) -> list[bytes]:
    picked = store.pick(name, (), 0, 1 << 40).picked
    return [body for each in picked for body in store.rows_of(each.chunk) or ()]


def bodies(rows: Sequence[Row]) -> list[bytes]:
    return [row.body for row in rows]


class TestWriting:
    def test_a_commit_is_on_the_disk_and_the_file_can_shrink(self, store: Store) -> None:
        told = {name: store._db.execute(f"PRAGMA {name}").fetchone()[0] for name in PRAGMAS}

        assert told == PRAGMAS

    def test_what_was_written_is_there_after_opening_again(self, store: Store) -> None:
        rows = make_rows(100)

        add(store, rows, at_ms=5)
        store.open()

        assert content(store, TELEMETRY) == bodies(rows)
        assert store.figures["now", TELEMETRY, "rows"] == 100
        assert store.figures["now", TELEMETRY, "size"] == sum(map(len, bodies(rows)))
        assert store.figures["", TELEMETRY, "taken"] == 100
        assert (
            store.figures["2026-03-01", TELEMETRY, "appended"] == store.figures["2026-03", TELEMETRY, "appended"] == 100
        )
        assert store.oldest_ms(TELEMETRY) == 5

    def test_counting_anew_finds_what_was_kept_in_mind(self, store: Store) -> None:
        add(store, make_rows(100))
        add(store, make_rows(9, LAPS))
        (first,) = store.pick(LAPS, (), 0, 0).picked
        settled = Settled(LAPS, (first.seq,), (Refusal(b"{}", 400, "no"),))
        store.write(Batch(settled=[settled], not_spooled={TELEMETRY: 3}), NOON_S)
        in_mind = +store.figures

        store.count()

        assert +store.figures == in_mind

    def test_a_delivered_lease_leaves_and_its_refused_rows_become_letters(self, store: Store) -> None:
        rows = make_rows(10, LAPS)
        add(store, rows)
        (picked,) = store.pick(LAPS, (), 0, 1_000_000).picked

        store.write(Batch(settled=[Settled(LAPS, (picked.seq,), (Refusal(rows[3].body, 400, "bad"),))]), NOON_S)

        assert content(store, LAPS) == []
        counts = {name: store.figures["", LAPS, name] for name in ("taken", "delivered")}
        assert counts == {"taken": 10, "delivered": 9}
        assert store.figures["now", LAPS, "letters"] == 1
        assert store.figures["2026-03-01", LAPS, "accepted"] == 9
        assert store.figures["2026-03", LAPS, "accepted_bytes"] == sum(len(r.body) for r in rows if r != rows[3])

    def test_an_acknowledgement_that_was_written_already_changes_nothing(self, store: Store) -> None:
        add(store, make_rows(1, LAPS))
        (picked,) = store.pick(LAPS, (), 0, 0).picked
        settled = Batch(settled=[Settled(LAPS, (picked.seq,), (Refusal(b"{}", 400, "bad"),))])

        store.write(settled, NOON_S)
        store.write(settled, NOON_S)

        assert (store.figures["", LAPS, "delivered"], store.figures["now", LAPS, "letters"]) == (0, 1)

    def test_a_place_is_never_given_twice(self, store: Store) -> None:
        add(store, make_rows(1, LAPS))
        (first,) = store.pick(LAPS, (), 0, 0).picked
        store.write(Batch(settled=[Settled(LAPS, (first.seq,), ())]), NOON_S)
        store.open()

        add(store, make_rows(1, LAPS))

        assert store.pick(LAPS, (), 0, 0).picked[0].seq > first.seq

    def test_a_file_that_cannot_be_written_is_found_out_at_once(self, store: Store) -> None:
        store._db.execute("PRAGMA query_only=1")

        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            store.probe()

    def test_a_closed_store_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(sqlite3.OperationalError, match="closed"):
            Store(tmp_path / "outbox.sqlite3", SMALL).count()


class TestPicking:
    def test_whole_chunks_are_picked_while_they_fit_and_at_least_one(self, store: Store) -> None:
        rows = make_rows(30)
        for start in range(0, 30, 10):
            add(store, rows[start : start + 10])
        two_chunks = 11 + sum(map(len, bodies(rows[:20]))) + 19

        assert [len(store.pick(TELEMETRY, (), 0, most).picked) for most in (1, two_chunks - 1, two_chunks)] == [1, 1, 2]
        assert [len(store.pick(TELEMETRY, (), 0, 1 << 30, most).picked) for most in (1, 10, 29, 30)] == [1, 1, 2, 3]

    def test_what_came_back_is_picked_first_and_what_is_gone_is_told(self, store: Store) -> None:
        for frame in range(4):
            add(store, make_rows(1, LAPS, first_frame=frame))
        seqs = [each.seq for each in store.pick(LAPS, (), 0, 1 << 30).picked]
        store.write(Batch(settled=[Settled(LAPS, (seqs[1],), ())]), NOON_S)

        picked, missing = store.pick(LAPS, seqs[:2], seqs[2], 1 << 30)

        assert ([each.seq for each in picked], missing) == ([seqs[0], seqs[3]], [seqs[1]])

    def test_a_damaged_chunk_is_dropped_and_counted(self, store: Store) -> None:
        add(store, make_rows(7, LAPS))
        store._db.execute("UPDATE chunk SET data=zeroblob(100)")
        (picked,) = store.pick(LAPS, (), 0, 0).picked

        assert store.rows_of(picked.chunk) is None
        assert store.drop_damaged([picked.seq, 99]) == 7
        assert (store.figures["", LAPS, "damaged"], store.figures["now", LAPS, "rows"]) == (7, 0)


class TestLetters:
    def test_beyond_the_limits_the_oldest_letters_go_and_are_counted(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "outbox.sqlite3", SMALL._replace(dead_letter_rows=5, dead_letter_bytes=100))
        store.open()
        for size in (10, 10, 10, 10, 10, 10, 90):
            add(store, [Row(LAPS, "k", bytes(size))])
            (picked,) = store.pick(LAPS, (), 0, 0).picked
            refusal = Refusal(bytes(size), 400, "\ud800" + "long" * 1000)
            store.write(Batch(settled=[Settled(LAPS, (picked.seq,), (refusal,))]), NOON_S)

        sizes = store._db.execute("SELECT length(body), length(reason) FROM letter ORDER BY id").fetchall()

        assert sizes == [(10, 2000), (90, 2000)]
        assert store.figures["", LAPS, "letters_lost"] == 5
        assert (store.figures["now", LAPS, "letters"], store.figures["now", LAPS, "letter_bytes"]) == (2, 100)
        store.close()


class TestMemories:
    def test_a_memory_is_kept_with_its_newest_telling(self, store: Store) -> None:
        for said in (b"first", b"second"):
            store.write(Batch(memories=[store.remembered(LAPS, "k", "2026-03-01T12:00:00.000Z", said, 5)]), NOON_S)

        (memory,) = store.memories(NOON_S - NOON_S)

        assert (memory.key, memory.event_time, store.said(memory)) == ("k", "2026-03-01T12:00:00.000Z", b"second")

    def test_after_forty_days_it_is_forgotten(self, store: Store) -> None:
        made_ms = int(NOON_S * 1000)
        store.write(Batch(memories=[store.remembered(LAPS, "k", "2026-03-01T12:00:00.000Z", b"said", made_ms)]), NOON_S)

        store.tidy(NOON_S + 40 * 86_400)
        kept = store.memories(NOON_S)
        store.tidy(NOON_S + 40 * 86_400 + 1)

        assert (len(kept), store.memories(NOON_S)) == (1, [])

    def test_counts_of_days_go_after_two_months(self, store: Store) -> None:
        add(store, make_rows(1, LAPS))

        store.tidy(NOON_S + 63 * 86_400)
        store.count()

        assert sorted({day for day, _, _ in store.figures}) == ["", "now"]


class TestBudget:
    def noise(self, rows: int, name: str = TELEMETRY, seed: int = 0) -> list[Row]:
        drawn = random.Random(seed)
        return [Row(name, "k", drawn.randbytes(1000).replace(b"\n", b" ")) for _ in range(rows)]

    def test_the_oldest_telemetry_goes_and_exactly_as_many_rows_are_counted(self, store: Store) -> None:
        added = []
        for seed in range(80):
            rows = self.noise(100, seed=seed)
            assert add(store, rows)
            added += bodies(rows)

        left = content(store, TELEMETRY)

        assert left == added[-len(left) :]
        assert store.figures["", TELEMETRY, "evicted"] == len(added) - len(left) > 0
        assert store.path.stat().st_size <= SMALL.budget_bytes
        assert len(left) * 1000 > SMALL.budget_bytes * 0.7

    def test_laps_make_telemetry_go_and_go_never_themselves(self, store: Store) -> None:
        for seed in range(40):
            add(store, self.noise(100, seed=seed))
        while add(store, self.noise(10, LAPS)):
            pass

        assert store.figures["now", TELEMETRY, "rows"] == 0
        assert store.figures["", LAPS, "evicted"] == 0
        assert store.figures["now", LAPS, "rows"] == store.figures["", LAPS, "taken"] > 2000
        assert not add(store, self.noise(100))

    def test_what_found_no_room_changed_nothing(self, store: Store) -> None:
        while add(store, self.noise(10, LAPS)):
            pass
        before = dict(store.figures)

        assert not store.write(Batch(packed(store, self.noise(50, LAPS)), not_spooled={LAPS: 1}), NOON_S)

        assert dict(store.figures) == before
        store.count()
        assert +store.figures == +type(store.figures)(before)

    def test_what_is_under_way_goes_last_and_counts_as_delivered_if_it_arrives(self, store: Store) -> None:
        add(store, self.noise(50, seed=1))
        under_way = [each.seq for each in store.pick(TELEMETRY, (), 0, 1 << 30).picked]
        for seed in range(80):
            store.write(Batch(packed(store, self.noise(100, seed=seed))), NOON_S, under_way=under_way)
        held = [each.seq for each in store.pick(TELEMETRY, under_way, 1 << 60, 1 << 30).picked]
        while store.write(Batch(packed(store, self.noise(10, LAPS))), NOON_S, under_way=under_way):
            pass
        gone = store.figures["", TELEMETRY, "evicted"]

        store.write(Batch(settled=[Settled(TELEMETRY, tuple(under_way), ())]), NOON_S)

        assert held == under_way
        assert store.figures["", TELEMETRY, "taken"] == gone == 8050
        assert store.figures["", TELEMETRY, "delivered"] == 50
        assert store.figures["", TELEMETRY, "evicted"] == gone - 50

    def test_telemetry_keeps_to_the_size_the_file_has_when_the_disk_is_short(self, store: Store) -> None:
        for seed in range(10):
            add(store, self.noise(100, seed=seed))
        store.fold()
        size = store.path.stat().st_size

        for seed in range(10, 40):
            assert store.write(Batch(packed(store, self.noise(100, seed=seed))), NOON_S, "rare")
        store.fold()
        kept_to = store.path.stat().st_size
        assert store.write(Batch(packed(store, self.noise(900, LAPS))), NOON_S, "rare")

        assert kept_to == size
        assert store.figures["now", LAPS, "rows"] == 900

    def test_the_file_shrinks_when_a_backlog_is_gone(self, store: Store) -> None:
        add(store, self.noise(2000))
        seqs = tuple(each.seq for each in store.pick(TELEMETRY, (), 0, 1 << 30).picked)
        store.write(Batch(settled=[Settled(TELEMETRY, seqs, ())]), NOON_S)
        store.fold()
        before = store.path.stat().st_size

        while store.shrink(64):
            pass
        store.fold()

        assert before > 2_000_000
        assert store.path.stat().st_size < 600_000

    def test_a_smaller_budget_than_before_is_reached_with_the_next_commit(self, tmp_path: Path) -> None:
        store = Store(tmp_path / "outbox.sqlite3", SMALL)
        store.open()
        add(store, self.noise(3000))
        store.close()
        store = Store(tmp_path / "outbox.sqlite3", Limits(budget_bytes=1024**2, min_free_bytes=0))
        store.open()

        assert add(store, self.noise(10))

        assert store.figures["", TELEMETRY, "evicted"] > 2000
        assert store.figures["now", TELEMETRY, "rows"] < 1000
        store.close()


class TestOthers:
    def test_a_write_of_another_connection_is_noticed_once(self, store: Store) -> None:
        add(store, make_rows(3, LAPS))
        assert not store.others_wrote()
        with sqlite3.connect(store.path) as other:
            other.execute("INSERT INTO tally VALUES ('', 'LapEvent', 'purged', 4)")
        other.close()

        assert store.others_wrote()
        assert store.figures["", LAPS, "purged"] == 4
        assert not store.others_wrote()

    def test_wishes_are_taken_once_in_their_order(self, store: Store) -> None:
        store._db.executemany("INSERT INTO wish(name) VALUES (?)", [("b",), ("a",)])

        assert (store.take_wishes(), store.take_wishes()) == (["b", "a"], [])

    def test_a_file_that_lost_its_name_is_noticed(self, store: Store) -> None:
        assert store.is_there()

        store.path.unlink()

        assert not store.is_there()


def test_after_any_torn_log_there_is_a_prefix_of_the_commits(tmp_path: Path) -> None:
    """S4: a log cut at any byte, half of the time with garbage behind, stands for the pulled plug; 200 seeds."""
    store = Store(tmp_path / "outbox.sqlite3", Limits())  # a budget with which nothing is folded before the end
    store.open()
    states: list[list[bytes]] = [[]]
    for frame in range(60):
        add(store, make_rows(8, first_frame=8 * frame))
        states.append(states[-1] + bodies(make_rows(8, first_frame=8 * frame)))
    image = crashed(store.path, tmp_path / "image")
    store.close()
    log = image.with_name(image.name + "-wal")
    whole = log.read_bytes()

    found = []
    for seed in range(200):
        drawn = random.Random(seed)
        torn = crashed(image, tmp_path / f"torn-{seed}")
        garbage = drawn.randbytes(drawn.randrange(20_000)) if seed % 2 else b""
        torn.with_name(log.name).write_bytes(whole[: drawn.randrange(len(whole))] + garbage)
        reopened = Store(torn, SMALL)
        reopened.open()
        assert reopened._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found.append(content(reopened, TELEMETRY))
        assert reopened.figures["", TELEMETRY, "taken"] == len(found[-1])
        reopened.close()

    assert [state in states for state in found] == [True] * 200
    assert len({len(state) for state in found}) > 30
