"""Online and LAN: several people in one race, and what each machine may know of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.sim.acts import Director, Rig
from app.sim.cars import Car, guest_car
from app.sim.scenarios.races import GRID_HOLD_S
from app.sim.scenarios.stage import GRID, Script, Stage, each_alone

if TYPE_CHECKING:
    from app.sim.acts import Card
    from app.sim.scenarios.stage import Cast
    from app.sim.world import World

_ONLINE_CUSTOM: Final = 7
_RESULTS_AFTER_S: Final = 10.0
_ABSENT_SLOT: Final = 21
_AFTER_FLAG_S: Final = 4.0


def lobby(cast: Cast) -> Script:
    """Two rigs on a LAN in ONE race: one session uid, one world, two streams whose frames do not coincide."""
    stage = Stage(cast, 0)
    machines = cast.rigs or 2
    slots = stage.rng.sample(range(GRID), machines)
    # The second rig's driver restricts telemetry, so that each stream shows what privacy does to the other.
    people = {slot: guest_car(slot, n, 0, online=True, public=n % 2 == 0) for n, slot in enumerate(slots)}
    world = stage.race(stage.laps(3, 30), people=people)
    card = stage.card(network_game=True, game_mode=_ONLINE_CUSTOM)
    directors = []
    for n, slot in enumerate(slots):
        rig = Director(Rig(n, slot, slot), at_s=n * stage.rng.uniform(0.2, 0.9))
        rig.lobby(2.0, world)
        _race_online(rig, card, world, zero_at_s=2.0 + GRID_HOLD_S)
        directors.append(rig)
    return Script(tuple(d.rig for d in directors), tuple(tuple(d.acts) for d in directors))


def spectator(cast: Cast) -> Script:
    """Nobody drives this rig: index 255, one of the others is watched."""

    def play(stage: Stage) -> Director:
        watched = stage.rng.randrange(GRID)
        world = stage.race(2, people=_others(stage, watched))
        rig = Director(Rig(stage.rig, None, 255, watched))
        _race_online(rig, stage.card(network_game=True, game_mode=_ONLINE_CUSTOM), world)
        return rig

    return each_alone(cast, play)


def wrong_index(cast: Cast) -> Script:
    """The headers name a slot without data, as has been reported from LAN games."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        world = stage.race(2, people=stage.own(slot, online=True))
        rig = Director(Rig(stage.rig, slot, _ABSENT_SLOT))
        _race_online(rig, stage.card(network_game=True, game_mode=_ONLINE_CUSTOM), world)
        return rig

    return each_alone(cast, play)


def restricted(cast: Cast) -> Script:
    """Restricted rivals and hidden names: several cars called "Player"; the own car is restricted and yet complete."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        people = stage.own(slot, online=True, public=False, shows_name=False) | _others(stage, slot)
        world = stage.race(2, people=people)
        rig = Director(Rig(stage.rig, slot, slot))
        _race_online(rig, stage.card(network_game=True, game_mode=_ONLINE_CUSTOM), world)
        return rig

    return each_alone(cast, play)


def ssta_before_classification(cast: Cast) -> Script:
    """The next session's SSTA comes before the classification of the old one; then that session is driven."""

    def play(stage: Stage) -> Director:
        slot = stage.rng.randrange(GRID)
        first = stage.race(2, people=stage.own(slot, online=True))
        following = stage.race(2, people=stage.own(slot, online=True))
        card, next_card = (stage.card(network_game=True, game_mode=_ONLINE_CUSTOM) for _ in range(2))
        rig = Director(Rig(stage.rig, slot, slot))
        rig.begin(card, first, hold_s=GRID_HOLD_S, lights=True)
        rig.drive_to(_everybody_s(first) + _AFTER_FLAG_S)
        rig.end(burst="after", classify_after_s=3.0, next_uid=next_card.uid)
        rig.begin(next_card, following, hold_s=GRID_HOLD_S, lights=True, announce=False)
        rig.drive_to((following.drives[slot].laps[0].end_ms or 0) / 1000 + 3.0)
        rig.end(classify_after_s=_RESULTS_AFTER_S)
        rig.menu(1.0)
        return rig

    return each_alone(cast, play)


def _race_online(rig: Director, card: Card, world: World, *, zero_at_s: float | None = None) -> None:
    rig.begin(card, world, hold_s=GRID_HOLD_S, lights=True, zero_at_s=zero_at_s)
    rig.drive_to(_everybody_s(world) + _AFTER_FLAG_S)
    rig.end(burst="after", classify_after_s=_RESULTS_AFTER_S)
    rig.menu(2.0)


def _everybody_s(world: World) -> float:
    """When the last person has finished; the AI may be left on the track."""
    flags = [world.finish_ms[car.slot] or 0 for car in world.cars if car.human]
    return max(flags) / 1000


def _others(stage: Stage, not_here: int) -> dict[int, Car]:
    """Five people elsewhere: three restricted and hidden, one restricted, one hidden."""
    slots = stage.rng.sample([slot for slot in range(GRID) if slot != not_here], 5)
    settings = ((False, False), (False, False), (False, False), (False, True), (True, False))
    return {
        slot: guest_car(slot, 10 + n, 0, online=True, public=public, shows_name=shows)
        for n, (slot, (public, shows)) in enumerate(zip(slots, settings, strict=True))
    }
