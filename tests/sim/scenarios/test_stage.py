from __future__ import annotations

from app.sim.drives import Order
from app.sim.scenarios.stage import Cast, Stage, lap_end_s, lap_start_s


def test_a_stage_is_the_same_for_the_same_cast_and_other_for_other_rigs() -> None:
    cast = Cast("duel", 1)

    assert Stage(cast, 0).card() == Stage(cast, 0).card()
    assert Stage(cast, 0).card() != Stage(cast, 1).card()
    assert Stage(cast, 0).card() != Stage(Cast("duel", 2), 0).card()


def test_a_race_has_twenty_cars_on_twenty_places() -> None:
    stage = Stage(Cast("test", 1), 0)
    world = stage.race(2, people=stage.own(7), orders={3: {1: Order(pit=True)}})

    assert sorted(car.grid_position for car in world.cars) == list(range(1, 21))
    assert [car.slot for car in world.cars if car.human] == [7]
    assert len(world.drives[3].stints) == 2


def test_a_trial_begins_in_the_garage_with_two_ghosts() -> None:
    world = Stage(Cast("test", 1), 0).trial(2)

    assert [car.ghost for car in world.cars] == [False, True, True]
    assert world.now(0.0)[0].distance_m > 0.0
    assert world.now(1_000.0)[0].distance_m < 0.0
    assert lap_end_s(world, 0, 1) == lap_start_s(world, 0, 2)


def test_a_long_cast_has_a_long_track() -> None:
    assert Stage(Cast("test", 1, long=True), 0).track().length_m == 5_000.0
    assert Stage(Cast("test", 1, track_id=7), 0).track(4).track_id == 7
