from __future__ import annotations

from itertools import pairwise
from math import atan2, hypot

import pytest

from app.ingest.packets import (
    CarDamagePacket,
    CarStatusPacket,
    CarTelemetry2Packet,
    CarTelemetryPacket,
    LapDataPacket,
    MotionExPacket,
    MotionPacket,
)
from app.sim.car_rows import CarsPanel, own_motion
from app.sim.physics import DRIVETRAIN, ERS_FULL_J
from tests.sim.runs import TRACK, beginning, of_type, sent, small_race, telemetry_speeds

SLOT = 19  # retires in none of these
RACES = pytest.mark.parametrize("scenario", ["race_retirements", "pit_stop"])


@RACES
def test_speed_integrates_to_distance_within_a_percent(scenario: str) -> None:
    packets = sent(scenario, rate_hz=30)
    totals = {p.header.session_time: p.cars[SLOT].total_distance for p in of_type(packets, LapDataPacket)}
    moving = [(t, kph) for t, kph in telemetry_speeds(packets, SLOT) if t > 2.0]

    driven = sum((t1 - t0) * (v0 + v1) / 2 / 3.6 for (t0, v0), (t1, v1) in pairwise(moving))

    assert driven == pytest.approx(totals[moving[-1][0]] - totals[moving[0][0]], rel=0.01)


@RACES
def test_position_moves_with_the_velocity_that_motion_and_telemetry_tell(scenario: str) -> None:
    packets = sent(scenario, rate_hz=30)
    speeds = dict(telemetry_speeds(packets, SLOT))
    pairs = [
        (a, b)
        for a, b in pairwise(of_type(packets, MotionPacket))
        if 0.0 < b.header.session_time - a.header.session_time < 0.04 and speeds[a.header.session_time] > 60
    ]

    assert len(pairs) > 1_000
    for a, b in pairs[::3]:
        here, there, seconds = a.cars[SLOT], b.cars[SLOT], b.header.session_time - a.header.session_time
        step = (there.world_position_x - here.world_position_x, there.world_position_z - here.world_position_z)
        velocity = (here.world_velocity_x, here.world_velocity_z)
        assert hypot(*velocity) * 3.6 == pytest.approx(speeds[a.header.session_time], abs=1.5)
        assert hypot(*step) / seconds == pytest.approx(hypot(*velocity), rel=0.02)
        assert (step[0] * velocity[0] + step[1] * velocity[1]) / hypot(*step) / hypot(*velocity) > 0.995
        assert here.yaw == pytest.approx(atan2(here.world_forward_dir_x, here.world_forward_dir_z), abs=0.001)


def test_the_same_lap_distance_is_always_the_same_place() -> None:
    packets = sent("race_retirements")
    motion = {p.header.session_time: p for p in of_type(packets, MotionPacket)}
    places: dict[int, tuple[float, float]] = {}
    for lap_data in of_type(packets, LapDataPacket):
        car = motion[lap_data.header.session_time].cars[SLOT]
        metre = round(lap_data.cars[SLOT].lap_distance % TRACK.length_m)
        x, z = places.setdefault(metre, (car.world_position_x, car.world_position_z))
        assert hypot(car.world_position_x - x, car.world_position_z - z) < 1.1


@RACES
def test_gear_revolutions_and_lights_fit_the_speed(scenario: str) -> None:
    for packet in of_type(sent(scenario), CarTelemetryPacket)[::20]:
        for car in list(packet.cars)[:20]:
            fit = DRIVETRAIN[car.speed]
            told = (car.gear, car.engine_rpm, car.rev_lights_percent, car.rev_lights_bit_value)
            assert told == fit


def test_pedals_fit_the_change_of_speed() -> None:
    packets = of_type(sent("race_retirements", rate_hz=30), CarTelemetryPacket)

    for before, after in pairwise(packets[200::2]):
        seconds = after.header.session_time - before.header.session_time
        change = after.cars[SLOT].speed - before.cars[SLOT].speed
        if 0.0 < seconds < 0.2 and before.cars[SLOT].brake > 0.5 and after.cars[SLOT].brake > 0.5:
            assert change < 0
        if 0.0 < seconds < 0.2 and before.cars[SLOT].throttle == after.cars[SLOT].throttle == 1.0:
            assert change >= 0


@RACES
def test_fuel_never_rises_and_the_battery_stays_within_its_store(scenario: str) -> None:
    packets = of_type(sent(scenario), CarStatusPacket)
    fuel = [packet.cars[SLOT].fuel_in_tank for packet in packets]
    stored = [car.ers_store_energy for packet in packets for car in list(packet.cars)[:20]]

    assert all(after <= before for before, after in pairwise(fuel))
    assert fuel[-1] < fuel[0]
    assert min(stored) >= 0.0
    assert max(stored) <= ERS_FULL_J
    own = [packet.cars[SLOT].ers_store_energy for packet in packets]
    assert any(b > a for a, b in pairwise(own))
    assert any(b < a for a, b in pairwise(own))


def test_tyres_wear_until_they_are_changed() -> None:
    wear = [packet.cars for packet in of_type(sent("pit_stop"), CarDamagePacket)]
    lap_data = of_type(sent("pit_stop"), LapDataPacket)
    slot = lap_data[0].header.player_car_index
    drops = [b[slot].tyres_wear[0] for a, b in pairwise(wear) if b[slot].tyres_wear[0] < a[slot].tyres_wear[0]]

    assert len(drops) == 1
    assert drops[0] < 0.1
    assert wear[-1][slot].tyres_wear[0] > 0.5


def test_tyres_warm_up_from_cold() -> None:
    packets = of_type(sent("race_retirements"), CarTelemetryPacket)

    assert packets[0].cars[SLOT].tyres_inner_temperature[0] < 80 < packets[-1].cars[SLOT].tyres_inner_temperature[0]
    assert {t for p in packets for t in p.cars[SLOT].tyres_surface_temperature} <= set(range(60, 130))


def test_a_new_set_of_tyres_has_another_compound_and_no_age() -> None:
    packets = of_type(sent("pit_stop"), CarStatusPacket)
    slot = packets[0].header.player_car_index
    pairs = list(dict.fromkeys((p.cars[slot].visual_tyre_compound, p.cars[slot].tyres_age_laps) for p in packets))

    assert [compound for compound, _ in pairs] == sorted(compound for compound, _ in pairs)
    assert pairs[0] == (16, 0)
    assert (17, 0) in pairs


def test_drs_opens_only_in_its_zone() -> None:
    packets = sent("duel")
    distance = {p.header.session_time: p.cars[0].lap_distance for p in of_type(packets, LapDataPacket)}
    opened = [
        distance[p.header.session_time] % TRACK.length_m for p in of_type(packets, CarTelemetryPacket) if p.cars[0].drs
    ]

    assert opened
    assert all(TRACK.drs_zone[0] <= metre < TRACK.drs_zone[1] for metre in opened)


def test_time_trial_keeps_fuel_and_tyres_as_they_are() -> None:
    fuel = {packet.cars[0].fuel_in_tank for packet in of_type(sent("duel"), CarStatusPacket)}
    wear = {packet.cars[0].tyres_wear for packet in of_type(sent("duel"), CarDamagePacket)}

    assert fuel == {10.0}
    assert wear == {(0.0, 0.0, 0.0, 0.0)}


def test_active_aero_opens_on_straights_in_2026() -> None:
    packets = of_type(beginning("lobby", 2026, 30.0), CarTelemetry2Packet)

    assert {packet.cars[SLOT].active_aero_mode for packet in packets} == {0, 1}
    assert {packet.cars[23].regulations_2026 for packet in packets} == {0}


def test_own_motion_tells_the_wheels_the_cars_speed() -> None:
    world = small_race()
    state = world.now(15_000)[0]

    values = own_motion(world, state)

    assert values[12:16] == [state.speed_mps] * 4
    assert of_type(beginning("duel"), MotionExPacket)[150].local_velocity_z > 10.0


def test_offline_nobody_is_restricted() -> None:
    world = small_race()
    panel = CarsPanel(world, 0, network_game=False)
    online = CarsPanel(world, 1, network_game=True)
    states = world.now(20_000)

    assert panel.damage(states, 20_000.0) == online.damage(states, 20_000.0)  # the guest of this world is public
