"""Facts to rows: keys that stay, one row a lap, race events without people's names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.datacloud.book import Book
from app.datacloud.encode import decode
from app.datacloud.row import Row
from app.datacloud.rows import RACE_FACTS, LapCars, RowMaker, race_key
from app.datacloud.schema import BY_NAME
from app.datacloud.validation import complaints
from app.normalize import events
from app.normalize.events import FACTS, Fact
from tests.normalize.make_events import RECEIVED_AT, make_event


def maker(lap_cars: LapCars = "own") -> RowMaker:
    return RowMaker({"RIG_A": "SIM_A"}, Book({}), lap_cars)


def make_fact(kind: type[Fact], **changes: Any) -> Fact:
    fact = make_event(kind, **changes)
    assert isinstance(fact, Fact)
    return fact


def a_lap(**changes: Any) -> Fact:
    fields = {"own": True, "lap_number": 4, "lap_time_ms": 81_348, "valid": True, "individual_id": "003xx"}
    return make_fact(events.LapCompleted, **fields | changes)


def values(rows: list[Row]) -> dict[str, Any]:
    (row,) = rows
    return decode(row.body)


def test_a_lap_of_the_own_car_is_one_row_under_its_natural_key() -> None:
    row = values(maker().rows(a_lap(sector1_time_ms=27_000)))

    assert row["event_id"] == "SIM_A:24301:3:L4"
    assert (row["lap_time_ms"], row["sector1_ms"], row["sector3_ms"]) == (81_348, 27_000, None)
    assert (row["device_id"], row["driver_individual_id"]) == ("SIM_A", "003xx")
    assert row["event_time"] == "2026-03-01T10:00:00.123Z"


def test_the_laps_of_other_cars_are_sent_only_when_asked_for() -> None:
    theirs = a_lap(own=False, car_index=7, individual_id=None)

    assert maker().rows(theirs) == []
    assert values(maker("all").rows(theirs))["car_index"] == 7


def test_a_confirmed_lap_is_the_same_row_confirmed() -> None:
    make = maker()
    make.rows(a_lap())

    row = values(make.rows(a_lap(status="confirmed", received_at=RECEIVED_AT + timedelta(seconds=3))))

    assert (row["lap_status"], row["event_time"]) == ("confirmed", "2026-03-01T10:00:00.123Z")
    assert row["recordModified"] == "2026-03-01T10:00:03.123Z"


def test_a_lap_that_a_flashback_undid_does_not_count_in_the_org_either() -> None:
    make = maker()
    make.rows(a_lap())

    row = values(make.rows(make_fact(events.LapWithdrawn, own=True, lap_number=4)))

    assert (row["event_id"], row["lap_status"], row["lap_invalid"]) == ("SIM_A:24301:3:L4", "withdrawn", True)
    assert row["lap_time_ms"] == 81_348


def test_a_lap_driven_again_after_a_flashback_is_the_same_row_anew() -> None:
    make = maker()
    make.rows(a_lap())
    make.rows(make_fact(events.LapWithdrawn, own=True, lap_number=4))

    row = values(make.rows(a_lap(lap_time_ms=80_000)))

    assert (row["lap_time_ms"], row["lap_status"], row["lap_invalid"]) == (80_000, "provisional", False)


def test_a_lap_never_told_is_not_withdrawn() -> None:
    assert maker().rows(make_fact(events.LapWithdrawn, own=True, lap_number=4)) == []


def test_two_overtakes_by_one_car_in_one_frame_are_two_rows() -> None:
    first = make_fact(events.Overtake, overtaken_car_index=7)
    second = make_fact(events.Overtake, overtaken_car_index=8)

    assert race_key(first) == "SIM_A:24301:600:Overtake:3:7"
    assert race_key(first) != race_key(second)


def test_an_event_that_is_told_again_after_a_restart_makes_no_second_row() -> None:
    make = maker()
    make.rows(make_fact(events.FinalClassification))

    later = make_fact(events.FinalClassification, received_at=RECEIVED_AT + timedelta(days=1), overall_frame=5000)
    assert make.rows(later) == []


def test_a_race_events_detail_holds_no_persons_name() -> None:
    overtake = make_fact(events.Overtake, overtaken_car_index=7, overtaken_driver_name="VERSTAPPEN")
    car = dict.fromkeys(events.ClassifiedCar.model_fields, 1) | {"name": "NORRIS", "result_status": "finished"}
    result = make_fact(events.FinalClassification, cars=({**car, "result_reason": None},))

    rows = maker().rows(overtake) + maker().rows(result)

    assert b"VERSTAPPEN" not in rows[0].body
    assert b"NORRIS" not in rows[1].body
    assert '"position":[1]' in decode(rows[1].body)["detail"]


def test_what_happens_in_a_menu_is_no_row() -> None:
    assert maker("all").rows(a_lap(session_key=None, session_uid=None)) == []


@pytest.mark.parametrize("kind", FACTS, ids=lambda kind: kind.__name__)
def test_whatever_a_fact_becomes_fits_the_schema(kind: type[Fact]) -> None:
    made = maker("all").rows(make_fact(kind))

    assert len(made) == (kind in RACE_FACTS or kind is events.LapCompleted)
    assert [complaints(BY_NAME[row.object], decode(row.body)) for row in made] == [[]] * len(made)
