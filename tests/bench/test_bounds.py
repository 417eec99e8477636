"""The guard: a figure beyond its bound is named with its row."""

from __future__ import annotations

from bench.__main__ import ROWS
from bench.bounds import Bounds, broken, committed
from bench.goals import GOALS

BOUNDS = Bounds({"fanout.write": 4.5}, {"stall": 15})


def test_figures_within_their_bounds_break_nothing() -> None:
    assert broken(BOUNDS, {"fanout.write": 4.5, "stall": 15}) == []


def test_a_figure_beyond_its_bound_is_named_with_its_row() -> None:
    (sentence,) = broken(BOUNDS, {"fanout.write": 5.0, "stall": 40})

    assert sentence.startswith("fanout: fanout.write is 5, more than 4.5: ")


def test_a_figure_below_its_least_is_named_too() -> None:
    (sentence,) = broken(BOUNDS, {"fanout.write": 1.0, "stall": 3})

    assert sentence.startswith("stall: stall is 3, less than 15: ")


def test_a_figure_that_is_missing_is_told_of() -> None:
    (sentence,) = broken(BOUNDS, {"stall": 40})

    assert sentence.startswith("fanout: fanout.write was not measured")


def test_every_committed_bound_is_of_a_quick_row_and_wider_than_the_goal_asks_nothing_unknown() -> None:
    bounds = committed()
    names = {*bounds.at_most, *bounds.at_least}

    assert names <= {goal.figure for goal in GOALS}
    assert all(ROWS[name.partition(".")[0]].quick is not None for name in names)
