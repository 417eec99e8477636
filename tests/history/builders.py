"""Laps, traces and samples for the history's tests: valid by default, changed by keyword."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from app.history.codec import encode
from app.history.laptrace import LapTrace, RunningLaps
from app.history.record import Columns, LapRecord, StoredTrace
from app.normalize.events import CarMotion, CarTelemetry, LapProgress
from tests.duel.builders import make_lap, make_progress, make_session, make_withdrawal

__all__ = ["make_lap", "make_progress", "make_session", "make_withdrawal"]

MORNING = datetime(2026, 11, 25, 10, tzinfo=UTC)
DAY = "2026-11-25"


def make_record(number: int = 1, **changes: Any) -> LapRecord:
    """A valid lap of RIG_A, completed `number` minutes past ten."""
    record = LapRecord(
        lap_id=f"RIG_A:7:LapCompleted:0:{number}",
        rig_id="RIG_A",
        session_uid="7",
        lap_number=number,
        day=DAY,
        track="Monza",
        session_type="Time Trial",
        driver_name="ANNA",
        individual_id=None,
        lap_time_ms=80_000,
        sector1_time_ms=26_000,
        sector2_time_ms=27_000,
        sector3_time_ms=27_000,
        valid=True,
        pit_lap=False,
        tyre_compound="Soft",
        completed_at=MORNING + timedelta(minutes=number),
        has_trace=False,
    )
    return record._replace(**changes)


def make_columns(count: int = 301) -> Columns:
    """A lap of a car that goes faster and faster."""
    entries = range(count)
    return Columns(
        time_ms=[60 * i for i in entries],
        speed_kph=[100 + i / 10 for i in entries],
        throttle=[i % 101 / 100 for i in entries],
        brake=[0.0 for _ in entries],
        gear=[1 + i % 8 for i in entries],
        steer=[(i % 201 - 100) / 100 for i in entries],
    )


def make_trace(count: int = 301) -> StoredTrace:
    """The same as it is stored."""
    return StoredTrace(1200, 400.0, 800.0, encode(make_columns(count)))


def make_telemetry(**changes: Any) -> CarTelemetry:
    """Pedals and gears; unknown but for what is told."""
    unknown = dict.fromkeys(name for name in CarTelemetry.model_fields if name != "source_type")
    return CarTelemetry.model_validate({**unknown, **_base(), **changes})


def make_motion(x: float, z: float, **changes: Any) -> CarMotion:
    """A car in the world."""
    unknown = dict.fromkeys(name for name in CarMotion.model_fields if name != "source_type")
    return CarMotion.model_validate({**unknown, **_base(), "world_position_m": (x, 0.0, z), **changes})


def moving(distances_m: Iterable[float], ms_a_metre: float = 20.0, **changes: Any) -> list[LapProgress]:
    """Progress on the track at an even pace, a frame a distance."""
    told = {"result_status": "active", "pit_status": "none", **changes}
    return [
        make_progress(
            lap_distance_m=distance_m,
            current_lap_time_ms=round(distance_m * ms_a_metre),
            session_time_s=distance_m * ms_a_metre / 1000,
            overall_frame=10 + at,
            **told,
        )
        for at, distance_m in enumerate(distances_m)
    ]


def approaching(distances_m: Iterable[float], **changes: Any) -> list[LapProgress]:
    """Progress on the way to the line: the lap has no time yet."""
    return [make_progress(lap_distance_m=distance_m, result_status="active", **changes) for distance_m in distances_m]


def driven(progresses: Iterable[LapProgress]) -> RunningLaps:
    """A rig that said so, one by one."""
    laps = RunningLaps()
    for progress in progresses:
        laps.feed(progress)
    return laps


def lap_of(laps: RunningLaps, number: int = 1) -> LapTrace:
    """A lap that was seen."""
    trace = laps.lap(number)
    assert trace is not None
    return trace


def _base() -> dict[str, Any]:
    progress = make_progress()
    names = ("rig_id", "session_uid", "session_key", "session_time_s", "overall_frame", "car_index", "received_at")
    return {name: getattr(progress, name) for name in names}
