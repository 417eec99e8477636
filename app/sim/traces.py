"""Truth along the lap and between rigs: live states, deltas at equal lap distance, gaps in one race."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.sim.acts import TICKS_PER_S, Act, Rig
from app.sim.cadence import menu_ticks
from app.sim.ledger import LiveState
from app.sim.physics import DRIVETRAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.sim.drives import Drive, Lap
    from app.sim.world import World


class Traces:
    """Answers questions about a run at any wall time; times are exact, not sampled."""

    def __init__(self, rigs: Sequence[Rig], acts: Sequence[Sequence[Act]], rate_hz: int) -> None:
        self._rigs = rigs
        self._acts = acts
        self._step = menu_ticks(rate_hz)

    def live(self, rig: int) -> Iterator[LiveState]:
        """The rig's own car (or the one a spectator watches) in each frame whose state packets are sent."""
        slot = self._slot(rig)
        for act in self._acts[rig]:
            if not (act.states and act.sends) or act.world is None:
                continue
            for tick in range(-act.clock % self._step, act.ticks, self._step):
                yield self._state(act, act.world, tick, slot)

    def session_time_s(self, rig: int, at_s: float) -> float | None:
        """The rig's session time at a wall time; None while no game time is shown."""
        act = self._act(rig, at_s)
        return None if act is None else self._session_ms(act, at_s) / 1000

    def elapsed_ms(self, rig: int, at_s: float, lap_distance_m: float) -> float | None:
        """Lap time shown when the rig's own car last passed this lap distance, as of a wall time.

        That is on the lap under way if it is far enough, else on the timed lap before; None if there is none.
        """
        act = self._act(rig, at_s)
        if act is None or act.world is None:
            return None
        drive = act.world.drives[self._slot(rig)]
        return _last_pass(drive, self._session_ms(act, at_s), lap_distance_m)

    def lap_elapsed_ms(self, rig: int, session_uid: int, lap_number: int, lap_distance_m: float) -> float | None:
        """Lap time shown at a lap distance of a lap that stands; None if it was not driven or does not pass there."""
        world = next((a.world for a in reversed(self._acts[rig]) if a.card.uid == session_uid and a.states), None)
        if world is None:
            return None
        laps = [lap for lap in world.drives[self._slot(rig)].laps if lap.number == lap_number and lap.timed]
        elapsed_s = laps[-1].leg.elapsed_s(lap_distance_m) if laps else None
        return None if elapsed_s is None else elapsed_s * 1000

    def delta_ms(self, rig: int, other: int, at_s: float) -> float | None:
        """The rig's running lap against the other rig at equal lap distance: positive means slower.

        The other rig's time is that of its own last pass of the distance (see `elapsed_ms`). None while either has
        none.
        """
        act = self._act(rig, at_s)
        if act is None or act.world is None:
            return None
        session_ms = self._session_ms(act, at_s)
        lap = act.world.drives[self._slot(rig)].lap_at(session_ms)
        if not lap.timed or lap.finished:
            return None
        distance_m = lap.leg.at((session_ms - lap.start_ms) / 1000).distance_m
        theirs = self.elapsed_ms(other, at_s, distance_m) if distance_m >= 0.0 else None
        return None if theirs is None else session_ms - lap.start_ms - theirs

    def gap_ms(self, rig: int, other: int, at_s: float) -> float | None:
        """In one race: how long ago the other rig's car was where this one is; negative if this one is ahead."""
        act = self._act(rig, at_s)
        if act is None or act.world is None or act.world is not self._world(other, at_s):
            return None
        session_ms = self._session_ms(act, at_s)
        here = act.world.drives[self._slot(rig)]
        there = act.world.drives[self._slot(other)]
        behind = _since(there, session_ms, _total_m(here, session_ms))
        if behind is not None:
            return behind
        ahead = _since(here, session_ms, _total_m(there, session_ms))
        return None if ahead is None else -ahead

    def _slot(self, rig: int) -> int:
        machine = self._rigs[rig]
        return machine.car_index if machine.car_index is not None else machine.watched

    def _act(self, rig: int, at_s: float) -> Act | None:
        return next(
            (act for act in self._acts[rig] if act.states and act.at_s <= at_s < act.at_s + act.ticks / TICKS_PER_S),
            None,
        )

    def _world(self, rig: int, at_s: float) -> World | None:
        act = self._act(rig, at_s)
        return None if act is None else act.world

    @staticmethod
    def _session_ms(act: Act, at_s: float) -> float:
        return act.session_ms(0) + ((at_s - act.at_s) * 1000 if act.runs else 0.0)

    @staticmethod
    def _state(act: Act, world: World, tick: int, slot: int) -> LiveState:
        session_ms = act.session_ms(tick)
        states = world.now(session_ms)
        state = states[slot]
        kph = int(state.speed_mps * 3.6 + 0.5)
        return LiveState(
            at_s=act.at_s + tick / TICKS_PER_S,
            session_uid=act.card.uid,
            session_time_s=session_ms / 1000,
            frame=act.frame + tick,
            overall_frame=act.overall + tick,
            car_index=slot,
            lap_number=state.lap.number,
            lap_distance_m=state.distance_m,
            current_lap_time_ms=int(state.timer_ms) if state.lap.timed and not state.lap.finished else 0,
            last_lap_time_ms=state.lap.last_ms,
            speed_kph=kph,
            gear=DRIVETRAIN[kph].gear,
            position=world.ranking(states).index(slot) + 1,
        )


def _last_pass(drive: Drive, session_ms: float, lap_distance_m: float) -> float | None:
    index = drive.index_at(session_ms)
    current = drive.laps[index]
    if current.timed and not current.finished:
        elapsed_s = current.leg.elapsed_s(lap_distance_m)
        if elapsed_s is not None and elapsed_s * 1000 <= session_ms - current.start_ms:
            return elapsed_s * 1000
    done: Lap | None = next((lap for lap in reversed(drive.laps[:index]) if lap.time_ms is not None), None)
    elapsed_s = None if done is None else done.leg.elapsed_s(lap_distance_m)
    return None if elapsed_s is None else elapsed_s * 1000


def _total_m(drive: Drive, session_ms: float) -> float:
    lap = drive.lap_at(session_ms)
    return lap.base_m + lap.leg.at((session_ms - lap.start_ms) / 1000).distance_m


def _since(drive: Drive, session_ms: float, total_m: float) -> float | None:
    """How long ago a car was at a total distance; None if it has not been there yet."""
    for lap in reversed(drive.laps[: drive.index_at(session_ms) + 1]):
        elapsed_s = lap.leg.elapsed_s(total_m - lap.base_m)
        if elapsed_s is not None:
            passed_ms = lap.start_ms + elapsed_s * 1000
            return session_ms - passed_ms if passed_ms <= session_ms else None
    return None
