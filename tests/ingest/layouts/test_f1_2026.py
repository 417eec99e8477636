"""What format 2026 added to format 2025."""

from __future__ import annotations

from app.ingest.layouts import f1_2025, f1_2026
from app.ingest.layouts.table import F32, I16, U8, U16, Field
from tests.ingest.layouts.edits import fields_added, packet_fields_added, packet_rows_changed, rows_changed

BEFORE, AFTER = f1_2025.SPEC, f1_2026.SPEC


def test_a_race_has_24_cars() -> None:
    assert (AFTER.packet_format, AFTER.cars) == (2026, 24)


def test_car_status_gained_the_harvest_limit_before_what_was_deployed() -> None:
    names = [row.name for row in AFTER.records["car_status"]]

    assert fields_added(BEFORE, AFTER) == {"car_status": ["ers_harvest_limit_per_lap"]}
    assert names[names.index("ers_harvest_limit_per_lap") + 1] == "ers_deployed_this_lap"


def test_zones_and_active_aero_are_new_records() -> None:
    assert AFTER.records.keys() - BEFORE.records.keys() == {"lap_zone", "car_telemetry2"}


def test_session_gained_zones_start_reaction_and_five_assists_behind_its_753_bytes() -> None:
    before = next(packet for packet in BEFORE.packets if packet.name == "session")
    after = next(packet for packet in AFTER.packets if packet.name == "session")

    assert after.rows[: len(before.rows)] == before.rows
    assert packet_fields_added(BEFORE, AFTER) == {
        "session": [
            "active_aero_track_status",
            "num_active_aero_zones_full",
            "active_aero_zones_full",
            "num_active_aero_zones_partial",
            "active_aero_zones_partial",
            "num_drs_zones",
            "drs_zones",
            "start_reaction_time",
            "anti_lock_brakes_assist",
            "traction_control_assist",
            "dynamic_racing_line_hi_vis",
            "dynamic_racing_line_colour_blind",
            "recurring_rewind_prompt",
        ]
    }


def test_g_forces_became_thousandths_ids_wider_and_the_engine_temperature_a_byte() -> None:
    def wider(name: str) -> tuple[Field, Field]:
        return Field(name, U8), Field(name, U16)

    def thousandths(name: str) -> tuple[Field, Field]:
        return Field(name, F32), Field(name, I16, divide_by=1000)

    assert rows_changed(BEFORE, AFTER) == {
        "car_motion": [thousandths(f"g_force_{axis}") for axis in ("lateral", "longitudinal", "vertical")],
        "participant": [wider("driver_id"), wider("network_id"), wider("team_id")],
        "lobby_player": [wider("team_id")],
        "time_trial_data_set": [wider("team_id")],
        "car_telemetry": [(Field("engine_temperature", U16), Field("engine_temperature", U8))],
    }
    assert packet_rows_changed(BEFORE, AFTER) == {}


def test_a_collision_gained_its_severity() -> None:
    assert AFTER.events == {**BEFORE.events, "COLL": (*BEFORE.events["COLL"], Field("severity", U8))}


def test_car_telemetry_2_is_a_new_packet() -> None:
    assert {packet.name for packet in AFTER.packets} - {packet.name for packet in BEFORE.packets} == {"car_telemetry2"}
