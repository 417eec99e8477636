"""The own car's records to the fields of canonical samples; values in, a dict of fields out.

Units and names change here, numbers become words, and "there is none" becomes None. A car whose driver
restricts telemetry sends 0 in exactly the fields listed in the publisher's privacy section; `restricted`
makes those None, since unknown is never 0. The receiver's own car is never restricted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Any, Final

from app.ingest.packets import SessionPacket
from app.ingest.records import (
    CarDamageData,
    CarLapData,
    CarMotionData,
    CarStatusData,
    CarTelemetry2Data,
    CarTelemetryData,
    FinalClassificationData,
)
from app.normalize.laps import LapsKnown, sector_times_ms
from app.normalize.units import joined_ms, known, percent_to_ratio, seconds_to_ms
from app.normalize.vocabulary import SESSION_TYPE, SURFACE
from app.normalize.words import Words

# Any: a canonical event's field is an int, a float, a text or a tuple; pydantic checks each by its name.
Fields = dict[str, Any]

RESTRICTED_STATUS: Final = (
    "fuel_kg",
    "fuel_capacity_kg",
    "fuel_mix",
    "fuel_remaining_laps",
    "front_brake_bias_percent",
    "ers_deploy_mode",
    "ers_store_energy_j",
    "ers_deployed_this_lap_j",
    "ers_harvested_this_lap_mguk_j",
    "ers_harvested_this_lap_mguh_j",
    "engine_power_ice_w",
    "engine_power_mguk_w",
)
RESTRICTED_DAMAGE: Final = (
    "front_left_wing_percent",
    "front_right_wing_percent",
    "rear_wing_percent",
    "floor_percent",
    "diffuser_percent",
    "sidepod_percent",
    "engine_percent",
    "gearbox_percent",
    "tyre_wear_percent",
    "tyre_damage_percent",
    "brake_damage_percent",
    "drs_fault",
    "engine_mguh_wear_percent",
    "engine_es_wear_percent",
    "engine_ce_wear_percent",
    "engine_ice_wear_percent",
    "engine_mguk_wear_percent",
    "engine_tc_wear_percent",
)


def telemetry(record: CarTelemetryData, suggested_gear: int, words: Words) -> Fields:
    """The fields of `CarTelemetry`."""
    surfaces = record.surface_type
    return {
        "speed_kph": record.speed,
        "throttle": record.throttle,
        "brake": record.brake,
        "steer": record.steer,
        "clutch": percent_to_ratio(record.clutch),
        "gear": record.gear,
        "suggested_gear": suggested_gear or None,
        "engine_rpm": record.engine_rpm,
        "drs": record.drs != 0,
        "rev_lights_percent": record.rev_lights_percent,
        "rev_lights_bits": record.rev_lights_bit_value,
        "brake_temperature_c": record.brakes_temperature,
        "tyre_surface_temperature_c": record.tyres_surface_temperature,
        "tyre_inner_temperature_c": record.tyres_inner_temperature,
        "tyre_pressure_psi": record.tyres_pressure,
        "engine_temperature_c": record.engine_temperature,
        "surface": _ALL_TARMAC if surfaces == (0, 0, 0, 0) else tuple(words.say("surface", s) for s in surfaces),
    }


_ALL_TARMAC: Final = (SURFACE[0],) * 4


def status(record: CarStatusData, words: Words, *, restricted: bool = False) -> Fields:
    """The fields of `CarStatus`."""
    fields: Fields = {
        "fuel_mix": words.say("fuel_mix", record.fuel_mix),
        "front_brake_bias_percent": record.front_brake_bias,
        "pit_limiter": record.pit_limiter_status != 0,
        "fuel_kg": record.fuel_in_tank,
        "fuel_capacity_kg": record.fuel_capacity,
        "fuel_remaining_laps": record.fuel_remaining_laps,
        "max_rpm": record.max_rpm or None,
        "idle_rpm": record.idle_rpm or None,
        "max_gears": record.max_gears or None,
        "drs_allowed": record.drs_allowed != 0,
        "drs_activation_distance_m": record.drs_activation_distance or None,
        "tyre_compound_actual": words.maybe("tyre_compound_actual", record.actual_tyre_compound, 0),
        "tyre_compound": words.maybe("tyre_compound_visual", record.visual_tyre_compound, 0),
        "tyre_age_laps": record.tyres_age_laps,
        "fia_flag": words.maybe("fia_flag", record.vehicle_fia_flags, -1),
        "engine_power_ice_w": record.engine_power_ice,
        "engine_power_mguk_w": record.engine_power_mguk,
        "ers_store_energy_j": record.ers_store_energy,
        "ers_deploy_mode": words.say("ers_deploy_mode", record.ers_deploy_mode),
        "ers_harvested_this_lap_mguk_j": record.ers_harvested_this_lap_mguk,
        "ers_harvested_this_lap_mguh_j": record.ers_harvested_this_lap_mguh,
        "ers_harvest_limit_per_lap_j": record.ers_harvest_limit_per_lap,
        "ers_deployed_this_lap_j": record.ers_deployed_this_lap,
        "traction_control": words.say("traction_control", record.traction_control),
        "anti_lock_brakes": record.anti_lock_brakes != 0,
        "network_paused": record.network_paused != 0,
    }
    return _veiled(fields, RESTRICTED_STATUS) if restricted else fields


def damage(record: CarDamageData, *, restricted: bool = False) -> Fields:
    """The fields of `CarDamage`."""
    fields: Fields = {
        "tyre_wear_percent": record.tyres_wear,
        "tyre_damage_percent": record.tyres_damage,
        "tyre_blisters_percent": record.tyre_blisters,
        "brake_damage_percent": record.brakes_damage,
        "front_left_wing_percent": record.front_left_wing_damage,
        "front_right_wing_percent": record.front_right_wing_damage,
        "rear_wing_percent": record.rear_wing_damage,
        "floor_percent": record.floor_damage,
        "diffuser_percent": record.diffuser_damage,
        "sidepod_percent": record.sidepod_damage,
        "gearbox_percent": record.gear_box_damage,
        "engine_percent": record.engine_damage,
        "engine_mguh_wear_percent": record.engine_mguh_wear,
        "engine_es_wear_percent": record.engine_es_wear,
        "engine_ce_wear_percent": record.engine_ce_wear,
        "engine_ice_wear_percent": record.engine_ice_wear,
        "engine_mguk_wear_percent": record.engine_mguk_wear,
        "engine_tc_wear_percent": record.engine_tc_wear,
        "drs_fault": record.drs_fault != 0,
        "ers_fault": record.ers_fault != 0,
        "engine_blown": record.engine_blown != 0,
        "engine_seized": record.engine_seized != 0,
    }
    return _veiled(fields, RESTRICTED_DAMAGE) if restricted else fields


def _veiled(fields: Fields, names: tuple[str, ...]) -> Fields:
    return fields | dict.fromkeys(names)


def motion(record: CarMotionData) -> Fields:
    """The fields of `CarMotion`."""
    return {
        "world_position_m": (record.world_position_x, record.world_position_y, record.world_position_z),
        "world_velocity_mps": (record.world_velocity_x, record.world_velocity_y, record.world_velocity_z),
        "g_force_lateral": record.g_force_lateral,
        "g_force_longitudinal": record.g_force_longitudinal,
        "g_force_vertical": record.g_force_vertical,
        "yaw_rad": record.yaw,
        "pitch_rad": record.pitch,
        "roll_rad": record.roll,
    }


def field_motion(cars: Sequence[CarMotionData], live: Iterable[int], own: int) -> Fields:
    """The fields of `FieldMotion`.

    Args:
        cars: The records of all slots; only the needed ones are asked for.
        live: The slots of the cars that take part.
        own: The own car's slot.
    """
    records = ((index, cars[index]) for index in live if index != own and index < len(cars))
    places = ((index, record.world_position_x, record.world_position_z) for index, record in records)
    return {"cars": tuple((index, x_m, z_m) for index, x_m, z_m in places if isfinite(x_m) and isfinite(z_m))}


def aero(record: CarTelemetry2Data, words: Words) -> Fields:
    """The fields of `CarAero`; modes are None for a car that does not follow the 2026 rules."""
    new_rules = record.regulations_2026 != 0
    return {
        "regulations_2026": new_rules,
        "active_aero": words.say("active_aero_mode", record.active_aero_mode) if new_rules else None,
        "active_aero_available": record.active_aero_available != 0 if new_rules else None,
        "active_aero_activation_distance_m": record.active_aero_activation_distance or None,
        "overtake_available": record.overtake_available != 0 if new_rules else None,
        "overtake_active": record.overtake_active != 0 if new_rules else None,
        "overtake_activation_distance_m": record.overtake_activation_distance or None,
        "driving_wrong_way": record.driving_wrong_way != 0,
    }


IN_GARAGE: Final = 0


def lap_progress(
    record: CarLapData,
    cars: int,
    best_lap_time_ms: int | None,
    last_lap_valid: bool | None,
    laps_known: LapsKnown | None,
    words: Words,
) -> Fields:
    """The fields of `LapProgress`; `cars` counts the live ones.

    In the garage, and before the line is first crossed (negative distance), the lap has no time: None, not 0.
    """
    sector1_ms, sector2_ms = sector_times_ms(record)
    waits = record.lap_distance < 0 or record.driver_status == IN_GARAGE
    timed = record.current_lap_time_in_ms > 0 or not waits
    leads = record.car_position == 1
    return {
        "position": record.car_position or None,
        "grid_position": record.grid_position or None,
        "cars": cars,
        "lap_number": record.current_lap_num,
        "lap_distance_m": record.lap_distance,
        "total_distance_m": record.total_distance,
        "sector": record.sector + 1,
        "current_lap_time_ms": record.current_lap_time_in_ms if timed else None,
        "last_lap_time_ms": record.last_lap_time_in_ms or None,
        "last_lap_valid": last_lap_valid,
        "best_lap_time_ms": best_lap_time_ms,
        "sector1_time_ms": sector1_ms,
        "sector2_time_ms": sector2_ms,
        "lap_invalid": record.current_lap_invalid != 0,
        "gap_to_leader_ms": _gap(
            record.delta_to_race_leader_minutes_part, record.delta_to_race_leader_ms_part, leads=leads
        ),
        "interval_ms": _gap(
            record.delta_to_car_in_front_minutes_part, record.delta_to_car_in_front_ms_part, leads=leads
        ),
        "pit_status": words.say("pit_status", record.pit_status),
        "pit_stops": record.num_pit_stops,
        "driver_status": words.say("driver_status", record.driver_status),
        "result_status": words.say("result_status", record.result_status),
        "penalties_s": record.penalties,
        "warnings": record.total_warnings,
        "unserved_drive_through_penalties": record.num_unserved_drive_through_pens,
        "unserved_stop_go_penalties": record.num_unserved_stop_go_pens,
        "speed_trap_best_kph": record.speed_trap_fastest_speed or None,
        "laps_known": laps_known,
    }


_GAP_NONSENSE_MS: Final = 54_000
"""For a moment after a reset the game sends a negative gap as u16: 59 473 is -6 063. What looks so is unknown."""


def _gap(minutes: int | None, milliseconds: int, *, leads: bool) -> int | None:
    """A gap in ms; None for the leader, who has none, and for what cannot be a gap."""
    if leads:
        return None
    if minutes is not None and milliseconds > _GAP_NONSENSE_MS and not minutes:
        return None
    return joined_ms(minutes, milliseconds) or None


TIME_TRIAL: Final = 18


def session(packet: SessionPacket, words: Words) -> Fields:
    """The fields of `SessionState` that the Session packet tells.

    A Time Trial has neither a length nor a clock, though the game fills in 1, 2 or 5 laps and 0 s.
    """
    session_type = words.maybe("session_type", packet.session_type, 0)
    endless = session_type == SESSION_TYPE[TIME_TRIAL]
    return {
        "session_type": session_type,
        "track": words.maybe("track", packet.track_id, -1),
        "track_length_m": packet.track_length or None,
        "formula": words.say("formula", packet.formula),
        "game_mode": words.say("game_mode", packet.game_mode),
        "weather": words.say("weather", packet.weather),
        "track_temperature_c": packet.track_temperature,
        "air_temperature_c": packet.air_temperature,
        "total_laps": None if endless else packet.total_laps or None,
        "session_time_left_s": None if endless else packet.session_time_left,
        "session_duration_s": None if endless else packet.session_duration,
        "safety_car": words.say("safety_car_status", packet.safety_car_status),
        "game_paused": packet.game_paused != 0,
        "network_game": packet.network_game != 0,
        "spectator_car_index": known(packet.spectator_car_index, 255) if packet.is_spectating else None,
        "sector2_start_m": packet.sector2_lap_distance_start or None,
        "sector3_start_m": packet.sector3_lap_distance_start or None,
    }


def classified(record: FinalClassificationData, words: Words) -> Fields:
    """The fields of `ClassifiedCar` that its record tells."""
    total_s = record.total_race_time
    return {
        "position": record.position or None,
        "grid_position": record.grid_position or None,
        "laps": record.num_laps,
        "points": record.points,
        "pit_stops": record.num_pit_stops,
        "result_status": words.say("result_status", record.result_status),
        "result_reason": words.maybe("result_reason", record.result_reason),
        "best_lap_time_ms": record.best_lap_time_in_ms or None,
        "total_race_time_ms": seconds_to_ms(total_s) if 0 < total_s < 1e6 else None,
        "penalties_s": record.penalties_time,
        "penalties": record.num_penalties,
    }


NO_SESSION: Final[Fields] = dict.fromkeys(
    (
        "session_type",
        "track",
        "track_length_m",
        "formula",
        "game_mode",
        "weather",
        "track_temperature_c",
        "air_temperature_c",
        "total_laps",
        "session_time_left_s",
        "session_duration_s",
        "safety_car",
        "game_paused",
        "network_game",
        "spectator_car_index",
        "sector2_start_m",
        "sector3_start_m",
    )
)
