"""Packet format 2025 (F1 25), the table all other formats are told against.

One row per line of the publisher's specification, in wire order; little-endian, packed, no padding.

Source:
    EA, "Data Output from F1 25", v3.
"""

from __future__ import annotations

from app.ingest.layouts.table import (
    CARS,
    CHAR,
    F32,
    F64,
    I8,
    I16,
    U8,
    U16,
    U32,
    Block,
    Field,
    PacketSpec,
    Spec,
)

RECORDS: dict[str, tuple[Field, ...]] = {
    "car_motion": (
        Field("world_position_x", F32),  # m; world frame
        Field("world_position_y", F32),  # m; world frame, height
        Field("world_position_z", F32),  # m; world frame
        Field("world_velocity_x", F32),  # m/s
        Field("world_velocity_y", F32),  # m/s
        Field("world_velocity_z", F32),  # m/s
        Field("world_forward_dir_x", I16, divide_by=32767),  # unit vector, divide by 32767
        Field("world_forward_dir_y", I16, divide_by=32767),  # as above
        Field("world_forward_dir_z", I16, divide_by=32767),  # as above
        Field("world_right_dir_x", I16, divide_by=32767),  # as above
        Field("world_right_dir_y", I16, divide_by=32767),  # as above
        Field("world_right_dir_z", I16, divide_by=32767),  # as above
        Field("g_force_lateral", F32),  # g
        Field("g_force_longitudinal", F32),  # g
        Field("g_force_vertical", F32),  # g
        Field("yaw", F32),  # rad
        Field("pitch", F32),  # rad
        Field("roll", F32),  # rad
    ),
    "marshal_zone": (
        Field("zone_start", F32),  # lap fraction; where the zone begins, 0..1 of the lap
        Field("zone_flag", I8),  # flag shown in the zone
    ),
    "weather_forecast_sample": (
        Field("session_type", U8),  # session the sample belongs to; 0 in unused slots
        Field("time_offset", U8),  # min; minutes from now (or from that session's start)
        Field("weather", U8),
        Field("track_temperature", I8),  # C
        Field("track_temperature_change", I8),
        Field("air_temperature", I8),  # C
        Field("air_temperature_change", I8),
        Field("rain_percentage", U8),  # %; chance of rain 0..100
    ),
    "lap_data": (
        Field("last_lap_time_in_ms", U32),  # ms; time of the last completed lap; 0 until one is completed
        Field("current_lap_time_in_ms", U32),  # ms; running time of this lap
        Field("sector1_time_ms_part", U16),  # ms
        Field("sector1_time_minutes_part", U8),  # min
        Field("sector2_time_ms_part", U16),  # ms; as sector 1
        Field("sector2_time_minutes_part", U8),  # min
        Field("delta_to_car_in_front_ms_part", U16),  # ms; gap to the car ahead = minutes part * 60000 + this
        Field("delta_to_car_in_front_minutes_part", U8),  # min
        Field("delta_to_race_leader_ms_part", U16),  # ms; gap to the leader, split the same way
        Field("delta_to_race_leader_minutes_part", U8),  # min
        Field("lap_distance", F32),  # m; distance round this lap; negative before the start line is first crossed
        Field("total_distance", F32),  # m; distance in the whole session; may be negative likewise
        Field("safety_car_delta", F32),  # s; delta to the safety-car reference time
        Field("car_position", U8),  # race position, 1 = first; 0 in empty slots
        Field("current_lap_num", U8),  # number of the lap being driven, from 1
        Field("pit_status", U8),  # 1 also while waiting in the garage
        Field("num_pit_stops", U8),  # stops made in this race
        Field("sector", U8),
        Field("current_lap_invalid", U8),  # 1 = lap will not count
        Field("penalties", U8),  # s; time penalties accumulated
        Field("total_warnings", U8),  # warnings of any kind
        Field("corner_cutting_warnings", U8),  # track-limit warnings only
        Field("num_unserved_drive_through_pens", U8),
        Field("num_unserved_stop_go_pens", U8),
        Field("grid_position", U8),  # starting slot
        Field("driver_status", U8),
        Field("result_status", U8),  # 0 or 1 = slot carries no live car
        Field("pit_lane_timer_active", U8),
        Field("pit_lane_time_in_lane_in_ms", U16),  # ms; time in the pit lane so far, while active
        Field("pit_stop_timer_in_ms", U16),  # ms; time stationary in the box
        Field("pit_stop_should_serve_pen", U8),  # a penalty is to be served at this stop
        Field("speed_trap_fastest_speed", F32),  # km/h; this car's best through the speed trap
        Field("speed_trap_fastest_lap", U8),  # lap of that speed; 255 = none yet
    ),
    "participant": (
        Field("ai_controlled", U8),  # 1 = AI, 0 = human
        Field("driver_id", U8),  # 255 = human in a network game, also Time Trial cars and empty slots
        Field("network_id", U8),  # id of a network player; 255 for AI cars and empty slots
        Field("team_id", U8),  # 255 for a My Team car and in empty slots
        Field("my_team", U8),
        Field("race_number", U8),
        Field("nationality", U8),  # 0 = not set; 255 for ghosts and empty slots
        Field("name", CHAR, (32,)),
        Field("your_telemetry", U8),  # the driver's privacy setting; 1 for AI, 0 in empty slots
        Field("show_online_names", U8),
        Field("tech_level", U16),  # F1 World car level
        Field("platform", U8),
        Field("num_colours", U8),  # valid entries in livery_colours
        Field("livery_colours", U8, (4, 3)),  # red, green, blue
    ),
    "car_setup": (
        Field("front_wing", U8),
        Field("rear_wing", U8),
        Field("on_throttle", U8),  # %; differential, on throttle
        Field("off_throttle", U8),  # %; differential, off throttle
        Field("front_camber", F32),  # deg
        Field("rear_camber", F32),  # deg
        Field("front_toe", F32),  # deg
        Field("rear_toe", F32),  # deg
        Field("front_suspension", U8),
        Field("rear_suspension", U8),
        Field("front_anti_roll_bar", U8),
        Field("rear_anti_roll_bar", U8),
        Field("front_suspension_height", U8),  # front ride height
        Field("rear_suspension_height", U8),  # rear ride height
        Field("brake_pressure", U8),  # %
        Field("brake_bias", U8),  # %
        Field("engine_braking", U8),  # %
        Field("rear_left_tyre_pressure", F32),  # psi
        Field("rear_right_tyre_pressure", F32),  # psi
        Field("front_left_tyre_pressure", F32),  # psi
        Field("front_right_tyre_pressure", F32),  # psi
        Field("ballast", U8),
        Field("fuel_load", F32),  # kg
    ),
    "car_telemetry": (
        Field("speed", U16),  # km/h
        Field("throttle", F32),  # pedal 0..1
        Field("steer", F32),  # -1 full left .. 1 full right
        Field("brake", F32),  # pedal 0..1
        Field("clutch", U8),  # %; 0..100
        Field("gear", I8),  # 1..8, 0 = neutral, -1 = reverse
        Field("engine_rpm", U16),  # rpm
        Field("drs", U8),  # flap open
        Field("rev_lights_percent", U8),  # %
        Field("rev_lights_bit_value", U16),  # LEDs, bit 0 = leftmost, bit 14 = rightmost
        Field("brakes_temperature", U16, (4,)),  # C; wheel order
        Field("tyres_surface_temperature", U8, (4,)),  # C; wheel order
        Field("tyres_inner_temperature", U8, (4,)),  # C; wheel order
        Field("engine_temperature", U16),  # C
        Field("tyres_pressure", F32, (4,)),  # psi; wheel order
        Field("surface_type", U8, (4,)),  # wheel order
    ),
    "car_status": (
        Field("traction_control", U8),
        Field("anti_lock_brakes", U8),
        Field("fuel_mix", U8),
        Field("front_brake_bias", U8),  # %
        Field("pit_limiter_status", U8),
        Field("fuel_in_tank", F32),  # kg
        Field("fuel_capacity", F32),  # kg
        Field("fuel_remaining_laps", F32),  # laps
        Field("max_rpm", U16),  # rpm; rev limiter
        Field("idle_rpm", U16),  # rpm
        Field("max_gears", U8),  # counts one more than the top usable gear
        Field("drs_allowed", U8),
        Field("drs_activation_distance", U16),  # m; distance to where DRS becomes usable; 0 = not available
        Field("actual_tyre_compound", U8),
        Field("visual_tyre_compound", U8),
        Field("tyres_age_laps", U8),  # laps
        Field("vehicle_fia_flags", I8),  # flag shown to this car
        Field("engine_power_ice", F32),  # W
        Field("engine_power_mguk", F32),  # W
        Field("ers_store_energy", F32),  # J; full = 4 MJ
        Field("ers_deploy_mode", U8),
        Field("ers_harvested_this_lap_mguk", F32),  # J
        Field("ers_harvested_this_lap_mguh", F32),  # J
        Field("ers_deployed_this_lap", F32),  # J
        Field("network_paused", U8),  # car paused in a network game
    ),
    "final_classification": (
        Field("position", U8),  # finishing position
        Field("num_laps", U8),  # laps completed
        Field("grid_position", U8),
        Field("points", U8),
        Field("num_pit_stops", U8),
        Field("result_status", U8),
        Field("result_reason", U8),
        Field("best_lap_time_in_ms", U32),  # ms
        Field("total_race_time", F64),  # s; without penalties
        Field("penalties_time", U8),  # s
        Field("num_penalties", U8),
        Field("num_tyre_stints", U8),  # valid entries in the three arrays
        Field("tyre_stints_actual", U8, (8,)),
        Field("tyre_stints_visual", U8, (8,)),
        Field("tyre_stints_end_laps", U8, (8,)),  # last lap of each stint
    ),
    "lobby_player": (
        Field("ai_controlled", U8),
        Field("team_id", U8),  # 255 = no team picked yet
        Field("nationality", U8),
        Field("platform", U8),
        Field("name", CHAR, (32,)),  # as in Participants
        Field("car_number", U8),
        Field("your_telemetry", U8),
        Field("show_online_names", U8),
        Field("tech_level", U16),
        Field("ready_status", U8),
    ),
    "car_damage": (
        Field("tyres_wear", F32, (4,)),  # %; wheel order
        Field("tyres_damage", U8, (4,)),  # %; wheel order
        Field("brakes_damage", U8, (4,)),  # %; wheel order
        Field("tyre_blisters", U8, (4,)),  # %; wheel order; not in the published list of restricted fields
        Field("front_left_wing_damage", U8),  # %
        Field("front_right_wing_damage", U8),  # %
        Field("rear_wing_damage", U8),  # %
        Field("floor_damage", U8),  # %
        Field("diffuser_damage", U8),  # %
        Field("sidepod_damage", U8),  # %
        Field("drs_fault", U8),
        Field("ers_fault", U8),  # not in the published list of restricted fields
        Field("gear_box_damage", U8),  # %
        Field("engine_damage", U8),  # %
        Field("engine_mguh_wear", U8),  # %
        Field("engine_es_wear", U8),  # %
        Field("engine_ce_wear", U8),  # %
        Field("engine_ice_wear", U8),  # %
        Field("engine_mguk_wear", U8),  # %
        Field("engine_tc_wear", U8),  # %
        Field("engine_blown", U8),  # not in the published list of restricted fields
        Field("engine_seized", U8),  # not in the published list of restricted fields
    ),
    "lap_history": (
        Field("lap_time_in_ms", U32),  # ms; 0 for the lap in progress
        Field("sector1_time_ms_part", U16),  # ms; split like in LapData
        Field("sector1_time_minutes_part", U8),  # min
        Field("sector2_time_ms_part", U16),  # ms
        Field("sector2_time_minutes_part", U8),  # min
        Field("sector3_time_ms_part", U16),  # ms
        Field("sector3_time_minutes_part", U8),  # min
        Field("lap_valid_bit_flags", U8),
    ),
    "tyre_stint_history": (
        Field("end_lap", U8),  # last lap of the stint; 255 = still running
        Field("tyre_actual_compound", U8),
        Field("tyre_visual_compound", U8),
    ),
    "tyre_set": (
        Field("actual_tyre_compound", U8),
        Field("visual_tyre_compound", U8),
        Field("wear", U8),  # %
        Field("available", U8),
        Field("recommended_session", U8),
        Field("life_span", U8),  # laps; laps left in the set
        Field("usable_life", U8),  # laps; longest advisable stint on this compound
        Field("lap_delta_time", I16),  # ms; compared with the fitted set
        Field("fitted", U8),
    ),
    "time_trial_data_set": (
        Field("car_idx", U8),  # car this set belongs to; a set the game does not have is all zero
        Field("team_id", U8),
        Field("lap_time_in_ms", U32),  # ms
        Field("sector1_time_in_ms", U32),  # ms; whole sector time, not split
        Field("sector2_time_in_ms", U32),  # ms
        Field("sector3_time_in_ms", U32),  # ms
        Field("traction_control", U8),  # assist used
        Field("gearbox_assist", U8),  # assist used
        Field("anti_lock_brakes", U8),  # assist used
        Field("equal_car_performance", U8),
        Field("custom_setup", U8),
        Field("valid", U8),
    ),
}

PACKETS: tuple[PacketSpec, ...] = (
    PacketSpec(
        0,
        "motion",
        1349,
        (Block("cars", "car_motion", CARS),),
    ),
    PacketSpec(
        1,
        "session",
        753,
        (
            Field("weather", U8),
            Field("track_temperature", I8),  # C
            Field("air_temperature", I8),  # C
            Field("total_laps", U8),  # laps; race length; without meaning in Time Trial (1, 2 and 5 seen)
            Field("track_length", U16),  # m
            Field("session_type", U8),
            Field("track_id", I8),
            Field("formula", U8),
            Field("session_time_left", U16),  # s
            Field("session_duration", U16),  # s
            Field("pit_speed_limit", U8),  # km/h
            Field("game_paused", U8),
            Field("is_spectating", U8),
            Field("spectator_car_index", U8),  # car being watched; 255 otherwise
            Field("sli_pro_native_support", U8),
            Field("num_marshal_zones", U8),  # valid entries that follow
            Block("marshal_zones", "marshal_zone", 21),
            Field("safety_car_status", U8),
            Field("network_game", U8),  # 0 = offline, 1 = online
            Field("num_weather_forecast_samples", U8),  # valid entries that follow
            Block("weather_forecast_samples", "weather_forecast_sample", 64),
            Field("forecast_accuracy", U8),
            Field("ai_difficulty", U8),  # 0..110
            Field("season_link_identifier", U32),  # same for all sessions of a season, kept in saves
            Field("weekend_link_identifier", U32),  # same for all sessions of a weekend, kept in saves
            Field("session_link_identifier", U32),  # same for this session across saves
            Field("pit_stop_window_ideal_lap", U8),  # player's strategy
            Field("pit_stop_window_latest_lap", U8),  # player's strategy
            Field("pit_stop_rejoin_position", U8),  # predicted, player
            Field("steering_assist", U8),
            Field("braking_assist", U8),
            Field("gearbox_assist", U8),
            Field("pit_assist", U8),
            Field("pit_release_assist", U8),
            Field("ers_assist", U8),
            Field("drs_assist", U8),
            Field("dynamic_racing_line", U8),
            Field("dynamic_racing_line_type", U8),
            Field("game_mode", U8),
            Field("rule_set", U8),
            Field("time_of_day", U32),  # min; local time at the track, minutes after midnight
            Field("session_length", U8),
            Field("speed_units_lead_player", U8),
            Field("temperature_units_lead_player", U8),
            Field("speed_units_secondary_player", U8),
            Field("temperature_units_secondary_player", U8),
            Field("num_safety_car_periods", U8),
            Field("num_virtual_safety_car_periods", U8),
            Field("num_red_flag_periods", U8),
            Field("equal_car_performance", U8),
            Field("recovery_mode", U8),
            Field("flashback_limit", U8),
            Field("surface_type", U8),  # rule option, not the surface under the wheels
            Field("low_fuel_mode", U8),
            Field("race_starts", U8),
            Field("tyre_temperature", U8),
            Field("pit_lane_tyre_sim", U8),  # documented with 0 = on
            Field("car_damage", U8),
            Field("car_damage_rate", U8),
            Field("collisions", U8),
            Field("collisions_off_for_first_lap_only", U8),
            Field("mp_unsafe_pit_release", U8),  # multiplayer; documented with 0 = on
            Field("mp_off_for_griefing", U8),  # multiplayer
            Field("corner_cutting_stringency", U8),
            Field("parc_ferme_rules", U8),
            Field("pit_stop_experience", U8),
            Field("safety_car", U8),
            Field("safety_car_experience", U8),
            Field("formation_lap", U8),
            Field("formation_lap_experience", U8),
            Field("red_flags", U8),
            Field("affects_licence_level_solo", U8),
            Field("affects_licence_level_mp", U8),
            Field("num_sessions_in_weekend", U8),  # valid entries that follow
            Field("weekend_structure", U8, (12,)),  # sessions of the weekend in order
            Field("sector2_lap_distance_start", F32),  # m; lap distance where sector 2 begins
            Field("sector3_lap_distance_start", F32),  # m; lap distance where sector 3 begins
        ),
    ),
    PacketSpec(
        2,
        "lap_data",
        1285,
        (
            Block("cars", "lap_data", CARS),
            Field("time_trial_pb_car_idx", U8),  # personal-best ghost; 255 = none
            Field("time_trial_rival_car_idx", U8),  # rival ghost; 255 = none
        ),
    ),
    PacketSpec(
        4,
        "participants",
        1284,
        (
            Field("num_active_cars", U8),
            Block("participants", "participant", CARS),
        ),
    ),
    PacketSpec(
        5,
        "car_setups",
        1133,
        (
            Block("cars", "car_setup", CARS),
            Field("next_front_wing_value", F32),  # front wing after the next stop, player only
        ),
    ),
    PacketSpec(
        6,
        "car_telemetry",
        1352,
        (
            Block("cars", "car_telemetry", CARS),
            Field("mfd_panel_index", U8),
            Field("mfd_panel_index_secondary_player", U8),
            Field("suggested_gear", I8),  # 1..8, 0 = no suggestion; player only
        ),
    ),
    PacketSpec(
        7,
        "car_status",
        1239,
        (Block("cars", "car_status", CARS),),
    ),
    PacketSpec(
        8,
        "final_classification",
        1042,
        (
            Field("num_cars", U8),  # cars classified
            Block("cars", "final_classification", CARS),
        ),
    ),
    PacketSpec(
        9,
        "lobby_info",
        954,
        (
            Field("num_players", U8),  # valid entries
            Block("players", "lobby_player", CARS),
        ),
    ),
    PacketSpec(
        10,
        "car_damage",
        1041,
        (Block("cars", "car_damage", CARS),),
    ),
    PacketSpec(
        11,
        "session_history",
        1460,
        (
            Field("car_idx", U8),  # car this packet is about
            Field("num_laps", U8),  # valid lap entries, the lap in progress included
            Field("num_tyre_stints", U8),  # valid stint entries
            Field("best_lap_time_lap_num", U8),  # lap number, 0 = none
            Field("best_sector1_lap_num", U8),  # as above
            Field("best_sector2_lap_num", U8),  # as above
            Field("best_sector3_lap_num", U8),  # as above
            Block("laps", "lap_history", 100),  # entry 0 = lap 1
            Block("tyre_stints", "tyre_stint_history", 8),
        ),
    ),
    PacketSpec(
        12,
        "tyre_sets",
        231,
        (
            Field("car_idx", U8),  # car this packet is about
            Block("sets", "tyre_set", 20),  # 13 dry + 7 wet
            Field("fitted_idx", U8),  # index of the fitted set
        ),
    ),
    PacketSpec(
        13,
        "motion_ex",
        273,
        (
            Field("suspension_position", F32, (4,)),  # wheel order
            Field("suspension_velocity", F32, (4,)),  # wheel order
            Field("suspension_acceleration", F32, (4,)),  # wheel order
            Field("wheel_speed", F32, (4,)),  # m/s; wheel order
            Field("wheel_slip_ratio", F32, (4,)),  # wheel order
            Field("wheel_slip_angle", F32, (4,)),  # wheel order
            Field("wheel_lat_force", F32, (4,)),  # wheel order
            Field("wheel_long_force", F32, (4,)),  # wheel order
            Field("height_of_cog_above_ground", F32),  # m
            Field("local_velocity_x", F32),  # m/s; car frame
            Field("local_velocity_y", F32),  # m/s
            Field("local_velocity_z", F32),  # m/s
            Field("angular_velocity_x", F32),  # rad/s
            Field("angular_velocity_y", F32),  # rad/s
            Field("angular_velocity_z", F32),  # rad/s
            Field("angular_acceleration_x", F32),  # rad/s2
            Field("angular_acceleration_y", F32),  # rad/s2
            Field("angular_acceleration_z", F32),  # rad/s2
            Field("front_wheels_angle", F32),  # rad
            Field("wheel_vert_force", F32, (4,)),  # wheel order
            Field("front_aero_height", F32),  # front plank edge above the road
            Field("rear_aero_height", F32),  # rear plank edge above the road
            Field("front_roll_angle", F32),  # rad; front suspension
            Field("rear_roll_angle", F32),  # rad; rear suspension
            Field("chassis_yaw", F32),  # rad; against the direction of motion
            Field("chassis_pitch", F32),  # rad; against the direction of motion
            Field("wheel_camber", F32, (4,)),  # rad; wheel order
            Field("wheel_camber_gain", F32, (4,)),  # rad; wheel order; active minus dynamic camber
        ),
    ),
    PacketSpec(
        14,
        "time_trial",
        101,
        (
            Block("player_session_best", "time_trial_data_set"),
            Block("personal_best", "time_trial_data_set"),
            Block("rival", "time_trial_data_set"),
        ),
    ),
    PacketSpec(
        15,
        "lap_positions",
        1131,
        (
            Field("num_laps", U8),  # rows filled
            Field("lap_start", U8),  # zero-based lap of the first row
            Field("position_for_vehicle_idx", U8, (50, CARS)),  # row = lap, column = car; 0 = no record
        ),
    ),
)

EVENTS: dict[str, tuple[Field, ...]] = {
    "SSTA": (),  # session has begun
    "SEND": (),  # session is over; header frame_identifier is 0
    "FTLP": (  # new fastest lap of the session
        Field("vehicle_idx", U8),
        Field("lap_time", F32),  # s
    ),
    "RTMT": (  # a car has retired
        Field("vehicle_idx", U8),
        Field("reason", U8),
    ),
    "DRSE": (),  # race control enabled DRS
    "DRSD": (  # race control disabled DRS
        Field("reason", U8),
    ),
    "TMPT": (  # team-mate has entered the pits
        Field("vehicle_idx", U8),
    ),
    "CHQF": (),  # chequered flag is out
    "RCWN": (  # winner is announced
        Field("vehicle_idx", U8),
    ),
    "PENA": (  # penalty or warning given
        Field("penalty_type", U8),
        Field("infringement_type", U8),
        Field("vehicle_idx", U8),  # car penalised
        Field("other_vehicle_idx", U8),  # other car involved; 255 = none
        Field("time", U8),  # s; time gained, or length of the penalty; 255 = not applicable
        Field("lap_num", U8),  # lap of the offence
        Field("places_gained", U8),  # 255 = not applicable
    ),
    "SPTP": (  # car passed the speed trap fast enough to report
        Field("vehicle_idx", U8),
        Field("speed", F32),  # km/h
        Field("is_overall_fastest_in_session", U8),
        Field("is_driver_fastest_in_session", U8),
        Field("fastest_vehicle_idx_in_session", U8),
        Field("fastest_speed_in_session", F32),  # km/h
    ),
    "STLG": (  # start lights changed
        Field("num_lights", U8),  # lights lit
    ),
    "LGOT": (),  # lights are out, race on
    "DTSV": (  # drive-through served
        Field("vehicle_idx", U8),
    ),
    "SGSV": (  # stop-go served
        Field("vehicle_idx", U8),
        Field("stop_time", F32),  # s
    ),
    "FLBK": (  # player used a flashback; the header still carries the frame before the jump
        Field("flashback_frame_identifier", U32),  # frame jumped back to
        Field("flashback_session_time", F32),  # s; session time jumped back to
    ),
    "BUTN": (  # a button was pressed or released
        Field("button_status", U32),  # bit set = held
    ),
    "RDFL": (),  # red flag shown
    "OVTK": (  # one car overtook another
        Field("overtaking_vehicle_idx", U8),
        Field("being_overtaken_vehicle_idx", U8),
    ),
    "SCAR": (  # safety-car state change
        Field("safety_car_type", U8),
        Field("event_type", U8),
    ),
    "COLL": (  # two cars touched
        Field("vehicle1_idx", U8),
        Field("vehicle2_idx", U8),
    ),
}

SPEC = Spec(packet_format=2025, cars=22, records=RECORDS, packets=PACKETS, events=EVENTS)
