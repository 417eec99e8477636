"""Sessions that do not run through: restart, saved game, pause, lost network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.sim.acts import Director, Rig
from app.sim.scenarios.races import GRID_HOLD_S, to_the_end
from app.sim.scenarios.stage import GRID, each_alone, lap_end_s, lap_start_s

if TYPE_CHECKING:
    from app.sim.scenarios.stage import Cast, Script, Stage


def restart(cast: Cast) -> Script:
    """From the pause menu: SEND, then SSTA with a new uid. From the main menu: a new uid without SEND."""

    def play(stage: Stage) -> Director:
        rig = Director(Rig(stage.rig, 0, 0))
        worlds = [stage.trial(laps) for laps in (2, 2, 1)]
        rig.begin(stage.card(game_mode=5), worlds[0], hold_s=1.5)
        rig.drive_to(lap_end_s(worlds[0], 0, 1) + stage.rng.uniform(2.0, 9.0))
        rig.pause(3.0)
        rig.end(paused=True)
        rig.begin(stage.card(game_mode=5), worlds[1], hold_s=1.5)
        rig.drive_to(lap_end_s(worlds[1], 0, 1) + stage.rng.uniform(1.0, 5.0))
        rig.away(stage.rng.uniform(0.5, 3.0))
        rig.begin(stage.card(game_mode=5), worlds[2], hold_s=1.5)
        rig.drive_to(lap_end_s(worlds[2], 0, 1) + 3.0)
        rig.end(paused=True, burst="before", classify_after_s=0.0)
        rig.menu(1.0)
        return rig

    return each_alone(cast, play)


def save_load(cast: Cast) -> Script:
    """Left after a save; loaded under a new uid, frame 0, session time at the save point, in mid-lap."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        world = stage.race(stage.laps(3, 6), people=stage.own(slot))
        saved_s = lap_start_s(world, slot, 2) + stage.rng.uniform(0.2, 0.8) * stage.track().reference_ms / 1000
        rig = Director(Rig(stage.rig, slot, slot))
        rig.begin(stage.card(), world, hold_s=GRID_HOLD_S, lights=True)
        rig.drive_to(saved_s + stage.rng.uniform(0.5, 4.0))
        rig.pause(2.0)
        rig.end(paused=True)
        rig.menu(3.0)
        rig.begin(stage.card(), world, hold_s=2.0, from_s=saved_s)
        to_the_end(rig, world, slot)
        return rig

    return each_alone(cast, play)


def pause(cast: Cast) -> Script:
    """Two minutes of silence in mid-lap, but for some buttons; then on as if nothing had been."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        world = stage.race(stage.laps(2, 4), people=stage.own(slot))
        rig = Director(Rig(stage.rig, slot, slot))
        rig.begin(stage.card(), world, hold_s=GRID_HOLD_S, lights=True)
        rig.drive_to(lap_start_s(world, slot, 2) + stage.rng.uniform(-4.0, 8.0))
        rig.pause(120.0)
        to_the_end(rig, world, slot)
        return rig

    return each_alone(cast, play)


def disconnect(cast: Cast) -> Script:
    """The network fails in lap 2 and comes back in lap 4: two lines unseen, the laps only in SessionHistory."""

    def play(stage: Stage) -> Director:
        world = stage.trial(stage.laps(4, 6))
        third = stage.rng.uniform(0.2, 0.6) * stage.track().reference_ms / 1000
        rig = Director(Rig(stage.rig, 0, 0))
        rig.begin(stage.card(game_mode=5), world, hold_s=1.5)
        rig.drive_to(lap_start_s(world, 0, 2) + third)
        rig.drive_to(lap_start_s(world, 0, 4) + third, sends=False)
        rig.drive_to(lap_end_s(world, 0, 4) + 3.0)
        rig.end(paused=True, burst="before", classify_after_s=0.0)
        rig.menu(1.0)
        return rig

    return each_alone(cast, play)
