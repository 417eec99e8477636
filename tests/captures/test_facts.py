"""What the bundled captures are known to hold, found again by the product's own pipeline."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from app.normalize.events import (
    ButtonsChanged,
    FastestLap,
    FinalClassification,
    LapCompleted,
    LapProgress,
    Overtake,
    ParticipantsChanged,
    PenaltyIssued,
    SessionAnnounced,
    SessionEnded,
    SessionStarted,
    SessionState,
    SpeedTrap,
)
from tests.captures.pass_through import Passed, captures_of, pass_through

CAPTURES = Path(__file__).resolve().parent
CATALUNYA = CAPTURES / "f1_25-format2025-timetrial-catalunya.pcap.gz"
MELBOURNE = CAPTURES / "f1_25-format2026-race-melbourne.pcap.gz"
SAMPLES = CAPTURES / "f1_23-format2023-online-samples.pcap.gz"


@cache
def passed(path: Path) -> Passed:
    return pass_through(path)


@pytest.mark.parametrize("path", list(captures_of(CAPTURES)), ids=lambda path: path.name)
def test_every_bundled_capture_passes_through_without_an_error_or_an_unknown_value(path: Path) -> None:
    assert passed(path).errors == 0
    assert dict(passed(path).unknown) == {}


def test_twenty_cars_finish_lap_1_in_melbourne_each_once_and_confirmed() -> None:
    told = [event for event in passed(MELBOURNE).events if isinstance(event, LapCompleted)]

    at_the_line = [lap for lap in told if lap.status == "provisional"]
    assert len({lap.car_index for lap in at_the_line}) == len(at_the_line) == 20
    assert {lap.lap_number for lap in told} == {1}
    assert {lap.car_index for lap in told if lap.status == "confirmed"} == {lap.car_index for lap in at_the_line}
    assert not any(lap.own for lap in told)


def test_the_sectors_of_every_melbourne_lap_sum_to_its_time() -> None:
    for lap in passed(MELBOURNE).facts(LapCompleted):
        assert isinstance(lap, LapCompleted)
        sectors = (lap.sector1_time_ms, lap.sector2_time_ms, lap.sector3_time_ms)
        assert sum(ms for ms in sectors if ms is not None) == lap.lap_time_ms


def test_melbournes_fastest_lap_is_the_one_of_car_13_both_by_the_game_and_by_us() -> None:
    (fastest,) = passed(MELBOURNE).facts(FastestLap)
    best = [lap for lap in passed(MELBOURNE).facts(LapCompleted) if isinstance(lap, LapCompleted) and lap.session_best]

    assert isinstance(fastest, FastestLap)
    assert (fastest.car_index, fastest.lap_time_ms, fastest.driver_name) == (13, 85_636, "RUSSELL")
    assert [(lap.car_index, lap.lap_time_ms) for lap in best] == [(13, 85_636)]


@pytest.mark.parametrize(
    ("path", "kind", "count"),
    [
        (MELBOURNE, SpeedTrap, 20),
        (MELBOURNE, Overtake, 5),
        (CATALUNYA, SpeedTrap, 7),
        (CATALUNYA, PenaltyIssued, 5),
        (CATALUNYA, SessionAnnounced, 1),
        (CATALUNYA, LapCompleted, 0),
        (SAMPLES, SpeedTrap, 1),
    ],
    ids=lambda value: getattr(value, "__name__", getattr(value, "name", value)),
)
def test_each_fact_is_told_as_often_as_it_happened(path: Path, kind: type, count: int) -> None:
    assert len(passed(path).facts(kind)) == count


def test_the_player_in_melbourne_is_last_at_first_and_nonsense_gaps_are_not_shown() -> None:
    progress = [event for event in passed(MELBOURNE).events if isinstance(event, LapProgress)]

    assert {event.car_index for event in progress} == {21}
    assert progress[0].position == 22
    assert progress[0].interval_ms is None  # 59 473 ms on the wire
    assert progress[-1].position == 21


def test_the_catalunya_session_begins_once_and_ends_by_send_in_spite_of_its_tail() -> None:
    (started,) = passed(CATALUNYA).facts(SessionStarted)
    (ended,) = passed(CATALUNYA).facts(SessionEnded)

    assert isinstance(started, SessionStarted)
    assert isinstance(ended, SessionEnded)
    assert (started.track, started.session_type, ended.reason) == ("Catalunya", "Time Trial", "send")
    last = [event for event in passed(CATALUNYA).events if isinstance(event, SessionState)][-1]
    assert last.mode == "menu"


def test_catalunyas_result_is_seven_laps_with_the_older_personal_best() -> None:
    (result,) = passed(CATALUNYA).facts(FinalClassification)

    assert isinstance(result, FinalClassification)
    assert [(car.laps, car.best_lap_time_ms) for car in result.cars] == [(7, 73_783)]


def test_the_own_car_shows_all_its_data_although_its_driver_is_restricted() -> None:
    people = [event for event in passed(CATALUNYA).events if isinstance(event, ParticipantsChanged)]
    own = people[0].participants[0]

    assert (own.car_index, own.telemetry_public, own.ai) == (0, False, False)
    assert any(type(event).__name__ == "CarStatus" and vars(event)["fuel_kg"] for event in passed(CATALUNYA).events)


def test_the_rivals_name_changes_in_mid_session_and_that_is_told() -> None:
    people = [event for event in passed(CATALUNYA).events if isinstance(event, ParticipantsChanged)]

    assert len(people) == 2


def test_buttons_of_the_menu_are_no_facts_of_a_session() -> None:
    buttons = [event for event in passed(CATALUNYA).events if isinstance(event, ButtonsChanged)]

    assert 600 < len(buttons) <= 662  # 674 less the 12 of the menu; doubles of one frame are told once
    assert all(event.session_uid for event in buttons)


def test_a_spectators_sample_tells_of_no_own_car() -> None:
    own = [event for event in passed(SAMPLES).events if isinstance(event, LapProgress)]

    assert all(event.car_index is not None and event.car_index < 22 for event in own)
