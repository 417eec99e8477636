"""The repeated parts of packets: one NamedTuple per car, lap, zone or player, in the game's own words.

Names are the game's in snake_case without `m_`; wheel arrays run rear left, rear right, front left,
front right. Scaled integers are given in their unit (`divide_by` of the layout is applied), text is
decoded up to its terminator. A field that the packet's format does not have is None.

Source:
    EA, "Data Output from F1 25", v3, and its 2023, 2024 and 2026 companions.
"""

from __future__ import annotations

from typing import NamedTuple


class CarMotionData(NamedTuple):
    """One car of its packet (car_motion)."""

    world_position_x: float  # m
    world_position_y: float  # m
    world_position_z: float  # m
    world_velocity_x: float  # m/s
    world_velocity_y: float  # m/s
    world_velocity_z: float  # m/s
    world_forward_dir_x: float
    world_forward_dir_y: float
    world_forward_dir_z: float
    world_right_dir_x: float
    world_right_dir_y: float
    world_right_dir_z: float
    g_force_lateral: float  # g
    g_force_longitudinal: float  # g
    g_force_vertical: float  # g
    yaw: float  # rad
    pitch: float  # rad
    roll: float  # rad


class MarshalZone(NamedTuple):
    """A stretch of the lap and the flag shown there."""

    zone_start: float  # lap fraction
    zone_flag: int


class WeatherForecastSample(NamedTuple):
    """One forecast entry of Session."""

    session_type: int
    time_offset: int  # min
    weather: int
    track_temperature: int  # C
    track_temperature_change: int
    air_temperature: int  # C
    air_temperature_change: int
    rain_percentage: int  # %


class CarLapData(NamedTuple):
    """One car of its packet (lap_data)."""

    last_lap_time_in_ms: int  # ms
    current_lap_time_in_ms: int  # ms
    sector1_time_ms_part: int  # ms
    sector1_time_minutes_part: int  # min
    sector2_time_ms_part: int  # ms
    sector2_time_minutes_part: int  # min
    delta_to_car_in_front_ms_part: int  # ms
    delta_to_car_in_front_minutes_part: int | None  # min
    delta_to_race_leader_ms_part: int  # ms
    delta_to_race_leader_minutes_part: int | None  # min
    lap_distance: float  # m
    total_distance: float  # m
    safety_car_delta: float  # s
    car_position: int
    current_lap_num: int
    pit_status: int
    num_pit_stops: int
    sector: int
    current_lap_invalid: int
    penalties: int  # s
    total_warnings: int
    corner_cutting_warnings: int
    num_unserved_drive_through_pens: int
    num_unserved_stop_go_pens: int
    grid_position: int
    driver_status: int
    result_status: int
    pit_lane_timer_active: int
    pit_lane_time_in_lane_in_ms: int  # ms
    pit_stop_timer_in_ms: int  # ms
    pit_stop_should_serve_pen: int
    speed_trap_fastest_speed: float | None  # km/h
    speed_trap_fastest_lap: int | None


class ParticipantData(NamedTuple):
    """One car of its packet (participant)."""

    ai_controlled: int
    driver_id: int
    network_id: int
    team_id: int
    my_team: int
    race_number: int
    nationality: int
    name: str
    your_telemetry: int
    show_online_names: int
    tech_level: int | None
    platform: int
    num_colours: int | None
    livery_colours: tuple[tuple[int, ...], ...] | None


class CarSetupData(NamedTuple):
    """One car of its packet (car_setup)."""

    front_wing: int
    rear_wing: int
    on_throttle: int  # %
    off_throttle: int  # %
    front_camber: float  # deg
    rear_camber: float  # deg
    front_toe: float  # deg
    rear_toe: float  # deg
    front_suspension: int
    rear_suspension: int
    front_anti_roll_bar: int
    rear_anti_roll_bar: int
    front_suspension_height: int
    rear_suspension_height: int
    brake_pressure: int  # %
    brake_bias: int  # %
    engine_braking: int | None  # %
    rear_left_tyre_pressure: float  # psi
    rear_right_tyre_pressure: float  # psi
    front_left_tyre_pressure: float  # psi
    front_right_tyre_pressure: float  # psi
    ballast: int
    fuel_load: float  # kg


class CarTelemetryData(NamedTuple):
    """One car of its packet (car_telemetry)."""

    speed: int  # km/h
    throttle: float
    steer: float
    brake: float
    clutch: int  # %
    gear: int
    engine_rpm: int  # rpm
    drs: int
    rev_lights_percent: int  # %
    rev_lights_bit_value: int
    brakes_temperature: tuple[int, ...]  # C
    tyres_surface_temperature: tuple[int, ...]  # C
    tyres_inner_temperature: tuple[int, ...]  # C
    engine_temperature: int  # C
    tyres_pressure: tuple[float, ...]  # psi
    surface_type: tuple[int, ...]


class CarStatusData(NamedTuple):
    """One car of its packet (car_status)."""

    traction_control: int
    anti_lock_brakes: int
    fuel_mix: int
    front_brake_bias: int  # %
    pit_limiter_status: int
    fuel_in_tank: float  # kg
    fuel_capacity: float  # kg
    fuel_remaining_laps: float  # laps
    max_rpm: int  # rpm
    idle_rpm: int  # rpm
    max_gears: int
    drs_allowed: int
    drs_activation_distance: int  # m
    actual_tyre_compound: int
    visual_tyre_compound: int
    tyres_age_laps: int  # laps
    vehicle_fia_flags: int
    engine_power_ice: float  # W
    engine_power_mguk: float  # W
    ers_store_energy: float  # J
    ers_deploy_mode: int
    ers_harvested_this_lap_mguk: float  # J
    ers_harvested_this_lap_mguh: float  # J
    ers_harvest_limit_per_lap: float | None  # J
    ers_deployed_this_lap: float  # J
    network_paused: int


class FinalClassificationData(NamedTuple):
    """One car of its packet (final_classification)."""

    position: int
    num_laps: int
    grid_position: int
    points: int
    num_pit_stops: int
    result_status: int
    result_reason: int | None
    best_lap_time_in_ms: int  # ms
    total_race_time: float  # s
    penalties_time: int  # s
    num_penalties: int
    num_tyre_stints: int
    tyre_stints_actual: tuple[int, ...]
    tyre_stints_visual: tuple[int, ...]
    tyre_stints_end_laps: tuple[int, ...]


class LobbyPlayerData(NamedTuple):
    """One player waiting in a lobby."""

    ai_controlled: int
    team_id: int
    nationality: int
    platform: int
    name: str
    car_number: int
    your_telemetry: int | None
    show_online_names: int | None
    tech_level: int | None
    ready_status: int


class CarDamageData(NamedTuple):
    """One car of its packet (car_damage)."""

    tyres_wear: tuple[float, ...]  # %
    tyres_damage: tuple[int, ...]  # %
    brakes_damage: tuple[int, ...]  # %
    tyre_blisters: tuple[int, ...] | None  # %
    front_left_wing_damage: int  # %
    front_right_wing_damage: int  # %
    rear_wing_damage: int  # %
    floor_damage: int  # %
    diffuser_damage: int  # %
    sidepod_damage: int  # %
    drs_fault: int
    ers_fault: int
    gear_box_damage: int  # %
    engine_damage: int  # %
    engine_mguh_wear: int  # %
    engine_es_wear: int  # %
    engine_ce_wear: int  # %
    engine_ice_wear: int  # %
    engine_mguk_wear: int  # %
    engine_tc_wear: int  # %
    engine_blown: int
    engine_seized: int


class LapHistoryData(NamedTuple):
    """One lap of SessionHistory; all times 0 for what is not yet driven."""

    lap_time_in_ms: int  # ms
    sector1_time_ms_part: int  # ms
    sector1_time_minutes_part: int  # min
    sector2_time_ms_part: int  # ms
    sector2_time_minutes_part: int  # min
    sector3_time_ms_part: int  # ms
    sector3_time_minutes_part: int  # min
    lap_valid_bit_flags: int


class TyreStintHistoryData(NamedTuple):
    """One stint of SessionHistory."""

    end_lap: int
    tyre_actual_compound: int
    tyre_visual_compound: int


class TyreSetData(NamedTuple):
    """One tyre set of a car."""

    actual_tyre_compound: int
    visual_tyre_compound: int
    wear: int  # %
    available: int
    recommended_session: int
    life_span: int  # laps
    usable_life: int  # laps
    lap_delta_time: int  # ms
    fitted: int


class TimeTrialDataSet(NamedTuple):
    """A lap of the Time Trial packet; all zero when the game has none."""

    car_idx: int
    team_id: int
    lap_time_in_ms: int  # ms
    sector1_time_in_ms: int  # ms
    sector2_time_in_ms: int  # ms
    sector3_time_in_ms: int  # ms
    traction_control: int
    gearbox_assist: int
    anti_lock_brakes: int
    equal_car_performance: int
    custom_setup: int
    valid: int


class LapZone(NamedTuple):
    """An active-aero or DRS zone, as fractions of the lap."""

    zone_start: float  # lap fraction
    zone_end: float  # lap fraction


class CarTelemetry2Data(NamedTuple):
    """One car of its packet (car_telemetry2)."""

    active_aero_mode: int
    active_aero_available: int
    active_aero_activation_distance: int  # m
    overtake_available: int
    overtake_active: int
    overtake_activation_distance: int  # m
    regulations_2026: int
    driving_wrong_way: int
