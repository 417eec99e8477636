"""LapData of every car at one moment, as wide rows: what the timing screen shows (formats.md 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.sim.drives import IN_GARAGE, Lap
from app.sim.race_control import penalties_of
from app.sim.world import ACTIVE, RETIRED, CarNow, Kind, World

if TYPE_CHECKING:
    from collections.abc import Sequence

_MINUTE_MS: Final = 60_000
_NO_TRAP_YET: Final = 255
_SLOWEST_FOR_GAPS_MPS: Final = 15.0
_JITTER_EVERY: Final = 7  # invented: in every seventh tenth of a second the timer steps back
_U16: Final = 65_535


class TimingScreen:
    """Writes the LapData rows of one world."""

    def __init__(self, world: World, step_ms: float) -> None:
        """Screen of a world, written every `step_ms`."""
        self._world = world
        self._step_ms = step_ms
        self._penalties = {car.slot: [p for p in penalties_of(world) if p.car_index == car.slot] for car in world.cars}
        self._trap_before = [_best_traps(drive.laps) for drive in world.drives]

    def rows(self, states: Sequence[CarNow], order: Sequence[int], session_ms: float, clock: int) -> list[float]:
        """Flat wide rows of all cars.

        Args:
            states: The cars at this moment.
            order: Their ranking.
            session_ms: The moment.
            clock: Ticks since the session began; decides when a jittery timer steps back.
        """
        gaps = self._gaps(states, order)
        late = self._world.timer_jitter and clock // 6 % _JITTER_EVERY == 0
        jitter = self._step_ms + 2 + clock % 5 if late else 0.0  # a few ms less than the packet before
        scdelta = 1.2 if self._world.phase_at(session_ms) is not None else 0.0
        flat: list[float] = []
        for slot, state in enumerate(states):
            flat += self._row(slot, state, gaps[slot], session_ms, jitter, scdelta)
        return flat

    def _row(
        self, slot: int, state: CarNow, gap: tuple[int, int, int], session_ms: float, jitter: float, scdelta: float
    ) -> tuple[float, ...]:
        lap, timer_ms = state.lap, state.timer_ms
        shown, first, second, sector = self._clocks(slot, state, jitter)
        position, to_front, to_leader = gap
        in_lane = lap.pit_from_ms is not None and lap.pit_from_ms <= timer_ms < (lap.pit_to_ms or 0)
        lane_ms = stop_ms = pit = 0
        if in_lane:
            pit = 1
            if lap.lane_entered_ms is not None:
                lane_ms = min(_U16, int(session_ms - lap.lane_entered_ms))
            if lap.stop_from_ms is not None and timer_ms >= lap.stop_from_ms:
                stop_ms = min(_U16, int(min(timer_ms, lap.stop_to_ms or 0) - lap.stop_from_ms))
                pit = 2 if timer_ms < (lap.stop_to_ms or 0) else 1
        seconds = warnings = cut_warnings = 0
        for penalty in self._penalties[slot]:  # seldom any
            if penalty.session_ms <= session_ms:
                seconds += penalty.seconds
                warnings += penalty.warning
                cut_warnings += penalty.warning
        trap_kph, trap_lap = self._trap_before[slot][state.lap_index]
        if lap.trap_ms is not None and lap.timed and timer_ms >= lap.trap_ms and lap.trap_kph > trap_kph:
            trap_kph, trap_lap = lap.trap_kph, lap.number
        retired = state.result_status == RETIRED
        return (
            lap.last_ms, shown,
            first % _MINUTE_MS, first // _MINUTE_MS, second % _MINUTE_MS, second // _MINUTE_MS,
            to_front % _MINUTE_MS, to_front // _MINUTE_MS, to_leader % _MINUTE_MS, to_leader // _MINUTE_MS,
            state.distance_m, state.total_m, scdelta,
            position, lap.number, pit, self._world.stint_at(slot, session_ms), sector,
            int(lap.cut_ms is not None and timer_ms >= lap.cut_ms),
            seconds, warnings, cut_warnings, 0, 0,
            self._world.cars[slot].grid_position,
            IN_GARAGE if retired else lap.driver_status, state.result_status,
            int(in_lane and lane_ms > 0), lane_ms, stop_ms, 0,
            trap_kph, trap_lap,
        )  # fmt: skip

    def _clocks(self, slot: int, state: CarNow, jitter: float) -> tuple[int, int, int, int]:
        """Lap timer, both sector times and the sector under way."""
        lap, timer_ms, track = state.lap, state.timer_ms, self._world.track
        if lap.finished:
            before = self._world.drives[slot].laps[state.lap_index - 1]
            if self._world.freeze_at_flag:
                return lap.last_ms, before.sector1_ms or 0, before.sector2_ms or 0, 2
            return 0, 0, 0, 0
        if not lap.timed:
            around = state.distance_m % track.length_m
            sector = 0 if around < track.sector2_m else 1 if around < track.sector3_m else 2
            return 0, 0, 0, 0 if lap.driver_status == IN_GARAGE else sector
        first, second, sector = 0, 0, 0
        if lap.sector1_ms is not None and timer_ms >= lap.sector1_ms:
            first, sector = lap.sector1_ms, 1
            if lap.sector2_ms is not None and timer_ms >= first + lap.sector2_ms:
                second, sector = lap.sector2_ms, 2
        return max(0, int(timer_ms - jitter)), first, second, sector

    def _gaps(self, states: Sequence[CarNow], order: Sequence[int]) -> list[tuple[int, int, int]]:
        """Position, gap to the car ahead and to the leader, by slot; ms from distance and own speed."""
        gaps = [(1, 0, 0)] * len(states)
        race = self._world.kind is Kind.RACE
        place = 0
        for slot in order:
            if self._world.cars[slot].ghost:
                continue  # ghosts show position 1, too
            place += 1
            to_front = to_leader = 0
            if race and place > 1 and states[slot].result_status == ACTIVE:
                speed = max(states[slot].speed_mps, _SLOWEST_FOR_GAPS_MPS)
                here = states[slot].total_m
                to_front = max(0, int(1000 * (states[order[place - 2]].total_m - here) / speed))
                to_leader = max(to_front, int(1000 * (states[order[0]].total_m - here) / speed))
            gaps[slot] = (place, to_front, to_leader)
        return gaps


def _best_traps(laps: Sequence[Lap]) -> list[tuple[float, int]]:
    """Fastest trap speed before each lap, and its lap; 0 and 255 without one."""
    best: list[tuple[float, int]] = [(0.0, _NO_TRAP_YET)]
    for lap in laps:
        best.append((lap.trap_kph, lap.number) if lap.timed and lap.trap_kph > best[-1][0] else best[-1])
    return best
