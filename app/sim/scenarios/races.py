"""Offline races against the AI: retirements, flags, stops, safety cars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.sim.acts import Director, Rig
from app.sim.drives import Order, Slow
from app.sim.scenarios.stage import GRID, each_alone
from app.sim.world import Penalty, Phase

if TYPE_CHECKING:
    from app.sim.acts import Card
    from app.sim.scenarios.stage import Cast, Script, Stage
    from app.sim.world import World

GRID_HOLD_S: Final = 4.0
_AFTER_FLAG_S: Final = 4.0
_BEFORE_GARAGES, _AFTER_GARAGES = 0, 4  # a track id where the box lies before the line, and one where it does not


def race_retirements(cast: Cast) -> Script:
    """Cars retire until num_active_cars is below the own car's index."""

    def play(stage: Stage) -> Director:
        slot = GRID - 1
        out = stage.rng.sample(range(slot), 5)
        length = stage.track().length_m
        orders = {car: {1 + n % 2: Order(retire_m=length * stage.rng.uniform(0.3, 0.8))} for n, car in enumerate(out)}
        return race_to_flag(stage, stage.race(stage.laps(3, 8), people=stage.own(slot), orders=orders), slot)

    return each_alone(cast, play)


def chequered_flag(cast: Cast) -> Script:
    """The lap number does not rise at the flag; in every third run the session ends before a packet can show it."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        missed = (stage.cast.seed + stage.rig) % 3 == 2
        world = stage.race(stage.laps(2, 5), people=stage.own(slot))
        return race_to_flag(stage, world, slot, missed=missed)

    return each_alone(cast, play)


def pit_stop(cast: Cast) -> Script:
    """A stop at the end of lap 2, on tracks with the garages behind the line and before it; some AI cars stop, too."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        track_id = _BEFORE_GARAGES if (stage.cast.seed + stage.rig) % 2 == 0 else _AFTER_GARAGES
        orders = {car: {1: Order(pit=True)} for car in stage.rng.sample(range(GRID), 4)}
        orders[slot] = {2: Order(pit=True)}
        world = stage.race(stage.laps(4, 8), people=stage.own(slot), track_id=track_id, orders=orders)
        return race_to_flag(stage, world, slot)

    return each_alone(cast, play)


def safety_car(cast: Cast) -> Script:
    """A full or virtual safety car for more than a lap, and a time penalty behind it."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        virtual = (stage.cast.seed + stage.rig) % 2 == 1
        lap_ms = stage.track().reference_ms
        begins, ends = round(lap_ms * 1.4), round(lap_ms * 2.9)
        world = stage.race(
            stage.laps(3, 6),
            people=stage.own(slot),
            slow=lambda place: (Slow(begins, ends, 0.7 if virtual else 0.6),),
            phases=[Phase(begins, ends, 2 if virtual else 1)],
            penalties=[Penalty(begins + 4_000, slot, 2, penalty_type=4, infringement_type=37, seconds=5)],
        )
        return race_to_flag(stage, world, slot)

    return each_alone(cast, play)


def red_flag(cast: Cast) -> Script:
    """Everybody slows down, stops before the line, waits, and starts again from there; session time and the lap go on.

    How the game restarts after a red flag is not known from data; this is a guess.
    """

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        track = stage.track()
        begins, ends = round(track.reference_ms * 1.4), round(track.reference_ms * 3.7)
        world = stage.race(
            stage.laps(3, 5),
            people=stage.own(slot),
            slow=lambda place: (Slow(begins, ends, 0.55, stop_m=track.length_m - 30.0 - 8.0 * place),),
            phases=[Phase(begins, ends, 0, red=True)],
        )
        return race_to_flag(stage, world, slot)

    return each_alone(cast, play)


def race_to_flag(stage: Stage, world: World, slot: int, *, card: Card | None = None, missed: bool = False) -> Director:
    """A whole offline race of one rig, from the grid to the menu after it."""
    rig = Director(Rig(stage.rig, slot, slot))
    rig.begin(card or stage.card(), world, hold_s=GRID_HOLD_S, lights=True)
    to_the_end(rig, world, slot, missed=missed)
    return rig


def to_the_end(rig: Director, world: World, slot: int, *, missed: bool = False) -> None:
    """On to the flag, then SEND, classification and menu."""
    flag_s = (world.finish_ms[slot] or 0) / 1000
    if missed:
        rig.drive_to(flag_s - 0.001)
        rig.end(after_s=0.05, burst="before", classify_after_s=2.0)
    else:
        rig.drive_to(flag_s + _AFTER_FLAG_S)
        rig.end(burst="both", classify_after_s=2.0)
    rig.menu(2.0)
