"""What format 2025 added to format 2024."""

from __future__ import annotations

from app.ingest.layouts import f1_2024, f1_2025
from app.ingest.layouts.table import CHAR, U8, Field
from tests.ingest.layouts.edits import fields_added, packet_fields_added, packet_rows_changed, rows_changed

BEFORE, AFTER = f1_2024.SPEC, f1_2025.SPEC


def test_records_gained_colours_blisters_and_the_reason_of_a_result() -> None:
    assert fields_added(BEFORE, AFTER) == {
        "participant": ["num_colours", "livery_colours"],
        "car_damage": ["tyre_blisters"],
        "final_classification": ["result_reason"],
    }


def test_motion_ex_gained_pitch_and_camber() -> None:
    assert packet_fields_added(BEFORE, AFTER) == {"motion_ex": ["chassis_pitch", "wheel_camber", "wheel_camber_gain"]}


def test_names_shrank_from_48_to_32_bytes() -> None:
    name = (Field("name", CHAR, (48,)), Field("name", CHAR, (32,)))

    assert rows_changed(BEFORE, AFTER) == {"participant": [name], "lobby_player": [name]}
    assert packet_rows_changed(BEFORE, AFTER) == {}


def test_three_events_gained_details() -> None:
    gained = {code: AFTER.events[code][len(rows) :] for code, rows in BEFORE.events.items()}

    assert AFTER.events.keys() == BEFORE.events.keys()
    assert {code: [row.name for row in rows] for code, rows in gained.items() if rows} == {
        "RTMT": ["reason"],
        "DRSD": ["reason"],
        "SGSV": ["stop_time"],
    }
    assert gained["RTMT"] == (Field("reason", U8),)


def test_lap_positions_is_a_new_packet() -> None:
    assert {packet.name for packet in AFTER.packets} - {packet.name for packet in BEFORE.packets} == {"lap_positions"}


def test_a_race_has_22_cars() -> None:
    assert (BEFORE.packet_format, BEFORE.cars) == (2024, 22)
