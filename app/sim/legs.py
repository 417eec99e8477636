"""Legs: how one car gets from one lap distance to another, as knots with constant acceleration between them.

Distance is the exact integral of speed by construction, so crossing times follow from the leg and nothing is
stepped through. A leg always takes a whole number of milliseconds: lap times are integers in the game's packets.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, pairwise
from math import ceil, pi, sin, sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from app.sim.physics import limit_speeds

if TYPE_CHECKING:
    from app.sim.tracks import Track

_SOLVE_STEPS: Final = 12


class Motion(NamedTuple):
    """Where a car is in its lap and how it moves."""

    distance_m: float
    speed_mps: float
    acceleration_mps2: float


class Leg:
    """Knots of time, distance and speed; before the first and after the last the car stands."""

    __slots__ = ("accelerations", "distances_m", "speeds_mps", "times_s")

    def __init__(self, times_s: list[float], distances_m: list[float], speeds_mps: list[float]) -> None:
        self.times_s = times_s
        self.distances_m = distances_m
        self.speeds_mps = speeds_mps
        self.accelerations = [
            (v1 - v0) / (t1 - t0) if t1 > t0 else 0.0
            for (t0, t1), (v0, v1) in zip(pairwise(times_s), pairwise(speeds_mps), strict=True)
        ]
        self.accelerations.append(0.0)

    @property
    def end_s(self) -> float:
        """When the last knot is reached, from the start of the leg."""
        return self.times_s[-1]

    def at(self, elapsed_s: float) -> Motion:
        """The car's motion at a time since the start of the leg."""
        index = bisect_right(self.times_s, elapsed_s) - 1
        if index < 0:
            return Motion(self.distances_m[0], 0.0, 0.0)
        after = elapsed_s - self.times_s[index]
        if index == len(self.times_s) - 1:
            return Motion(self.distances_m[-1] + self.speeds_mps[-1] * after, self.speeds_mps[-1], 0.0)
        acceleration = self.accelerations[index]
        speed = self.speeds_mps[index]
        return Motion(
            self.distances_m[index] + (speed + 0.5 * acceleration * after) * after,
            speed + acceleration * after,
            acceleration,
        )

    def elapsed_s(self, distance_m: float) -> float | None:
        """When the car is first at a distance; None if this leg does not get there."""
        index = bisect_right(self.distances_m, distance_m) - 1
        if index < 0 or distance_m > self.distances_m[-1]:
            return None
        while index and self.distances_m[index - 1] == distance_m:
            index -= 1  # a car that stopped there arrived with the first of the equal knots
        rest = distance_m - self.distances_m[index]
        if rest <= 0.0:
            return self.times_s[index]
        speed = self.speeds_mps[index]
        root = sqrt(max(0.0, speed * speed + 2 * self.accelerations[index] * rest))
        return self.times_s[index] + 2 * rest / (speed + root)


class Wish(NamedTuple):
    """What a driver wants of a leg; the car's limits decide what becomes of it.

    Attributes:
        pace: Speed against the track's reference.
        waves: (count, size, phase) of smooth differences in speed along the lap, so that no two laps are alike.
        caps: (from_m, to_m, speed_mps) stretches with a speed limit.
        stop_m: Stand here, for `dwell_s` or until `stand_until_s` of the leg's time.
    """

    pace: float = 1.0
    waves: tuple[tuple[int, float, float], ...] = ()
    caps: tuple[tuple[float, float, float], ...] = ()
    stop_m: float | None = None
    dwell_s: float = 0.0
    stand_until_s: float | None = None


def standing(distance_m: float) -> Leg:
    """A car that does not move."""
    return Leg([0.0], [distance_m], [0.0])


def plan(
    track: Track,
    wish: Wish,
    *,
    from_m: float,
    to_m: float,
    first_mps: float,
    exact_ms: int | None = None,
    started_s: float = 0.0,
) -> Leg:
    """The leg a driver makes of a wish.

    Args:
        track: Gives the reference speeds.
        wish: Pace, limits and stops.
        from_m: Lap distance of the start; negative before the line.
        to_m: Lap distance of the end, or where the car stops for good.
        first_mps: Speed at the start.
        exact_ms: What the leg's clock must show at its end; found by changing the pace.
        started_s: What the leg's clock shows at its start.
    """
    leg = _drive(track, wish, from_m, to_m, first_mps, started_s)
    if exact_ms is not None:
        wanted_s = exact_ms / 1000 - started_s
        for _ in range(_SOLVE_STEPS):
            wish = wish._replace(pace=wish.pace * (leg.end_s - started_s) / wanted_s)
            leg = _drive(track, wish, from_m, to_m, first_mps, started_s)
            if abs(leg.end_s - started_s - wanted_s) < 0.002:
                break
    end_ms = round(leg.end_s * 1000) if exact_ms is None else exact_ms
    stretch = (end_ms / 1000 - started_s) / (leg.end_s - started_s)
    times = [started_s + (time - started_s) * stretch for time in leg.times_s]
    times[-1] = end_ms / 1000
    return Leg(times, leg.distances_m, [speed / stretch for speed in leg.speeds_mps])


def spliced(leg: Leg, at_s: float, rest: Leg) -> Leg:
    """The leg up to `at_s`, then `rest`, whose clock goes on from there."""
    index = bisect_right(leg.times_s, at_s)
    here = leg.at(at_s)
    return Leg(
        [*leg.times_s[:index], at_s, *rest.times_s],
        [*leg.distances_m[:index], here.distance_m, *rest.distances_m],
        [*leg.speeds_mps[:index], here.speed_mps, *rest.speeds_mps],
    )


def _drive(track: Track, wish: Wish, from_m: float, to_m: float, first_mps: float, started_s: float) -> Leg:
    points = max(2, ceil((to_m - from_m) / track.step_m - 1e-6) + 1)
    step_m = (to_m - from_m) / (points - 1)
    distances = [from_m + index * step_m for index in range(points)]
    distances[-1] = to_m
    wanted = _wanted(track, wish, distances)
    stop = None
    if wish.stop_m is not None:
        stop = min(points - 1, max(1, round((wish.stop_m - from_m) / step_m)))
        wanted[stop] = 0.0
    speeds = limit_speeds(wanted, step_m, first_mps)
    if stop is not None:
        speeds[stop] = 0.0  # the braking zone was planned backwards from here, so hardly anything is left
    times = list(accumulate((2 * step_m / max(v + w, 0.1) for v, w in pairwise(speeds)), initial=started_s))
    if stop is not None and stop < points - 1:
        until = wish.stand_until_s if wish.stand_until_s is not None else times[stop] + wish.dwell_s
        wait = max(0.5, until - times[stop])
        times = [*times[: stop + 1], *(time + wait for time in times[stop:])]
        distances = [*distances[: stop + 1], *distances[stop:]]
        speeds = [*speeds[: stop + 1], *speeds[stop:]]
    return Leg(times, distances, speeds)


def _wanted(track: Track, wish: Wish, distances: list[float]) -> list[float]:
    length, reference, step_m = track.length_m, track.speeds_mps, track.step_m
    last = len(reference) - 1
    turns = [(2 * pi * count / length, size, phase) for count, size, phase in wish.waves]
    wanted = []
    for distance in distances:
        around = distance % length
        place = around / step_m
        index = int(place)
        if index >= last:
            index = last - 1
        speed = reference[index]
        speed = wish.pace * (speed + (place - index) * (reference[index + 1] - speed))
        for turn, size, phase in turns:
            speed *= 1.0 + size * sin(turn * around + phase)
        for start, stop, limit in wish.caps:
            if speed > limit and start <= distance <= stop:
                speed = limit
        wanted.append(speed)
    return wanted
