"""Tracks: a closed outline, the speed a good driver has along it, and what repeats on every lap.

The outlines are generic closed curves drawn from the track id, not the shapes of the circuits whose ids and names they
carry; lengths and lap times are the caller's. Speeds follow from the curvature, so position, velocity, speed
and lateral g always fit each other.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, pairwise
from math import atan2, ceil, cos, hypot, pi, sin, sqrt
from random import Random
from typing import Final

from app.sim.physics import TOP_SPEED_MPS, acceleration_limit, limit_speeds

TRACK_NAMES: Final = {
    0: "Melbourne",
    3: "Sakhir (Bahrain)",
    4: "Catalunya",
    5: "Monaco",
    6: "Montreal",
    7: "Silverstone",
    10: "Spa",
    11: "Monza",
    13: "Suzuka",
    32: "Losail",
}
GARAGES_BEFORE_THE_LINE: Final = frozenset({0, 5, 6, 32})
"""Here a pit stop lies across laps: the box comes before the line (formats.md 4)."""

SHORT_LENGTH_M: Final = 1_200.0
SHORT_LAP_S: Final = 20.0
LONG_LENGTH_M: Final = 5_000.0
LONG_LAP_S: Final = 80.0
_CURVE_POINTS: Final = 4_000
_OUTLINE_STEP_M: Final = 2.5
_UNIT: Final = 32_767  # directions travel as integers


@dataclass(frozen=True, slots=True)
class Track:
    """One closed track; arrays are indexed by lap distance.

    Attributes:
        step_m: Distance between entries of `speeds_mps`, which has one entry more than steps (line to line).
        outline_step_m: Distance between entries of the outline arrays.
        forward: Direction of travel as six wire integers: forward x y z, right x y z.
        brake_temperature_c: Rear, front.
        deployed_j: ERS energy used from the line on; `harvested_j` likewise, equal to it at the end of the lap.
    """

    track_id: int
    name: str
    length_m: float
    step_m: float
    speeds_mps: tuple[float, ...]
    reference_ms: float
    sector2_m: float
    sector3_m: float
    trap_m: float
    drs_zone: tuple[float, float]
    pit_entry_m: float
    pit_exit_m: float
    box_m: float
    garages_before_line: bool
    outline_step_m: float
    x_m: tuple[float, ...]
    y_m: tuple[float, ...]
    z_m: tuple[float, ...]
    forward: tuple[tuple[int, int, int, int, int, int], ...]
    yaw_rad: tuple[float, ...]
    slope: tuple[float, ...]
    curvature: tuple[float, ...]
    steer: tuple[float, ...]
    brake_temperature_c: tuple[tuple[int, int], ...]
    tyre_load: tuple[float, ...]
    deployed_j: tuple[float, ...]
    harvested_j: tuple[float, ...]
    ers_at_line_j: float

    def cell(self, lap_distance_m: float) -> int:
        """Index into the outline arrays; distances before the line count from the end of the lap."""
        return int(lap_distance_m % self.length_m / self.outline_step_m)


def short_track(track_id: int = 4) -> Track:
    """A track for tests: laps of about 20 s."""
    return make_track(track_id, SHORT_LENGTH_M, SHORT_LAP_S)


def long_track(track_id: int = 4) -> Track:
    """A track for demonstrations: laps of about 80 s."""
    return make_track(track_id, LONG_LENGTH_M, LONG_LAP_S)


@cache
def make_track(track_id: int, length_m: float, lap_s: float) -> Track:
    """The track of this id, length and reference lap time; the same values give the same track."""
    cells = ceil(length_m / _OUTLINE_STEP_M)
    cell_m = length_m / cells
    x_m, z_m = _outline(Random(f"outline-{track_id}"), length_m, cells)
    hills = Random(f"hills-{track_id}").uniform(1.0, 3.0)  # m; low enough that slope does not lengthen the lap
    y_m = [hills * sin(2 * pi * index / cells) for index in range(cells)]
    slope = [hills * 2 * pi / length_m * cos(2 * pi * index / cells) for index in range(cells)]
    yaw = [
        atan2(x_m[(index + 1) % cells] - x_m[index - 1], z_m[(index + 1) % cells] - z_m[index - 1])
        for index in range(cells)
    ]
    curvature = _smooth([_turn(yaw[index - 1], yaw[(index + 1) % cells]) / (2 * cell_m) for index in range(cells)], 6)

    steps = round(length_m / max(5.0, length_m / 500))
    step_m = length_m / steps
    bends = [max(abs(curvature[int(index * step_m / cell_m) % cells]), 1e-4) for index in range(steps)]
    speeds = _speeds_for(bends, step_m, lap_s)
    times_s = list(accumulate(2 * step_m / (v + w) for v, w in pairwise(speeds)))
    at_cell = [min(steps - 1, int(index * cell_m / step_m)) for index in range(cells)]
    pace = [speeds[index] for index in at_cell]
    pull = [(speeds[i + 1] ** 2 - speeds[i] ** 2) / (2 * step_m) for i in at_cell]
    deployed, harvested, at_line = _energy(pace, pull, cell_m)
    before = track_id in GARAGES_BEFORE_THE_LINE
    straight = max(range(steps), key=lambda index: speeds[index]) * step_m
    return Track(
        track_id=track_id,
        name=TRACK_NAMES.get(track_id, "Unknown"),
        length_m=length_m,
        step_m=step_m,
        speeds_mps=tuple(speeds),
        reference_ms=times_s[-1] * 1000,
        sector2_m=round(length_m * 0.31, 1),
        sector3_m=round(length_m * 0.67, 1),
        trap_m=min(max(straight, 0.06 * length_m), 0.94 * length_m),
        drs_zone=(0.72 * length_m, 0.88 * length_m),
        pit_entry_m=length_m - min(300.0, 0.12 * length_m),
        pit_exit_m=min(300.0, 0.12 * length_m),
        box_m=length_m - min(120.0, 0.05 * length_m) if before else min(120.0, 0.05 * length_m),
        garages_before_line=before,
        outline_step_m=cell_m,
        x_m=tuple(x_m),
        y_m=tuple(y_m),
        z_m=tuple(z_m),
        forward=tuple(_direction(angle, rise) for angle, rise in zip(yaw, slope, strict=True)),
        yaw_rad=tuple(yaw),
        slope=tuple(slope),
        curvature=tuple(curvature),
        steer=tuple(max(-1.0, min(1.0, bend * 14.0)) for bend in curvature),
        brake_temperature_c=tuple(_brake_temperatures(pull, pace, cell_m)),
        tyre_load=tuple(_smooth([min(1.0, v * v * abs(k) / 40.0) for v, k in zip(pace, curvature, strict=True)], 20)),
        deployed_j=tuple(deployed),
        harvested_j=tuple(harvested),
        ers_at_line_j=at_line,
    )


def _outline(rng: Random, length_m: float, cells: int) -> tuple[list[float], list[float]]:
    """A closed curve around the origin that cannot cross itself, as points at equal distances along it."""
    bends = (2, 3, 4, 5) if length_m < 2_000 else (2, 3, 5, 8, 11, 14)  # a longer lap has more corners
    waves = [(n, rng.uniform(0.1, 0.35) / n, rng.uniform(0, 2 * pi)) for n in bends]
    points = []
    for index in range(_CURVE_POINTS + 1):
        angle = 2 * pi * index / _CURVE_POINTS
        radius = 1.0 + sum(size * cos(n * angle + phase) for n, size, phase in waves)
        points.append((radius * cos(angle), radius * sin(angle)))
    along = [0.0, *accumulate(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))]
    scale = length_m / along[-1]
    xs, zs = [], []
    for index in range(cells):
        wanted = index * along[-1] / cells
        at = min(max(bisect_left(along, wanted), 1), _CURVE_POINTS)
        share = (wanted - along[at - 1]) / (along[at] - along[at - 1])
        xs.append(scale * (points[at - 1][0] + share * (points[at][0] - points[at - 1][0])))
        zs.append(scale * (points[at - 1][1] + share * (points[at][1] - points[at - 1][1])))
    return xs, zs


def _turn(before_rad: float, after_rad: float) -> float:
    return (after_rad - before_rad + pi) % (2 * pi) - pi


def _smooth(values: list[float], reach: int) -> list[float]:
    """The moving average around each entry of a ring."""
    ring = [*values[-reach:], *values, *values[:reach]]
    sums = [0.0, *accumulate(ring)]
    return [(sums[index + 2 * reach + 1] - sums[index]) / (2 * reach + 1) for index in range(len(values))]


def _speeds_for(bends: list[float], step_m: float, lap_s: float) -> list[float]:
    """Speeds from line to line with the cornering grip that gives this lap time; grip is what we solve for."""
    low, high = 1.0, 400.0
    speeds: list[float] = []
    for _ in range(24):
        grip = sqrt(low * high)
        wanted = [min(TOP_SPEED_MPS, sqrt(grip / bend)) for bend in bends]
        around = limit_speeds(wanted * 3, step_m)  # the middle one of three laps starts and ends at racing speed
        speeds = around[len(bends) : 2 * len(bends) + 1]
        speeds[-1] = speeds[0]
        low, high = (grip, high) if sum(2 * step_m / (v + w) for v, w in pairwise(speeds)) > lap_s else (low, grip)
    return speeds


def _direction(yaw_rad: float, slope: float) -> tuple[int, int, int, int, int, int]:
    flat = 1 / hypot(1.0, slope)
    x, z = sin(yaw_rad), cos(yaw_rad)
    forward = (x * flat, slope * flat, z * flat)
    right = (-z, 0.0, x)  # so signed in real datagrams
    a, b, c = (round(part * _UNIT) for part in forward)
    d, e, f = (round(part * _UNIT) for part in right)
    return a, b, c, d, e, f


def _brake_temperatures(pull: list[float], pace: list[float], cell_m: float) -> list[tuple[int, int]]:
    """Discs that heat under braking and cool with speed; two laps, so that the ring closes."""
    temperature, lap = 400.0, []
    for index in range(2 * len(pull)):
        at = index % len(pull)
        seconds = cell_m / max(pace[at], 5.0)
        temperature += seconds * (max(0.0, -pull[at]) * 9.0 - (temperature - 250.0) * 0.12)
        lap.append((round(temperature * 0.93), round(temperature)))
    return lap[len(pull) :]


def _energy(pace: list[float], pull: list[float], cell_m: float) -> tuple[list[float], list[float], float]:
    """ERS used and won along the lap, balanced over it, and the charge at the line that keeps it within 0..4 MJ."""
    full = [max(0.0, min(1.0, accel / max(acceleration_limit(v), 0.1))) for v, accel in zip(pace, pull, strict=True)]
    used = [120_000.0 * (0.2 + 0.8 * part) * cell_m / v for part, v in zip(full, pace, strict=True)]
    won = [(20_000.0 + 9_000.0 * max(0.0, -accel)) * cell_m / v for accel, v in zip(pull, pace, strict=True)]
    balance = sum(used) / sum(won)
    deployed, harvested = list(accumulate(used)), list(accumulate(part * balance for part in won))
    swing = [b - a for a, b in zip(deployed, harvested, strict=True)]
    scale = min(1.0, 3_000_000.0 / (max(swing) - min(swing) + 1.0))
    at_line = 600_000.0 - scale * min(*swing, 0.0)
    return [scale * j for j in deployed], [scale * j for j in harvested], at_line
