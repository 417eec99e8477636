"""The laps that stand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.history import lapbook
from app.history.lapbook import LapBook, Told
from app.history.record import LapRecord, SessionBegin, Venue
from tests.history.builders import DAY, MORNING, make_lap, make_record

MONZA = Venue("Monza", "Time Trial", 5_793, 1_900.0, 4_000.0)
SECTORS: dict[str, Any] = {"sector1_time_ms": 26_000, "sector2_time_ms": 27_000, "sector3_time_ms": 27_000}


def tell(book: LapBook, venue: Venue = MONZA, day: str = DAY, *, has_trace: bool = False, **changes: Any) -> Told:
    return book.tell(make_lap(**{"received_at": MORNING, **changes}), venue, day, has_trace=has_trace)


def told(book: LapBook, lap_id: str = "RIG_A:7:LapCompleted:0:1") -> LapRecord:
    lap = book.get(lap_id)
    assert lap is not None
    return lap


# --- tellings ---------------------------------------------------------------------------------------------


def test_a_lap_is_kept_under_the_id_of_its_event_with_where_and_by_whom_it_was_driven() -> None:
    book = LapBook()

    outcome = tell(book, driver_name="ANNA", individual_id="i-1", tyre_compound="Soft", has_trace=True)

    assert outcome.outcome == "stored"
    lap = told(book)
    assert (lap.track, lap.session_type, lap.day, lap.completed_at) == ("Monza", "Time Trial", DAY, MORNING)
    assert (lap.driver_name, lap.individual_id, lap.tyre_compound) == ("ANNA", "i-1", "Soft")
    assert lap.has_trace


def test_told_again_as_it_was_a_lap_changes_nothing() -> None:
    book = LapBook()
    tell(book)
    changes = book.changes

    assert tell(book, status="confirmed", received_at=MORNING + timedelta(hours=2)).outcome == "none"
    assert book.changes == changes


def test_a_correction_changes_time_and_validity_in_the_same_row() -> None:
    book = LapBook()
    tell(book)

    assert tell(book, status="corrected", lap_time_ms=80_020, valid=False).outcome == "updated"
    assert (told(book).lap_time_ms, told(book).valid) == (80_020, False)
    assert len(book.of_day(DAY)) == 1


@pytest.mark.parametrize("name", ["pit_lap", "tyre_compound", "sector1_time_ms", "sector2_time_ms", "sector3_time_ms"])
def test_what_a_later_telling_does_not_know_is_not_taken_back(name: str) -> None:
    book = LapBook()
    known: dict[str, Any] = {"pit_lap": True, "tyre_compound": "Soft", **SECTORS}
    tell(book, **known)

    tell(book, status="confirmed", **{**known, name: None})

    assert getattr(told(book), name) == known[name]


def test_the_sectors_of_another_time_are_not_this_ones() -> None:
    book = LapBook()
    tell(book, **SECTORS)

    tell(book, status="corrected", lap_time_ms=81_000, sector1_time_ms=27_000)

    assert (told(book).sector1_time_ms, told(book).sector2_time_ms) == (27_000, None)


def test_when_and_by_whom_a_lap_was_driven_is_settled_by_the_first_telling() -> None:
    book = LapBook()
    tell(book, driver_name="ANNA", individual_id=None)

    later: dict[str, Any] = {"driver_name": "BERT", "individual_id": "i-2", "received_at": MORNING + timedelta(days=1)}
    tell(book, day="2026-11-26", status="corrected", valid=False, **later)

    lap = told(book)
    assert (lap.driver_name, lap.individual_id, lap.completed_at, lap.day) == ("ANNA", None, MORNING, DAY)


def test_a_trace_stays_with_a_lap_that_is_corrected_by_a_rounding_and_goes_with_one_that_is_another_lap() -> None:
    book = LapBook()
    tell(book, has_trace=True)

    tell(book, status="corrected", lap_time_ms=80_020)
    assert told(book).has_trace
    tell(book, status="corrected", lap_time_ms=83_000)
    assert not told(book).has_trace


def test_a_place_that_is_known_later_is_filled_in_and_never_changed() -> None:
    book = LapBook()
    tell(book, Venue())

    settled = book.settle("RIG_A", "7", MONZA)

    assert [(lap.track, lap.session_type) for lap in settled] == [("Monza", "Time Trial")]
    assert book.settle("RIG_A", "7", MONZA._replace(track="Spa")) == []
    assert told(book).track == "Monza"


# --- what does not stand ----------------------------------------------------------------------------------


def test_a_withdrawn_lap_is_gone_and_driven_again_a_new_one() -> None:
    book = LapBook()
    tell(book)

    gone = book.withdraw("RIG_A:7:LapCompleted:0:1")
    again = tell(book, lap_time_ms=79_000, received_at=MORNING + timedelta(minutes=5))

    assert gone is not None
    assert again.outcome == "stored"
    assert told(book).completed_at == MORNING + timedelta(minutes=5)
    assert book.withdraw("RIG_A:7:LapCompleted:0:9") is None


def test_a_session_that_began_long_ago_is_forgotten_with_its_day() -> None:
    book = LapBook()
    begin = SessionBegin("RIG_A", "7", 1, "2026-11-20")
    assert book.begin(begin)

    book.forget("2026-11-21")

    assert book.begin(begin)


def test_undoing_takes_the_laps_of_one_session_from_a_number_on() -> None:
    book = LapBook()
    for number in (1, 2, 3):
        tell(book, lap_number=number)
    tell(book, lap_number=3, session_uid="8")
    tell(book, lap_number=3, rig_id="RIG_B")

    assert book.undo("RIG_A", "7", 5, 1) == []  # another car's
    undone = book.undo("RIG_A", "7", 0, 2)

    assert sorted(lap.lap_number for lap in undone) == [2, 3]
    assert len(book.of_day(DAY)) == 3
    assert book.undo("RIG_A", "none", 0, 1) == []


# --- loaded saves -----------------------------------------------------------------------------------------


def test_laps_from_before_a_session_began_are_not_its_own() -> None:
    book = LapBook()
    assert book.begin(SessionBegin("RIG_A", "7", 3, DAY))

    assert tell(book, lap_number=2, status="confirmed") == Told(None, "none")
    assert tell(book, lap_number=3).outcome == "stored"
    assert not book.begin(SessionBegin("RIG_A", "7", 5, DAY))


def test_with_which_lap_a_session_began_is_known_after_a_restart() -> None:
    book = LapBook()

    book.fill([], [SessionBegin("RIG_A", "7", 3, DAY)])

    assert tell(book, lap_number=2, status="confirmed").record is None


def test_a_lap_that_only_the_history_tells_and_that_stands_in_another_session_is_that_lap() -> None:
    book = LapBook()
    tell(book, session_uid="6", **SECTORS)

    assert tell(book, status="confirmed", **SECTORS).record is None


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "provisional"},
        {"lap_number": 2},
        {"rig_id": "RIG_B"},
        {"sector1_time_ms": 26_001},
        {"sector3_time_ms": None},
    ],
    ids=["seen at the line", "another number", "another rig", "another sector", "a sector unknown"],
)
def test_a_lap_that_differs_in_anything_is_a_lap_of_its_own(changes: dict[str, Any]) -> None:
    book = LapBook()
    tell(book, session_uid="6", **SECTORS)

    assert tell(book, **{"status": "confirmed", **SECTORS, **changes}).outcome == "stored"


# --- what is held -----------------------------------------------------------------------------------------


def test_days_that_are_over_are_forgotten() -> None:
    book = LapBook()
    book.fill([make_record(1, day="2026-08-01"), make_record(2)])

    book.forget("2026-08-27")

    assert list(book.days()) == [DAY]
    assert book.older_before == ""


def test_beyond_the_bound_the_oldest_days_are_let_go_and_read_from_the_file_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lapbook, "MOST_KNOWN", 2)
    book = LapBook()
    book.fill([make_record(1, day="2026-11-23"), make_record(2, day="2026-11-24"), make_record(3), make_record(4)])

    book.forget("2026-08-27")

    assert list(book.days()) == [DAY]
    assert book.older_before == DAY


def test_the_last_day_is_held_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapbook, "MOST_KNOWN", 1)
    book = LapBook()
    book.fill([make_record(1), make_record(2)])

    book.forget("2026-08-27")

    assert len(book.of_day(DAY)) == 2


def test_a_lap_whose_trace_was_given_up_says_so() -> None:
    book = LapBook()
    book.fill([make_record(1, has_trace=True)])
    changes = book.changes

    book.lose_traces([make_record(1).lap_id, "another"])
    book.lose_traces([make_record(1).lap_id])

    assert not told(book).has_trace
    assert book.changes == changes + 1
