"""Columns of numbers over rising lap distance, that can be cut back and asked on a fixed grid.

Points are kept as machine numbers: a lap of 5 km with a point every 2 m is 2 500 of them, 70 kB with five columns.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from math import isnan
from typing import Final

HOLE_M: Final = 60.0
"""Neighbours further apart are not joined: a car does 9 m between frames at 10 Hz, and six in a row may be lost."""

Place = tuple[int, float] | None
"""Where a grid point lies: index of the point at or before it, and its share of the way to the next; None in a hole."""


class Line:
    """Columns over distance, both in the order of driving.

    Args:
        width: How many columns.
    """

    __slots__ = ("columns", "x")

    def __init__(self, width: int) -> None:
        self.x = array("d")
        self.columns = tuple(array("f") for _ in range(width))

    def add(self, x: float, *values: float) -> None:
        """Prolong the line; `x` lies behind its end. NaN is unknown."""
        self.x.append(x)
        for column, value in zip(self.columns, values, strict=True):
            column.append(value)

    def cut(self, x: float) -> None:
        """Forget the line from `x` on."""
        at = bisect_left(self.x, x)
        for column in (self.x, *self.columns):
            del column[at:]

    def copy(self) -> Line:
        """The same points, in arrays of their own."""
        other = Line(0)
        other.x, other.columns = self.x[:], tuple(column[:] for column in self.columns)
        return other

    def places(self, count: int, step: float, reach: float = 0.0) -> list[Place]:
        """Where the points 0, `step`, 2 `step`, ... lie.

        Args:
            count: How many.
            step: Between them.
            reach: So far before its first and behind its last point the line stays level.
        """
        return list(_places(self.x, count, step, reach))


def _places(xs: Sequence[float], count: int, step: float, reach: float) -> Iterator[Place]:
    right, last = 0, len(xs) - 1
    for index in range(count):
        x = index * step
        while right <= last and xs[right] < x:
            right += 1
        if right > last:
            yield (last, 0.0) if last >= 0 and x - xs[last] <= reach else None
        elif xs[right] == x or (right == 0 and xs[0] - x <= reach):
            yield right, 0.0
        elif right == 0 or xs[right] - xs[right - 1] > HOLE_M:
            yield None
        else:
            left = right - 1
            yield left, (x - xs[left]) / (xs[right] - xs[left])


def blended(column: Sequence[float], places: Sequence[Place]) -> list[float | None]:
    """A column at those places, between points by a straight line; None where it is not known."""
    return [None if place is None else _known(_between(column, *place)) for place in places]


def nearest(column: Sequence[float], places: Sequence[Place]) -> list[float | None]:
    """A column at those places, each as the nearest point says; None where it is not known."""
    return [None if place is None else _known(column[place[0] + (place[1] >= 0.5)]) for place in places]


def _between(column: Sequence[float], left: int, share: float) -> float:
    return column[left] + share * (column[left + 1] - column[left]) if share else column[left]


def _known(value: float) -> float | None:
    return None if isnan(value) else value
