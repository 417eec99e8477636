"""Maps out of the driven line."""

from __future__ import annotations

from math import cos, hypot, pi, sin

import pytest

from app.history.laptrace import LapTrace
from app.history.outline import Atlas, driven_line
from app.history.record import Venue

LENGTH_M = 1_257
RADIUS_M = LENGTH_M / (2 * pi)
VENUE = Venue("Monza", "Race", LENGTH_M, 400.0, 800.0)


def circle(at_m: float) -> tuple[float, float]:
    return RADIUS_M * cos(at_m / RADIUS_M), RADIUS_M * sin(at_m / RADIUS_M)


def round_trip(first_m: float = 3.0, step_m: float = 4.0, until_m: float = LENGTH_M) -> LapTrace:
    """A lap around a circle."""
    trace = LapTrace()
    trace.times.add(0.0, 0.0, 0.0)
    at_m = first_m
    while at_m <= until_m:
        trace.times.add(at_m, at_m * 20, at_m * 20)
        trace.ground.add(at_m, *circle(at_m))
        at_m += step_m
    return trace


def test_a_whole_lap_gives_a_closed_line_with_a_point_every_ten_metres() -> None:
    points = driven_line(round_trip(), LENGTH_M)

    assert points is not None
    xs, zs = points
    assert len(xs) == len(zs) == 126
    for index, (x, z) in enumerate(zip(xs, zs, strict=True)):
        true_x, true_z = circle(index * 10.0)
        assert hypot(x - true_x, z - true_z) < 0.3
    assert hypot(xs[-1] - xs[0], zs[-1] - zs[0]) < 10.0


def test_a_lap_that_was_seen_to_the_very_line_is_closed_too() -> None:
    assert driven_line(round_trip(first_m=0.0, step_m=LENGTH_M / 300, until_m=LENGTH_M + 0.001), LENGTH_M) is not None


def test_a_lap_whose_start_was_not_seen_gives_none() -> None:
    trace = round_trip()
    trace.times.cut(0.0)

    assert driven_line(trace, LENGTH_M) is None


@pytest.mark.parametrize("lost", [(200.0, 265.0), (0.0, 62.0), (1_190.0, 1_300.0)], ids=["middle", "start", "end"])
def test_a_lap_with_a_hole_gives_none(lost: tuple[float, float]) -> None:
    trace, whole = round_trip(), round_trip().ground
    trace.ground.cut(float("-inf"))
    for at, at_m in enumerate(whole.x):
        if not lost[0] <= at_m <= lost[1]:
            trace.ground.add(at_m, *(column[at] for column in whole.columns))

    assert driven_line(trace, LENGTH_M) is None


def test_a_lap_through_the_pits_gives_none() -> None:
    trace = round_trip()
    trace.pit_from_m = 1_100.0

    assert driven_line(trace, LENGTH_M) is None


def test_a_car_that_was_put_back_on_the_track_gives_none() -> None:
    trace = round_trip()
    trace.ground.columns[0][100] += 60.0

    assert driven_line(trace, LENGTH_M) is None


def test_a_lap_without_places_gives_none() -> None:
    trace = round_trip()
    trace.ground.cut(float("-inf"))

    assert driven_line(trace, LENGTH_M) is None


def test_the_first_whole_lap_is_kept() -> None:
    atlas = Atlas()
    first = atlas.learn(round_trip(), VENUE, valid=True)

    assert first is not None
    assert first.sector2_start_m == 400.0
    assert atlas.learn(round_trip(first_m=1.0), VENUE, valid=True) is None
    assert atlas.get("Monza") is first


def test_a_valid_lap_replaces_one_that_did_not_count_and_never_the_other_way_round() -> None:
    atlas = Atlas()
    atlas.learn(round_trip(), VENUE, valid=False)

    assert atlas.learn(round_trip(), VENUE, valid=False) is None
    better = atlas.learn(round_trip(), VENUE, valid=True)
    assert better is not None
    assert better.valid
    assert atlas.learn(round_trip(), VENUE, valid=False) is None


@pytest.mark.parametrize("venue", [Venue(), VENUE._replace(track=None), VENUE._replace(length_m=None)])
def test_nothing_is_learned_of_a_place_that_is_not_known(venue: Venue) -> None:
    assert Atlas().learn(round_trip(), venue, valid=True) is None


def test_where_sectors_begin_is_taken_over_when_a_format_tells_it_at_last() -> None:
    atlas = Atlas()
    atlas.learn(round_trip(), VENUE._replace(sector2_start_m=None, sector3_start_m=None), valid=True)

    assert atlas.mark_sectors(Venue("Monza")) is None
    marked = atlas.mark_sectors(VENUE)
    assert marked is not None
    assert (marked.sector2_start_m, marked.sector3_start_m) == (400.0, 800.0)
    assert atlas.mark_sectors(VENUE._replace(sector2_start_m=1.0)) is None
    assert atlas.mark_sectors(VENUE._replace(track="Spa")) is None


def test_maps_of_earlier_runs_are_known() -> None:
    learned = Atlas()
    outline = learned.learn(round_trip(), VENUE, valid=True)
    assert outline is not None
    atlas = Atlas()

    atlas.fill([outline])

    assert atlas.get("Monza") == outline
    assert atlas.get("Spa") is None
