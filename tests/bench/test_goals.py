"""The summary: what a row has reached of goal and moonshot."""

from __future__ import annotations

from bench.goals import GOALS, ROWS, Goal, summary, verdict

LOW = Goal(1, "cost", "share", 1 / 4, 1 / 10)
HIGH = Goal(1, "clients", "count", 1_000, 2_400, at_least=True)


def test_every_row_has_a_goal_and_every_goal_a_row() -> None:
    assert {goal.row for goal in GOALS} == set(ROWS)


def test_a_row_has_what_all_of_its_figures_have_reached() -> None:
    assert verdict([LOW, HIGH], {"cost": 1 / 12, "clients": 2_500}) == "moonshot"
    assert verdict([LOW, HIGH], {"cost": 1 / 12, "clients": 1_000}) == "goal"


def test_a_row_that_missed_tells_by_how_much_at_the_worst() -> None:
    assert verdict([LOW, HIGH], {"cost": 1 / 2, "clients": 800}) == "**missed**, 2.0 × the goal"
    assert verdict([HIGH], {"clients": 0}) == "**missed**"


def test_a_row_is_not_judged_by_half_of_its_figures() -> None:
    assert verdict([LOW, HIGH], {"cost": 1 / 12}) == "not all measured"


def test_the_summary_has_a_line_for_each_row_that_was_measured() -> None:
    lines = summary({"start.s": 0.71, "start.mb": 74.0, "start.minutes": 10}).splitlines()

    assert lines[2:] == [
        f"| 14 | {ROWS[14]} | ≤ 1.5 s; ≤ 120 MB | ≤ 0.8 s; ≤ 80 MB | **0.71 s; 74 MB** after 10 min | moonshot |"
    ]
