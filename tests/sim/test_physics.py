from __future__ import annotations

from itertools import pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sim.physics import (
    DRIVETRAIN,
    IDLE_RPM,
    MAX_RPM,
    acceleration_limit,
    braking_limit,
    limit_speeds,
    pedals,
)

speeds = st.floats(0.0, 92.0)


def test_gears_rise_with_speed_and_revolutions_stay_in_range() -> None:
    driven = DRIVETRAIN[2:331]

    assert [d.gear for d in driven] == sorted(d.gear for d in driven)
    assert {d.gear for d in driven} == set(range(1, 9))
    assert all(IDLE_RPM <= d.rpm <= MAX_RPM for d in driven)


def test_within_a_gear_revolutions_rise_with_speed() -> None:
    pairs = [(a, b) for a, b in pairwise(DRIVETRAIN[2:331]) if a.gear == b.gear]

    assert all(a.rpm <= b.rpm for a, b in pairs)


def test_rev_lights_come_on_from_the_left_with_the_revolutions() -> None:
    lit = sorted(set(DRIVETRAIN), key=lambda d: d.rpm)

    assert [d.rev_lights_percent for d in lit] == sorted(d.rev_lights_percent for d in lit)
    assert all(d.rev_lights_bits & (d.rev_lights_bits + 1) == 0 for d in lit)


@given(speeds, st.floats(-45.0, 11.0))
def test_pedals_are_ratios_and_never_pressed_together(speed_mps: float, acceleration: float) -> None:
    throttle, brake = pedals(speed_mps, acceleration)

    assert 0.0 <= throttle <= 1.0
    assert 0.0 <= brake <= 1.0
    assert throttle == 0.0 or brake == 0.0


@given(st.lists(speeds, min_size=2, max_size=40), st.floats(1.0, 10.0))
def test_limited_speeds_can_be_driven(wanted: list[float], step_m: float) -> None:
    driven = limit_speeds(wanted, step_m)

    for before, after in pairwise(driven):
        assert after <= sqrt(before**2 + 2 * acceleration_limit(before) * step_m) + 1e-9
        assert before <= sqrt(after**2 + 2 * braking_limit(after) * step_m) + 1e-9
    assert all(speed <= wish + 1e-9 for speed, wish in zip(driven, wanted, strict=True))


def test_a_car_that_comes_too_fast_brakes_as_hard_as_it_can() -> None:
    driven = limit_speeds([20.0] * 30, 5.0, first_mps=80.0)

    assert driven[0] == 80.0
    assert driven[1] == pytest.approx(sqrt(80.0**2 - 2 * braking_limit(80.0) * 5.0))
    assert driven[-1] == 20.0
