"""Packet format 2026 (F1 25 with the 2026 Season Pack), told against 2025.

Source:
    EA, "Data Output from F1 25: 2026 Season Pack", v1.1. Its game_year says 26; real datagrams carry 25.
"""

from __future__ import annotations

from app.ingest.layouts import f1_2025
from app.ingest.layouts.table import (
    CARS,
    F32,
    I16,
    U8,
    U16,
    Block,
    Field,
    PacketSpec,
    Rows,
    Spec,
    changed,
    edited_packets,
    inserted,
)

_SIZES = {
    0: 1325, 1: 926, 2: 1399, 4: 1470, 5: 1233, 6: 1448, 7: 1445, 8: 1134,
    9: 1062, 10: 1133, 11: 1460, 12: 231, 13: 273, 14: 104, 15: 1231,
}  # fmt: skip

_RECORDS = f1_2025.RECORDS | {
    "car_motion": changed(
        f1_2025.RECORDS["car_motion"],
        Field("g_force_lateral", I16, divide_by=1000),  # g
        Field("g_force_longitudinal", I16, divide_by=1000),  # g
        Field("g_force_vertical", I16, divide_by=1000),  # g
    ),
    "participant": changed(
        f1_2025.RECORDS["participant"],
        Field("driver_id", U16),  # 65535 = human in a network game
        Field("network_id", U16),
        Field("team_id", U16),
    ),
    "car_telemetry": changed(f1_2025.RECORDS["car_telemetry"], Field("engine_temperature", U8)),  # C
    "car_status": inserted(
        f1_2025.RECORDS["car_status"],
        "ers_harvested_this_lap_mguh",
        Field("ers_harvest_limit_per_lap", F32),  # J; how much may be harvested on this lap
    ),
    "lobby_player": changed(f1_2025.RECORDS["lobby_player"], Field("team_id", U16)),  # 65535 = none picked yet
    "time_trial_data_set": changed(f1_2025.RECORDS["time_trial_data_set"], Field("team_id", U16)),
    "lap_zone": (
        Field("zone_start", F32),  # lap fraction
        Field("zone_end", F32),  # lap fraction; smaller than the start where a zone spans the start line
    ),
    "car_telemetry2": (
        Field("active_aero_mode", U8),  # 0 = corner mode, 1 = straight mode
        Field("active_aero_available", U8),
        Field("active_aero_activation_distance", U16),  # m; 0 = not available
        Field("overtake_available", U8),
        Field("overtake_active", U8),
        Field("overtake_activation_distance", U16),  # m; 0 = not available
        Field("regulations_2026", U8),  # car follows the 2026 rules
        Field("driving_wrong_way", U8),
    ),
}

_SESSION_ROWS: Rows = (
    Field("active_aero_track_status", U8),  # 0 = full, 1 = partial
    Field("num_active_aero_zones_full", U8),  # valid entries that follow
    Block("active_aero_zones_full", "lap_zone", 8),
    Field("num_active_aero_zones_partial", U8),  # valid entries that follow
    Block("active_aero_zones_partial", "lap_zone", 8),
    Field("num_drs_zones", U8),  # valid entries that follow
    Block("drs_zones", "lap_zone", 4),
    Field("start_reaction_time", F32),  # s; 0 with assisted starts
    Field("anti_lock_brakes_assist", U8),
    Field("traction_control_assist", U8),
    Field("dynamic_racing_line_hi_vis", U8),
    Field("dynamic_racing_line_colour_blind", U8),  # 0 = off, 1 = protanopia, 2 = deuteranopia, 3 = tritanopia
    Field("recurring_rewind_prompt", U8),
)

SPEC = Spec(
    packet_format=2026,
    cars=24,
    records=_RECORDS,
    packets=(
        *edited_packets(f1_2025.PACKETS, _SIZES, {1: lambda rows: rows + _SESSION_ROWS}),
        PacketSpec(16, "car_telemetry2", 269, (Block("cars", "car_telemetry2", CARS),)),
    ),
    events=f1_2025.EVENTS
    | {
        "COLL": (
            Field("vehicle1_idx", U8),
            Field("vehicle2_idx", U8),
            Field("severity", U8),  # 0 = low, 1 = medium, 2 = high
        ),
    },
)
