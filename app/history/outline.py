"""Track maps out of the driven line: the game sends none, and none is shipped.

A map comes from one whole lap on the track, from line to line. The first one is kept, for a map that wobbles is no map;
only one learned from a lap that did not count (it may have cut a corner) gives way to a valid one.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from math import hypot
from typing import Final

from app.history.laptrace import LapTrace
from app.history.line import HOLE_M, Line, blended
from app.history.record import MAP_STEP_M, Outline, Venue

_JUMP_M: Final = 10.0
"""How much further than the lap distance says the car may have come: a wide line, not a car put back on the track."""
_LONGER: Final = 1.5


class Atlas:
    """The maps known so far, by track."""

    def __init__(self) -> None:
        self._maps: dict[str, Outline] = {}

    def fill(self, known: Iterable[Outline]) -> None:
        """Take over the maps of earlier runs."""
        self._maps |= {outline.track: outline for outline in known}

    def get(self, track: str) -> Outline | None:
        """The map of a track; None while none is learned."""
        return self._maps.get(track)

    def learn(self, trace: LapTrace, venue: Venue, *, valid: bool) -> Outline | None:
        """Take over a finished lap; the map that it made, None when it made none."""
        track, length_m = venue.track, venue.length_m
        if track is None or length_m is None or not self._wants(track, valid=valid):
            return None
        points = driven_line(trace, length_m)
        if points is None:
            return None
        outline = Outline(track, length_m, venue.sector2_start_m, venue.sector3_start_m, *points, valid)
        self._maps[track] = outline
        return outline

    def mark_sectors(self, venue: Venue) -> Outline | None:
        """Take over where sectors begin if the map did not know; the map if that is news. Old formats do not tell."""
        known = None if venue.track is None else self._maps.get(venue.track)
        if known is None or known.sector2_start_m is not None or venue.sector2_start_m is None:
            return None
        marked = known._replace(sector2_start_m=venue.sector2_start_m, sector3_start_m=venue.sector3_start_m)
        self._maps[marked.track] = marked
        return marked

    def _wants(self, track: str, *, valid: bool) -> bool:
        known = self._maps.get(track)
        return known is None or (valid and not known.valid)


def driven_line(trace: LapTrace, length_m: int) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """World x and z every `MAP_STEP_M` from the line on; None unless the whole lap was seen, on the track."""
    if not trace.start_seen or trace.pit_from_m is not None or not trace.ground.x:
        return None
    line = _closed(trace.ground, length_m)
    if not _is_whole(line):
        return None
    places = line.places(int(length_m / MAP_STEP_M) + 1, MAP_STEP_M)
    xs, zs = (blended(column, places) for column in line.columns)
    known = [(x, z) for x, z in zip(xs, zs, strict=True) if x is not None and z is not None]
    if len(known) != len(places):
        return None
    return tuple(round(x, 1) for x, _ in known), tuple(round(z, 1) for _, z in known)


def _closed(ground: Line, length_m: int) -> Line:
    """The line with its last point also before its first, and its first also behind its last."""
    xs, columns = ground.x, ground.columns
    lap = [at for at, x in enumerate(xs) if 0.0 <= x <= length_m]
    closed = Line(len(columns))
    if lap:
        first, last = lap[0], lap[-1]
        closed.add(xs[last] - length_m, *(column[last] for column in columns))
        if xs[last] == length_m:  # it is the first point already
            lap = [at for at in lap if xs[at] > 0.0]
        for at in lap:
            closed.add(xs[at], *(column[at] for column in columns))
        if xs[last] < xs[first] + length_m:
            closed.add(xs[first] + length_m, *(column[first] for column in columns))
    return closed


def _is_whole(line: Line) -> bool:
    xs, zs = line.columns
    return len(line.x) > 3 and all(
        here_m - before_m <= HOLE_M and hypot(x - x0, z - z0) <= _LONGER * (here_m - before_m) + _JUMP_M
        for (before_m, here_m), (x0, x), (z0, z) in zip(pairwise(line.x), pairwise(xs), pairwise(zs), strict=True)
    )
