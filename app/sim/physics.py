"""How the simulated car behaves: what it can accelerate, which gear and rpm fit a speed, what it consumes.

Every number here is invented so that values look like the game's; none describes a real car. Pure functions
and tables, one car, no track.
"""

from __future__ import annotations

from math import sqrt
from typing import Final, NamedTuple

TOP_SPEED_MPS: Final = 92.0
PIT_LIMIT_MPS: Final = 80 / 3.6 - 0.1  # a driver stays a hair below the limiter
MAX_RPM: Final = 13_099  # as in real datagrams
IDLE_RPM: Final = 4_000
MAX_GEARS: Final = 9
ERS_FULL_J: Final = 4_000_000.0
FUEL_CAPACITY_KG: Final = 110.0
FUEL_KG_PER_M: Final = 1.45 / 5_000  # about 1.45 kg on a lap of 5 km

_TRACTION_MPS2: Final = 11.0
_LEAST_GAIN_MPS2: Final = 0.05
_POWER_LIMITS_MPS: Final = 940.0 / _TRACTION_MPS2
_RPM_PER_KPH: Final = (118.0, 92.0, 76.0, 63.0, 54.0, 47.0, 41.0, 36.0)
_UPSHIFT_RPM: Final = 11_900
_FIRST_LIGHT_RPM: Final = 9_650
_LIGHTS: Final = 15


class Drivetrain(NamedTuple):
    """Gear, revolutions and rev lights at one speed."""

    gear: int
    rpm: int
    rev_lights_percent: int
    rev_lights_bits: int


def acceleration_limit(speed_mps: float) -> float:
    """The most the car can gain, m/s²: traction first, then power less drag."""
    pull = 940.0 / speed_mps if speed_mps > _POWER_LIMITS_MPS else _TRACTION_MPS2
    gain = pull - 0.0012 * speed_mps * speed_mps
    return gain if gain > _LEAST_GAIN_MPS2 else _LEAST_GAIN_MPS2


def braking_limit(speed_mps: float) -> float:
    """The most the car can lose, m/s², as a positive number; grows with downforce."""
    return 18.0 + 0.0035 * speed_mps * speed_mps


def _drivetrain(speed_kph: int) -> Drivetrain:
    if speed_kph < 2:
        return Drivetrain(0, IDLE_RPM, 0, 0)
    gear = next((g for g, ratio in enumerate(_RPM_PER_KPH, 1) if speed_kph * ratio <= _UPSHIFT_RPM), len(_RPM_PER_KPH))
    rpm = min(MAX_RPM, max(IDLE_RPM, round(speed_kph * _RPM_PER_KPH[gear - 1])))
    percent = min(100, max(0, round((rpm - _FIRST_LIGHT_RPM) * 0.0379)))
    return Drivetrain(gear, rpm, percent, (1 << round(_LIGHTS * percent / 100)) - 1)


DRIVETRAIN: Final = tuple(_drivetrain(speed_kph) for speed_kph in range(420))
"""Gear, rpm and rev lights by whole km/h."""


def limit_speeds(wanted: list[float], step_m: float, first_mps: float | None = None) -> list[float]:
    """Speeds a car can reach from point to point, never above `wanted` unless it cannot slow down in time.

    Args:
        wanted: Highest sensible speed at each point, m/s; 0 means stop there.
        step_m: Distance between points.
        first_mps: Speed at the first point; None takes the wanted one.
    """
    speeds = wanted.copy()
    after = speeds[-1]
    for index in range(len(speeds) - 2, -1, -1):
        reachable = sqrt(after * after + 2 * braking_limit(after) * step_m)
        after = speeds[index]
        if after > reachable:
            after = speeds[index] = reachable
    before = speeds[0] = speeds[0] if first_mps is None else first_mps
    for index in range(1, len(speeds)):
        speed = speeds[index]
        if speed > before:
            speed = min(speed, sqrt(before * before + 2 * acceleration_limit(before) * step_m))
        elif speed < before:
            speed = max(speed, sqrt(max(0.0, before * before - 2 * braking_limit(before) * step_m)))
        before = speeds[index] = speed
    return speeds


def pedals(speed_mps: float, acceleration_mps2: float) -> tuple[float, float]:
    """Throttle and brake, 0..1, that give this acceleration at this speed."""
    if speed_mps < 0.3 and acceleration_mps2 <= 0.0:
        return 0.0, 1.0  # standing cars are held
    drag = 0.0012 * speed_mps * speed_mps + 1.5  # coasting in gear also slows the engine
    if acceleration_mps2 >= -drag:
        return min(1.0, (acceleration_mps2 + drag) / (acceleration_limit(speed_mps) + drag)), 0.0
    return 0.0, min(1.0, (-acceleration_mps2 - drag) / braking_limit(speed_mps))
