"""Rows of the day: what they cost, when telemetry stops, and that nothing else does."""

from __future__ import annotations

import pytest

from app.datacloud.budget import Budget

DAY = "2026-03-01"


def test_acceptance_14_the_limit_stops_telemetry_and_counts_what_it_kept_back() -> None:
    budget = Budget(0, 100, 5000)
    budget.took(99, DAY, 0.0)

    admitted = [budget.admits_telemetry(DAY)]
    budget.took(1, DAY, 0.0)
    admitted += [budget.admits_telemetry(DAY), budget.admits_telemetry(DAY)]

    assert admitted == [True, False, False]
    assert budget.stopped_rows == 2


def test_a_new_day_begins_at_0() -> None:
    budget = Budget(0, 100, 5000)
    budget.took(100, DAY, 0.0)

    assert not budget.admits_telemetry(DAY)
    assert budget.admits_telemetry("2026-03-02")
    assert budget.rows == 0


def test_a_restart_does_not_forget_the_day() -> None:
    budget = Budget(0, 100, 5000)
    budget.begin(DAY, 100)

    assert budget.telemetry_stopped(DAY)


def test_without_a_limit_nothing_stops() -> None:
    budget = Budget(0, 0, 5000)
    budget.took(10**9, DAY, 0.0)

    assert budget.admits_telemetry(DAY)
    assert budget.problem(DAY) is None


def test_credits_are_as_the_contract_says() -> None:
    assert Budget(0, 0, 5000).credits(3_456_000) == pytest.approx(17_280)


def test_an_event_day_is_told_ahead_from_the_last_minute() -> None:
    budget = Budget(0, 0, 5000)
    assert budget.credits_per_8h(0.0) is None
    for second in range(60):
        budget.took(20, DAY, float(second))  # two rigs at 10 Hz

    assert budget.credits_per_8h(60.0) == pytest.approx(2880, rel=0.05)
    assert budget.credits_per_8h(300.0) is None


def test_the_soft_limit_warns_and_the_hard_one_says_what_stopped() -> None:
    budget = Budget(10, 20, 5000)
    budget.took(10, DAY, 0.0)
    soft = budget.problem(DAY)
    budget.took(10, DAY, 0.0)
    hard = budget.problem(DAY)

    assert soft is not None
    assert "10 rows for Data Cloud today" in soft
    assert hard is not None
    assert "DATACLOUD_MAX_ROWS_PER_DAY" in hard


def test_a_day_that_nobody_looks_at_costs_no_memory() -> None:
    budget = Budget(0, 0, 5000)
    for second in range(10_000):
        budget.took(1, DAY, float(second))

    assert len(budget._recent) <= 62


def test_after_midnight_the_new_day_has_no_rows_though_nothing_was_driven() -> None:
    budget = Budget(0, 0, 5000)
    budget.took(100, DAY, 0.0)

    assert (budget.rows_of(DAY), budget.rows_of("2026-03-02")) == (100, 0)
