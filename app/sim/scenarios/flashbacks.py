"""Flashbacks: going back over the line, twice, chained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.sim.acts import Director, Rig
from app.sim.scenarios.races import GRID_HOLD_S, to_the_end
from app.sim.scenarios.stage import GRID, each_alone, lap_end_s

if TYPE_CHECKING:
    from app.sim.scenarios.stage import Cast, Script, Stage
    from app.sim.world import World


def flashback_over_line(cast: Cast) -> Script:
    """Lap 1 is completed three times: twice undone by going back over the line; then a flashback upon a flashback."""

    def play(stage: Stage) -> Director:
        rng, slot = stage.rng, stage.rng.randrange(GRID)
        early = rng.randint(0, 50) if stage.cast.seed % 2 else 0
        first = stage.race(stage.laps(2, 5), people=stage.own(slot))
        rig = Director(Rig(stage.rig, slot, slot))
        rig.begin(stage.card(), first, hold_s=GRID_HOLD_S, lights=True)
        rig.drive_to(lap_end_s(first, slot, 1) + rng.uniform(1.0, 3.0))

        second = _back(rig, first, slot, lap_end_s(first, slot, 1) - rng.uniform(3.0, 5.0), 0.93, "b", early)
        rig.resume_after_flashback(lap_end_s(second, slot, 1) + rng.uniform(1.0, 2.0))

        third = _back(rig, second, slot, lap_end_s(second, slot, 1) - rng.uniform(2.5, 4.0), 1.0, "c", early)
        rig.resume_after_flashback(rig.session_s + 0.7)  # hardly landed, back again
        fourth = _back(rig, third, slot, rig.session_s - rng.uniform(2.0, 3.0), 0.97, "d", early)
        rig.resume_after_flashback(lap_end_s(fourth, slot, 1) + 4.0)
        to_the_end(rig, fourth, slot)
        return rig

    return each_alone(cast, play)


def _back(rig: Director, world: World, slot: int, to_s: float, pace: float, salt: str, early_ticks: int) -> World:
    """Flash back and on in a world in which the lap under way goes on at another pace."""
    landed_ms = round(to_s * 1000 - early_ticks * 1000 / 60)
    branch = world.with_branch(slot, landed_ms, pace, salt)
    rig.flashback(to_s, branch, early_ticks=early_ticks)
    return branch
