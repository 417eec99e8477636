"""The rare packets: Session, Participants, CarSetups, TyreSets, TimeTrial, LobbyInfo, as the game fills them in.

Values without a source are invented and only have to be in range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.ingest.packets import (
    CarSetupsPacket,
    LobbyInfoPacket,
    ParticipantsPacket,
    SessionPacket,
    TimeTrialPacket,
    TyreSetsPacket,
)
from app.ingest.records import (
    CarSetupData,
    LapZone,
    LobbyPlayerData,
    MarshalZone,
    ParticipantData,
    TimeTrialDataSet,
    TyreSetData,
    WeatherForecastSample,
)
from app.sim.privacy import setup_slots, shown_name
from app.sim.world import Kind, World

if TYPE_CHECKING:
    from app.ingest.header import PacketHeader
    from app.sim.acts import Card, Rig
    from app.sim.cars import Car
    from app.sim.dialects import Dialect
    from app.sim.drives import Lap

# The first Session packets are half filled; measured as frames 20, 29 and 30 of a slower game (formats.md 3).
_ZONES_FROM_S, _OPTIONS_FROM_S, _TEMPERATURES_FROM_S = 0.9, 1.3, 1.4
_WHITE: Final = ((255, 255, 255),) * 4
_EMPTY_SEAT: Final = ParticipantData(0, -1, -1, -1, 0, 0, 255, "", 0, 0, 0, 0, 0, _WHITE)
_NO_ZONE: Final = LapZone(0.0, 0.0)
_NO_SET: Final = TyreSetData(0, 0, 0, 0, 0, 0, 0, 0, 0)
_NO_LAP_SET: Final = TimeTrialDataSet(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
_NO_PLAYER: Final = LobbyPlayerData(0, 0, 0, 0, "", 0, 0, 0, 0, 0)
_NO_SETUP: Final = CarSetupData(*(0,) * 4, *(0.0,) * 4, *(0,) * 9, *(0.0,) * 4, 0, 0.0)
_SETUP: Final = CarSetupData(
    27, 24, 80, 40, -3.5, -2.0, 0.02, 0.12, 41, 3, 11, 17, 23, 49, 100, 57, 50, 21.9, 21.9, 23.3, 23.3, 6, 10.0
)
_MARSHAL_ZONES: Final = 15
_HOUR_S: Final = 7_200
_TYRE_SETS: Final = ((18, 16),) * 5 + ((19, 17),) * 4 + ((20, 18),) * 4 + ((7, 7),) * 4 + ((8, 8),) * 3
_YELLOW: Final = 3


def session_packet(
    header: PacketHeader,
    dialect: Dialect,
    card: Card,
    rig: Rig,
    world: World,
    *,
    session_ms: float,
    since_start_s: float,
    paused: bool = False,
) -> SessionPacket:
    """Where and how the session is run; half filled in its first seconds."""
    track, race = world.track, world.kind is Kind.RACE
    zones = _MARSHAL_ZONES if since_start_s >= _ZONES_FROM_S else 0
    told = since_start_s >= _OPTIONS_FROM_S
    cold = 4 if since_start_s < _TEMPERATURES_FROM_S else 0
    phase = world.phase_at(session_ms)
    flag = _YELLOW if phase is not None else 0
    over = [past for past in world.phases if past.from_ms <= session_ms]
    samples = 64 if dialect.packet_format > 2023 else 56
    forecast = WeatherForecastSample(
        dialect.session_types[world.kind], 0, card.weather, card.track_temperature_c, 2, card.air_temperature_c, 2, 3
    )
    duration_s = _HOUR_S if race else 600
    zone = LapZone(world.track.drs_zone[0] / track.length_m, world.track.drs_zone[1] / track.length_m)
    return SessionPacket(
        header=header,
        weather=card.weather,
        track_temperature=card.track_temperature_c - cold,
        air_temperature=card.air_temperature_c - cold,
        total_laps=world.total_laps,
        track_length=round(track.length_m),
        session_type=dialect.session_types[world.kind],
        track_id=track.track_id,
        formula=dialect.formula,
        session_time_left=0 if world.kind is Kind.TIME_TRIAL else max(0, duration_s - int(session_ms / 1000)),
        session_duration=duration_s,
        pit_speed_limit=80,
        game_paused=int(paused),
        is_spectating=int(rig.car_index is None),
        spectator_car_index=rig.watched if rig.car_index is None else 255 if zones else 0,
        sli_pro_native_support=0,
        num_marshal_zones=zones,
        marshal_zones=[MarshalZone(n / _MARSHAL_ZONES, flag) for n in range(zones)]
        + [MarshalZone(0.0, 0)] * (21 - zones),
        safety_car_status=0 if phase is None or phase.red else phase.status,
        network_game=int(card.network_game),
        num_weather_forecast_samples=1,
        weather_forecast_samples=[forecast] + [WeatherForecastSample(*(0,) * 8)] * (samples - 1),
        forecast_accuracy=1,
        ai_difficulty=80 if race else 0,
        season_link_identifier=card.link,
        weekend_link_identifier=card.link,
        session_link_identifier=card.link,
        pit_stop_window_ideal_lap=2 if race else 0,
        pit_stop_window_latest_lap=3 if race else 0,
        pit_stop_rejoin_position=10 if race else 0,
        steering_assist=0,
        braking_assist=0,
        gearbox_assist=int(told),
        pit_assist=0,
        pit_release_assist=0,
        ers_assist=0,
        drs_assist=0,
        dynamic_racing_line=0,
        dynamic_racing_line_type=0,
        game_mode=card.game_mode,
        rule_set={Kind.RACE: 1, Kind.TIME_TRIAL: 2}.get(world.kind, 0),
        time_of_day=card.time_of_day_min,
        session_length=2 if race else 0,
        speed_units_lead_player=int(told),
        temperature_units_lead_player=0,
        speed_units_secondary_player=0,
        temperature_units_secondary_player=0,
        num_safety_car_periods=sum(past.status == 1 and not past.red for past in over),
        num_virtual_safety_car_periods=sum(past.status == 2 for past in over),
        num_red_flag_periods=sum(past.red for past in over),
        equal_car_performance=int(told),
        recovery_mode=int(told and not card.network_game),
        flashback_limit=3 if told else 0,
        surface_type=int(told),
        low_fuel_mode=0,
        race_starts=0,
        tyre_temperature=int(told),
        pit_lane_tyre_sim=0,
        car_damage=2 if race and told else 0,
        car_damage_rate=1 if race and told else 0,
        collisions=2 if told else 0,
        collisions_off_for_first_lap_only=0,
        mp_unsafe_pit_release=0,
        mp_off_for_griefing=0,
        corner_cutting_stringency=int(told),
        parc_ferme_rules=int(told),
        pit_stop_experience=2 if told else 0,
        safety_car=2 if race and told else 0,
        safety_car_experience=0 if race or not told else 255,
        formation_lap=0,
        formation_lap_experience=255 if told else 0,
        red_flags=2 if race and told else 0,
        affects_licence_level_solo=0,
        affects_licence_level_mp=int(told),
        num_sessions_in_weekend=1,
        weekend_structure=(world.kind.value, *(0,) * 11),
        sector2_lap_distance_start=track.sector2_m,
        sector3_lap_distance_start=track.sector3_m,
        active_aero_track_status=0,
        num_active_aero_zones_full=1,
        active_aero_zones_full=[zone, *[_NO_ZONE] * 7],
        num_active_aero_zones_partial=0,
        active_aero_zones_partial=[_NO_ZONE] * 8,
        num_drs_zones=1,
        drs_zones=[zone, *[_NO_ZONE] * 3],
        start_reaction_time=0.21 if race else 0.0,
        anti_lock_brakes_assist=1,
        traction_control_assist=0,
        dynamic_racing_line_hi_vis=0,
        dynamic_racing_line_colour_blind=0,
        recurring_rewind_prompt=0,
    )


def participants_packet(
    header: PacketHeader, dialect: Dialect, rig: Rig, world: World, session_ms: float
) -> ParticipantsPacket:
    """Who is in which car, as this machine may know it."""
    empty = _EMPTY_SEAT._replace(driver_id=dialect.nobody, network_id=dialect.nobody, team_id=dialect.nobody)
    seats = [_seat(dialect, rig, car, session_ms) for car in world.cars]
    active = 1 if world.kind is Kind.TIME_TRIAL else world.active_cars(session_ms)
    return ParticipantsPacket(header, active, seats + [empty] * (dialect.slots - len(seats)))


def _seat(dialect: Dialect, rig: Rig, car: Car, session_ms: float) -> ParticipantData:
    return ParticipantData(
        ai_controlled=int(not car.human),
        driver_id=dialect.identity(car.driver_id),
        network_id=dialect.identity(car.network_id),
        team_id=dialect.team(car.team),
        my_team=0,
        race_number=car.race_number,
        nationality=car.nationality,
        name=shown_name(car, rig.car_index, session_ms / 1000),
        your_telemetry=int(car.public),
        show_online_names=int(car.shows_name) if car.human else 0,
        tech_level=0,
        platform=car.platform,
        num_colours=3,
        livery_colours=((255, 128, 0), (79, 79, 79), (46, 46, 46), (255, 255, 255)),
    )


def setups_packet(header: PacketHeader, dialect: Dialect, rig: Rig, card: Card, world: World) -> CarSetupsPacket:
    """Setups; online other players' are blank whatever their setting."""
    known = setup_slots(world, rig.car_index, network_game=card.network_game)
    setups = [_SETUP if car.slot in known and not car.ghost else _NO_SETUP for car in world.cars]
    return CarSetupsPacket(header, setups + [_NO_SETUP] * (dialect.slots - len(setups)), 27.0)


def tyre_sets_packet(header: PacketHeader, world: World, slot: int, stint: int, *, hidden: bool) -> TyreSetsPacket:
    """The sets of one car; all 0 in Time Trial and for restricted cars."""
    if hidden or world.kind is Kind.TIME_TRIAL:
        return TyreSetsPacket(header, slot, [_NO_SET] * len(_TYRE_SETS), 0)
    used = world.drives[slot].stints[stint]
    fitted = next(n for n, pair in enumerate(_TYRE_SETS) if pair == (used.actual_compound, used.visual_compound))
    sets = [
        TyreSetData(actual, visual, 0, 1, 15, 23, 23, 0 if n == fitted else 463, int(n == fitted))
        for n, (actual, visual) in enumerate(_TYRE_SETS)
    ]
    return TyreSetsPacket(header, slot, sets, fitted)


def time_trial_packet(
    header: PacketHeader, dialect: Dialect, world: World, own_slot: int, session_ms: float
) -> TimeTrialPacket:
    """The player's best of the session, the personal best and the rival."""
    drives = world.drives
    done = [
        lap
        for lap in drives[own_slot].laps
        if lap.time_ms is not None and lap.valid and lap.end_ms is not None and lap.end_ms <= session_ms
    ]
    best = min(done, key=lambda lap: lap.time_ms or 0) if done else None
    ghosts = [car.slot for car in world.cars if car.ghost]
    recorded = [next(lap for lap in drives[slot].laps if lap.time_ms is not None) for slot in ghosts]
    sets = [_lap_set(dialect, world.cars[slot], lap) for slot, lap in zip(ghosts, recorded, strict=True)]
    own = _lap_set(dialect, world.cars[own_slot], best)
    return TimeTrialPacket(header, own, *[*sets, _NO_LAP_SET, _NO_LAP_SET][:2])


def _lap_set(dialect: Dialect, car: Car, lap: Lap | None) -> TimeTrialDataSet:
    first, second, third = (0, 0, 0) if lap is None else (lap.sector1_ms or 0, lap.sector2_ms or 0, lap.sector3_ms or 0)
    time_ms = 0 if lap is None else lap.time_ms or 0
    return TimeTrialDataSet(car.slot, dialect.team(car.team), time_ms, first, second, third, 0, 0, 0, 1, 0, 1)


def lobby_packet(header: PacketHeader, dialect: Dialect, rig: Rig, world: World) -> LobbyInfoPacket:
    """The people waiting for an online race."""
    players = [
        LobbyPlayerData(
            0,
            dialect.team(car.team),
            car.nationality,
            car.platform,
            shown_name(car, rig.car_index, 0.0),
            car.race_number,
            int(car.public),
            int(car.shows_name),
            0,
            1,
        )
        for car in world.cars
        if car.human
    ]
    return LobbyInfoPacket(header, len(players), players + [_NO_PLAYER] * (dialect.slots - len(players)))
