from __future__ import annotations

from itertools import pairwise

import pytest

from app.ingest.packets import CarTelemetryPacket, LapDataPacket
from app.ingest.records import CarLapData
from tests.sim.runs import TRACK, of_type, played, sent


@pytest.mark.parametrize("scenario", ["duel", "flashback_over_line", "disconnect"])
def test_live_states_are_those_of_the_frames_that_were_sent(scenario: str) -> None:
    run, slot = played(scenario), played(scenario).rigs[0].car_index or 0
    states = list(run.ledger.traces.live(0))
    timing = of_type(sent(scenario), LapDataPacket)
    driven = of_type(sent(scenario), CarTelemetryPacket)

    assert [s.frame for s in states] == [p.header.frame_identifier for p in timing]
    for state, lap_data, telemetry in zip(states[::11], timing[::11], driven[::11], strict=True):
        car = lap_data.cars[slot]
        assert state.overall_frame == lap_data.header.overall_frame_identifier
        assert (state.lap_number, state.position) == (car.current_lap_num, car.car_position)
        assert state.lap_distance_m == pytest.approx(car.lap_distance, abs=0.01)
        assert (state.speed_kph, state.gear) == (telemetry.cars[slot].speed, telemetry.cars[slot].gear)
        if car.result_status == 2:
            assert state.current_lap_time_ms == car.current_lap_time_in_ms


def test_the_delta_is_the_difference_of_lap_times_at_the_end_of_a_lap() -> None:
    run = played("duel")
    mine, theirs = run.ledger.own_laps(0), run.ledger.own_laps(1)
    just_before_s = mine[2].completed_at_s - 1e-4

    delta_ms = run.ledger.traces.delta_ms(0, 1, just_before_s)

    last = [lap for lap in theirs if lap.completed_at_s <= just_before_s][-1]
    assert delta_ms == pytest.approx(mine[2].lap_time_ms - last.lap_time_ms, abs=1.0)


def test_the_delta_can_be_found_from_the_packets_alone() -> None:
    run = played("duel")
    reference = [(c.lap_distance, c.current_lap_time_in_ms, at_s) for at_s, c in own_lap_data(1)]

    for at_s, car in own_lap_data(0)[600:1_000:25]:
        passes = [
            t0 + (car.lap_distance - d0) / (d1 - d0) * (t1 - t0)
            for (d0, t0, s0), (d1, t1, _) in pairwise(reference)
            if s0 <= at_s - 0.06 and d0 <= car.lap_distance < d1 and t0 > 0
        ]
        delta_ms = run.ledger.traces.delta_ms(0, 1, at_s)
        if passes and delta_ms is not None:
            assert car.current_lap_time_in_ms - passes[-1] == pytest.approx(delta_ms, abs=10.0)


def own_lap_data(rig: int) -> list[tuple[float, CarLapData]]:
    times = [packet.at_s for packet in sent("duel", rig=rig) if packet.header.packet_id == 2]
    return list(zip(times, (p.cars[0] for p in of_type(sent("duel", rig=rig), LapDataPacket)), strict=True))


def test_the_delta_is_unknown_before_the_other_rig_has_been_there() -> None:
    traces = played("duel").ledger.traces

    assert traces.delta_ms(0, 1, 3.0) is None
    assert traces.delta_ms(0, 1, 1e6) is None
    assert traces.elapsed_ms(1, 3.0, 100.0) is None


def test_a_lap_that_stands_can_be_asked_at_any_distance() -> None:
    run = played("duel")
    lap = run.ledger.own_laps(0)[1]
    traces = run.ledger.traces

    assert traces.lap_elapsed_ms(0, lap.session_uid, 2, 0.0) == 0.0
    assert traces.lap_elapsed_ms(0, lap.session_uid, 2, TRACK.length_m) == lap.lap_time_ms
    assert traces.lap_elapsed_ms(0, lap.session_uid, 2, TRACK.sector2_m) == pytest.approx(lap.sector1_ms, abs=0.51)
    assert traces.lap_elapsed_ms(0, lap.session_uid, 77, 0.0) is None


def test_the_gap_in_one_race_is_the_same_from_both_sides() -> None:
    run = played("lobby")
    traces = run.ledger.traces

    for at_s in (15.0, 30.0, 50.0):
        ours, theirs = traces.gap_ms(0, 1, at_s), traces.gap_ms(1, 0, at_s)
        assert ours is not None
        assert theirs is not None
        assert ours == pytest.approx(-theirs, abs=0.001)
    assert played("duel").ledger.traces.gap_ms(0, 1, 30.0) is None


def test_session_time_follows_wall_time_but_for_the_start() -> None:
    traces = played("duel").ledger.traces

    assert traces.session_time_s(0, 1.0) == 0.0
    assert traces.session_time_s(0, 12.0) == pytest.approx(10.0)
    assert traces.session_time_s(0, 1e6) is None
