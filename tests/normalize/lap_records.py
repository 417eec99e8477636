"""One car's timing as values: records of LapData, rows of SessionHistory, and the packets that carry them.

The packets here are shorter than the game's (only the cars that are told), which is all the lap tracker and
the normaliser need to see.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from app.ingest.packets import LapDataPacket, SessionHistoryPacket
from app.ingest.records import CarLapData, LapHistoryData
from app.normalize.laps import LapFact, LapTracker
from tests.builders import NO_CAR, make_header, make_packet

_EMPTY: Final[CarLapData] = make_packet(2).cars[0]
_HISTORY: Final[SessionHistoryPacket] = make_packet(11)

ACTIVE, FINISHED = 2, 3
IN_GARAGE, FLYING_LAP, OUT_LAP, ON_TRACK = 0, 1, 3, 4


def on_lap(
    number: int, timer_ms: int, last_ms: int = 0, sector1_ms: int = 0, sector2_ms: int = 0, **changes: Any
) -> CarLapData:
    """A car on track, `timer_ms` into its lap; the sector follows from the sector times."""
    values = {
        "current_lap_num": number,
        "current_lap_time_in_ms": timer_ms,
        "last_lap_time_in_ms": last_ms,
        "sector1_time_ms_part": sector1_ms % 60_000,
        "sector1_time_minutes_part": sector1_ms // 60_000,
        "sector2_time_ms_part": sector2_ms % 60_000,
        "sector2_time_minutes_part": sector2_ms // 60_000,
        "sector": 2 if sector2_ms else 1 if sector1_ms else 0,
        "lap_distance": timer_ms * 0.055,
        "car_position": 3,
        "result_status": ACTIVE,
        "driver_status": ON_TRACK,
    }
    return _EMPTY._replace(**values | changes)


def empty_slot(**changes: Any) -> CarLapData:
    """A slot without a car."""
    return _EMPTY._replace(**changes)


def timing(*records: CarLapData, **header: Any) -> LapDataPacket:
    """A LapData packet of the first cars."""
    return LapDataPacket(make_header(2, **header), records, NO_CAR, NO_CAR)


class Row(NamedTuple):
    """A lap as the session history lists it; all 0 for one not yet driven."""

    lap_ms: int
    sector1_ms: int = 0
    sector2_ms: int = 0
    sector3_ms: int = 0
    valid: bool = True


def history(*rows: Row, car: int = 0, **header: Any) -> SessionHistoryPacket:
    """A SessionHistory packet of one car, laps 1 to as many as there are rows."""
    return _HISTORY._replace(
        header=make_header(11, **header), car_idx=car, num_laps=len(rows), laps=tuple(map(_history_row, rows))
    )


def _history_row(row: Row) -> LapHistoryData:
    return LapHistoryData(
        lap_time_in_ms=row.lap_ms,
        sector1_time_ms_part=row.sector1_ms % 60_000,
        sector1_time_minutes_part=row.sector1_ms // 60_000,
        sector2_time_ms_part=row.sector2_ms % 60_000,
        sector2_time_minutes_part=row.sector2_ms // 60_000,
        sector3_time_ms_part=row.sector3_ms % 60_000,
        sector3_time_minutes_part=row.sector3_ms // 60_000,
        lap_valid_bit_flags=15 if row.valid else 14,
    )


def told(tracker: LapTracker, *records: CarLapData) -> list[LapFact]:
    """What the tracker says of one car's records, each in a packet of its own."""
    return [fact for record in records for fact in tracker.feed(timing(record))]
