"""Tellings of one key: nothing twice, first times kept, newest wins."""

from __future__ import annotations

from typing import Any

import pytest

from app.datacloud.book import Book
from app.datacloud.encode import decode
from app.datacloud.row import Row
from app.datacloud.schema import LAP, SESSION

FIRST = "2026-03-01T23:59:59.990Z"
LATER = "2026-03-02T00:00:07.000Z"


def a_lap(at: str, **changes: Any) -> dict[str, Any]:
    values = dict.fromkeys(LAP.types)
    told = {"event_id": "SIM_A:1:3:L4", "lap_time_ms": 81_348, "lap_status": "provisional", "pit_lap": False}
    return {**values, **told} | {"event_time": at, "recordModified": at} | changes


def said(row: Row | None) -> dict[str, Any]:
    assert row is not None
    return decode(row.body)


def test_a_first_telling_is_told_and_remembered() -> None:
    row = Book({}).tell(LAP, a_lap(FIRST))

    assert row is not None
    assert (row.object, row.key) == ("LapEvent", "SIM_A:1:3:L4")
    assert row.memory is not None
    assert (row.memory.event_time, row.memory.said) == (FIRST, row.body)


def test_the_same_again_is_not_told() -> None:
    book = Book({})
    book.tell(LAP, a_lap(FIRST))

    assert book.tell(LAP, a_lap(LATER)) is None


def test_a_correction_after_midnight_keeps_the_event_time_of_the_first_telling() -> None:
    book = Book({})
    book.tell(LAP, a_lap(FIRST))

    corrected = said(book.tell(LAP, a_lap(LATER, lap_time_ms=81_400, lap_status="corrected")))

    assert (corrected["event_time"], corrected["recordModified"]) == (FIRST, LATER)
    assert corrected["lap_time_ms"] == 81_400


def test_an_unknown_takes_nothing_back() -> None:
    book = Book({})
    book.tell(LAP, a_lap(FIRST, pit_lap=True, tyre_compound="Soft"))

    confirmed = said(book.tell(LAP, a_lap(LATER, pit_lap=None, lap_status="confirmed")))

    assert (confirmed["pit_lap"], confirmed["tyre_compound"]) == (True, "Soft")


def test_after_a_restart_the_history_tells_nothing_new() -> None:
    book = Book({})
    row = book.tell(LAP, a_lap(FIRST, lap_status="corrected"))
    assert row is not None
    assert row.memory is not None

    restarted = Book({f"LapEvent:{row.key}": row.memory})

    assert restarted.tell(LAP, a_lap(LATER, lap_status="confirmed")) is None


def test_a_telling_is_newer_than_the_one_it_replaces_though_our_clock_was_set_back() -> None:
    book = Book({})
    book.tell(LAP, a_lap(LATER))

    corrected = said(book.tell(LAP, a_lap(FIRST, lap_time_ms=1, lap_status="corrected")))

    assert corrected["recordModified"] == "2026-03-02T00:00:07.001Z"


def test_a_lap_stays_the_guests_who_drove_it_whoever_sits_there_now() -> None:
    book = Book({})
    book.tell(LAP, a_lap(FIRST, driver_individual_id="003A"))

    again = book.tell(LAP, a_lap(LATER, driver_individual_id="003B"))
    corrected = said(book.tell(LAP, a_lap(LATER, driver_individual_id="003B", lap_time_ms=1, lap_status="corrected")))

    assert again is None
    assert corrected["driver_individual_id"] == "003A"


def test_a_session_keeps_its_beginning() -> None:
    book = Book({})
    empty = dict.fromkeys(SESSION.types)
    book.tell(SESSION, empty | {"session_key": "SIM_A:1", "recordModified": FIRST, "started_at": FIRST})

    later = said(
        book.tell(
            SESSION,
            empty | {"session_key": "SIM_A:1", "recordModified": LATER, "started_at": LATER, "track_name": "Spa"},
        )
    )

    assert (later["started_at"], later["track_name"]) == (FIRST, "Spa")


def test_the_memory_of_one_run_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.datacloud.book._MOST", 3)
    book = Book({})
    for number in range(5):
        book.tell(LAP, a_lap(FIRST, event_id=f"SIM_A:1:3:L{number}"))

    assert [book.known(LAP, f"SIM_A:1:3:L{number}") is not None for number in range(5)] == [False] * 2 + [True] * 3


def test_what_was_told_last_is_forgotten_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.datacloud.book._MOST", 2)
    book = Book({})
    for key, time_ms in (("long", 1), ("other", 1), ("long", 2), ("third", 1)):
        book.tell(LAP, a_lap(FIRST, event_id=key, lap_time_ms=time_ms, lap_status="corrected"))

    assert [book.known(LAP, key) is not None for key in ("long", "other", "third")] == [True, False, True]


def test_a_row_that_was_not_taken_is_news_once_more() -> None:
    book = Book({})
    row = book.tell(LAP, a_lap(FIRST))
    assert row is not None

    book.forget([row])

    assert book.tell(LAP, a_lap(FIRST)) == row
