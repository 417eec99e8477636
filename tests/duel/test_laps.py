"""The laps of one rig as lines."""

from __future__ import annotations

from app.duel.laps import RigLaps
from tests.duel.builders import make_lap, make_progress, make_withdrawal

SPEED_MPS = 50.0
SESSION = "7"


def drive(laps: RigLaps, number: int, until_m: float, *, from_m: float = 0.0, speed_mps: float = SPEED_MPS) -> None:
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
            )
        )
        distance_m += 10.0


def test_the_running_lap_answers_where_it_has_been() -> None:
    laps = RigLaps(SESSION)

    drive(laps, 1, 500)

    assert (laps.elapsed_ms(250), laps.elapsed_ms(255)) == (5000, 5100)


def test_where_the_running_lap_has_not_been_the_timed_lap_before_answers() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)
    laps.complete(make_lap(lap_number=1, lap_time_ms=20_000))
    drive(laps, 2, 300, speed_mps=60.0)

    assert (laps.elapsed_ms(300), laps.elapsed_ms(900)) == (5000, 18_000)


def test_a_lap_that_was_not_timed_answers_nothing_afterwards() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)

    drive(laps, 2, 300)

    assert laps.elapsed_ms(900) is None


def test_a_lap_whose_start_was_seen_begins_at_the_line_exactly() -> None:
    laps = RigLaps(SESSION)
    laps.feed(make_progress(lap_number=1, lap_distance_m=990, current_lap_time_ms=19_800))

    drive(laps, 2, 100, from_m=5)

    assert laps.elapsed_ms(1) == 20.0


def test_before_the_line_and_in_the_garage_there_is_no_time() -> None:
    laps = RigLaps(SESSION)

    laps.feed(make_progress(lap_distance_m=-500.0, current_lap_time_ms=None))

    assert (laps.elapsed_ms(0), laps.running_ms) == (None, None)


def test_a_flashback_within_the_lap_forgets_what_was_undone() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 500)

    drive(laps, 1, 400, from_m=300, speed_mps=25.0)

    assert (laps.elapsed_ms(200), laps.elapsed_ms(350), laps.elapsed_ms(450)) == (4000, 14_000, None)


def test_a_flashback_over_the_line_takes_the_lap_back_up_where_it_lands() -> None:
    laps = RigLaps(SESSION)
    drive(laps, 1, 1000)
    laps.complete(make_lap(lap_number=1))
    drive(laps, 2, 100)

    laps.withdraw(make_withdrawal(lap_number=1))
    drive(laps, 1, 950, from_m=900)

    assert (laps.elapsed_ms(500), laps.elapsed_ms(990)) == (10_000, None)
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

    laps.feed(make_progress(lap_number=3, lap_distance_m=40, current_lap_time_ms=700, result_status="finished"))

    assert (laps.running_ms, laps.elapsed_ms(500)) == (None, 10_000)


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
