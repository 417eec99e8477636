"""Alone on the track: Time Trial and practice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.sim.acts import Director, Rig
from app.sim.drives import Order
from app.sim.scenarios.stage import each_alone, lap_end_s
from app.sim.world import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.sim.scenarios.stage import Cast, Script, Stage

_TIME_TRIAL_MODE: Final = 5
_COOL_OFF_S: Final = 3.0


def time_trial(cast: Cast) -> Script:
    """Ghosts that move with result status 0, and a rival whose name changes in mid-session."""
    return each_alone(cast, _laps_against_ghosts)


def duel(cast: Cast) -> Script:
    """Every rig on the same track, each in a Time Trial of its own, started some seconds apart."""
    return each_alone(cast, _laps_against_ghosts, rigs=2)


def invalid_lap(cast: Cast) -> Script:
    """A lap cut in one of its sectors: PENA, the flag in LapData, validity bits in SessionHistory."""

    def play(stage: Stage) -> Director:
        track = stage.track()
        where = stage.rng.choice((0.12, 0.5, 0.85)) * track.length_m
        return _trial(stage, 3, {2: Order(cut_m=where)})

    return each_alone(cast, play)


def timer_jitter(cast: Cast) -> Script:
    """Two consecutive laps of the same time to the millisecond, and a lap timer that sometimes steps back."""

    def play(stage: Stage) -> Director:
        time_ms = round(stage.track().reference_ms * 1.02) + stage.rng.randint(-150, 150)
        return _trial(stage, 3, {1: Order(time_ms=time_ms), 2: Order(time_ms=time_ms)}, jitter=True)

    return each_alone(cast, play)


def practice_restart(cast: Cast) -> Script:
    """A flying lap given up: the lap number stays while timer and distance start again."""

    def play(stage: Stage) -> Director:
        track = stage.track()
        given_up_ms = round(track.reference_ms * stage.rng.uniform(0.3, 0.8))
        back_m = stage.rng.choice((0.0, -0.12 * track.length_m))
        return _trial(stage, 3, {2: Order(restart_ms=given_up_ms, restart_from_m=back_m)}, kind=Kind.PRACTICE)

    return each_alone(cast, play)


def _laps_against_ghosts(stage: Stage) -> Director:
    return _trial(stage, stage.laps(3, 99))


def _trial(
    stage: Stage,
    laps: int,
    orders: Mapping[int, Order] | None = None,
    *,
    kind: Kind = Kind.TIME_TRIAL,
    jitter: bool = False,
) -> Director:
    world = stage.trial(laps, orders=orders, kind=kind, timer_jitter=jitter)
    rig = Director(Rig(stage.rig, car_index=0, header_index=0), at_s=stage.rig * stage.rng.uniform(1.0, 4.0))
    card = stage.card(game_mode=_TIME_TRIAL_MODE if kind is Kind.TIME_TRIAL else 28)
    rig.begin(card, world, hold_s=2.0)
    rig.drive_to(lap_end_s(world, 0, laps) + _COOL_OFF_S)
    rig.end(paused=True, burst="before", classify_after_s=0.0)
    rig.menu(2.0)
    return rig
