"""A guest is taken out of the history; what was driven stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.history.erasure import Laps, erase
from app.history.shelf import Batch, Shelf
from tests.history.builders import make_record, make_trace

CANARY = "Canária Überholt"


def is_canary(name: str | None, individual: str | None) -> bool:
    return name == CANARY or individual == "003CANARY"


def filled(path: Path) -> Path:
    shelf = Shelf(path, 2**24)
    shelf.open()
    laps = [
        make_record(1, driver_name=CANARY, individual_id="003CANARY", has_trace=True),
        make_record(2, driver_name=CANARY, day="2026-11-24"),
        make_record(3, driver_name="BORIS", individual_id="003other"),
        make_record(4, driver_name=CANARY),
    ]
    shelf.write(Batch({lap.lap_id: lap for lap in laps}, {laps[0].lap_id: make_trace()}))
    shelf.write(Batch({laps[3].lap_id: None}))  # leaves the name in a place that is free
    shelf.close()
    return path


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def laps_in(path: Path) -> list[tuple[int, str | None, str | None, int, bool]]:
    shelf = Shelf(path, 2**24)
    shelf.open()
    laps = sorted(shelf.laps("2026-11-25") + shelf.laps("2026-11-24"), key=lambda lap: lap.lap_number)
    shelf.close()
    return [(lap.lap_number, lap.driver_name, lap.individual_id, lap.lap_time_ms, lap.has_trace) for lap in laps]


def test_looking_alone_changes_nothing(tmp_path: Path) -> None:
    path = filled(tmp_path / "history.sqlite3")
    before = path.read_bytes()

    found = erase(path, is_canary, really=False)

    assert found == Laps(laps=2, days=2, ids=frozenset({"003CANARY"}))
    assert path.read_bytes() == before


def test_laps_become_nobodys_and_keep_their_times_and_traces(tmp_path: Path) -> None:
    path = filled(tmp_path / "history.sqlite3")

    erase(path, is_canary, really=True)

    assert laps_in(path) == [
        (1, None, None, 80_000, True),
        (2, None, None, 80_000, False),
        (3, "BORIS", "003other", 80_000, False),
    ]


def test_no_byte_of_the_guest_is_left_in_any_file(tmp_path: Path) -> None:
    path = filled(tmp_path / "history.sqlite3")
    assert CANARY.encode() in bytes_of(tmp_path)

    erase(path, is_canary, really=True)

    assert CANARY.encode() not in bytes_of(tmp_path)
    assert b"003CANARY" not in bytes_of(tmp_path)


def test_a_guest_who_never_came_is_nobody(tmp_path: Path) -> None:
    path = filled(tmp_path / "history.sqlite3")

    assert erase(path, lambda *_: False, really=True) == Laps()
    assert erase(tmp_path / "none", is_canary, really=True) == Laps()


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").touch()

    with pytest.raises(ValueError, match="is no history of this version"):
        erase(tmp_path / "history.sqlite3", is_canary, really=True)
