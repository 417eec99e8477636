from __future__ import annotations

from itertools import pairwise

import pytest

from app.ingest.packets import LapDataPacket
from app.ingest.records import CarLapData
from app.sim.drives import Order
from app.sim.timing_rows import TimingScreen
from app.sim.world import World, make_world
from tests.sim.runs import TRACK, of_type, sent, small_race, small_trial

RACE = small_race(laps=3)


def shown(world: World, session_ms: float, slot: int = 0, clock: int = 1) -> CarLapData:
    """One car's LapData at a moment."""
    states = world.now(session_ms)
    flat = TimingScreen(world, 50.0).rows(states, world.ranking(states), session_ms, clock)
    size = len(CarLapData._fields)
    return CarLapData._make(flat[slot * size : (slot + 1) * size])


def test_at_the_line_everything_changes_in_one_and_the_same_packet() -> None:
    lap = RACE.drives[0].laps[0]
    assert lap.end_ms is not None

    before, after = shown(RACE, lap.end_ms - 1), shown(RACE, lap.end_ms + 1)

    assert (before.current_lap_num, after.current_lap_num) == (1, 2)
    assert (before.last_lap_time_in_ms, after.last_lap_time_in_ms) == (0, lap.time_ms)
    assert (before.sector, after.sector) == (2, 0)
    assert before.sector2_time_ms_part == lap.sector2_ms
    assert (after.sector1_time_ms_part, after.sector2_time_ms_part, after.current_lap_time_in_ms) == (0, 0, 1)
    assert after.lap_distance < 1.0
    assert after.total_distance > before.total_distance


def test_sector_times_appear_when_their_sector_ends() -> None:
    lap = RACE.drives[0].laps[1]
    assert lap.sector1_ms is not None
    ends_ms = lap.start_ms + lap.sector1_ms

    before, after = shown(RACE, ends_ms - 1), shown(RACE, ends_ms)

    assert (before.sector, before.sector1_time_ms_part) == (0, 0)
    assert (after.sector, after.sector1_time_ms_part) == (1, lap.sector1_ms)


def test_before_the_first_line_distance_is_negative_and_the_timer_stands() -> None:
    world = small_trial()
    out_lap = shown(world, 2_000.0)

    assert out_lap.lap_distance < 0.0
    assert out_lap.current_lap_time_in_ms == 0
    assert out_lap.current_lap_num == 1


def test_in_the_garage_a_car_is_in_the_pits() -> None:
    parked = shown(small_trial(), 0.0)

    assert (parked.driver_status, parked.pit_status, parked.lap_distance) == (0, 1, 76.9)


@pytest.mark.parametrize("frozen", [True, False])
def test_at_the_flag_the_lap_number_stays(frozen: bool) -> None:
    world = make_world(World(TRACK, RACE.kind, 3, RACE.cars, RACE.courses, RACE.drives, freeze_at_flag=frozen))
    flag_ms, last = world.finish_ms[0] or 0, world.drives[0].laps[-2]

    before, after = shown(world, flag_ms - 1), shown(world, flag_ms + 100)

    assert (before.current_lap_num, after.current_lap_num) == (3, 3)
    assert (before.result_status, after.result_status) == (2, 3)
    assert after.last_lap_time_in_ms == last.time_ms
    assert after.current_lap_time_in_ms == (last.time_ms if frozen else 0)


def test_a_lap_becomes_invalid_at_the_cut_and_a_warning_counts() -> None:
    world = small_race({0: {2: Order(cut_m=500.0)}})
    lap = world.drives[0].laps[1]
    assert lap.cut_ms is not None
    cut_ms = lap.start_ms + lap.cut_ms

    before, after = shown(world, cut_ms - 1), shown(world, cut_ms + 1)

    assert (before.current_lap_invalid, after.current_lap_invalid) == (0, 1)
    assert (before.total_warnings, after.total_warnings) == (0, 1)


def test_a_stop_runs_through_the_pit_states_and_timers() -> None:
    world = small_race({0: {1: Order(pit=True)}}, laps=3)
    in_lap, out_lap = world.drives[0].laps[:2]
    assert in_lap.pit_from_ms is not None
    assert out_lap.stop_from_ms is not None
    assert out_lap.stop_to_ms is not None
    assert out_lap.pit_to_ms is not None
    enters_ms = in_lap.start_ms + in_lap.pit_from_ms
    stands_ms = out_lap.start_ms + out_lap.stop_from_ms
    goes_ms = out_lap.start_ms + out_lap.stop_to_ms
    leaves_ms = out_lap.start_ms + out_lap.pit_to_ms

    moments = (enters_ms - 1, enters_ms + 1, stands_ms + 1_000, goes_ms + 1, leaves_ms + 1)
    seen = [shown(world, ms) for ms in moments]

    assert [s.pit_status for s in seen] == [0, 1, 2, 1, 0]
    assert [s.num_pit_stops for s in seen] == [0, 0, 0, 1, 1]
    assert seen[2].pit_stop_timer_in_ms == 1_000
    assert seen[2].pit_lane_time_in_lane_in_ms == stands_ms + 1_000 - enters_ms


def test_gaps_are_zero_for_the_leader_and_grow_down_the_field() -> None:
    order = RACE.ranking(RACE.now(40_000))
    cars = [shown(RACE, 40_000, slot) for slot in order]

    assert (cars[0].delta_to_race_leader_ms_part, cars[0].delta_to_car_in_front_ms_part) == (0, 0)
    assert [c.delta_to_race_leader_ms_part for c in cars] == sorted(c.delta_to_race_leader_ms_part for c in cars)
    assert [c.car_position for c in cars] == [1, 2, 3, 4]


def test_a_jittery_timer_steps_back_a_few_milliseconds() -> None:
    packets = of_type(sent("timer_jitter"), LapDataPacket)
    pairs = [(a.cars[0], b.cars[0]) for a, b in pairwise(packets)]
    back = [
        a.current_lap_time_in_ms - b.current_lap_time_in_ms
        for a, b in pairs
        if a.current_lap_num == b.current_lap_num and b.current_lap_time_in_ms < a.current_lap_time_in_ms
    ]

    assert back
    assert all(0 < step < 10 for step in back)


def test_the_best_speed_at_the_trap_is_kept_with_its_lap() -> None:
    lap = RACE.drives[0].laps[0]
    assert lap.trap_ms is not None

    before, after = shown(RACE, lap.trap_ms - 1), shown(RACE, lap.trap_ms + 1)

    assert (before.speed_trap_fastest_speed, before.speed_trap_fastest_lap) == (0.0, 255)
    assert (after.speed_trap_fastest_speed, after.speed_trap_fastest_lap) == (lap.trap_kph, 1)
