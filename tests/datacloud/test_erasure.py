"""A guest is taken out of the outbox; rows keep their keys and all else."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.datacloud.encode import decode, encode
from app.datacloud.erasure import Rows, erase
from app.datacloud.leases import Refusal, Settled
from app.datacloud.schema import BY_NAME
from app.datacloud.store import NOW, Store
from app.datacloud.tables import Batch, Limits
from app.errors import OutboxUnavailable
from tests.datacloud.rows import make_rows

CANARY = "Canária Überholt"
ID = "003CANARYindividual"
AT_MS = 1_772_366_400_000


def is_canary(name: str | None, individual: str | None) -> bool:
    return name == CANARY or individual == ID


def theirs(name: str, number: int) -> list[bytes]:
    """Rows of an object, every second one the guest's."""
    rows = []
    for at, row in enumerate(make_rows(number, name)):
        values = decode(row.body)
        guest = {"driver_individual_id": ID, "driver_name": CANARY} if at % 2 == 0 else {}
        rows.append(encode(BY_NAME[name], {**values, **{key: guest[key] for key in guest if key in values}}))
    return rows


def filled(path: Path) -> Path:
    store = Store(path, Limits(min_free_bytes=0))
    store.open()
    chunks = [
        chunk
        for name in ("TelemetryEvent", "LapEvent", "SessionEvent", "RaceEvent")
        for chunk in store.pack(name, theirs(name, 40 if name == "TelemetryEvent" else 4), AT_MS)
    ]
    session = theirs("SessionEvent", 1)[0]
    memory = store.remembered("SessionEvent", "RIG_A:7", "2026-03-01T12:00:00.000Z", session, AT_MS)
    store.write(Batch(chunks, [memory]), AT_MS / 1000)
    store.write(Batch(store.pack("LapEvent", theirs("LapEvent", 2), AT_MS)), AT_MS / 1000)
    refusal = Refusal(theirs("LapEvent", 1)[0], 400, f"{CANARY.upper()} is no number")
    newest = max(each.seq for each in store.pick("LapEvent", (), -1, 10**6).picked)
    store.write(Batch(settled=[Settled("LapEvent", (newest,), (refusal,))]), AT_MS / 1000)
    store.close()
    return path


def content(path: Path) -> tuple[dict[str, list[dict[str, object]]], dict[str, int]]:
    """The rows that wait, by object, and the counts."""
    store = Store(path, Limits(min_free_bytes=0))
    store.open()
    rows = {}
    for name in BY_NAME:
        picked = store.pick(name, (), -1, 10**9).picked
        opened = [store.rows_of(each.chunk) for each in picked]
        rows[name] = [decode(body) for bodies in opened if bodies is not None for body in bodies]
        assert all(bodies is not None for bodies in opened)
    counts = {
        f"{name} {what}": n for (day, name, what), n in store.figures.items() if day == NOW and "size" not in what
    }
    told = {memory.key: store.said(memory) for memory in store.memories(AT_MS / 1000)}
    assert all(body is not None and CANARY.encode() not in body and ID.encode() not in body for body in told.values())
    store.close()
    return rows, counts


def test_looking_alone_changes_nothing(tmp_path: Path) -> None:
    path = filled(tmp_path / "outbox.sqlite3")
    before = sum(file.stat().st_size for file in tmp_path.iterdir())

    found = erase(path, is_canary, (CANARY,), really=False)

    assert found == Rows(waiting=20 + 2 + 2, letters=1, told=1, unreadable=0, ids=frozenset({ID}))
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) == before
    assert erase(path, is_canary, (CANARY,), really=False) == found


def test_rows_lose_the_guest_and_keep_everything_else(tmp_path: Path) -> None:
    path = filled(tmp_path / "outbox.sqlite3")

    erase(path, is_canary, (CANARY,), really=True)

    rows, counts = content(path)
    for name, waiting in rows.items():
        wanted = [decode(body) for body in theirs(name, len(waiting))]
        for values in wanted:
            if is_canary(str(values.get("driver_name")), str(values.get("driver_individual_id"))):
                values |= {key: None for key in ("driver_name", "driver_individual_id") if key in values}
        assert waiting == wanted
    assert counts["TelemetryEvent rows"] == 40
    assert counts["LapEvent letters"] == 1


def test_no_byte_of_the_guest_is_left_in_any_file(tmp_path: Path) -> None:
    path = filled(tmp_path / "outbox.sqlite3")

    erase(path, is_canary, (CANARY,), really=True)

    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(form.encode() in files for form in (CANARY, CANARY.upper(), ID))
    with closing(sqlite3.connect(path)) as db:
        (reason,) = db.execute("SELECT reason FROM letter").fetchone()
    assert reason == "[erased] is no number"
    content(path)


def test_rows_that_are_damaged_are_told_and_left_to_the_gateway(tmp_path: Path) -> None:
    path = filled(tmp_path / "outbox.sqlite3")
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE chunk SET data=x'00' WHERE object='RaceEvent'")
        db.commit()

    assert erase(path, is_canary, (), really=True).unreadable == 4


def test_what_is_no_outbox_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite3").touch()

    assert erase(tmp_path / "none", is_canary, (), really=True) == Rows()
    with pytest.raises(OutboxUnavailable, match="is no outbox of this version"):
        erase(tmp_path / "outbox.sqlite3", is_canary, (), really=True)
