"""A command's look into an outbox that the gateway may be using."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.datacloud import visit as visit_module
from app.datacloud.leases import Refusal, Settled
from app.datacloud.store import Store
from app.datacloud.tables import Batch
from app.datacloud.visit import Visit
from app.errors import OutboxUnavailable
from tests.datacloud.boxes import SMALL
from tests.datacloud.rows import make_rows

NOON_S = 1_772_366_400.0  # 2026-03-01
LAPS, RACE = "LapEvent", "RaceEvent"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A gateway's open file with three refused laps and a refused race event."""
    made = Store(tmp_path / "outbox.sqlite3", SMALL)
    made.open()
    for name, count in ((LAPS, 3), (RACE, 1)):
        rows = make_rows(count, name)
        made.write(Batch(made.pack(name, [row.body for row in rows], 0)), NOON_S)
        seqs = tuple(each.seq for each in made.pick(name, (), 0, 1 << 30).picked)
        refused = tuple(Refusal(row.body, 400, f"no {number}") for number, row in enumerate(rows))
        made.write(Batch(settled=[Settled(name, seqs, refused)]), NOON_S)
    yield made
    made.close()


@pytest.fixture
def visit(store: Store) -> Iterator[Visit]:
    with Visit(store.path) as made:
        yield made


def test_letters_are_read_oldest_first(visit: Visit) -> None:
    letters = visit.letters()

    assert [(each.object, each.status, each.reason) for each in letters] == [
        (LAPS, 400, "no 0"),
        (LAPS, 400, "no 1"),
        (LAPS, 400, "no 2"),
        (RACE, 400, "no 0"),
    ]
    assert letters[0].body == make_rows(1, LAPS)[0].body
    assert letters[0].at_s == NOON_S
    assert visit.letters(RACE) == letters[3:]
    assert visit.letters(limit=2) == letters[:2]
    assert visit.letter(letters[1].id) == letters[1]
    assert visit.letter(99) is None


def test_replayed_letters_wait_for_delivery_again_and_the_gateway_notices(store: Store, visit: Visit) -> None:
    ids = [letter.id for letter in visit.letters()]

    assert visit.replay(ids[1:2]) == 1
    assert visit.replay() == 3

    assert visit.letters() == []
    assert store.others_wrote()
    picked = store.pick(LAPS, (), 0, 1 << 30).picked
    rows = make_rows(3, LAPS)
    assert [store.rows_of(each.chunk) for each in picked] == [(rows[1].body,), (rows[0].body, rows[2].body)]
    assert store.figures["now", LAPS, "rows"] == store.figures["", LAPS, "taken"] == 3
    assert visit.replay(ids) == 0


def test_purged_letters_are_gone_and_counted(store: Store, visit: Visit) -> None:
    first = visit.letters()[0].id

    assert visit.purge([first, 99]) == 1
    assert visit.purge() == 3

    assert visit.letters() == []
    assert store.others_wrote()
    assert (store.figures["", LAPS, "purged"], store.figures["", RACE, "purged"]) == (3, 1)


def test_the_backlog_tells_each_object(store: Store, visit: Visit) -> None:
    rows = make_rows(2, LAPS)
    store.write(Batch(store.pack(LAPS, [row.body for row in rows], 5000)), NOON_S)

    lanes = visit.backlog()

    assert lanes[LAPS].rows == 2
    assert lanes[LAPS].size == sum(len(row.body) for row in rows)
    assert (lanes[LAPS].oldest_at_s, lanes[RACE].oldest_at_s) == (5.0, None)
    assert (lanes[LAPS].letters, lanes[LAPS].counts["taken"]) == (3, 5)
    assert lanes[LAPS].days["2026-03-01"] == {"accepted": 0, "accepted_bytes": 0, "appended": 5} or lanes[LAPS].days[
        "2026-03-01"
    ] == {"appended": 5}
    assert set(lanes) == {"SessionEvent", LAPS, RACE, "TelemetryEvent"}


def test_a_wish_reaches_the_gateway(store: Store, visit: Visit) -> None:
    visit.wish("resume LapEvent")
    visit.wish("resume all")

    assert visit.wishes() == ["resume LapEvent", "resume all"]
    assert store.take_wishes() == ["resume LapEvent", "resume all"]
    assert visit.wishes() == []


def test_a_reading_that_takes_too_long_is_broken_off(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit_module, "VISIT_S", -1.0)
    visit._db.executemany("INSERT INTO wish(name) VALUES (?)", [("w",)] * 3000)
    visit._db.execute("CREATE VIEW slow AS SELECT 1 FROM wish, wish AS other")

    with pytest.raises(sqlite3.OperationalError, match="interrupted"), visit_module._deadline(visit._db):
        visit._db.execute("SELECT count(*) FROM slow").fetchone()


def test_no_file_is_told_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(OutboxUnavailable, match="cannot be read"):
        Visit(tmp_path / "outbox.sqlite3")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pragma", ["application_id=7", "user_version=99"])
def test_a_file_of_others_is_left_alone(store: Store, pragma: str) -> None:
    store._db.execute(f"PRAGMA {pragma}")

    with pytest.raises(OutboxUnavailable, match="no outbox of this version"):
        Visit(store.path)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite3").write_bytes(bytes(range(256)) * 20)

    with pytest.raises(OutboxUnavailable, match="not a database"):
        Visit(tmp_path / "outbox.sqlite3")
