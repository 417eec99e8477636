"""What datagrams decode to: one NamedTuple per packet, in the game's own words.

What the numbers mean is `normalize`'s business; where they lie in the bytes is `layouts`'. Arrays of
records are lazy sequences: a car is decoded when it is asked for.

Source:
    EA, "Data Output from F1 25", v3, and its 2023, 2024 and 2026 companions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from app.ingest.event_details import EventDetails
from app.ingest.header import PacketHeader
from app.ingest.records import (
    CarDamageData,
    CarLapData,
    CarMotionData,
    CarSetupData,
    CarStatusData,
    CarTelemetry2Data,
    CarTelemetryData,
    FinalClassificationData,
    LapHistoryData,
    LapZone,
    LobbyPlayerData,
    MarshalZone,
    ParticipantData,
    TimeTrialDataSet,
    TyreSetData,
    TyreStintHistoryData,
    WeatherForecastSample,
)


class MotionPacket(NamedTuple):
    """Position, velocity, orientation and g-forces of every car."""

    header: PacketHeader
    cars: Sequence[CarMotionData]


class SessionPacket(NamedTuple):
    """Where and how the session is run: track, type, clock, weather and forecast, rules and assists."""

    header: PacketHeader
    weather: int
    track_temperature: int  # C
    air_temperature: int  # C
    total_laps: int  # laps
    track_length: int  # m
    session_type: int
    track_id: int
    formula: int
    session_time_left: int  # s
    session_duration: int  # s
    pit_speed_limit: int  # km/h
    game_paused: int
    is_spectating: int
    spectator_car_index: int
    sli_pro_native_support: int
    num_marshal_zones: int
    marshal_zones: Sequence[MarshalZone]
    safety_car_status: int
    network_game: int
    num_weather_forecast_samples: int
    weather_forecast_samples: Sequence[WeatherForecastSample]
    forecast_accuracy: int
    ai_difficulty: int
    season_link_identifier: int
    weekend_link_identifier: int
    session_link_identifier: int
    pit_stop_window_ideal_lap: int
    pit_stop_window_latest_lap: int
    pit_stop_rejoin_position: int
    steering_assist: int
    braking_assist: int
    gearbox_assist: int
    pit_assist: int
    pit_release_assist: int
    ers_assist: int
    drs_assist: int
    dynamic_racing_line: int
    dynamic_racing_line_type: int
    game_mode: int
    rule_set: int
    time_of_day: int  # min
    session_length: int
    speed_units_lead_player: int
    temperature_units_lead_player: int
    speed_units_secondary_player: int
    temperature_units_secondary_player: int
    num_safety_car_periods: int
    num_virtual_safety_car_periods: int
    num_red_flag_periods: int
    equal_car_performance: int | None
    recovery_mode: int | None
    flashback_limit: int | None
    surface_type: int | None
    low_fuel_mode: int | None
    race_starts: int | None
    tyre_temperature: int | None
    pit_lane_tyre_sim: int | None
    car_damage: int | None
    car_damage_rate: int | None
    collisions: int | None
    collisions_off_for_first_lap_only: int | None
    mp_unsafe_pit_release: int | None
    mp_off_for_griefing: int | None
    corner_cutting_stringency: int | None
    parc_ferme_rules: int | None
    pit_stop_experience: int | None
    safety_car: int | None
    safety_car_experience: int | None
    formation_lap: int | None
    formation_lap_experience: int | None
    red_flags: int | None
    affects_licence_level_solo: int | None
    affects_licence_level_mp: int | None
    num_sessions_in_weekend: int | None
    weekend_structure: tuple[int, ...] | None
    sector2_lap_distance_start: float | None  # m
    sector3_lap_distance_start: float | None  # m
    active_aero_track_status: int | None
    num_active_aero_zones_full: int | None
    active_aero_zones_full: Sequence[LapZone] | None
    num_active_aero_zones_partial: int | None
    active_aero_zones_partial: Sequence[LapZone] | None
    num_drs_zones: int | None
    drs_zones: Sequence[LapZone] | None
    start_reaction_time: float | None  # s
    anti_lock_brakes_assist: int | None
    traction_control_assist: int | None
    dynamic_racing_line_hi_vis: int | None
    dynamic_racing_line_colour_blind: int | None
    recurring_rewind_prompt: int | None


class LapDataPacket(NamedTuple):
    """Timing and status of every car: lap times, distance, position, pit and penalty state."""

    header: PacketHeader
    cars: Sequence[CarLapData]
    time_trial_pb_car_idx: int
    time_trial_rival_car_idx: int


class ParticipantsPacket(NamedTuple):
    """Who is in which car. Index by car."""

    header: PacketHeader
    num_active_cars: int
    participants: Sequence[ParticipantData]


class CarSetupsPacket(NamedTuple):
    """Setups. Online, every other player's entry is blank whatever the privacy setting."""

    header: PacketHeader
    cars: Sequence[CarSetupData]
    next_front_wing_value: float | None


class CarTelemetryPacket(NamedTuple):
    """Pedals, gear, speed, rpm, temperatures and pressures of every car."""

    header: PacketHeader
    cars: Sequence[CarTelemetryData]
    mfd_panel_index: int
    mfd_panel_index_secondary_player: int
    suggested_gear: int


class CarStatusPacket(NamedTuple):
    """Fuel, ERS, tyres, flags and assists of every car."""

    header: PacketHeader
    cars: Sequence[CarStatusData]


class FinalClassificationPacket(NamedTuple):
    """Result table at the end."""

    header: PacketHeader
    num_cars: int
    cars: Sequence[FinalClassificationData]


class LobbyInfoPacket(NamedTuple):
    """Players waiting in a multiplayer lobby."""

    header: PacketHeader
    num_players: int
    players: Sequence[LobbyPlayerData]


class CarDamagePacket(NamedTuple):
    """Wear and damage of every car."""

    header: PacketHeader
    cars: Sequence[CarDamageData]


class SessionHistoryPacket(NamedTuple):
    """Lap and stint history of ONE car per packet."""

    header: PacketHeader
    car_idx: int
    num_laps: int
    num_tyre_stints: int
    best_lap_time_lap_num: int
    best_sector1_lap_num: int
    best_sector2_lap_num: int
    best_sector3_lap_num: int
    laps: Sequence[LapHistoryData]
    tyre_stints: Sequence[TyreStintHistoryData]


class TyreSetsPacket(NamedTuple):
    """Tyre sets of ONE car per packet."""

    header: PacketHeader
    car_idx: int
    sets: Sequence[TyreSetData]
    fitted_idx: int


class MotionExPacket(NamedTuple):
    """Extra physics of the player's own car only."""

    header: PacketHeader
    suspension_position: tuple[float, ...]
    suspension_velocity: tuple[float, ...]
    suspension_acceleration: tuple[float, ...]
    wheel_speed: tuple[float, ...]  # m/s
    wheel_slip_ratio: tuple[float, ...]
    wheel_slip_angle: tuple[float, ...]
    wheel_lat_force: tuple[float, ...]
    wheel_long_force: tuple[float, ...]
    height_of_cog_above_ground: float  # m
    local_velocity_x: float  # m/s
    local_velocity_y: float  # m/s
    local_velocity_z: float  # m/s
    angular_velocity_x: float  # rad/s
    angular_velocity_y: float  # rad/s
    angular_velocity_z: float  # rad/s
    angular_acceleration_x: float  # rad/s2
    angular_acceleration_y: float  # rad/s2
    angular_acceleration_z: float  # rad/s2
    front_wheels_angle: float  # rad
    wheel_vert_force: tuple[float, ...]
    front_aero_height: float | None
    rear_aero_height: float | None
    front_roll_angle: float | None  # rad
    rear_roll_angle: float | None  # rad
    chassis_yaw: float | None  # rad
    chassis_pitch: float | None  # rad
    wheel_camber: tuple[float, ...] | None  # rad
    wheel_camber_gain: tuple[float, ...] | None  # rad


class TimeTrialPacket(NamedTuple):
    """Only in Time Trial: session best, personal best and rival."""

    header: PacketHeader
    player_session_best: TimeTrialDataSet
    personal_best: TimeTrialDataSet
    rival: TimeTrialDataSet


class LapPositionsPacket(NamedTuple):
    """Position of every car at the start of each lap, 50 laps a packet."""

    header: PacketHeader
    num_laps: int
    lap_start: int
    position_for_vehicle_idx: tuple[tuple[int, ...], ...]


class CarTelemetry2Packet(NamedTuple):
    """Active aero, overtake mode and wrong-way flag of every car."""

    header: PacketHeader
    cars: Sequence[CarTelemetry2Data]


class EventPacket(NamedTuple):
    """Something happened: a four-letter code and what belongs to it."""

    header: PacketHeader
    event_string_code: str
    details: EventDetails


Packet = (
    MotionPacket
    | SessionPacket
    | LapDataPacket
    | EventPacket
    | ParticipantsPacket
    | CarSetupsPacket
    | CarTelemetryPacket
    | CarStatusPacket
    | FinalClassificationPacket
    | LobbyInfoPacket
    | CarDamagePacket
    | SessionHistoryPacket
    | TyreSetsPacket
    | MotionExPacket
    | TimeTrialPacket
    | LapPositionsPacket
    | CarTelemetry2Packet
)
