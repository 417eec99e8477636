from __future__ import annotations

from app.sim.cars import NOBODY, ai_car, ghost_car, guest_car


def test_the_ai_grid_has_twenty_different_drivers_in_ten_teams() -> None:
    grid = [ai_car(slot, slot + 1) for slot in range(20)]

    assert len({car.driver_id for car in grid}) == len({car.race_number for car in grid}) == 20
    assert len({car.team for car in grid}) == 10
    assert not any(car.human for car in grid)


def test_a_guest_online_has_a_network_id_and_no_driver_id() -> None:
    guest = guest_car(5, 2, 1, online=True)

    assert (guest.driver_id, guest.network_id, guest.human) == (NOBODY, 2, True)


def test_a_ghost_neither_races_nor_has_a_nationality() -> None:
    ghost = ghost_car(1, "Personal Best")

    assert ghost.ghost
    assert ghost.nationality == 255
