"""Which day an instant belongs to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from app.history.day import Calendar, days_before

BERLIN = ZoneInfo("Europe/Berlin")


def local(*when: int) -> datetime:
    return datetime(*when, tzinfo=BERLIN)  # type: ignore[arg-type, misc]  # year to minute, as told


def test_an_evening_that_goes_past_midnight_is_one_day() -> None:
    calendar = Calendar(4, BERLIN)

    days = {calendar.day_of(local(2026, 11, 25, 20)), calendar.day_of(local(2026, 11, 26, 3, 59))}

    assert days == {"2026-11-25"}


def test_the_new_day_begins_at_its_hour_of_the_local_clock() -> None:
    assert Calendar(4, BERLIN).day_of(local(2026, 11, 26, 4)) == "2026-11-26"


def test_the_zone_is_the_operators_whatever_the_instant_is_told_in() -> None:
    instant = datetime(2026, 11, 26, 3, 30, tzinfo=UTC)  # half past four in Berlin

    assert Calendar(4, BERLIN).day_of(instant) == "2026-11-26"
    assert Calendar(4, timezone(timedelta(hours=-5))).day_of(instant) == "2026-11-25"


@pytest.mark.parametrize("night", [(2026, 3, 29), (2026, 10, 25)], ids=["forward", "back"])
def test_the_clock_on_the_wall_counts_in_the_night_in_which_it_is_changed(night: tuple[int, int, int]) -> None:
    calendar = Calendar(4, BERLIN)
    year, month, day = night

    assert calendar.day_of(local(year, month, day, 3, 59)) == f"{year}-{month:02}-{day - 1:02}"
    assert calendar.day_of(local(year, month, day, 4, 0)) == f"{year}-{month:02}-{day:02}"


def test_a_day_may_begin_at_midnight() -> None:
    assert Calendar(0, UTC).day_of(datetime(2026, 11, 25, tzinfo=UTC)) == "2026-11-25"


def test_without_a_zone_it_is_the_hosts_own() -> None:
    instant = datetime(2026, 11, 25, 12, tzinfo=UTC)

    assert Calendar(0).day_of(instant) == instant.astimezone().date().isoformat()


def test_days_are_counted_back_over_months() -> None:
    assert days_before("2026-03-01", 1) == "2026-02-28"
    assert days_before("2026-11-25", 90) == "2026-08-27"


def test_nothing_lies_before_the_first_day() -> None:
    assert days_before("2026-11-25", 10_000_000) == "0001-01-01"
