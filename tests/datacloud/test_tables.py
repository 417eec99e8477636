"""What the file is made of."""

from __future__ import annotations

import sqlite3

import pytest

from app.datacloud.tables import APPLICATION_ID, DDL, SCHEMA_VERSION, Limits, utc_day


def test_the_tables_can_be_made_and_say_whose_they_are() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)

    db.executescript(DDL)

    assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    db.close()


@pytest.mark.parametrize(
    ("now_s", "day"),
    [(0, "1970-01-01"), (1_772_366_399.999, "2026-03-01"), (-1e9, "1970-01-01"), (1e30, "9999-12-31")],
)
def test_a_day_is_found_whatever_the_clock_says(now_s: float, day: str) -> None:
    assert utc_day(now_s) == day


def test_the_ballast_is_a_small_part_of_the_budget() -> None:
    assert Limits().ballast_bytes == 32 * 1024**2
    assert Limits(budget_bytes=64 * 1024**2).ballast_bytes == 1024**2
