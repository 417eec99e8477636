from __future__ import annotations

from tests.sim.runs import played


def test_own_laps_come_in_the_order_of_driving_and_belong_to_the_rig() -> None:
    run = played("lobby")

    for rig in run.rigs:
        laps = run.ledger.own_laps(rig.number)
        assert [lap.lap_number for lap in laps] == [1, 2, 3]
        assert {(lap.rig, lap.car_index) for lap in laps} == {(rig.number, rig.car_index)}


def test_both_machines_of_a_race_keep_the_same_laps() -> None:
    laps = played("lobby").ledger.laps
    first = [lap[1:12] for lap in laps if lap.rig == 0]
    second = [lap[1:12] for lap in laps if lap.rig == 1]

    assert len(first) > 50
    assert first == second


def test_positions_at_the_line_are_those_of_lap_positions() -> None:
    laps = [lap for lap in played("race_retirements").ledger.laps if lap.lap_number == 1]

    assert sorted(lap.position for lap in laps) == sorted(set(range(1, 21)) & {lap.position for lap in laps})
    assert laps
