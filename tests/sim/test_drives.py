from __future__ import annotations

from app.sim.drives import Drive, Lap
from app.sim.legs import standing
from tests.sim.runs import small_race, small_trial


def test_the_lap_under_way_is_the_last_one_that_has_begun() -> None:
    drive = small_race().drives[0]
    first, second = drive.laps[:2]

    assert drive.lap_at(second.start_ms - 0.01) is first
    assert drive.lap_at(second.start_ms) is second


def test_before_its_first_lap_a_car_is_on_its_first_lap() -> None:
    drive = small_trial().drives[1]

    assert drive.index_at(-5_000.0) == 0


def test_sectors_of_an_unfinished_lap_have_no_third() -> None:
    lap = Lap(1, 0, standing(0.0), 0.0, sector1_ms=6_000, sector2_ms=7_000)

    assert lap.sector3_ms is None


def test_the_flag_falls_when_the_cool_down_begins() -> None:
    drive = small_race().drives[0]

    assert drive.finish_ms() == drive.laps[-1].start_ms == drive.laps[-2].end_ms
    assert Drive((), ()).finish_ms() is None
