"""Rows and credits of a day: what it costs, when to warn, and when telemetry stops.

Counted where rows enter the outbox, since what has entered will be sent. A day is a UTC day, as the service counts.
Laps, race events and sessions are a few rows a minute and always go; the limit stops telemetry alone.
"""

from __future__ import annotations

from collections import deque
from typing import Final

_RATE_WINDOW_S: Final = 60.0
_EVENT_DAY_S: Final = 8 * 3600.0


class Budget:
    """Counts the rows of the day.

    Args:
        warn_rows: From so many on there is a warning; 0 never.
        max_rows: After so many telemetry stops; 0 never.
        credits_per_million: What a million rows cost.
    """

    def __init__(self, warn_rows: int, max_rows: int, credits_per_million: float) -> None:
        self.max_rows = max_rows
        self.stopped_rows = 0
        """Telemetry rows that the limit kept back."""
        self._warn_rows = warn_rows
        self._credits_per_row = credits_per_million / 1e6
        self._day = ""
        self.rows = 0
        """Rows of the day."""
        self._recent: deque[tuple[float, int]] = deque()

    def begin(self, day: str, rows: int) -> None:
        """So many rows were counted on this day before."""
        self._day, self.rows = day, rows

    def admits_telemetry(self, day: str) -> bool:
        """Whether one more telemetry row may enter; one that may not is counted."""
        self._turn(day)
        if not self.max_rows or self.rows < self.max_rows:
            return True
        self.stopped_rows += 1
        return False

    def took(self, rows: int, day: str, now_s: float) -> None:
        """Rows have entered the outbox."""
        self._turn(day)
        self.rows += rows
        self._recent.append((now_s, rows))
        self._forget(now_s)

    def telemetry_stopped(self, day: str) -> bool:
        """Whether the limit of the day is reached."""
        self._turn(day)
        return bool(self.max_rows) and self.rows >= self.max_rows

    def credits(self, rows: float) -> float:
        """What rows cost."""
        return rows * self._credits_per_row

    def credits_per_8h(self, now_s: float) -> float | None:
        """What an event day costs at the rate of the last minute; None while nothing is driven."""
        self._forget(now_s)
        if not self._recent:
            return None
        span_s = max(10.0, now_s - self._recent[0][0])
        return self.credits(sum(rows for _, rows in self._recent) / span_s * _EVENT_DAY_S)

    def problem(self, day: str) -> str | None:
        """A sentence when the day costs more than it should."""
        if self.telemetry_stopped(day):
            return (
                f"Telemetry to Data Cloud has stopped for today: {self.max_rows} rows are reached;"
                " laps, race events and sessions go on (DATACLOUD_MAX_ROWS_PER_DAY)"
            )
        if self._warn_rows and self.rows >= self._warn_rows:
            return f"{self.rows} rows for Data Cloud today; the warning was set at {self._warn_rows}"
        return None

    def rows_of(self, day: str) -> int:
        """Rows of a day: 0 for one that has just begun."""
        self._turn(day)
        return self.rows

    def _forget(self, now_s: float) -> None:
        while self._recent and now_s - self._recent[0][0] > _RATE_WINDOW_S:
            self._recent.popleft()

    def _turn(self, day: str) -> None:
        if day != self._day:
            self._day, self.rows = day, 0
