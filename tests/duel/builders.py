"""Progress of a car, and laps, as canonical events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from app.normalize.events import (
    FlashbackUsed,
    LapCompleted,
    LapInvalidated,
    LapProgress,
    LapStarted,
    LapWithdrawn,
    SectorCompleted,
    SessionState,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
_BASE: dict[str, Any] = {
    "rig_id": "RIG_A",
    "session_uid": "7",
    "session_key": "SIM_A:7",
    "session_time_s": 0.0,
    "overall_frame": 1,
    "car_index": 0,
    "received_at": AT,
    "driver_name": None,
    "individual_id": None,
}


def make_progress(**changes: Any) -> LapProgress:
    """Where a car is; unknown but for what is told."""
    unknown = dict.fromkeys(name for name in LapProgress.model_fields if name != "source_type")
    return LapProgress.model_validate({**unknown, **_BASE, "lap_number": 1, **changes})


def make_lap(**changes: Any) -> LapCompleted:
    """A valid lap of the own car."""
    fields = {
        "own": True,
        "lap_number": 1,
        "lap_time_ms": 80_000,
        "sector1_time_ms": None,
        "sector2_time_ms": None,
        "sector3_time_ms": None,
        "valid": True,
        "pit_lap": False,
        "position": 1,
        "personal_best": True,
        "session_best": True,
        "tyre_compound": None,
        "status": "provisional",
    }
    return LapCompleted.model_validate({**_BASE, **fields, **changes})


def make_session(**changes: Any) -> SessionState:
    """A session on Monza."""
    unknown = dict.fromkeys(name for name in SessionState.model_fields if name != "source_type")
    told = {"mode": "driving", "packet_format": 2025, "game_version": "1.20", "track": "Monza"}
    return SessionState.model_validate({**unknown, **_BASE, **told, **changes})


def make_withdrawal(**changes: Any) -> LapWithdrawn:
    """A lap of the own car that was undone."""
    return LapWithdrawn.model_validate({**_BASE, "own": True, "lap_number": 1, "attempt": 1, **changes})


def make_sector(sector: int, time_ms: int, **changes: Any) -> SectorCompleted:
    """A sector of a lap that counts so far, of the own car."""
    fields = {"own": True, "lap_number": 1, "attempt": 0, "lap_valid": True}
    return SectorCompleted.model_validate({**_BASE, **fields, "sector": sector, "sector_time_ms": time_ms, **changes})


def make_start(**changes: Any) -> LapStarted:
    """The own car begins a lap."""
    return LapStarted.model_validate({**_BASE, "own": True, "lap_number": 1, "attempt": 0, **changes})


def make_invalidation(**changes: Any) -> LapInvalidated:
    """The lap that the own car drives will not count."""
    return LapInvalidated.model_validate({**_BASE, "own": True, "lap_number": 1, "attempt": 0, **changes})


def make_flashback(to_s: float | None) -> FlashbackUsed:
    """The player goes back to a session time."""
    return FlashbackUsed.model_validate({**_BASE, "to_frame": 1, "to_session_time_s": to_s})
