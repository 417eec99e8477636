from __future__ import annotations

import pytest

from app.sim.drives import Order
from app.sim.world import ACTIVE, FINISHED, GHOST, RETIRED, Phase, make_world
from tests.sim.runs import TRACK, small_race, small_trial

RACE = small_race(laps=3)


def test_positions_follow_total_distance() -> None:
    for session_ms in range(1_000, 60_000, 700):
        states = RACE.now(session_ms)
        order = RACE.ranking(states)
        totals = [states[slot].total_m for slot in order if states[slot].result_status == ACTIVE]

        assert totals == sorted(totals, reverse=True)


def test_finished_cars_keep_the_order_of_the_flag() -> None:
    flags = [(ms, slot) for slot, ms in enumerate(RACE.finish_ms) if ms is not None]
    order = [slot for _, slot in sorted(flags)]

    assert RACE.ranking(RACE.now(max(flags)[0] + 3_000)) == order
    assert {state.result_status for state in RACE.now(max(flags)[0])} == {FINISHED}


def test_the_retired_fall_to_the_end_and_out_of_the_count() -> None:
    world = small_race({0: {1: Order(retire_m=500.0)}})
    retired_ms = world.drives[0].retired_ms
    assert retired_ms is not None

    assert world.active_cars(retired_ms - 1) == 4
    assert world.active_cars(retired_ms) == 3
    assert world.now(retired_ms)[0].result_status == RETIRED
    assert world.ranking(world.now(retired_ms))[-1] == 0


def test_total_distance_goes_on_over_the_line() -> None:
    line_ms = RACE.drives[0].laps[0].end_ms or 0
    before, after = RACE.now(line_ms - 1)[0], RACE.now(line_ms)[0]

    assert after.distance_m < before.distance_m
    assert after.total_m == pytest.approx(before.total_m + 0.07, abs=0.05)


def test_ghosts_move_without_being_in_the_race() -> None:
    world = small_trial()
    early, late = world.now(2_000)[1], world.now(3_000)[1]

    assert early.result_status == GHOST
    assert late.total_m > early.total_m + 10.0


def test_a_branch_changes_one_car_from_one_moment_on() -> None:
    at_ms = 30_000
    other = RACE.with_branch(0, at_ms, 0.9, "again")

    assert other.now(at_ms)[0].total_m == pytest.approx(RACE.now(at_ms)[0].total_m)
    assert other.now(at_ms + 5_000)[0].total_m < RACE.now(at_ms + 5_000)[0].total_m
    assert other.drives[1:] == RACE.drives[1:]


def test_a_phase_is_out_from_its_first_to_before_its_last_moment() -> None:
    world = small_race()
    phase = Phase(10_000, 20_000, 1)
    flagged = make_world(type(world)(TRACK, world.kind, 2, world.cars, world.courses, world.drives, phases=(phase,)))

    assert [flagged.phase_at(ms) for ms in (9_999, 10_000, 19_999, 20_000)] == [None, phase, phase, None]
