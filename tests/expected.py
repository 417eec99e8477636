"""What a screen must show of a simulated run at an instant, out of its ledger.

A screen lags behind the game by what the way takes, so a figure is right when it was true at some moment of the last
fraction of a second. Truth is looked up frame by frame, as exact as the ledger has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from app.sim.ledger import LapTruth, LiveState
from app.sim.run import Run


class Sectors(NamedTuple):
    """The three sector blocks: the lap they belong to, times in ms, None where not driven yet."""

    lap_number: int | None = None
    s1: int | None = None
    s2: int | None = None
    s3: int | None = None


class Moment(NamedTuple):
    """One rig in one frame of its game; times in ms, None where there is none yet.

    Attributes:
        marks: Of the sectors, as in a session of one car whose laps were all heard: there its own best is the best.
        delta_to_best_ms: The running lap against the best valid lap of the session at the same distance.
        delta_to_other_ms: Against the other rig's last pass of the same distance.
        passed_ago_s: How long ago the other rig was at this distance of the lap.
    """

    at_s: float
    lap_number: int
    speed_kph: int
    gear: int
    last_ms: int | None
    best_ms: int | None
    sectors: Sectors
    marks: tuple[str | None, str | None, str | None]
    delta_to_best_ms: float | None
    delta_to_other_ms: float | None
    passed_ago_s: float | None


class Expected:
    """Answers for one run without flashbacks.

    Looks up every frame at once, which takes a moment: make it before the run is sent.

    Args:
        run: Of one rig, or of two that are held against each other.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._traces = run.ledger.traces
        self._states: Sequence[Sequence[LiveState]] = [list(self._traces.live(rig.number)) for rig in run.rigs]
        self._laps: Sequence[Sequence[LapTruth]] = [run.ledger.own_laps(rig.number) for rig in run.rigs]

    def moments(self, rig: int, from_s: float, until_s: float) -> list[Moment]:
        """Every frame of a rig between two ledger times."""
        return [self._moment(rig, state) for state in self._states[rig] if from_s <= state.at_s <= until_s]

    def chaser(self, at_s: float, lag_s: float) -> int:
        """Of two rigs the one that comes to each place of the lap after the other one, so that its delta counts.

        Args:
            at_s: A ledger time.
            lag_s: How far back to look for a frame.
        """
        first, second = [self.moments(rig, at_s - lag_s, at_s)[-1].passed_ago_s or inf for rig in (0, 1)]
        return 0 if first < second else 1

    def _moment(self, rig: int, state: LiveState) -> Moment:
        session = [lap for lap in self._laps[rig] if lap.session_uid == state.session_uid]
        done = [lap for lap in session if lap.completed_at_s <= state.at_s]
        best = min((lap for lap in done if lap.valid), key=lambda lap: lap.lap_time_ms, default=None)
        other = 1 - rig if len(self._run.rigs) == 2 else None
        running_ms = state.current_lap_time_ms or None
        sectors = _sectors(session, done, state)
        there_ms = best and self._traces.lap_elapsed_ms(
            rig, state.session_uid, best.lap_number, max(0.0, state.lap_distance_m)
        )
        return Moment(
            at_s=state.at_s,
            lap_number=state.lap_number,
            speed_kph=state.speed_kph,
            gear=state.gear,
            last_ms=state.last_lap_time_ms or None,
            best_ms=best and best.lap_time_ms,
            sectors=sectors,
            marks=_marks(sectors, [lap for lap in session if lap.valid and lap in done]),
            delta_to_best_ms=None if running_ms is None or there_ms is None else running_ms - there_ms,
            delta_to_other_ms=None if other is None else self._traces.delta_ms(rig, other, state.at_s),
            passed_ago_s=None if other is None else self._passed_ago_s(other, state),
        )

    def _passed_ago_s(self, other: int, here: LiveState) -> float | None:
        """How long ago the other rig went over the place where this one is."""
        after: LiveState | None = None
        for state in reversed(self._states[other]):
            if state.at_s > here.at_s:
                continue
            if after is not None and state.lap_distance_m <= here.lap_distance_m < after.lap_distance_m:
                return here.at_s - state.at_s
            after = state
        return None


def _sectors(session: Sequence[LapTruth], done: Sequence[LapTruth], state: LiveState) -> Sectors:
    """Of the running lap once its sector 1 is done, before that of the lap before."""
    running = next((lap for lap in session if lap.lap_number == state.lap_number and lap not in done), None)
    if running is not None and state.current_lap_time_ms > running.sector1_ms:
        second = running.sector2_ms if state.current_lap_time_ms > running.sector1_ms + running.sector2_ms else None
        return Sectors(running.lap_number, running.sector1_ms, second)
    if not done:
        return Sectors()
    return Sectors(done[-1].lap_number, done[-1].sector1_ms, done[-1].sector2_ms, done[-1].sector3_ms)


def _marks(shown: Sectors, counting: Sequence[LapTruth]) -> tuple[str | None, str | None, str | None]:
    """How the shown sectors of a valid lap stand beside those of the laps that count so far, and beside themselves."""
    bests = [min((lap[place] for lap in map(_times, counting)), default=None) for place in range(3)]
    one, two, three = (_mark(time_ms, best_ms) for time_ms, best_ms in zip(shown[1:], bests, strict=True))
    return one, two, three


def _times(lap: LapTruth) -> tuple[int, int, int]:
    return lap.sector1_ms, lap.sector2_ms, lap.sector3_ms


def _mark(time_ms: int | None, best_ms: int | None) -> str | None:
    if time_ms is None:
        return None
    return "session_best" if best_ms is None or time_ms <= best_ms else "slower"
