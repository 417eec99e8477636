"""A line of two rising quantities, e.g. lap time over lap distance, that can be asked in between its points.

Points are kept in columns of machine numbers: a lap of 80 s at 60 Hz is 4 800 points and 77 kB. Going back, as
after a flashback, cuts the line there and goes on. A line that grows too long forgets its older half.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final

MOST_POINTS: Final = 40_000
"""Eleven minutes at 60 Hz, half an hour at 25 points a second: a lap never gets there, and a gap looks back minutes."""


class Trace:
    """`y` over `x`, both rising.

    Args:
        reach_x: How far beyond its last point the line may be prolonged, straight on.
    """

    def __init__(self, reach_x: float = 0.0) -> None:
        self._x = array("d")
        self._y = array("d")
        self._reach_x = reach_x

    def __len__(self) -> int:
        return len(self._x)

    @property
    def last_x(self) -> float | None:
        """Where the line ends; None before the first point."""
        return self._x[-1] if self._x else None

    def add(self, x: float, y: float) -> None:
        """Prolong the line; an `x` at or behind its end cuts it back first."""
        if self._x and x <= self._x[-1]:
            self.cut(x)
        if len(self._x) == MOST_POINTS:
            del self._x[: MOST_POINTS // 2]
            del self._y[: MOST_POINTS // 2]
        self._x.append(x)
        self._y.append(y)

    def cut(self, x: float) -> None:
        """Forget the line from `x` on."""
        at = bisect_left(self._x, x)
        del self._x[at:]
        del self._y[at:]

    def at(self, x: float) -> float | None:
        """`y` at `x`, between points by a straight line; None where the line does not reach."""
        xs, ys = self._x, self._y
        if not xs or x < xs[0]:
            return None
        right = bisect_left(xs, x)
        if right < len(xs):
            if xs[right] == x or right == 0:
                return ys[right]
        elif len(xs) < 2 or x > xs[-1] + self._reach_x:
            return None
        else:
            right = len(xs) - 1
        left = right - 1
        return ys[left] + (x - xs[left]) * (ys[right] - ys[left]) / (xs[right] - xs[left])
