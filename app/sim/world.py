"""The world: one track, its cars and all they do, asked for its state at any session time.

A world is one course of history. A flashback makes another one (`with_branch`). Nothing here knows a packet.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from app.sim.planning import branched, plan_drive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.sim.cars import Car
    from app.sim.drives import Course, Drive, Lap
    from app.sim.tracks import Track

T = TypeVar("T")
GHOST, ACTIVE, FINISHED, RETIRED = 0, 2, 3, 7
"""The game's result_status; ghosts have `invalid`."""


class Kind(Enum):
    """What is driven; values are the session types of format 2025."""

    PRACTICE = 1
    QUALIFYING = 9
    RACE = 15
    TIME_TRIAL = 18


class Penalty(NamedTuple):
    """A penalty, a warning, or an invalidated lap, in the game's numbers."""

    session_ms: int
    car_index: int
    lap_number: int
    penalty_type: int
    infringement_type: int
    seconds: int = 0
    warning: bool = False


class Phase(NamedTuple):
    """A stretch of session time with a safety car status (1 full, 2 virtual, 3 formation lap) or a red flag."""

    from_ms: int
    to_ms: int
    status: int
    red: bool = False


class CarNow(NamedTuple):
    """One car at one moment."""

    lap: Lap
    lap_index: int
    timer_ms: float
    distance_m: float
    speed_mps: float
    acceleration_mps2: float
    total_m: float
    result_status: int


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """All cars of one session in one course of history; `cars[slot].slot == slot`.

    Attributes:
        timer_jitter: Lap timers sometimes step back a few ms.
        freeze_at_flag: After the flag the lap timer keeps its last value; else it shows 0. Which of the two the game
            does is not known, so scenarios do both.
        finish_ms: When each car takes the flag.
    """

    track: Track
    kind: Kind
    total_laps: int
    cars: tuple[Car, ...]
    courses: tuple[Course, ...]
    drives: tuple[Drive, ...]
    penalties: tuple[Penalty, ...] = ()
    phases: tuple[Phase, ...] = ()
    timer_jitter: bool = False
    freeze_at_flag: bool = False
    finish_ms: tuple[int | None, ...] = field(default=())

    def now(self, session_ms: float) -> list[CarNow]:
        """Every car's state, by slot."""
        return [self.car_now(slot, session_ms) for slot in range(len(self.cars))]

    def car_now(self, slot: int, session_ms: float) -> CarNow:
        """One car's state."""
        drive = self.drives[slot]
        index = drive.index_at(session_ms)
        lap = drive.laps[index]
        timer_ms = session_ms - lap.start_ms
        distance, speed, acceleration = lap.leg.at(timer_ms / 1000)
        finish_ms = self.finish_ms[slot]
        if self.cars[slot].ghost:
            status = GHOST
        elif finish_ms is not None and session_ms >= finish_ms:
            status = FINISHED
        elif drive.retired_ms is not None and session_ms >= drive.retired_ms:
            status = RETIRED
        else:
            status = ACTIVE
        return CarNow(lap, index, timer_ms, distance, speed, acceleration, lap.base_m + distance, status)

    def ranking(self, states: Sequence[CarNow]) -> list[int]:
        """Slots in order of position: by total distance; at the flag by finish; the retired last."""
        return sorted(range(len(states)), key=lambda slot: self._rank(slot, states[slot]))

    def _rank(self, slot: int, state: CarNow) -> tuple[int, float, float]:
        if state.result_status == ACTIVE:
            if self.kind is not Kind.RACE:
                return 0, self.best_ms(slot, state), slot
            return 1, -state.total_m, slot
        if state.result_status == FINISHED:
            return 0, -state.lap.number, self.finish_ms[slot] or 0
        return (2, -state.total_m, slot) if state.result_status == RETIRED else (3, slot, slot)

    def best_ms(self, slot: int, state: CarNow) -> float:
        """The fastest valid lap so far, infinite without one."""
        laps = self.drives[slot].laps[: state.lap_index]
        return min((lap.time_ms for lap in laps if lap.time_ms is not None and lap.valid), default=float("inf"))

    def positions(self, session_ms: float) -> dict[int, int]:
        """Position by slot; 1 is first."""
        return {slot: place for place, slot in enumerate(self.ranking(self.now(session_ms)), 1)}

    def active_cars(self, session_ms: float) -> int:
        """What Participants counts: cars that race or have finished; it falls when cars retire."""
        return sum(state.result_status in (ACTIVE, FINISHED) for state in self.now(session_ms))

    def stint_at(self, slot: int, session_ms: float) -> int:
        """Index of the tyre set on the car; also the number of stops made."""
        stints = self.drives[slot].stints
        if len(stints) == 1:
            return 0
        return max(index for index, stint in enumerate(stints) if stint.from_ms <= session_ms)

    def phase_at(self, session_ms: float) -> Phase | None:
        """The safety car or red flag that is out."""
        return next((phase for phase in self.phases if phase.from_ms <= session_ms < phase.to_ms), None)

    def with_branch(self, slot: int, at_ms: int, pace: float, salt: str) -> World:
        """The same past; from `at_ms` on the car in `slot` goes at another pace."""
        course, drive = branched(self.courses[slot], self.drives[slot], at_ms, pace, salt)
        penalties = tuple(p for p in self.penalties if p.car_index != slot or p.session_ms <= at_ms)
        return make_world(
            replace(
                self,
                courses=_put(self.courses, slot, course),
                drives=_put(self.drives, slot, drive),
                penalties=penalties,
            )
        )


def make_world(world: World) -> World:
    """The world with what follows from its drives filled in."""
    return replace(world, finish_ms=tuple(drive.finish_ms() for drive in world.drives))


def planned_world(
    track: Track,
    kind: Kind,
    total_laps: int,
    cars: Sequence[Car],
    courses: Sequence[Course],
    *,
    penalties: Sequence[Penalty] = (),
    phases: Sequence[Phase] = (),
    timer_jitter: bool = False,
    freeze_at_flag: bool = False,
) -> World:
    """A world in which every car drives its course."""
    drives = tuple(plan_drive(course) for course in courses)
    bare = World(
        track,
        kind,
        total_laps,
        tuple(cars),
        tuple(courses),
        drives,
        tuple(penalties),
        tuple(phases),
        timer_jitter,
        freeze_at_flag,
    )
    return make_world(bare)


def _put(values: tuple[T, ...], at: int, value: T) -> tuple[T, ...]:
    return (*values[:at], value, *values[at + 1 :])
