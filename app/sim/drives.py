"""Drives: everything one car does in one course of history, lap after lap; and what it is planned from.

A drive is planned in full before anything is sent (`planning`). A flashback does not change it: it makes a second drive
that shares the past, which is how the ledger can know both what was and what stands.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.sim.legs import Leg
    from app.sim.tracks import Track

IN_GARAGE, FLYING_LAP, IN_LAP, OUT_LAP, ON_TRACK = range(5)
"""The game's driver_status."""
LONG_AGO_MS: Final = -(10**9)


class Order(NamedTuple):
    """What is special about one lap of one car; the default is an ordinary lap.

    Attributes:
        time_ms: The lap takes exactly this long.
        pace: Factor on the driver's own pace.
        cut_m: The lap becomes invalid here.
        pit: The car comes in at the end of this lap.
        retire_m: The car stops here for good.
        restart_ms: The driver restarts this lap when its timer shows this; the lap number stays.
        restart_from_m: Where such a restart puts the car; negative: a run-up before the line.
    """

    time_ms: int | None = None
    pace: float = 1.0
    cut_m: float | None = None
    pit: bool = False
    retire_m: float | None = None
    restart_ms: int | None = None
    restart_from_m: float = 0.0


class Slow(NamedTuple):
    """A time in which everybody is slower: safety car, or a red flag that ends in a stop."""

    from_ms: int
    to_ms: int
    pace: float
    stop_m: float | None = None


class Style(NamedTuple):
    """How somebody drives."""

    pace: float = 1.0
    spread: float = 0.006
    seed: str = ""


class Stint(NamedTuple):
    """A set of tyres on the car."""

    from_ms: int
    fitted_at_m: float
    actual_compound: int
    visual_compound: int
    from_lap: int


@dataclass(frozen=True, slots=True)
class Lap:
    """One lap of a drive, or a stretch that is not a lap (`timed` False): garage, out-lap, cool-down.

    Attributes:
        start_ms: Session time at the line, or where the leg's clock starts.
        end_ms: Session time when the next one starts; None if this one never ends.
        time_ms: The lap time once completed; None for all that never counts as a lap.
        base_m: Total distance at lap distance 0.
        last_ms: The last lap time shown during this lap.
        cut_ms: Lap timer when the lap became invalid.
        pit_from_ms, pit_to_ms: Lap timer when in the pit lane.
        stop_from_ms, stop_to_ms: Lap timer when standing in the box.
        lane_entered_ms: Session time when the pit lane was entered, maybe on the lap before.
        trap_ms, trap_kph: Lap timer and speed at the speed trap.
    """

    number: int
    start_ms: int
    leg: Leg
    base_m: float
    timed: bool = True
    end_ms: int | None = None
    time_ms: int | None = None
    sector1_ms: int | None = None
    sector2_ms: int | None = None
    last_ms: int = 0
    cut_ms: int | None = None
    pit_from_ms: int | None = None
    pit_to_ms: int | None = None
    stop_from_ms: int | None = None
    stop_to_ms: int | None = None
    lane_entered_ms: int | None = None
    driver_status: int = FLYING_LAP
    finished: bool = False
    trap_ms: float | None = None
    trap_kph: float = 0.0

    @property
    def valid(self) -> bool:
        """Whether a completed lap counts."""
        return self.cut_ms is None

    @property
    def sector3_ms(self) -> int | None:
        """The rest of the lap: sectors sum to the lap exactly."""
        if self.time_ms is None or self.sector1_ms is None or self.sector2_ms is None:
            return None
        return self.time_ms - self.sector1_ms - self.sector2_ms


@dataclass(frozen=True, slots=True)
class Drive:
    """The laps of one car in order, its tyres, and how it ends."""

    laps: tuple[Lap, ...]
    stints: tuple[Stint, ...]
    retired_ms: int | None = None
    starts_ms: tuple[int, ...] = field(default=())

    def index_at(self, session_ms: float) -> int:
        """Index of the lap under way."""
        return max(0, bisect_right(self.starts_ms, session_ms) - 1)

    def lap_at(self, session_ms: float) -> Lap:
        """The lap under way."""
        return self.laps[self.index_at(session_ms)]

    def finish_ms(self) -> int | None:
        """When the car takes the chequered flag; None if it does not."""
        return next((lap.start_ms for lap in self.laps if lap.finished), None)


@dataclass(frozen=True, slots=True)
class Course:
    """What a drive is planned from; kept, so that a flashback can plan on from any moment.

    Attributes:
        start_m: Lap distance at the start; negative before the line.
        race: Lap 1 is timed from a standing start and `laps` ends in a flag; else an out-lap comes first.
        garage_ms: How long the car waits in the garage before its out-lap.
        start_ms: Session time when the car leaves.
    """

    track: Track
    style: Style
    laps: int
    start_m: float = -300.0
    race: bool = False
    garage_m: float | None = None
    start_ms: int = 0
    orders: Mapping[int, Order] = field(default_factory=dict)
    slow: tuple[Slow, ...] = ()
    compounds: tuple[tuple[int, int], ...] = ((18, 16), (19, 17), (20, 18))
