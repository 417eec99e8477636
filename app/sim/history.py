"""SessionHistory, LapPositions and FinalClassification: what the game remembers of the laps at a session time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.ingest.packets import FinalClassificationPacket, LapPositionsPacket, SessionHistoryPacket
from app.ingest.records import FinalClassificationData, LapHistoryData, TyreStintHistoryData
from app.sim.world import ACTIVE, FINISHED, RETIRED, CarNow, Kind, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.ingest.header import PacketHeader
    from app.sim.drives import Lap

_NO_LAP: Final = LapHistoryData(0, 0, 0, 0, 0, 0, 0, 0)
_NO_STINT: Final = TyreStintHistoryData(0, 0, 0)
_NO_RESULT: Final = FinalClassificationData(0, 0, 0, 0, 0, 0, 0, 0, 0.0, 0, 0, 0, (0,) * 8, (0,) * 8, (0,) * 8)
_ALL_VALID, _LAP_BIT = 0x0F, 0x01
_LAPS, _STINTS, _ROWS = 100, 8, 50
_RUNNING: Final = 255
_POINTS: Final = (25, 18, 15, 12, 10, 8, 6, 4, 2, 1)
_REASON: Final = {RETIRED: 8, FINISHED: 2, ACTIVE: 2}


def valid_bits(lap: Lap, timer_ms: float) -> int:
    """lap_valid_bit_flags: the lap's bit and that of the sector in which it was cut are off."""
    if lap.cut_ms is None or timer_ms < lap.cut_ms:
        return _ALL_VALID
    sector = 0
    if lap.sector1_ms is not None and lap.cut_ms >= lap.sector1_ms:
        sector = 1
        if lap.sector2_ms is not None and lap.cut_ms >= lap.sector1_ms + lap.sector2_ms:
            sector = 2
    return _ALL_VALID & ~_LAP_BIT & ~(0x02 << sector)


def history_key(world: World, slot: int, state: CarNow, session_ms: float) -> tuple[int, ...]:
    """Two moments with equal keys have equal histories."""
    lap, timer_ms = state.lap, state.timer_ms
    sectors = 0
    if lap.timed and not lap.finished and lap.sector1_ms is not None and timer_ms >= lap.sector1_ms:
        sectors = 1 + (lap.sector2_ms is not None and timer_ms >= lap.sector1_ms + lap.sector2_ms)
    cut = lap.cut_ms is not None and timer_ms >= lap.cut_ms
    return state.lap_index, sectors, cut, world.stint_at(slot, session_ms)


def history_packet(
    header: PacketHeader, world: World, slot: int, state: CarNow, session_ms: float
) -> SessionHistoryPacket:
    """All laps of one car so far, the one under way included."""
    drive = world.drives[slot]
    _, sectors, _, stint_index = history_key(world, slot, state, session_ms)
    done = {lap.number: lap for lap in drive.laps[: state.lap_index] if lap.time_ms is not None}
    laps = [_NO_LAP] * _LAPS
    for number, lap in done.items():
        laps[number - 1] = _entry(lap, 2, 10**9)
    current = state.lap.number
    if not state.lap.finished and current <= _LAPS:
        laps[current - 1] = _entry(state.lap, sectors, state.timer_ms)._replace(
            lap_time_in_ms=0, sector3_time_ms_part=0, sector3_time_minutes_part=0
        )
    counted = [lap for lap in done.values() if lap.valid]
    stints = [
        TyreStintHistoryData(
            _RUNNING if index == stint_index else drive.stints[index + 1].from_lap - 1,
            stint.actual_compound,
            stint.visual_compound,
        )
        for index, stint in enumerate(drive.stints[: stint_index + 1])
    ]
    return SessionHistoryPacket(
        header,
        slot,
        max([*done, 0 if state.lap.finished else current]),
        len(stints),
        min(counted, key=lambda lap: lap.time_ms or 0).number if counted else 0,
        min(counted, key=lambda lap: lap.sector1_ms or 0).number if counted else 0,
        min(counted, key=lambda lap: lap.sector2_ms or 0).number if counted else 0,
        min(counted, key=lambda lap: lap.sector3_ms or 0).number if counted else 0,
        laps,
        [*stints, *[_NO_STINT] * _STINTS][:_STINTS],
    )


def _entry(lap: Lap, sectors: int, timer_ms: float) -> LapHistoryData:
    first = lap.sector1_ms or 0 if sectors >= 1 else 0
    second = lap.sector2_ms or 0 if sectors >= 2 else 0
    third = lap.sector3_ms or 0
    return LapHistoryData(
        lap.time_ms or 0,
        first % 60_000,
        first // 60_000,
        second % 60_000,
        second // 60_000,
        third % 60_000,
        third // 60_000,
        valid_bits(lap, timer_ms),
    )


def laps_done(world: World, session_ms: float) -> int:
    """How many laps all cars together have completed; LapPositions changes with it."""
    return sum(
        lap.end_ms is not None and lap.end_ms <= session_ms and lap.time_ms is not None
        for drive in world.drives
        for lap in drive.laps
    )


def lap_positions_packet(header: PacketHeader, world: World, session_ms: float, slots: int) -> LapPositionsPacket:
    """Row n: positions at the start of lap n + 1; row 0 is the grid."""
    rows = [[0] * slots for _ in range(_ROWS)]
    filled = 1
    for car, drive in zip(world.cars, world.drives, strict=True):
        rows[0][car.slot] = car.grid_position if world.kind is Kind.RACE else 1
        for lap in drive.laps:
            if lap.time_ms is None or lap.end_ms is None or lap.end_ms > session_ms or lap.number >= _ROWS or car.ghost:
                continue
            rows[lap.number][car.slot] = world.positions(lap.end_ms)[car.slot]
            filled = max(filled, lap.number + 1)
    return LapPositionsPacket(header, filled, 0, tuple(map(tuple, rows)))


def classification_packet(
    header: PacketHeader, world: World, session_ms: float, slots: int
) -> FinalClassificationPacket:
    """The result table at a session time."""
    states = world.now(session_ms)
    results = [_NO_RESULT] * slots
    order = [slot for slot in world.ranking(states) if not world.cars[slot].ghost]
    for place, slot in enumerate(order, 1):
        state, drive = states[slot], world.drives[slot]
        done = [lap for lap in drive.laps[: state.lap_index] if lap.time_ms is not None]
        stints = drive.stints[: world.stint_at(slot, session_ms) + 1]
        ends = [*(stint.from_lap - 1 for stint in stints[1:]), _RUNNING]
        penalties = [p for p in world.penalties if p.car_index == slot and p.session_ms <= session_ms and p.seconds]
        results[slot] = FinalClassificationData(
            place,
            len(done),
            world.cars[slot].grid_position,
            _POINTS[place - 1] if world.kind is Kind.RACE and place <= len(_POINTS) else 0,
            len(stints) - 1,
            RETIRED if state.result_status == RETIRED else FINISHED,
            _REASON[state.result_status],
            min((lap.time_ms or 0 for lap in done if lap.valid), default=0),
            sum(lap.time_ms or 0 for lap in done) / 1000,
            sum(p.seconds for p in penalties),
            len(penalties),
            len(stints),
            _eight(stint.actual_compound for stint in stints),
            _eight(stint.visual_compound for stint in stints),
            _eight(ends),
        )
    return FinalClassificationPacket(header, len(order), results)


def _eight(values: Iterable[int]) -> tuple[int, ...]:
    return tuple([*values, *[0] * _STINTS][:_STINTS])
