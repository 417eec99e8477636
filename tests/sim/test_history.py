from __future__ import annotations

import pytest

from app.ingest.packets import SessionHistoryPacket
from app.sim.dialects import dialect
from app.sim.drives import Order
from app.sim.history import (
    classification_packet,
    history_key,
    history_packet,
    lap_positions_packet,
    laps_done,
    valid_bits,
)
from tests.sim.runs import small_race, small_trial

HEADER = dialect(2025).header(11, 1, 2.0, 3, 4, 0)
RACE = small_race(laps=3)


def test_the_lap_under_way_is_counted_and_shows_its_sectors() -> None:
    second = RACE.drives[0].laps[1]
    assert second.sector1_ms is not None
    session_ms = second.start_ms + second.sector1_ms + 5

    history = history_packet(HEADER, RACE, 0, RACE.now(session_ms)[0], session_ms)

    assert history.num_laps == 2
    assert history.laps[0].lap_time_in_ms == RACE.drives[0].laps[0].time_ms
    assert (history.laps[1].lap_time_in_ms, history.laps[1].sector1_time_ms_part) == (0, second.sector1_ms)
    assert history.laps[1].sector2_time_ms_part == 0
    assert (history.best_lap_time_lap_num, len(history.laps), len(history.tyre_stints)) == (1, 100, 8)


def test_after_the_flag_only_completed_laps_are_counted() -> None:
    session_ms = (RACE.finish_ms[0] or 0) + 500.0

    history = history_packet(HEADER, RACE, 0, RACE.now(session_ms)[0], session_ms)

    assert history.num_laps == 3
    assert [lap.lap_time_in_ms for lap in history.laps[:4]] == [lap.time_ms for lap in RACE.drives[0].laps[:3]] + [0]


@pytest.mark.parametrize(("cut_m", "bits"), [(100.0, 0b1100), (600.0, 0b1010), (1_000.0, 0b0110)])
def test_a_cut_takes_the_bits_of_the_lap_and_of_its_sector(cut_m: float, bits: int) -> None:
    lap = small_trial({1: Order(cut_m=cut_m)}).drives[0].laps[2]
    assert lap.cut_ms is not None

    assert valid_bits(lap, lap.cut_ms) == bits
    assert valid_bits(lap, lap.cut_ms - 1) == 0b1111


def test_an_invalid_lap_is_never_the_best() -> None:
    world = small_trial({1: Order(cut_m=100.0, pace=1.05)}, laps=3)
    end_ms = (world.drives[0].laps[3].end_ms or 0) + 1.0

    history = history_packet(HEADER, world, 0, world.now(end_ms)[0], end_ms)

    assert history.best_lap_time_lap_num == 2


def test_equal_keys_mean_equal_histories() -> None:
    kept: dict[tuple[int, ...], SessionHistoryPacket] = {}
    for session_ms in range(1_000, 70_000, 500):
        state = RACE.now(session_ms)[1]
        told = history_packet(HEADER, RACE, 1, state, session_ms)
        assert kept.setdefault(history_key(RACE, 1, state, session_ms), told) == told


def test_lap_positions_start_with_the_grid_and_grow_with_the_laps() -> None:
    done_ms = max(drive.laps[1].end_ms or 0 for drive in RACE.drives)

    packet = lap_positions_packet(HEADER, RACE, done_ms, 22)

    assert packet.num_laps == 3
    assert packet.position_for_vehicle_idx[0][:4] == (1, 2, 3, 4)
    assert sorted(packet.position_for_vehicle_idx[2][:4]) == [1, 2, 3, 4]
    assert packet.position_for_vehicle_idx[3] == (0,) * 22
    assert laps_done(RACE, done_ms) == 8


def test_the_classification_ranks_all_cars_with_laps_and_times() -> None:
    world = small_race({2: {2: Order(retire_m=300.0)}}, laps=2)
    packet = classification_packet(HEADER, world, 60_000.0, 22)
    places = {car.position: car for car in packet.cars if car.position}

    assert packet.num_cars == 4
    assert sorted(places) == [1, 2, 3, 4]
    assert packet.cars[2] == places[4]
    assert (packet.cars[2].result_status, packet.cars[2].num_laps) == (7, 1)
    assert places[1].total_race_time == pytest.approx((world.finish_ms[0] or 0) / 1000)
    assert places[1].points == 25
    assert places[1].best_lap_time_in_ms == min(lap.time_ms or 10**9 for lap in world.drives[0].laps)
