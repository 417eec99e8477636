"""How a session ends on the wire, in the variants that have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.sim.acts import Director, Rig
from app.sim.scenarios.races import GRID_HOLD_S
from app.sim.scenarios.stage import GRID, each_alone

if TYPE_CHECKING:
    from app.sim.scenarios.stage import Cast, Script, Stage

_VARIANTS: Final = (("before", None), ("after", None), ("both", None), ("both", 0))
"""When the SessionHistory burst comes, and the uid of its first one if not the session's."""


def session_end(cast: Cast) -> Script:
    """SEND and classifications with frame ids 0 and the last session time, bursts around them, a long uid-0 tail."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        burst, uid = _VARIANTS[(stage.cast.seed + stage.rig) % len(_VARIANTS)]
        world = stage.race(stage.laps(2, 4), people=stage.own(slot))
        rig = Director(Rig(stage.rig, slot, slot))
        rig.begin(stage.card(), world, hold_s=GRID_HOLD_S, lights=True)
        rig.drive_to((world.finish_ms[slot] or 0) / 1000 + 3.0)
        rig.end(burst=burst, burst_uid=uid, classify_after_s=stage.rng.uniform(0.0, 10.0), repeats=3)
        rig.menu(15.0)
        return rig

    return each_alone(cast, play)
