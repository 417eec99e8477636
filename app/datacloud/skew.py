"""How far this machine's clock is off the org's, by the Date headers of its answers.

The org's time is kept as its distance from the monotonic clock. So the estimate stays right when somebody sets this
machine's clock, which is just what the operator is told to do.
"""

from __future__ import annotations

from typing import Final

from app.datacloud.retry import http_date_s

WORTH_TELLING_S: Final = 30.0
"""From here on the operator is told."""
WORTH_CORRECTING_S: Final = 60.0
"""From here on the org's time is used to sign; below, ours may be the better one."""

_SLOWEST_S: Final = 8.0  # an answer that took so long was dated within 4 s of its middle


class OrgClock:
    """The org's time, as far as it is known."""

    def __init__(self) -> None:
        self._ahead_s: float | None = None

    def note(self, date: str | None, asked_s: float, answered_s: float) -> None:
        """Learn from one answer.

        Args:
            date: Its Date header, if it had one.
            asked_s: When the request left, on the monotonic clock.
            answered_s: When the answer's head was there, on the same clock.
        """
        date_s = http_date_s(date) if date is not None else None
        if date_s is not None and answered_s - asked_s <= _SLOWEST_S:
            self._ahead_s = date_s + 0.5 - (asked_s + answered_s) / 2  # a Date is cut to whole seconds

    def offset_s(self, wall_s: float, monotonic_s: float) -> float | None:
        """How many seconds the org's clock is ahead of ours; negative when it is behind, None when nobody knows."""
        return None if self._ahead_s is None else self._ahead_s + monotonic_s - wall_s

    def signing_time_s(self, wall_s: float, monotonic_s: float) -> float:
        """Seconds since 1970 UTC to sign with: ours, or the org's where ours is a minute off."""
        offset_s = self.offset_s(wall_s, monotonic_s)
        return wall_s if offset_s is None or abs(offset_s) <= WORTH_CORRECTING_S else wall_s + offset_s


def skew_sentence(offset_s: float | None) -> str | None:
    """What to tell the operator of an offset; None when it is small or unknown."""
    if offset_s is None or abs(offset_s) <= WORTH_TELLING_S:
        return None
    side = "behind" if offset_s > 0 else "ahead of"
    return f"this machine's clock is {abs(offset_s):.0f} s {side} the org's; set it"
