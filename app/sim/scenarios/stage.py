"""What scenarios are made with: a seeded stage per rig, worlds of the usual kinds, scripts."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from app.sim.acts import Act, Card, Director, Rig
from app.sim.cars import Car, ai_car, ghost_car, guest_car
from app.sim.drives import Course, Order, Slow, Style
from app.sim.tracks import Track, long_track, short_track
from app.sim.world import Kind, Penalty, Phase, World, planned_world

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

GRID: Final = 20
GARAGE_M: Final = 76.9  # as in a real Time Trial
LEAVES_GARAGE_MS: Final = 500
_GRID_STEP_M: Final = 8.0
_AI_STEP: Final = 0.0015  # pace from one AI driver to the next


class Cast(NamedTuple):
    """What a scenario is asked for.

    Attributes:
        rigs: Machines; None leaves it to the scenario.
        long: For demonstrations: a track of 5 km, many laps.
        track_id: None leaves it to the scenario.
    """

    name: str
    seed: int
    rigs: int | None = None
    long: bool = False
    track_id: int | None = None


class Script(NamedTuple):
    """The machines and their acts."""

    rigs: tuple[Rig, ...]
    acts: tuple[tuple[Act, ...], ...]


class Stage:
    """Chance, track and worlds of one rig in one scenario."""

    def __init__(self, cast: Cast, rig: int) -> None:
        self.cast = cast
        self.rig = rig
        self.rng = Random(f"{cast.name}/{cast.seed}/{rig}")

    def track(self, track_id: int = 4) -> Track:
        """The scenario's track, unless another was asked for."""
        if self.cast.track_id is not None:
            track_id = self.cast.track_id
        return long_track(track_id) if self.cast.long else short_track(track_id)

    def laps(self, short: int, long: int) -> int:
        """How many laps this run has."""
        return long if self.cast.long else short

    def card(self, *, network_game: bool = False, game_mode: int = 4) -> Card:
        """A new session of this stage."""
        return Card(
            uid=self.rng.getrandbits(64) | 1,
            network_game=network_game,
            game_mode=game_mode,
            weather=self.rng.choice((0, 0, 1, 2)),
            track_temperature_c=self.rng.randint(24, 42),
            air_temperature_c=self.rng.randint(16, 28),
            link=self.rng.getrandbits(32),
        )

    def trial(
        self,
        laps: int,
        *,
        orders: Mapping[int, Order] | None = None,
        kind: Kind = Kind.TIME_TRIAL,
        timer_jitter: bool = False,
    ) -> World:
        """One guest alone, from the garage, over an out-lap; with two ghosts in Time Trial."""
        track, rng = self.track(), self.rng
        cars = [guest_car(0, self.rig, 1, online=False)]
        courses = [
            Course(
                track,
                Style(rng.uniform(0.97, 1.0), 0.008, f"own/{rng.random()}"),
                laps,
                start_m=-0.25 * track.length_m if not self.cast.long else 200.0 - track.length_m,
                garage_m=GARAGE_M,
                start_ms=LEAVES_GARAGE_MS,
                orders=orders or {},
            )
        ]
        if kind is Kind.TIME_TRIAL:
            cars += [ghost_car(1, "Personal Best"), ghost_car(2, "slower_rival", ("FasterRival", 12))]
            for ghost in (1, 2):
                style = Style(1.0 + 0.004 * ghost, 0.0, f"ghost/{rng.random()}")
                courses.append(Course(track, style, laps, start_m=-0.2 * track.length_m, start_ms=LEAVES_GARAGE_MS))
        return planned_world(track, kind, laps, cars, courses, timer_jitter=timer_jitter)

    def race(
        self,
        laps: int,
        *,
        people: Mapping[int, Car],
        track_id: int = 4,
        orders: Mapping[int, Mapping[int, Order]] | None = None,
        slow: Callable[[int], tuple[Slow, ...]] = lambda place: (),
        penalties: Sequence[Penalty] = (),
        phases: Sequence[Phase] = (),
        freeze_at_flag: bool | None = None,
    ) -> World:
        """A race of 20 cars from a standing start.

        Args:
            laps: Race distance.
            people: Cars with people in them, by slot; AI drivers have the others.
            track_id: Where.
            orders: What is special, by slot and lap.
            slow: Slow phases for the car that starts from a place.
            penalties: Penalties that are given.
            phases: Safety cars and red flags.
            freeze_at_flag: See `World`; None leaves it to chance.
        """
        track, rng = self.track(track_id), self.rng
        places = list(range(1, GRID + 1))
        rng.shuffle(places)
        cars, courses = [], []
        for slot, place in enumerate(places):
            person = people.get(slot)
            cars.append(ai_car(slot, place) if person is None else person._replace(grid_position=place))
            pace = rng.uniform(0.975, 0.995) if person is not None else 1.0 - _AI_STEP * place
            courses.append(
                Course(
                    track,
                    Style(pace, 0.008 if person is not None else 0.004, f"{slot}/{rng.random()}"),
                    laps,
                    start_m=-_GRID_STEP_M * place,
                    race=True,
                    orders=(orders or {}).get(slot, {}),
                    slow=slow(place),
                )
            )
        frozen = rng.random() < 0.5 if freeze_at_flag is None else freeze_at_flag
        return planned_world(
            track, Kind.RACE, laps, cars, courses, penalties=penalties, phases=phases, freeze_at_flag=frozen
        )

    def own(self, slot: int, *, online: bool = False, public: bool = True, shows_name: bool = True) -> dict[int, Car]:
        """This rig's guest in a slot, as `people` for a race."""
        return {slot: guest_car(slot, self.rig, 0, online=online, public=public, shows_name=shows_name)}


def each_alone(cast: Cast, play: Callable[[Stage], Director], rigs: int = 1) -> Script:
    """A script in which every rig has a session of its own, whatever the others do."""
    directors = [play(Stage(cast, rig)) for rig in range(cast.rigs or rigs)]
    return Script(tuple(d.rig for d in directors), tuple(tuple(d.acts) for d in directors))


def lap_start_s(world: World, slot: int, number: int) -> float:
    """Session time at which a car begins a lap."""
    return next(lap.start_ms for lap in world.drives[slot].laps if lap.number == number and lap.timed) / 1000


def lap_end_s(world: World, slot: int, number: int) -> float:
    """Session time at which a car completes a lap."""
    laps = world.drives[slot].laps
    return next(lap.end_ms for lap in laps if lap.number == number and lap.time_ms is not None and lap.end_ms) / 1000
