"""What the history keeps, as plain values: laps, what was driven where, traces and maps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

STEP_M: Final = 4.0
"""Between two entries of a trace: one frame at 60 Hz and 240 m/s, three at the speed of a slow corner."""
MAP_STEP_M: Final = 10.0
"""Between two points of a map: some 500 a lap, closer than a wall shows."""


class LapRecord(NamedTuple):
    """One lap of a rig's own car that stands.

    Attributes:
        lap_id: The `event_id` of its `LapCompleted`; the same however often it is told.
        day: The operator's day it was first told on, such as 2026-11-25.
        driver_name, individual_id: As bound when it was first told.
        completed_at: When it was first told, UTC.
        has_trace: Whether a trace of it is kept.
    """

    lap_id: str
    rig_id: str
    session_uid: str | None
    lap_number: int
    day: str
    track: str | None
    session_type: str | None
    driver_name: str | None
    individual_id: str | None
    lap_time_ms: int
    sector1_time_ms: int | None
    sector2_time_ms: int | None
    sector3_time_ms: int | None
    valid: bool
    pit_lap: bool | None
    tyre_compound: str | None
    completed_at: datetime
    has_trace: bool


class Venue(NamedTuple):
    """Where and what a session is; all None while not known."""

    track: str | None = None
    session_type: str | None = None
    length_m: int | None = None
    sector2_start_m: float | None = None
    sector3_start_m: float | None = None


class Columns(NamedTuple):
    """A lap along its distance: entry i of each column is at i * STEP_M, None where unknown.

    Attributes:
        time_ms: Lap time shown there, whole.
        speed_kph: To a tenth.
        throttle, brake: 0 to 1, to a hundredth.
        gear: -1 to 9.
        steer: -1 to 1, to a hundredth.
    """

    time_ms: Sequence[int | None]
    speed_kph: Sequence[float | None]
    throttle: Sequence[float | None]
    brake: Sequence[float | None]
    gear: Sequence[int | None]
    steer: Sequence[float | None]


class StoredTrace(NamedTuple):
    """A lap's columns as bytes, see `codec`, and the track they belong to."""

    length_m: int | None
    sector2_start_m: float | None
    sector3_start_m: float | None
    data: bytes


class Outline(NamedTuple):
    """The driven line of one whole lap, closed: point i is at lap distance i * MAP_STEP_M.

    Attributes:
        x, z: World metres, to a tenth.
        valid: Whether the lap it was learned from counted.
    """

    track: str
    length_m: int
    sector2_start_m: float | None
    sector3_start_m: float | None
    x: tuple[float, ...]
    z: tuple[float, ...]
    valid: bool


class SessionBegin(NamedTuple):
    """With which lap a session that was seen to begin began; above 1 for a loaded save."""

    rig_id: str
    session_uid: str
    first_lap: int
    day: str
