"""What format 2024 added to format 2023."""

from __future__ import annotations

from app.ingest.layouts import f1_2023, f1_2024
from app.ingest.layouts.table import Block
from tests.ingest.layouts.edits import fields_added, packet_fields_added, packet_rows_changed, rows_changed

BEFORE, AFTER = f1_2023.SPEC, f1_2024.SPEC


def test_records_gained_gaps_in_minutes_speed_traps_and_privacy() -> None:
    assert fields_added(BEFORE, AFTER) == {
        "lap_data": [
            "delta_to_car_in_front_minutes_part",
            "delta_to_race_leader_minutes_part",
            "speed_trap_fastest_speed",
            "speed_trap_fastest_lap",
        ],
        "participant": ["tech_level"],
        "car_setup": ["engine_braking"],
        "lobby_player": ["your_telemetry", "show_online_names", "tech_level"],
    }


def test_session_gained_24_options_the_weekend_and_the_sectors_starts() -> None:
    added = packet_fields_added(BEFORE, AFTER)["session"]

    assert len(added) == 24 + 2 + 2
    assert added[:2] == ["equal_car_performance", "recovery_mode"]
    assert added[-4:] == [
        "num_sessions_in_weekend",
        "weekend_structure",
        "sector2_lap_distance_start",
        "sector3_lap_distance_start",
    ]


def test_other_packets_gained_the_next_front_wing_and_the_plank() -> None:
    added = packet_fields_added(BEFORE, AFTER)

    assert added.keys() == {"session", "car_setups", "motion_ex"}
    assert added["car_setups"] == ["next_front_wing_value"]
    assert added["motion_ex"] == [
        "front_aero_height", "rear_aero_height", "front_roll_angle", "rear_roll_angle", "chassis_yaw"
    ]  # fmt: skip


def test_the_forecast_grew_from_56_to_64_samples() -> None:
    assert rows_changed(BEFORE, AFTER) == {}
    assert packet_rows_changed(BEFORE, AFTER) == {
        "session": [
            (
                Block("weather_forecast_samples", "weather_forecast_sample", 56),
                Block("weather_forecast_samples", "weather_forecast_sample", 64),
            )
        ]
    }


def test_safety_car_and_collision_are_new_events_and_time_trial_a_new_packet() -> None:
    assert AFTER.events.keys() - BEFORE.events.keys() == {"SCAR", "COLL"}
    assert {packet.name for packet in AFTER.packets} - {packet.name for packet in BEFORE.packets} == {"time_trial"}


def test_a_race_has_22_cars() -> None:
    assert (BEFORE.packet_format, BEFORE.cars) == (2023, 22)
