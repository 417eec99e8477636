"""Columns over distance: cut back, copied, asked on a grid."""

from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.line import HOLE_M, Line, blended, nearest


def line(*points: tuple[float, float]) -> Line:
    made = Line(1)
    for x, value in points:
        made.add(x, value)
    return made


def asked(of: Line, count: int, step: float = 4.0, reach: float = 0.0) -> list[float | None]:
    return blended(of.columns[0], of.places(count, step, reach))


def test_between_two_points_the_line_is_straight() -> None:
    assert asked(line((0.0, 0.0), (8.0, 100.0)), 3) == [0.0, 50.0, 100.0]


def test_before_the_first_and_behind_the_last_point_nothing_is_known() -> None:
    assert asked(line((3.0, 30.0), (9.0, 90.0)), 4) == [None, 40.0, 80.0, None]


def test_within_its_reach_the_line_stays_level_at_both_ends() -> None:
    assert asked(line((3.0, 30.0), (9.0, 90.0)), 5, reach=4.0) == [30.0, 40.0, 80.0, 90.0, None]


def test_a_hole_is_unknown_and_not_a_line() -> None:
    wide = line((0.0, 0.0), (4.0, 4.0), (4.0 + HOLE_M + 1.0, 9.0), (72.0, 10.0))

    values = asked(wide, 19)

    assert values[:2] == [0.0, 4.0]
    assert values[2:17] == [None] * 15
    assert values[18] == 10.0


def test_a_gap_of_no_more_than_a_hole_is_bridged() -> None:
    assert asked(line((0.0, 0.0), (HOLE_M, 60.0)), 16)[:3] == [0.0, 4.0, 8.0]


def test_what_a_point_does_not_know_is_unknown_on_both_sides_of_it() -> None:
    assert asked(line((0.0, 1.0), (4.0, nan), (8.0, 3.0)), 3, step=2.0)[:2] == [1.0, None]


def test_the_nearest_point_decides_where_numbers_cannot_be_blended() -> None:
    gears = line((0.0, 3.0), (10.0, 4.0))

    assert nearest(gears.columns[0], gears.places(6, 2.0)) == [3, 3, 3, 4, 4, 4]


def test_cutting_forgets_all_from_there_on() -> None:
    cut = line((0.0, 0.0), (4.0, 1.0), (8.0, 2.0))

    cut.cut(4.0)

    assert list(cut.x) == [0.0]
    assert list(cut.columns[0]) == [0.0]


def test_a_copy_does_not_change_with_its_original() -> None:
    original = line((0.0, 0.0), (4.0, 1.0))
    copied = original.copy()

    original.cut(0.0)

    assert list(copied.x) == [0.0, 4.0]


def test_an_empty_line_knows_nothing() -> None:
    assert asked(Line(1), 3, reach=4.0) == [None, None, None]


@given(st.lists(st.floats(0, 500), min_size=1, max_size=40, unique=True).map(sorted))
def test_every_grid_point_of_a_line_of_its_own_distance_is_its_distance_or_unknown(xs: list[float]) -> None:
    own = line(*((x, x) for x in xs))

    for index, value in enumerate(asked(own, 140)):
        assert value is None or value == pytest.approx(index * 4.0, abs=1e-3)
