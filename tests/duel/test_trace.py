"""A line that can be asked between its points."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.duel.trace import MOST_POINTS, Trace


def make_trace(*points: tuple[float, float], reach_x: float = 0.0) -> Trace:
    trace = Trace(reach_x)
    for x, y in points:
        trace.add(x, y)
    return trace


def test_between_two_points_the_line_is_straight() -> None:
    trace = make_trace((0, 0), (100, 2000), (200, 3000))

    assert [trace.at(x) for x in (0, 50, 100, 150, 200)] == [0, 1000, 2000, 2500, 3000]


@pytest.mark.parametrize("x", [-1.0, 200.1])
def test_beyond_its_ends_it_says_nothing(x: float) -> None:
    assert make_trace((0, 0), (200, 3000)).at(x) is None


def test_it_is_prolonged_straight_on_as_far_as_it_may_reach() -> None:
    trace = make_trace((0, 0), (100, 1000), reach_x=10)

    assert (trace.at(110), trace.at(110.5)) == (1100, None)


def test_an_empty_line_says_nothing() -> None:
    assert (Trace().at(0), Trace().last_x, len(Trace())) == (None, None, 0)


def test_going_back_cuts_the_line_and_goes_on_from_there() -> None:
    trace = make_trace((0, 0), (100, 1000), (200, 2000), (150, 5000), (250, 6000))

    assert (trace.at(100), trace.at(150), trace.at(200)) == (1000, 5000, 5500)


def test_a_line_that_grows_too_long_forgets_its_older_half() -> None:
    trace = Trace()

    for x in range(MOST_POINTS + 1):
        trace.add(float(x), 2.0 * x)

    assert (len(trace), trace.at(0.0), trace.at(float(MOST_POINTS))) == (MOST_POINTS // 2 + 1, None, 2.0 * MOST_POINTS)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0, 1e5)), max_size=50))
def test_whatever_is_added_the_line_rises_and_stays_within_what_was_added(points: list[tuple[float, float]]) -> None:
    trace = Trace()

    for x, y in points:
        trace.add(x, y)

    xs = list(trace._x)
    assert all(earlier < later for earlier, later in pairwise(xs))
    for x in xs:
        assert trace.at(x) is not None
