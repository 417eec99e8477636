"""The laps of one rig as lines."""

from __future__ import annotations

from app.duel.laps import RigLaps
from tests.duel.builders import make_lap, make_progress, make_withdrawal

SPEED_MPS = 50.0
SESSION = "7"


def elapsed_ms(laps: RigLaps, distance_m: float) -> float | None:
    """The lap time shown at the last pass of a place."""
    passed = laps.last_pass(distance_m)
    return None if passed is None else passed.elapsed_ms


def drive(
    laps: RigLaps,
    number: int,
    until_m: float,
    *,
    from_m: float = 0.0,
    speed_mps: float = SPEED_MPS,
    begun_s: float = 0.0,
) -> None:
    """One point every 10 m at an even speed."""
    distance_m = from_m
    while distance_m <= until_m:
        laps.feed(
            make_progress(
                lap_number=number,
                lap_distance_m=distance_m,
                current_lap_time_ms=round(distance_m / speed_mps * 1000),
                total_distance_m=distance_m,
                session_time_s=distance_m / speed_mps,
            ),
            now_s=begun_s + distance_m / speed_mps,
        )
        distance_m += 10.0


def test_the_running_lap_answers_where_it_has_been() -> None:
    laps = RigLaps(SESSION)

    drive(laps, 1, 500)

    assert (elapsed_ms(laps, 250), elapsed_ms(laps, 255)) == (5000, 5100)


def test_where_the_running_lap_has_not_been_the_timed_lap_before_answers() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)
    laps.complete(make_lap(lap_number=1, lap_time_ms=20_000))
    drive(laps, 2, 300, speed_mps=60.0)

    assert (elapsed_ms(laps, 300), elapsed_ms(laps, 900)) == (5000, 18_000)


def test_a_lap_that_was_not_timed_answers_nothing_afterwards() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)

    drive(laps, 2, 300)

    assert elapsed_ms(laps, 900) is None


def test_a_lap_whose_start_was_seen_begins_at_the_line_exactly() -> None:
    laps = RigLaps(SESSION)
    laps.feed(make_progress(lap_number=1, lap_distance_m=990, current_lap_time_ms=19_800), 0.0)

    drive(laps, 2, 100, from_m=5)

    assert elapsed_ms(laps, 1) == 20.0


def test_before_the_line_and_in_the_garage_there_is_no_time() -> None:
    laps = RigLaps(SESSION)

    laps.feed(make_progress(lap_distance_m=-500.0, current_lap_time_ms=None), 0.0)

    assert (elapsed_ms(laps, 0), laps.running_ms) == (None, None)


def test_a_flashback_within_the_lap_forgets_what_was_undone() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 500)

    drive(laps, 1, 400, from_m=300, speed_mps=25.0)

    assert (elapsed_ms(laps, 200), elapsed_ms(laps, 350), elapsed_ms(laps, 450)) == (4000, 14_000, None)


def test_a_flashback_over_the_line_takes_the_lap_back_up_where_it_lands() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)
    laps.complete(make_lap(lap_number=1))
    drive(laps, 2, 100)

    laps.withdraw(make_withdrawal(lap_number=1))
    drive(laps, 1, 950, from_m=900)

    assert (elapsed_ms(laps, 500), elapsed_ms(laps, 990)) == (10_000, None)
    assert laps.best_elapsed_ms(500) is None


def test_a_flashback_over_the_flag_leaves_no_best_lap_to_be_compared_with_itself() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 3, 1000)
    laps.complete(make_lap(lap_number=3))

    laps.withdraw(make_withdrawal(lap_number=3))
    drive(laps, 3, 800, from_m=700)

    assert laps.best_elapsed_ms(750) is None


def test_a_lap_that_is_corrected_to_be_no_best_is_none() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)
    laps.complete(make_lap(lap_number=1))

    laps.complete(make_lap(lap_number=1, lap_time_ms=99_000, personal_best=False, status="corrected"))

    assert laps.best_elapsed_ms(500) is None


def test_the_best_valid_lap_is_kept_and_an_invalid_one_never_is() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)
    laps.complete(make_lap(lap_number=1))
    drive(laps, 2, 1000, speed_mps=100.0)
    laps.complete(make_lap(lap_number=2, valid=False, personal_best=False))
    drive(laps, 3, 10)

    assert laps.best_elapsed_ms(500) == 10_000


def test_a_best_lap_that_turns_out_invalid_is_none() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)
    laps.complete(make_lap(lap_number=1))

    laps.complete(make_lap(lap_number=1, valid=False, personal_best=False, status="corrected"))

    assert laps.best_elapsed_ms(500) is None


def test_after_the_flag_no_lap_runs_and_the_last_one_still_answers() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 3, 1000)
    laps.complete(make_lap(lap_number=3))

    laps.feed(make_progress(lap_number=3, lap_distance_m=40, current_lap_time_ms=700, result_status="finished"), 0.0)

    assert (laps.running_ms, elapsed_ms(laps, 500)) == (None, 10_000)


def test_a_lap_of_another_session_is_no_lap_of_this_one() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)

    laps.complete(make_lap(lap_number=1, session_uid="8"))

    assert laps.best_elapsed_ms(500) is None


def test_another_cars_lap_is_no_lap_of_this_rig() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)

    laps.complete(make_lap(lap_number=1, own=False))

    assert laps.best_elapsed_ms(500) is None


def test_the_session_time_at_a_total_distance_is_remembered() -> None:
    laps = RigLaps(SESSION)

    drive(laps, 1, 1000)

    passed_s = laps.session_time_at_s(505)
    assert passed_s is not None
    assert abs(passed_s - 10.1) < 0.001


def test_when_a_car_was_at_a_place_is_told_on_our_clock() -> None:
    laps = RigLaps(SESSION)

    drive(laps, 1, 500, begun_s=100.0)

    assert laps.last_pass(250) == (5000, 105.0)


def test_a_lap_that_has_ended_keeps_when_it_began() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000, begun_s=100.0)
    laps.complete(make_lap(lap_number=1, lap_time_ms=20_000))

    drive(laps, 2, 300, begun_s=120.0)

    assert (laps.last_pass(900), laps.last_pass(200)) == ((18_000, 118.0), (4000, 124.0))


def test_a_pause_moves_when_the_running_lap_began() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 500, begun_s=100.0)

    drive(laps, 1, 600, from_m=510, begun_s=160.0)  # a minute on, and the timer stood still

    assert laps.last_pass(250) == (5000, 165.0)


def test_where_no_lap_is_timed_the_car_is_nowhere_on_a_lap() -> None:
    laps = RigLaps(SESSION)
    places = []
    for distance_m, timer_ms in ((-500.0, None), (-5.0, 40), (0.4, 8), (90.0, 1800)):
        laps.feed(make_progress(lap_distance_m=distance_m, current_lap_time_ms=timer_ms), 0.0)
        places.append(laps.running_m)

    assert places == [None, None, 0.4, 90.0]
