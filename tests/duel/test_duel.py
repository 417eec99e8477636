"""What is between two rigs."""

from __future__ import annotations

from typing import Any

import pytest

from app.duel.duel import Disagreement, Duel, Twins
from app.normalize.events import SessionEnded
from tests.duel.builders import AT, make_lap, make_progress, make_session

A = {"rig_id": "RIG_A", "session_uid": "7"}
B = {"rig_id": "RIG_B", "session_uid": "8"}


@pytest.fixture
def duel() -> Duel:
    return Duel(["RIG_A", "RIG_B"])


def drive(duel: Duel, rig: dict[str, Any], until_m: float, speed_mps: float, **changes: Any) -> None:
    for tenth in range(int(until_m) // 10 + 1):
        distance_m = tenth * 10.0
        progress = {
            "lap_distance_m": distance_m,
            "total_distance_m": distance_m,
            "current_lap_time_ms": round(distance_m / speed_mps * 1000),
            "session_time_s": distance_m / speed_mps,
        }
        duel.feed(make_progress(**{**rig, **progress, **changes}), now_s=0.0)


def on_one_track(duel: Duel) -> None:
    drive(duel, A, 10, 50.0)
    drive(duel, B, 10, 50.0)
    duel.feed(make_session(**A), 0.0)
    duel.feed(make_session(**B), 0.0)


def test_the_slower_rig_has_a_positive_delta_where_it_is_now(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    assert duel.standing("RIG_B", 0.0).delta_to_other_ms == 2000
    assert duel.standing("RIG_A", 0.0).delta_to_other_ms is None  # B has not been there yet


def test_separate_sessions_have_a_delta_but_no_gap(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    standing = duel.standing("RIG_B", 0.0)
    assert (standing.other, standing.same_race, standing.gap_to_other_ms) == ("RIG_A", False, None)


def test_on_different_tracks_nothing_is_compared(duel: Duel) -> None:
    on_one_track(duel)
    duel.feed(make_session(**B, track="Spa"), 0.0)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    standing = duel.standing("RIG_B", 0.0)
    assert (standing.other, standing.delta_to_other_ms) == (None, None)


def test_one_session_with_two_own_cars_is_a_shared_race_told_once(duel: Duel) -> None:
    duel.feed(make_progress(**A, car_index=3), 0.0)

    told = [*duel.feed(make_progress(rig_id="RIG_B", session_uid="7", car_index=5), 0.1)]
    again = [*duel.feed(make_progress(rig_id="RIG_B", session_uid="7", car_index=5), 0.2)]

    assert told == [Twins("RIG_B", "RIG_A", "7", 5, 3, same_car=False)]
    assert again == []


def test_one_games_stream_on_two_ports_is_found_out(duel: Duel) -> None:
    duel.feed(make_progress(**A, car_index=3), 0.0)

    (found,) = duel.feed(make_progress(rig_id="RIG_B", session_uid="7", car_index=3), 0.1)

    assert isinstance(found, Twins)
    assert found.same_car
    assert duel.same_car(0.1) == [("RIG_A", "RIG_B")]
    assert duel.same_car(60.0) == []
    assert not duel.standing("RIG_B", 0.1).same_race


def test_in_one_race_the_gap_is_how_long_ago_the_other_was_here(duel: Duel) -> None:
    both = {"session_uid": "7"}
    drive(duel, {"rig_id": "RIG_A", **both}, 500, 50.0, car_index=3)
    drive(duel, {"rig_id": "RIG_B", **both}, 400, 40.0, car_index=5)

    assert duel.standing("RIG_B", 0.0).gap_to_other_ms == 2000
    assert duel.standing("RIG_A", 0.0).gap_to_other_ms == -2000


def test_a_rig_that_fell_silent_is_compared_with_nobody(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    assert duel.standing("RIG_B", now_s=6.0).other is None
    assert duel.standing("RIG_B", now_s=6.0).delta_to_best_ms is None


def test_a_rig_whose_session_has_ended_is_compared_with_nobody(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    ended = {**A, "session_key": None, "session_time_s": None, "overall_frame": None, "car_index": None}
    duel.feed(
        SessionEnded.model_validate(
            {**ended, "received_at": AT, "driver_name": None, "individual_id": None, "reason": "send"}
        ),
        0.0,
    )

    assert duel.standing("RIG_B", 0.0).other is None


def test_two_rigs_that_tell_one_lap_differently_disagree(duel: Duel) -> None:
    told = {"session_uid": "7", "car_index": 3, "status": "confirmed"}
    duel.feed(make_lap(rig_id="RIG_A", **told, lap_time_ms=80_000), 0.0)

    same = duel.feed(make_lap(rig_id="RIG_B", **told, lap_time_ms=80_000, own=False), 0.0)
    unsure = duel.feed(make_lap(rig_id="RIG_B", **{**told, "status": "provisional"}, lap_time_ms=80_002), 0.0)
    other = duel.feed(make_lap(rig_id="RIG_B", **told, lap_time_ms=80_001, own=False), 0.0)

    assert (list(same), list(unsure)) == ([], [])
    assert list(other) == [Disagreement("7", 3, 1, 80_001, 80_000)]


def test_laps_of_separate_sessions_cannot_disagree(duel: Duel) -> None:
    duel.feed(make_lap(**A, lap_time_ms=80_000), 0.0)

    assert list(duel.feed(make_lap(**B, lap_time_ms=81_000), 0.0)) == []


def test_a_new_session_is_a_new_book(duel: Duel) -> None:
    drive(duel, A, 1000, 50.0)
    duel.feed(make_lap(**A), 0.0)

    drive(duel, {**A, "session_uid": "9"}, 500, 40.0)

    assert duel.standing("RIG_A", 0.0).delta_to_best_ms is None


def test_the_delta_to_the_own_best_is_taken_at_this_distance(duel: Duel) -> None:
    drive(duel, A, 1000, 50.0)
    duel.feed(make_lap(**A), 0.0)
    drive(duel, A, 500, 40.0, lap_number=2)

    assert duel.standing("RIG_A", 0.0).delta_to_best_ms == 2500
