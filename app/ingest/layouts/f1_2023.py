"""Packet format 2023 (F1 23; F1 25 can be set to it), told against 2024.

Source:
    EA, "Data Output from F1 23".
"""

from __future__ import annotations

from app.ingest.layouts import f1_2024
from app.ingest.layouts.table import Block, Rows, Spec, changed, edited_packets, without

_SIZES = {
    0: 1349, 1: 644, 2: 1131, 4: 1306, 5: 1107, 6: 1352, 7: 1239, 8: 1020,
    9: 1218, 10: 953, 11: 1460, 12: 231, 13: 217,
}  # fmt: skip


def _session(rows: Rows) -> Rows:
    names = [row.name for row in rows]
    shorter = without(rows, *names[names.index("equal_car_performance") :])  # all from here on came in 2024
    return changed(shorter, Block("weather_forecast_samples", "weather_forecast_sample", 56))


_RECORDS = dict(f1_2024.SPEC.records) | {
    "lap_data": without(
        f1_2024.SPEC.records["lap_data"],
        "delta_to_car_in_front_minutes_part",
        "delta_to_race_leader_minutes_part",
        "speed_trap_fastest_speed",
        "speed_trap_fastest_lap",
    ),
    "participant": without(f1_2024.SPEC.records["participant"], "tech_level"),
    "car_setup": without(f1_2024.SPEC.records["car_setup"], "engine_braking"),
    "lobby_player": without(f1_2024.SPEC.records["lobby_player"], "your_telemetry", "show_online_names", "tech_level"),
}

SPEC = Spec(
    packet_format=2023,
    cars=22,
    records=_RECORDS,
    packets=edited_packets(
        f1_2024.SPEC.packets,
        _SIZES,
        {
            1: _session,
            5: lambda rows: without(rows, "next_front_wing_value"),
            13: lambda rows: without(
                rows, "front_aero_height", "rear_aero_height", "front_roll_angle", "rear_roll_angle", "chassis_yaw"
            ),
        },
    ),
    events={code: rows for code, rows in f1_2024.SPEC.events.items() if code not in ("SCAR", "COLL")},
)
