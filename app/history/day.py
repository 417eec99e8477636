"""Which day an instant belongs to: the operator's, for an evening that goes past midnight is one day."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo


class Calendar:
    """The operator's days.

    Args:
        starts_at_hour: Local hour at which a new day begins.
        zone: The operator's time zone; None is the host's own, summer time and all.
    """

    def __init__(self, starts_at_hour: int = 4, zone: tzinfo | None = None) -> None:
        self._before_dawn = timedelta(hours=starts_at_hour)
        self._zone = zone

    def day_of(self, instant: datetime) -> str:
        """The day, such as 2026-11-25, of an instant that knows its zone."""
        # The clock on the wall counts, also in the night in which it is put forward or back.
        on_the_wall = instant.astimezone(self._zone).replace(tzinfo=None)
        return (on_the_wall - self._before_dawn).date().isoformat()


def days_before(day: str, days: int) -> str:
    """The day so many days before another; the first day there is when it would lie before that."""
    from_day = date.fromisoformat(day)
    return date.fromordinal(max(1, from_day.toordinal() - days)).isoformat()
