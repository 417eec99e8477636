from __future__ import annotations

import pytest

from app.ingest.packets import CarTelemetryPacket, LapDataPacket, ParticipantsPacket
from tests.sim.runs import events, of_type, played, sent


def test_retirements_are_announced_and_marked() -> None:
    packets = sent("race_retirements")
    last = of_type(packets, LapDataPacket)[-1]

    assert len(events(packets, "RTMT")) == 5
    assert sum(car.result_status == 7 for car in last.cars) == 5
    assert of_type(packets, ParticipantsPacket)[-1].num_active_cars == 15


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_at_the_flag_no_lap_number_rises(seed: int) -> None:
    packets = of_type(sent("chequered_flag", seed), LapDataPacket)
    slot = packets[0].header.player_car_index

    assert {car.current_lap_num for packet in packets for car in list(packet.cars)[:20]} == {1, 2}
    assert packets[-1].cars[slot].result_status == 3


def test_in_every_third_run_the_flag_is_missed_and_history_tells_the_lap() -> None:
    packets = of_type(sent("chequered_flag", 2), LapDataPacket)
    slot = packets[0].header.player_car_index

    assert packets[-1].cars[slot].result_status == 2
    assert not played("chequered_flag", 2).ledger.own_laps(0)[-1].line_seen


@pytest.mark.parametrize(("seed", "stop_lap"), [(1, 3), (2, 2)])
def test_the_stop_is_on_the_lap_where_the_garages_are(seed: int, stop_lap: int) -> None:
    packets = of_type(sent("pit_stop", seed), LapDataPacket)
    slot = packets[0].header.player_car_index
    stops = {packet.cars[slot].current_lap_num for packet in packets if packet.cars[slot].pit_status == 2}

    assert stops == {stop_lap}
    assert [lap.pit_lap for lap in played("pit_stop", seed).ledger.own_laps(0)] == [False, True, True, False]


def test_behind_the_safety_car_laps_are_slow_and_a_penalty_falls() -> None:
    laps = played("safety_car", 2).ledger.own_laps(0)

    assert laps[1].lap_time_ms > 24_000
    assert [penalty.seconds for penalty in played("safety_car", 2).ledger.penalties] == [5]


def test_under_a_red_flag_everybody_stands_and_then_races_on() -> None:
    packets = sent("red_flag")
    red_s = events(packets, "RDFL")[0].header.session_time
    standing = [p for p in of_type(packets, CarTelemetryPacket) if red_s + 43.0 < p.header.session_time < red_s + 45.0]

    assert standing
    assert {car.speed for packet in standing for car in list(packet.cars)[:20]} == {0}
    assert of_type(packets, CarTelemetryPacket)[-1].cars[0].speed > 50
