"""Rows for tests, as the gateway would make them: telemetry of a car that laps, its laps, its race events, its session.

    make_rows(120)                                   # two seconds of telemetry at 60 Hz, some 620 bytes a row
    make_rows(3, "LapEvent", rig="RIG_B")            # three laps of the other rig
    make_rows(60, first_frame=5_000)                 # further on in the same session

The same arguments give the same bytes; other frames (for laps, race events: other numbers) give other keys.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Final

from app.datacloud.row import Memory, Row
from app.datacloud.schema import BY_NAME

Value = str | float | bool | None

NOON: Final = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SESSION_UID: Final = "16446340127367471893"
FRAMES_PER_S: Final = 60
LAP_S: Final = 81.5
LAP_M: Final = 4_657.0


def make_rows(n: int, object: str = "TelemetryEvent", rig: str = "RIG_A", first_frame: int = 0) -> list[Row]:
    """`n` rows of an object with consecutive frames; laps and race events take them as their numbers.

    Args:
        n: How many.
        object: One of the schema's objects. A SessionEvent's key is always the same: later tellings replace it.
        rig: Whose.
        first_frame: Number of the first one; frames are 1/60 s apart, laps `LAP_S`.
    """
    values, spec = _VALUES[object], BY_NAME[object]
    rows = []
    for frame in range(first_frame, first_frame + n):
        record = values(rig, frame)
        assert list(record) == [field.name for field in spec.fields]
        rows.append(_row(object, str(record[spec.primary_key]), record))
    return rows


def _row(name: str, key: str, record: Mapping[str, Value]) -> Row:
    body = json.dumps(record, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    if name == "TelemetryEvent":
        return Row(name, key, body)
    told = {field: value for field, value in record.items() if field not in ("event_time", "recordModified")}
    digest = blake2b(json.dumps(told).encode(), digest_size=16).digest()
    return Row(name, key, body, Memory(str(record.get("event_time", record["recordModified"])), digest))


def _telemetry(rig: str, frame: int) -> dict[str, Value]:
    session_s = frame / FRAMES_PER_S
    lap, into_s = divmod(session_s + _lead_s(rig), LAP_S)
    around = 2 * math.pi * into_s / LAP_S
    speed = 196 + 84 * math.sin(5 * around) + 31 * math.sin(13 * around + 1)
    effort = math.cos(5 * around)
    gear = max(2, min(8, int(speed / 38)))
    return {
        "event_id": f"{rig}:{SESSION_UID}:CarTelemetry:{frame}",
        "event_time": _instant(session_s),
        "recordModified": _instant(session_s),
        "device_id": rig,
        "driver_individual_id": None,
        "session_key": f"{rig}:{SESSION_UID}",
        "session_uid": SESSION_UID,
        "overall_frame": frame,
        "session_time_s": round(session_s, 3),
        "car_index": 19,
        "lap_number": int(lap) + 1,
        "lap_distance_m": round(LAP_M * into_s / LAP_S, 2),
        "speed_kph": round(speed, 1),
        "throttle": round(max(0.0, effort), 3),
        "brake": round(max(0.0, -effort - 0.4), 3),
        "steer": round(0.4 * math.sin(11 * around + 0.3), 3),
        "gear": gear,
        "engine_rpm": round(6_000 + 5_800 * (speed / 38 - gear) % 5_800),
        "drs": speed > 290,
        "ers_store_energy_j": round(4_000_000 - 30_000 * into_s),
        "tyre_temp_fl": round(92 + 6 * math.sin(3 * around)),
        "tyre_temp_fr": round(93 + 6 * math.sin(3 * around + 0.2)),
        "tyre_temp_rl": round(97 + 5 * math.sin(3 * around + 0.5)),
        "tyre_temp_rr": round(98 + 5 * math.sin(3 * around + 0.7)),
        "sample_count": 1,
    }


def _lap(rig: str, number: int) -> dict[str, Value]:
    sectors = [27_104 + 37 * number % 400, 28_833 + 53 * number % 500, 25_561 + 71 * number % 300]
    ended_s = (number + 1) * LAP_S
    return {
        "event_id": f"{rig}:{SESSION_UID}:LapCompleted:19:{number + 1}",
        "event_time": _instant(ended_s),
        "recordModified": _instant(ended_s),
        "device_id": rig,
        "driver_individual_id": "0035g00000XyZaBAAV",
        "session_key": f"{rig}:{SESSION_UID}",
        "session_uid": SESSION_UID,
        "car_index": 19,
        "lap_number": number + 1,
        "lap_time_ms": sum(sectors),
        "sector1_ms": sectors[0],
        "sector2_ms": sectors[1],
        "sector3_ms": sectors[2],
        "car_position": 1 + number % 20,
        "lap_invalid": number % 9 == 8,
        "lap_status": "provisional",
        "pit_lap": number % 12 == 11,
        "tyre_compound": "Medium",
    }


def _race(rig: str, number: int) -> dict[str, Value]:
    return {
        "event_id": f"{rig}:{SESSION_UID}:Overtake:{number}",
        "event_time": _instant(number),
        "recordModified": _instant(number),
        "device_id": rig,
        "session_key": f"{rig}:{SESSION_UID}",
        "session_uid": SESSION_UID,
        "overall_frame": number * FRAMES_PER_S,
        "event_code": "Overtake",
        "car_index": number % 20,
        "detail": json.dumps({"overtaken_car_index": (number + 1) % 20}),
    }


def _session(rig: str, number: int) -> dict[str, Value]:
    return {
        "session_key": f"{rig}:{SESSION_UID}",
        "recordModified": _instant(5 * number),
        "device_id": rig,
        "driver_name": "Zoë Müller",
        "driver_individual_id": None,
        "session_uid": SESSION_UID,
        "track_id": 4,
        "session_type": 15,
        "weather": 0,
        "track_temperature": 31 + number % 3,
        "air_temperature": 23,
        "total_laps": 5,
        "started_at": _instant(0),
        "ended_at": None,
        "track_name": "Catalunya",
        "session_type_name": "Race",
        "weather_name": "Clear",
        "end_reason": None,
    }


def _lead_s(rig: str) -> float:
    """How far into its first lap a rig begins; two rigs are never at the same place."""
    return sum(rig.encode()) % 40 + 0.25


def _instant(session_s: float) -> str:
    return (NOON + timedelta(seconds=session_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_VALUES: Final[Mapping[str, Callable[[str, int], dict[str, Value]]]] = {
    "TelemetryEvent": _telemetry,
    "LapEvent": _lap,
    "RaceEvent": _race,
    "SessionEvent": _session,
}
