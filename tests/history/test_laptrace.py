"""A rig's laps along their distance."""

from __future__ import annotations

from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.laptrace import MOST_POINTS, LapTrace, RunningLaps, columns
from app.normalize.events import LapProgress
from tests.history.builders import approaching, driven, lap_of, make_motion, make_progress, make_telemetry, moving

LENGTH_M = 200
LAP_MS = 4_000


def times_of(trace: LapTrace, lap_time_ms: int = LAP_MS, length_m: int | None = LENGTH_M) -> list[int | None]:
    return list(columns(trace, lap_time_ms, length_m).time_ms)


def shown(distance_m: float, time_ms: int) -> LapProgress:
    """A frame; the session's clock goes with the lap timer."""
    return make_progress(lap_distance_m=distance_m, current_lap_time_ms=time_ms, session_time_s=time_ms / 1000)


def a_lap(first_m: float = 3.0, number: int = 2) -> list[LapProgress]:
    """The last metre of a lap, then a whole one with a frame every 3 m."""
    distances = [first_m + 3.0 * n for n in range(int((LENGTH_M - first_m) / 3.0))]
    return [*moving([199.0], lap_number=number - 1), *moving(distances, lap_number=number)]


# --- time over distance ----------------------------------------------------------------------------------


def test_a_lap_whose_start_was_seen_begins_with_zero_and_ends_with_its_time() -> None:
    times = times_of(lap_of(driven(a_lap()), 2))

    assert (times[0], times[1], times[-1], len(times)) == (0, 80, LAP_MS, 51)
    assert None not in times


def test_a_lap_that_was_joined_on_the_way_has_no_points_before() -> None:
    times = times_of(lap_of(driven(moving([50.0, 53.0, 56.0])), 1))

    assert times[:13] == [None] * 13
    assert times[13] == 1_040


def test_a_first_lap_begins_at_the_line_after_the_way_to_it() -> None:
    laps = driven([*approaching([-20.0, -5.0]), *moving([2.0, 5.0])])

    assert lap_of(laps).times.x[0] == 0.0
    assert times_of(lap_of(laps))[0] == 0


def test_the_timer_of_a_race_starts_before_the_line_and_the_first_lap_with_it() -> None:
    grid = [shown(-8.0 + 3 * n, 3_000 + 100 * n) for n in range(6)]

    times = times_of(lap_of(driven(grid)), 20_000)

    assert times[0] == 3_267  # 2 of 3 metres after the frame at -2 m
    assert lap_of(driven(grid)).start_seen


def test_without_a_known_length_the_lap_ends_where_it_was_last_seen() -> None:
    times = times_of(lap_of(driven(moving([0.0, 4.0, 8.0, 12.0]))), length_m=None)

    assert times == [0, 80, 160, 240]


def test_a_hole_longer_than_sixty_metres_is_unknown() -> None:
    times = times_of(lap_of(driven(moving([0.0, 4.0, 8.0, 100.0, 104.0]))))

    assert times[:3] == [0, 80, 160]
    assert times[3:25] == [None] * 22
    assert times[25] == 2_000


def test_a_finished_lap_whose_last_part_was_not_seen_is_not_prolonged_to_the_line() -> None:
    times = times_of(lap_of(driven(moving([0.0, 4.0, 8.0]))))

    assert times[3:-1] == [None] * (len(times) - 4)
    assert times[-1] == LAP_MS  # the line itself is known: it is where the lap ended


def test_points_are_taken_at_least_two_metres_apart_at_speed() -> None:
    laps = driven(moving([n * 1.2 for n in range(60)], ms_a_metre=12.0))

    xs = lap_of(laps).times.x
    assert all(later - earlier >= 2.0 for earlier, later in pairwise(xs))
    assert len(xs) == 30


def test_a_car_that_stands_makes_no_points_and_the_time_it_stood_is_where_it_stood() -> None:
    standing = [shown(6.0, 120 + 50 * n) for n in range(100)]
    away = [shown(6.0 + n, 5_200 + 50 * n) for n in range(1, 4)]

    trace = lap_of(driven([*moving([0.0, 3.0, 6.0]), *standing, *away]))

    assert len(trace.times.x) == 6
    assert times_of(trace, 20_000)[:3] == [0, 80, 5_300]


@pytest.mark.parametrize("moment", [(7, 8), (1, 2), (18, 19)], ids=["on the way", "at the start", "at the end"])
def test_a_timer_that_steps_back_for_a_moment_is_not_believed(moment: tuple[int, int]) -> None:
    progresses = moving([3.0 * n for n in range(20)])
    for late in moment:
        behind_ms = progresses[late].current_lap_time_ms
        assert behind_ms is not None
        progresses[late] = progresses[late].model_copy(update={"current_lap_time_ms": behind_ms - 55})

    times = times_of(lap_of(driven(progresses)))

    assert times[:14] == [80 * n for n in range(14)]


def test_a_timer_that_stays_behind_the_clock_is_believed() -> None:
    before = moving([3.0 * n for n in range(10)])
    after = [
        each.model_copy(update={"session_time_s": (each.session_time_s or 0.0) + 2.0})
        for each in moving([30.0 + 3.0 * n for n in range(10)])
    ]

    assert times_of(lap_of(driven([*before, *after])))[:14] == [80 * n for n in range(14)]


def test_a_car_that_never_stops_being_slow_fills_no_more_than_its_bound() -> None:
    laps = RunningLaps()
    for n in range(MOST_POINTS + 500):
        laps.feed(shown(n * 0.5, n * 50))

    assert len(lap_of(laps).times.x) == MOST_POINTS


# --- going back ------------------------------------------------------------------------------------------


def test_a_flashback_cuts_the_lap_where_it_lands_and_the_lap_goes_on_from_there() -> None:
    first, second = moving([3.0 * n for n in range(30)]), moving([46.5 + 3.0 * n for n in range(30)], ms_a_metre=30.0)

    times = times_of(lap_of(driven([*first, *second])), 20_000)

    assert times[11] == 880  # 44 m, of the first course
    assert times[12] == 48 * 30  # 48 m, of the second


def test_a_flashback_over_the_line_takes_up_the_lap_before_and_forgets_the_one_after() -> None:
    lap = a_lap()
    over = moving([2.0, 5.0], lap_number=3)
    back = moving([150.5, 153.5], ms_a_metre=40.0, lap_number=2)

    laps = driven([*lap, *over, *back])

    assert laps.lap(3) is None
    assert lap_of(laps, 2).times.x[-1] == 153.5
    assert times_of(lap_of(laps, 2), 9_000)[10] == 800


def test_a_lap_that_is_begun_anew_under_its_number_has_nothing_of_the_first_try() -> None:
    given_up, again = moving([3.0, 60.0, 63.0]), moving([2.0, 5.0], ms_a_metre=30.0)

    laps = driven([*given_up, *approaching([-100.0, -50.0, -3.0]), *again])

    assert list(lap_of(laps).times.x) == [0.0, 2.0, 5.0]


def test_after_the_flag_nothing_is_added_though_the_number_stays() -> None:
    laps = driven([*moving([90.0, 93.0]), *moving([96.0, 2.0, 5.0], result_status="finished")])

    assert list(lap_of(laps).times.x) == [90.0, 93.0]


def test_only_the_last_few_laps_are_kept() -> None:
    laps = driven([progress for number in range(1, 8) for progress in moving([3.0, 6.0], lap_number=number)])

    assert [number for number in range(1, 8) if laps.lap(number) is not None] == [4, 5, 6, 7]


def test_a_copy_is_not_cut_with_the_lap_it_was_made_of() -> None:
    laps = driven(moving([3.0, 6.0, 9.0]))
    kept = lap_of(laps).copy()

    laps.feed(*moving([1.0]))

    assert list(kept.times.x) == [3.0, 6.0, 9.0]


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(-200, 300), st.none() | st.integers(0, 9_000)), max_size=60))
def test_whatever_comes_distances_and_times_of_a_lap_only_rise(steps: list[tuple[int, float, int | None]]) -> None:
    laps = RunningLaps()
    for number, distance_m, time_ms in steps:
        laps.feed(make_progress(lap_number=number, lap_distance_m=distance_m, current_lap_time_ms=time_ms))

    for number in range(1, 5):
        trace = laps.lap(number)
        if trace is not None:
            for rising in (trace.times.x, trace.times.columns[0]):
                assert all(earlier < later for earlier, later in pairwise(rising))
            known = [time for time in columns(trace, 10_000, LENGTH_M).time_ms if time is not None]
            assert known == sorted(known)


# --- pedals, gears and places ----------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["before", "after"])
def test_pedals_belong_to_the_distance_of_their_frame_whichever_packet_comes_first(order: str) -> None:
    laps, frames = RunningLaps(), count(10)
    for progress, frame in zip(moving([0.0, 4.0, 8.0]), frames, strict=False):
        telemetry = make_telemetry(
            overall_frame=frame, speed_kph=100 + frame, throttle=0.5, brake=0.0, gear=frame - 7, steer=-0.25
        )
        if order == "before":
            laps.feed_telemetry(telemetry)
            laps.feed(progress)
        else:
            laps.feed(progress)
            laps.feed_telemetry(telemetry)

    told = columns(lap_of(laps), LAP_MS, LENGTH_M)

    assert told.speed_kph[:3] == [110, 111, 112]
    assert told.gear[:3] == [3, 4, 5]
    assert told.throttle[:4] == [0.5, 0.5, 0.5, 0.5]  # 4 m behind the last point still counts
    assert told.throttle[4:] == [None] * (len(told.throttle) - 4)
    assert told.steer[0] == -0.25


def test_pedals_of_another_frame_belong_to_no_distance() -> None:
    laps = driven(moving([0.0, 4.0]))

    laps.feed_telemetry(make_telemetry(overall_frame=99, speed_kph=250))

    assert len(lap_of(laps).car.x) == 0


def test_a_packet_without_a_frame_belongs_to_no_distance() -> None:
    laps = RunningLaps()
    laps.feed(make_progress(lap_distance_m=5.0, current_lap_time_ms=100, overall_frame=None))
    laps.feed_telemetry(make_telemetry(overall_frame=None, speed_kph=250))

    assert len(lap_of(laps).car.x) == 0


def test_a_value_that_is_not_known_is_null_and_not_zero() -> None:
    laps = driven(moving([0.0]))
    laps.feed_telemetry(make_telemetry(overall_frame=10, speed_kph=None, gear=None, throttle=0.0))

    told = columns(lap_of(laps), LAP_MS, LENGTH_M)

    assert (told.speed_kph[0], told.gear[0], told.throttle[0]) == (None, None, 0.0)


def test_the_ground_is_where_the_car_was() -> None:
    laps = driven(moving([0.0]))
    laps.feed_motion(make_motion(12.0, -7.0, overall_frame=10))

    assert [list(column) for column in lap_of(laps).ground.columns] == [[12.0], [-7.0]]


def test_a_flashback_takes_pedals_and_places_with_it() -> None:
    laps = RunningLaps()
    for progress, frame in zip(moving([10.0, 20.0, 30.0]), count(10), strict=False):
        laps.feed(progress)
        laps.feed_telemetry(make_telemetry(overall_frame=frame, speed_kph=100))
        laps.feed_motion(make_motion(1.0, 2.0, overall_frame=frame))

    laps.feed(*moving([15.0]))

    trace = lap_of(laps)
    assert list(trace.car.x) == list(trace.ground.x) == [10.0]


def test_the_pits_are_remembered_until_a_flashback_undoes_them() -> None:
    laps = driven([*moving([10.0, 20.0]), *moving([30.0], pit_status="pitting")])
    assert lap_of(laps).pit_from_m == 30.0

    laps.feed(*moving([25.0]))

    assert lap_of(laps).pit_from_m is None


def test_a_pit_status_that_is_not_known_is_not_taken_for_the_track() -> None:
    assert lap_of(driven(moving([10.0], pit_status=None))).pit_from_m == 10.0


def test_a_trace_fits_a_lap_only_when_its_timer_does_not_go_beyond_its_time() -> None:
    trace = lap_of(driven(moving([0.0, 100.0, 199.0])))

    assert trace.fits(3_990)
    assert not trace.fits(3_000)


def test_a_lap_of_which_hardly_anything_was_seen_has_no_trace() -> None:
    assert not lap_of(driven(moving([199.0]))).fits(LAP_MS)
    assert not lap_of(driven(moving([110.0, 150.0, 199.0]))).fits(LAP_MS)


def test_a_distance_that_no_track_has_is_not_driven() -> None:
    laps = RunningLaps()

    for distance_m in (10.0, 6_000_000.0, 200.0):
        laps.feed(make_progress(lap_distance_m=distance_m, current_lap_time_ms=round(distance_m * 20)))

    trace = laps.lap(1)
    assert trace is not None
    assert trace.times.x[-1] == 200.0
