from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sim.legs import Wish, plan, spliced, standing
from tests.sim.runs import TRACK

FLYING = plan(TRACK, Wish(), from_m=0.0, to_m=TRACK.length_m, first_mps=TRACK.speeds_mps[0])


def test_a_leg_takes_whole_milliseconds_near_the_reference() -> None:
    assert FLYING.end_s * 1000 == pytest.approx(round(FLYING.end_s * 1000))
    assert FLYING.end_s * 1000 == pytest.approx(TRACK.reference_ms, rel=0.01)


@given(st.floats(0.0, FLYING.end_s - 0.02))
def test_speed_is_the_change_of_distance(elapsed_s: float) -> None:
    before, after = FLYING.at(elapsed_s), FLYING.at(elapsed_s + 0.01)

    measured = (after.distance_m - before.distance_m) / 0.01

    assert measured == pytest.approx((before.speed_mps + after.speed_mps) / 2, rel=0.01)


@given(st.floats(0.0, TRACK.length_m))
def test_time_at_distance_is_the_inverse_of_distance_at_time(distance_m: float) -> None:
    elapsed_s = FLYING.elapsed_s(distance_m)

    assert elapsed_s is not None
    assert FLYING.at(elapsed_s).distance_m == pytest.approx(distance_m, abs=1e-4)


@pytest.mark.parametrize("exact_ms", [19_500, 20_345, 24_000])
def test_a_leg_can_take_exactly_the_time_asked_for(exact_ms: int) -> None:
    leg = plan(TRACK, Wish(), from_m=0.0, to_m=TRACK.length_m, first_mps=60.0, exact_ms=exact_ms)

    assert leg.end_s == exact_ms / 1000


def test_a_standing_start_begins_at_rest_and_takes_longer() -> None:
    leg = plan(TRACK, Wish(), from_m=-8.0, to_m=TRACK.length_m, first_mps=0.0)

    assert leg.at(0.0) == (-8.0, 0.0, leg.accelerations[0])
    assert leg.end_s > FLYING.end_s + 2.0


def test_a_stop_lasts_as_long_as_wished() -> None:
    leg = plan(TRACK, Wish(stop_m=600.0, dwell_s=2.5), from_m=0.0, to_m=TRACK.length_m, first_mps=60.0)

    still = [time for time, speed in zip(leg.times_s, leg.speeds_mps, strict=True) if speed == 0.0]

    assert still[1] - still[0] == pytest.approx(2.5, rel=1e-4)
    assert leg.at(still[0] + 1.0).distance_m == pytest.approx(600.0, abs=TRACK.step_m)


def test_a_capped_stretch_is_not_driven_faster() -> None:
    leg = plan(TRACK, Wish(caps=((500.0, 700.0, 22.0),)), from_m=0.0, to_m=TRACK.length_m, first_mps=60.0)

    capped = [v for d, v in zip(leg.distances_m, leg.speeds_mps, strict=True) if 500.0 <= d <= 700.0]

    assert max(capped) <= 22.01


def test_a_splice_keeps_the_past_and_goes_on_without_a_jump() -> None:
    here = FLYING.at(8.0)
    rest = plan(
        TRACK,
        Wish(pace=0.9),
        from_m=here.distance_m,
        to_m=TRACK.length_m,
        first_mps=here.speed_mps,
        started_s=8.0,
    )

    leg = spliced(FLYING, 8.0, rest)

    assert leg.at(5.0) == FLYING.at(5.0)
    assert leg.at(8.0 - 1e-6).distance_m == pytest.approx(leg.at(8.0 + 1e-6).distance_m, abs=0.001)
    assert leg.end_s > FLYING.end_s


def test_a_parked_car_stays() -> None:
    assert standing(76.9).at(1_000.0) == (76.9, 0.0, 0.0)


def test_a_leg_knows_what_it_does_not_reach() -> None:
    assert FLYING.elapsed_s(TRACK.length_m + 1.0) is None
    assert FLYING.elapsed_s(-1.0) is None
