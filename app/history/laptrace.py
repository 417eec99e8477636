"""A rig's laps along their distance, folded from its samples as they come.

`LapProgress` says how far the car is in its lap and what the lap timer shows; pedals, gears and position come in
packets of their own and belong to that distance by the frame they share. A point is taken every 2 m, or 25 times
a second where the car is slow, so a lap is small at any send rate and a car that stands costs nothing.

A flashback goes back along the lap, or over the line into the lap before: the lap is cut there and goes on, so the
last few laps are kept as they were driven. A lap timer that falls behind the session's clock for a moment (it has been
seen to step back) is not believed. It starts at the line, so a lap whose start was seen begins at (0 m, 0 ms) exactly,
but for the first lap of a race: its timer starts at the lights, some metres before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import isnan, nan
from typing import Final

from app.history.line import HOLE_M, Line, blended, nearest
from app.history.record import STEP_M, Columns
from app.normalize.events import CarMotion, CarTelemetry, LapProgress

SPACING_M: Final = 2.0
_CREEP_M: Final = 0.02
_CREEP_MS: Final = 40
"""Where a car stops, two metres may take seconds."""
_LATE_MS: Final = 20
"""The timer and the session's clock come from one frame: beyond rounding they go alike."""
_LATE_FOR_MS: Final = 500
"""A timer that stays behind for longer, or by more, was right."""
MOST_POINTS: Final = 8_192
"""Of one lap: 16 km; no track has them."""
_MOST_M: Final = SPACING_M * MOST_POINTS
"""Of one lap: what says that it is further along is no lap distance."""
_LEAST_M: Final = 100.0
"""Of a lap of which less was seen there is nothing to compare."""
_KEPT_LAPS: Final = 4
"""The running lap, the one before, and two more that a flashback may bring back."""
_NOT_DRIVING: Final = frozenset({"finished", "did not finish", "disqualified", "not classified", "retired"})
"""After the flag the lap number stays and the distance begins anew: that is no lap any more."""
_TIMER_SLACK_MS: Final = 50
"""How far the timer may be beyond the final lap time: nothing but rounding puts it there."""


class LapTrace:
    """One lap as it was driven: columns over lap distance in metres.

    Attributes:
        times: Lap time in ms, and the session's clock there in ms.
        car: Speed in km/h, throttle, brake, gear, steering.
        ground: World x and z in m.
        pit_from_m: Where the car was first seen in the pit lane, or was not known to be out of it; None on the track.
    """

    __slots__ = ("car", "ground", "pit_from_m", "times")

    def __init__(self) -> None:
        self.times, self.car, self.ground = Line(2), Line(5), Line(2)
        self.pit_from_m: float | None = None

    @property
    def start_seen(self) -> bool:
        """Whether the lap is known from the line on."""
        return bool(self.times.x) and self.times.x[0] <= 0.0

    def wants(self, distance_m: float, time_ms: int) -> bool:
        """Whether a point behind the last one says something new."""
        xs, times = self.times.x, self.times.columns[0]
        if not xs:
            return True
        further_m, later_ms = distance_m - xs[-1], time_ms - times[-1]
        if later_ms <= 0 or len(xs) >= MOST_POINTS:
            return False
        return further_m >= SPACING_M or (further_m >= _CREEP_M and later_ms >= _CREEP_MS)

    def cut(self, distance_m: float) -> None:
        """Forget what was driven from there on."""
        for line in (self.times, self.car, self.ground):
            line.cut(distance_m)
        if self.pit_from_m is not None and self.pit_from_m >= distance_m:
            self.pit_from_m = None

    def copy(self) -> LapTrace:
        """The same, which no later sample changes."""
        other = LapTrace()
        other.times, other.car, other.ground = self.times.copy(), self.car.copy(), self.ground.copy()
        other.pit_from_m = self.pit_from_m
        return other

    def fits(self, lap_time_ms: int) -> bool:
        """Whether this can be the lap that took so long, with something to be told of it."""
        xs, times = self.times.x, self.times.columns[0]
        return len(xs) > 1 and xs[-1] - xs[0] >= _LEAST_M and times[-1] <= lap_time_ms + _TIMER_SLACK_MS


class RunningLaps:
    """The laps of one rig in one session, the last few of them."""

    def __init__(self) -> None:
        self._laps: dict[int, LapTrace] = {}
        self._before: LapProgress | None = None
        self._telemetry: CarTelemetry | None = None
        self._motion: CarMotion | None = None
        self._frame: int | None = None
        """The frame of the newest point; None when the newest progress made none."""
        self._distance_m = 0.0
        self._trace = LapTrace()

    def lap(self, lap_number: int) -> LapTrace | None:
        """What was seen of a lap; None when nothing was."""
        return self._laps.get(lap_number)

    def feed(self, progress: LapProgress) -> None:
        """Take over where the car is."""
        before, self._before, self._frame = self._before, progress, None
        number, distance_m = progress.lap_number, progress.lap_distance_m
        if number is None or distance_m is None or progress.result_status in _NOT_DRIVING:
            return
        if before is None or before.lap_number != number:
            self._turn_to(number)
        if distance_m > _MOST_M:
            return
        trace, time_ms = self._trace, progress.current_lap_time_ms
        if time_ms is None:  # in the garage, or on the way to the line: nothing of this lap is driven
            trace.cut(float("-inf"))
            return
        if trace.times.x and distance_m < trace.times.x[-1]:
            trace.cut(distance_m)
        if progress.pit_status != "none" and trace.pit_from_m is None:
            trace.pit_from_m = distance_m
        clock_ms = nan if progress.session_time_s is None else progress.session_time_s * 1000
        if not trace.times.x and distance_m > 0.0 and _crossed_the_line(before, number):
            trace.times.add(0.0, 0.0, nan)
        if distance_m < -HOLE_M or not trace.wants(distance_m, time_ms):
            return
        trace.times.add(distance_m, time_ms, clock_ms)
        self._frame, self._distance_m = progress.overall_frame, distance_m
        self._pair(self._telemetry)
        self._pair(self._motion)

    def feed_telemetry(self, sample: CarTelemetry) -> None:
        """Take over pedals and gears."""
        self._telemetry = sample
        if sample.overall_frame == self._frame:
            self._pair(sample)

    def feed_motion(self, sample: CarMotion) -> None:
        """Take over the car's place in the world."""
        self._motion = sample
        if sample.overall_frame == self._frame:
            self._pair(sample)

    def _pair(self, sample: CarTelemetry | CarMotion | None) -> None:
        """Put a sample to the newest point if they are of one frame."""
        if sample is None or self._frame is None or sample.overall_frame != self._frame:
            return
        if isinstance(sample, CarTelemetry):
            values = (sample.speed_kph, sample.throttle, sample.brake, sample.gear, sample.steer)
            self._trace.car.add(self._distance_m, *(nan if value is None else value for value in values))
        elif sample.world_position_m is not None:
            x, _, z = sample.world_position_m
            self._trace.ground.add(self._distance_m, x, z)

    def _turn_to(self, number: int) -> None:
        """Another lap runs; one with a higher number was undone by a flashback over the line."""
        for later in [each for each in self._laps if each > number]:
            del self._laps[later]
        self._trace = self._laps.setdefault(number, LapTrace())
        for old in sorted(self._laps)[:-_KEPT_LAPS]:
            del self._laps[old]


def _crossed_the_line(before: LapProgress | None, number: int) -> bool:
    """Whether the lap was seen to begin between two progresses."""
    if before is None or before.lap_number is None:
        return False
    waited = before.current_lap_time_ms is None and (before.lap_distance_m or 0.0) < 0.0
    return before.lap_number == number - 1 or (before.lap_number == number and waited)


def columns(trace: LapTrace, lap_time_ms: int, length_m: int | None) -> Columns:
    """A finished lap on the grid of `STEP_M`, from the line to the line.

    Args:
        trace: As it was driven.
        lap_time_ms: Its final time, which is the time at the end of the lap.
        length_m: Of the track; None ends the lap where it was last seen.
    """
    times = _on_time(trace.times)
    if length_m is not None and times.x and times.x[-1] < length_m and times.columns[0][-1] < lap_time_ms:
        times.add(length_m, lap_time_ms, nan)
    end_m = length_m if length_m is not None else max(0.0, times.x[-1] if times.x else 0.0)
    count = int(end_m / STEP_M) + 1
    places = trace.car.places(count, STEP_M, reach=STEP_M)
    speed, throttle, brake, gear, steer = trace.car.columns
    return Columns(
        time_ms=_whole(blended(times.columns[0], times.places(count, STEP_M))),
        speed_kph=_rounded(blended(speed, places), 10),
        throttle=_rounded(blended(throttle, places), 100),
        brake=_rounded(blended(brake, places), 100),
        gear=_whole(nearest(gear, places)),
        steer=_rounded(blended(steer, places), 100),
    )


def _on_time(times: Line) -> Line:
    """The points of a lap, the timer set right where it falls behind the session's clock for a moment."""
    timer, clock = times.columns
    leads = [clock_ms - time_ms for clock_ms, time_ms in zip(clock, timer, strict=True)]
    before = _least_lately(clock, leads)
    after = _least_lately([-clock_ms for clock_ms in reversed(clock)], leads[::-1])[::-1]
    on_time = Line(2)
    for at, x in enumerate(times.x):
        least = min(before[at], after[at])
        is_late = _LATE_MS < leads[at] - least < _LATE_FOR_MS
        on_time.add(x, clock[at] - least if is_late else timer[at], clock[at])
    return on_time


def _least_lately(clock: Sequence[float], leads: Sequence[float]) -> list[float]:
    """For each point the least lead among it and those of the last half second; NaN where its own is unknown."""
    lately: deque[tuple[float, float]] = deque()
    least = []
    for clock_ms, lead in zip(clock, leads, strict=True):
        while lately and clock_ms - lately[0][0] > _LATE_FOR_MS:
            lately.popleft()
        if not isnan(lead):
            lately.append((clock_ms, lead))
        least.append(lead if isnan(lead) else min(each for _, each in lately))
    return least


def _whole(values: list[float | None]) -> list[int | None]:
    return [None if value is None else round(value) for value in values]


def _rounded(values: list[float | None], parts: int) -> list[float | None]:
    return [None if value is None else round(value * parts) / parts for value in values]
