"""The laps of one rig as lines: lap time over lap distance, and session time over total distance.

The lap timer starts at the line, so a lap whose start was seen begins at (0 m, 0 ms) exactly, and a lap that was
completed ends at its lap time. In between, the game's own distance and timer are taken as they are.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from app.duel.trace import Trace
from app.normalize.events import LapCompleted, LapProgress, LapWithdrawn

_REACH_M: Final = 25.0
"""A car does 5 m between frames at 20 Hz and 5 frames may be lost in a row."""
FINISHED: Final = "finished"
_KEPT_LAPS: Final = 4
"""The running lap, the one before, and two more that a flashback may bring back."""
_SPACING_S: Final = 0.04
"""Points of the total-distance line are no closer: 25 a second are plenty for a gap."""


class Pass(NamedTuple):
    """When a car passed a place of the lap.

    Attributes:
        elapsed_ms: The lap time shown there.
        at_s: Seconds on the clock of `now_s`.
    """

    elapsed_ms: float
    at_s: float


class Place(NamedTuple):
    """How far a car has come in its session, and at which session time."""

    total_m: float
    time_s: float


class _Lap:
    """One lap as a line, and when its timer stood at 0: as of its newest point, so a pause or a flashback moves it."""

    __slots__ = ("start_s", "trace")

    def __init__(self, start_s: float) -> None:
        self.trace = Trace(_REACH_M)
        self.start_s = start_s

    def passed(self, distance_m: float) -> Pass | None:
        elapsed_ms = self.trace.at(distance_m)
        return None if elapsed_ms is None else Pass(elapsed_ms, self.start_s + elapsed_ms / 1000)


class RigLaps:
    """What one rig has driven in its present session."""

    def __init__(self, session_uid: str | None = None) -> None:
        self.session_uid = session_uid
        self._laps: dict[int, _Lap] = {}
        self._timed: list[int] = []
        self._best: tuple[int, Trace] | None = None
        self._total = Trace()
        self._finished = False
        self.now: LapProgress | None = None
        """The newest progress; None before the first of this session."""
        self.place: Place | None = None
        """Where the car is; after the flag where it was when it took it. None while not known."""

    def feed(self, progress: LapProgress, now_s: float) -> None:
        """Take over where the car is, told now; `progress` is of this session."""
        before, self.now = self.now, progress
        if progress.result_status != FINISHED or not (self._finished or self._began_anew(progress)):
            self._feed_total(progress)
        number, distance_m = progress.lap_number, progress.lap_distance_m
        if number is None or distance_m is None:
            return
        # After the flag the lap number stays and the distance begins anew: that is no lap any more.
        self._finished = progress.result_status == FINISHED
        if self._finished or progress.current_lap_time_ms is None or distance_m < 0:
            return
        start_s = now_s - progress.current_lap_time_ms / 1000
        lap = self._laps.get(number)
        if lap is None:
            lap = self._laps[number] = _Lap(start_s)
            crossed = before is not None and before.lap_number == number - 1
            if crossed and distance_m > 0:
                lap.trace.add(0.0, 0.0)
            self._forget_old()
        lap.start_s = start_s
        lap.trace.add(distance_m, progress.current_lap_time_ms)

    def complete(self, lap: LapCompleted) -> None:
        """Take over that a lap of the own car was completed, or what became of it later."""
        if lap.session_uid != self.session_uid or not lap.own:
            return
        number = lap.lap_number
        if number not in self._timed and lap.status == "provisional":
            self._timed.append(number)
        line = self._laps.get(number)
        if lap.valid and lap.personal_best and line is not None:
            self._best = (number, line.trace)
        elif self._best is not None and self._best[0] == number and not (lap.valid and lap.personal_best):
            self._best = None

    def withdraw(self, lap: LapWithdrawn) -> None:
        """A flashback over the line: the laps from this one on are not driven any more, this one is driven on."""
        if lap.session_uid != self.session_uid or not lap.own:
            return
        number = lap.lap_number
        for later in [each for each in self._laps if each > number]:
            del self._laps[later]
        self._timed = [timed for timed in self._timed if timed < number]
        if self._best is not None and self._best[0] >= number:
            self._best = None  # the best lap was undone; the one before it is known by time only

    @property
    def running_ms(self) -> int | None:
        """The running lap's time; None while no lap is timed, and after the flag."""
        return None if self.now is None or self._finished else self.now.current_lap_time_ms

    @property
    def running_m(self) -> float | None:
        """How far the running lap is; None while no lap is timed, before the line, and after the flag."""
        distance_m = None if self.now is None or self.running_ms is None else self.now.lap_distance_m
        return None if distance_m is None or distance_m < 0 else distance_m

    def last_pass(self, distance_m: float) -> Pass | None:
        """When the car last passed a lap distance.

        On the running lap if it is far enough, else on the timed lap before; None if there is none.
        """
        number = None if self.now is None else self.now.lap_number
        if number is None:
            return None
        running = None if self._finished else self._laps.get(number)
        if running is not None and running.trace.last_x is not None and distance_m <= running.trace.last_x:
            passed = running.passed(distance_m)
            if passed is not None:
                return passed
        over = number if self._finished else number - 1
        done = max((timed for timed in self._timed if timed <= over), default=None)
        lap = None if done is None else self._laps.get(done)
        return None if lap is None else lap.passed(distance_m)

    def best_elapsed_ms(self, distance_m: float) -> float | None:
        """The lap time at a lap distance of the best valid lap of this session."""
        return None if self._best is None else self._best[1].at(distance_m)

    def session_time_at_s(self, total_distance_m: float) -> float | None:
        """The session time at which the car passed a total distance; None where that is not known."""
        return self._total.at(total_distance_m)

    def _feed_total(self, progress: LapProgress) -> None:
        total_m, time_s = progress.total_distance_m, progress.session_time_s
        if total_m is None or time_s is None:
            self.place = None
            return
        self.place = Place(total_m, time_s)
        end_m = self._total.last_x
        if end_m is not None and total_m > end_m and progress.result_status != FINISHED:
            end_s = self._total.at(end_m)
            if end_s is not None and 0 <= time_s - end_s < _SPACING_S:
                return
        self._total.add(total_m, time_s)

    def _began_anew(self, progress: LapProgress) -> bool:
        """Whether the distance is behind where the car has been: so it may be from the flag on."""
        total_m = progress.total_distance_m
        return self.place is not None and total_m is not None and total_m < self.place.total_m

    def _forget_old(self) -> None:
        for old in sorted(self._laps)[:-_KEPT_LAPS]:
            del self._laps[old]
