"""The own car's records to sample fields: units, words, and what is unknown."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

import pytest

from app.normalize import events, samples
from app.normalize.samples import RESTRICTED_DAMAGE, RESTRICTED_STATUS, Fields
from app.normalize.words import Words
from tests.builders import make_packet
from tests.normalize.lap_records import IN_GARAGE, on_lap

WORDS: Final = Words(2025, 25)
ENVELOPE: Final = set(events.Event.model_fields)


def telemetry(suggested_gear: int = 0, **record: Any) -> Fields:
    return samples.telemetry(make_packet(6, cars={0: record}).cars[0], suggested_gear, WORDS)


def status(packet_format: int = 2025, *, restricted: bool = False, **record: Any) -> Fields:
    packet = make_packet(7, packet_format, cars={0: record})
    return samples.status(packet.cars[0], Words(packet_format, 25), restricted=restricted)


def damage(packet_format: int = 2025, *, restricted: bool = False, **record: Any) -> Fields:
    return samples.damage(make_packet(10, packet_format, cars={0: record}).cars[0], restricted=restricted)


def progress(timer_ms: int = 20_000, last_ms: int = 0, best_ms: int | None = None, **record: Any) -> Fields:
    return samples.lap_progress(on_lap(3, timer_ms, last_ms, **record), 20, best_ms, None, None, WORDS)


def session(packet_format: int = 2025, **packet: Any) -> Fields:
    return samples.session(make_packet(1, packet_format, **packet), Words(packet_format, 25))


def own_fields(kind: type[events.Event]) -> set[str]:
    return set(kind.model_fields) - ENVELOPE


# --- every field is filled ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (events.CarTelemetry, telemetry()),
        (events.CarStatus, status()),
        (events.CarDamage, damage()),
        (events.CarMotion, samples.motion(make_packet(0).cars[0])),
        (events.FieldMotion, samples.field_motion(make_packet(0).cars, (0, 1), 0)),
        (events.CarAero, samples.aero(make_packet(16, 2026).cars[0], WORDS)),
        (events.LapProgress, progress()),
    ],
)
def test_a_sample_is_told_all_its_fields_and_no_other(kind: type[events.Event], fields: Fields) -> None:
    assert fields.keys() == own_fields(kind)


def test_a_session_is_told_what_a_menu_does_not_know() -> None:
    assert session().keys() == samples.NO_SESSION.keys()


def test_of_a_menu_nothing_of_a_session_is_known() -> None:
    assert set(samples.NO_SESSION.values()) == {None}


# --- telemetry ------------------------------------------------------------------------------------


def test_pedals_are_ratios() -> None:
    fields = telemetry(throttle=0.75, brake=0.25, steer=-0.5, clutch=50)

    assert [fields[name] for name in ("throttle", "brake", "steer", "clutch")] == [0.75, 0.25, -0.5, 0.5]


def test_speed_rpm_and_gear_are_as_the_game_sends_them() -> None:
    fields = telemetry(speed=312, engine_rpm=11_500, gear=-1)

    assert [fields[name] for name in ("speed_kph", "engine_rpm", "gear")] == [312, 11_500, -1]


def test_neutral_and_standing_still_are_known_and_not_unknown() -> None:
    fields = telemetry(speed=0, gear=0)

    assert (fields["speed_kph"], fields["gear"]) == (0, 0)


@pytest.mark.parametrize(("sent", "told"), [(0, None), (7, 7)])
def test_a_suggested_gear_of_0_is_no_suggestion(sent: int, told: int | None) -> None:
    assert telemetry(suggested_gear=sent)["suggested_gear"] == told


def test_wheels_keep_the_order_rear_left_rear_right_front_left_front_right() -> None:
    fields = telemetry(tyres_surface_temperature=(1, 2, 3, 4), tyres_pressure=(21.0, 22.0, 23.0, 24.0))

    assert fields["tyre_surface_temperature_c"] == (1, 2, 3, 4)
    assert fields["tyre_pressure_psi"] == (21.0, 22.0, 23.0, 24.0)


def test_what_each_wheel_drives_on_is_a_word() -> None:
    assert telemetry(surface_type=(0, 0, 1, 99))["surface"] == ("tarmac", "tarmac", "rumble strip", "unknown (99)")


def test_four_wheels_on_tarmac_are_four_words() -> None:
    assert telemetry()["surface"] == ("tarmac",) * 4


@pytest.mark.parametrize("value", [1, 2])
def test_a_flag_of_the_game_is_true_for_whatever_is_not_0(value: int) -> None:
    assert telemetry(drs=value)["drs"] is True


# --- status, damage and privacy -------------------------------------------------------------------

# enums-2025, privacy: what other machines receive as 0 about a driver who restricts telemetry.
ZEROED_STATUS: Final = {
    "fuel_in_tank": "fuel_kg",
    "fuel_capacity": "fuel_capacity_kg",
    "fuel_mix": "fuel_mix",
    "fuel_remaining_laps": "fuel_remaining_laps",
    "front_brake_bias": "front_brake_bias_percent",
    "ers_deploy_mode": "ers_deploy_mode",
    "ers_store_energy": "ers_store_energy_j",
    "ers_deployed_this_lap": "ers_deployed_this_lap_j",
    "ers_harvested_this_lap_mguk": "ers_harvested_this_lap_mguk_j",
    "ers_harvested_this_lap_mguh": "ers_harvested_this_lap_mguh_j",
    "engine_power_ice": "engine_power_ice_w",
    "engine_power_mguk": "engine_power_mguk_w",
}
ZEROED_DAMAGE: Final = {
    "front_left_wing_damage": "front_left_wing_percent",
    "front_right_wing_damage": "front_right_wing_percent",
    "rear_wing_damage": "rear_wing_percent",
    "floor_damage": "floor_percent",
    "diffuser_damage": "diffuser_percent",
    "sidepod_damage": "sidepod_percent",
    "engine_damage": "engine_percent",
    "gear_box_damage": "gearbox_percent",
    "tyres_wear": "tyre_wear_percent",
    "tyres_damage": "tyre_damage_percent",
    "brakes_damage": "brake_damage_percent",
    "drs_fault": "drs_fault",
    "engine_mguh_wear": "engine_mguh_wear_percent",
    "engine_es_wear": "engine_es_wear_percent",
    "engine_ce_wear": "engine_ce_wear_percent",
    "engine_ice_wear": "engine_ice_wear_percent",
    "engine_mguk_wear": "engine_mguk_wear_percent",
    "engine_tc_wear": "engine_tc_wear_percent",
}


def _nonzero(record: Any, name: str) -> Any:
    old = getattr(record, name)
    return (1,) * len(old) if isinstance(old, tuple) else 1


@pytest.mark.parametrize(("theirs", "ours"), ZEROED_STATUS.items())
def test_each_restricted_field_of_the_status_is_the_games_own(theirs: str, ours: str) -> None:
    value = _nonzero(make_packet(7).cars[0], theirs)

    assert status(**{theirs: value})[ours] != status()[ours]


@pytest.mark.parametrize(("theirs", "ours"), ZEROED_DAMAGE.items())
def test_each_restricted_field_of_the_damage_is_the_games_own(theirs: str, ours: str) -> None:
    value = _nonzero(make_packet(10).cars[0], theirs)

    assert damage(**{theirs: value})[ours] != damage()[ours]


def test_of_a_restricted_car_exactly_the_documented_status_is_unknown() -> None:
    car: dict[str, Any] = {
        "actual_tyre_compound": 16,
        "visual_tyre_compound": 16,
        "max_rpm": 13_000,
        "idle_rpm": 4_000,
        "max_gears": 9,
    }
    car |= {"drs_activation_distance": 200, "ers_harvest_limit_per_lap": 4_000_000}
    open_car, veiled = status(2026, **car), status(2026, restricted=True, **car)

    assert {name for name in open_car if veiled[name] is None} == set(ZEROED_STATUS.values())
    assert {name: open_car[name] for name in open_car.keys() - set(RESTRICTED_STATUS)} == {
        name: value for name, value in veiled.items() if name not in RESTRICTED_STATUS
    }


def test_of_a_restricted_car_exactly_the_documented_damage_is_unknown() -> None:
    veiled = damage(restricted=True)

    assert {name for name, value in veiled.items() if value is None} == set(ZEROED_DAMAGE.values())
    assert set(RESTRICTED_DAMAGE) == set(ZEROED_DAMAGE.values())


def test_the_own_car_is_never_restricted_so_its_empty_tank_is_0() -> None:
    assert status(fuel_in_tank=0.0)["fuel_kg"] == 0.0


@pytest.mark.parametrize("packet_format", [2023, 2024])
def test_blisters_before_2025_are_unknown(packet_format: int) -> None:
    assert damage(packet_format)["tyre_blisters_percent"] is None


@pytest.mark.parametrize(("packet_format", "limit"), [(2025, None), (2026, 4e6)])
def test_the_harvest_limit_is_known_from_2026(packet_format: int, limit: float | None) -> None:
    changes: dict[str, Any] = {} if limit is None else {"ers_harvest_limit_per_lap": limit}

    assert status(packet_format, **changes)["ers_harvest_limit_per_lap_j"] == limit


def test_a_car_without_tyres_or_limits_has_none() -> None:
    fields = status()

    assert [fields[name] for name in ("tyre_compound", "tyre_compound_actual", "max_rpm", "idle_rpm")] == [None] * 4


def test_the_tyre_shown_is_the_visual_compound() -> None:
    fields = status(actual_tyre_compound=18, visual_tyre_compound=16)

    assert (fields["tyre_compound"], fields["tyre_compound_actual"]) == ("Soft", "C3")


def test_an_unknown_flag_is_none() -> None:
    assert status(vehicle_fia_flags=-1)["fia_flag"] is None


# --- motion and aero ------------------------------------------------------------------------------


def test_motion_is_in_metres_and_g() -> None:
    record = {"world_position_x": 1.0, "world_position_y": 2.0, "world_position_z": 3.0, "g_force_lateral": -4.5}

    fields = samples.motion(make_packet(0, cars={0: record}).cars[0])

    assert (fields["world_position_m"], fields["g_force_lateral"]) == ((1.0, 2.0, 3.0), -4.5)


def places(*live: int, own: int, **cars: Any) -> Any:
    records = {index: {"world_position_x": 10.0 * index, "world_position_z": -1.0 * index} for index in range(22)}
    return samples.field_motion(make_packet(0, cars=records | cars.get("cars", {})).cars, live, own)["cars"]


def test_of_the_field_the_others_that_take_part_are_told_from_above() -> None:
    assert places(0, 3, 7, own=3) == ((0, 0.0, 0.0), (7, 70.0, -7.0))


def test_a_car_alone_has_no_field() -> None:
    assert places(3, own=3) == ()


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("axis", ["world_position_x", "world_position_z"])
def test_a_car_whose_place_is_no_number_is_left_out_and_costs_no_other(axis: str, nonsense: float) -> None:
    assert places(0, 3, 7, own=3, cars={7: {axis: nonsense}}) == ((0, 0.0, 0.0),)


def test_only_the_cars_that_are_told_are_decoded() -> None:
    class Watched(list[Any]):
        asked: ClassVar[list[int]] = []

        def __getitem__(self, index: Any) -> Any:
            self.asked.append(index)
            return super().__getitem__(index)

    samples.field_motion(Watched(make_packet(0).cars), (1, 4), 4)

    assert Watched.asked == [1]


def test_a_car_of_older_rules_has_no_active_aero() -> None:
    fields = samples.aero(make_packet(16, 2026).cars[0], Words(2026, 25))

    assert [fields[name] for name in ("active_aero", "active_aero_available", "overtake_available")] == [None] * 3


def test_a_car_of_the_2026_rules_tells_its_wing() -> None:
    packet = make_packet(16, 2026, cars={0: {"regulations_2026": 1, "active_aero_mode": 1, "overtake_active": 1}})

    fields = samples.aero(packet.cars[0], Words(2026, 25))

    assert (fields["active_aero"], fields["active_aero_available"], fields["overtake_active"]) == (
        "straight",
        False,
        True,
    )


# --- the lap --------------------------------------------------------------------------------------


def test_before_the_line_is_first_crossed_the_lap_has_no_time() -> None:
    assert progress(0, lap_distance=-1374.8)["current_lap_time_ms"] is None


def test_in_the_garage_the_lap_has_no_time() -> None:
    assert progress(0, lap_distance=76.9, driver_status=IN_GARAGE)["current_lap_time_ms"] is None


def test_at_the_line_the_lap_has_a_time_of_0() -> None:
    assert progress(0, lap_distance=0.4)["current_lap_time_ms"] == 0


def test_on_a_grid_behind_the_line_the_running_clock_is_told() -> None:
    assert progress(1_500, lap_distance=-12.0)["current_lap_time_ms"] == 1_500


def test_times_that_are_not_yet_driven_are_unknown() -> None:
    fields = progress()

    assert [
        fields[name] for name in ("last_lap_time_ms", "best_lap_time_ms", "sector1_time_ms", "sector2_time_ms")
    ] == [None] * 4


def test_sectors_beyond_a_minute_keep_it() -> None:
    assert progress(70_000, sector1_ms=61_200)["sector1_time_ms"] == 61_200


@pytest.mark.parametrize("sector", [0, 1, 2])
def test_sectors_are_counted_from_1(sector: int) -> None:
    assert progress(sector=sector)["sector"] == sector + 1


def test_positions_of_0_are_unknown() -> None:
    fields = progress(car_position=0, grid_position=0)

    assert (fields["position"], fields["grid_position"]) == (None, None)


def test_the_leader_has_no_gap() -> None:
    fields = progress(car_position=1, delta_to_race_leader_ms_part=0, delta_to_car_in_front_ms_part=0)

    assert (fields["gap_to_leader_ms"], fields["interval_ms"]) == (None, None)


def test_a_leader_keeps_no_gap_from_when_he_followed() -> None:
    assert progress(car_position=1, delta_to_car_in_front_ms_part=412)["interval_ms"] is None


def test_gaps_beyond_a_minute_keep_it() -> None:
    fields = progress(
        delta_to_race_leader_minutes_part=1,
        delta_to_race_leader_ms_part=2_500,
        delta_to_car_in_front_minutes_part=0,
        delta_to_car_in_front_ms_part=412,
    )

    assert (fields["gap_to_leader_ms"], fields["interval_ms"]) == (62_500, 412)


def test_a_negative_gap_in_16_bits_is_no_gap() -> None:
    fields = progress(
        delta_to_race_leader_minutes_part=0,
        delta_to_race_leader_ms_part=59_473,
        delta_to_car_in_front_minutes_part=0,
        delta_to_car_in_front_ms_part=59_473,
    )

    assert (fields["gap_to_leader_ms"], fields["interval_ms"]) == (None, None)


def test_a_gap_of_0_to_a_car_ahead_is_not_yet_known() -> None:
    assert progress(delta_to_car_in_front_minutes_part=0, delta_to_car_in_front_ms_part=0)["interval_ms"] is None


def test_a_format_without_minutes_has_gaps_all_the_same() -> None:
    assert progress(delta_to_race_leader_minutes_part=None, delta_to_race_leader_ms_part=4_200)["gap_to_leader_ms"] == (
        4_200
    )


def test_a_speed_trap_not_yet_passed_is_unknown() -> None:
    assert progress(speed_trap_fastest_speed=0.0)["speed_trap_best_kph"] is None


# --- the session ----------------------------------------------------------------------------------


def test_a_session_says_where_and_what_it_is() -> None:
    fields = session(track_id=0, session_type=15, weather=3, total_laps=5, track_length=5278)

    assert [fields[name] for name in ("track", "session_type", "weather", "total_laps", "track_length_m")] == [
        "Melbourne",
        "Race",
        "light rain",
        5,
        5278,
    ]


def test_of_a_session_that_is_not_filled_in_yet_nothing_is_told_as_0() -> None:
    fields = session(track_id=-1)

    unknown = ("track", "session_type", "total_laps", "track_length_m", "sector2_start_m", "sector3_start_m")
    assert [fields[name] for name in unknown] == [None] * len(unknown)


def test_a_freezing_day_is_0_degrees_and_not_unknown() -> None:
    assert session(air_temperature=0)["air_temperature_c"] == 0


@pytest.mark.parametrize(("watched", "car"), [(7, 7), (255, None)])
def test_a_spectator_watches_a_car_or_none(watched: int, car: int | None) -> None:
    assert session(is_spectating=1, spectator_car_index=watched)["spectator_car_index"] == car


def test_who_does_not_spectate_watches_no_car() -> None:
    assert session(is_spectating=0, spectator_car_index=0)["spectator_car_index"] is None


def test_before_2024_the_sector_starts_are_unknown() -> None:
    assert session(2023)["sector2_start_m"] is None


def test_a_time_trial_has_neither_a_length_nor_a_clock() -> None:
    fields = session(session_type=18, total_laps=2, session_time_left=0, session_duration=0)

    assert [fields[name] for name in ("total_laps", "session_time_left_s")] == [None, None]
