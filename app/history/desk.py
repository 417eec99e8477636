"""Answers what screens ask of the day [edge]: the JSON of `/api/day`, `/api/laps` and `/api/map`.

The boards and the maps are in memory, as text made once a change, so any number of screens that ask every two seconds
cost nothing. Traces and days long gone are read by the store's thread, and a disk that hangs keeps one asker waiting
for some seconds, never the show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import orjson

from app.history.bodies import Body, day_body, exported, lap_body, laps_body, map_body
from app.history.codec import decode
from app.history.day import Calendar
from app.history.lapbook import LapBook
from app.history.outline import Atlas
from app.history.record import LapRecord, Outline
from app.history.store import Store

PATIENCE_S: Final = 5.0


class _Day(NamedTuple):
    """What the newest text of `/api/day` was made of."""

    day: str
    changes: int
    problem: str | None


class Desk:
    """The history's readers' side.

    Args:
        book: The laps in memory.
        atlas: The maps.
        store: The disk.
        calendar: The operator's days.
        wall: UTC now.
    """

    def __init__(
        self,
        book: LapBook,
        atlas: Atlas,
        store: Store,
        calendar: Calendar,
        wall: Callable[[], datetime],
    ) -> None:
        self._book, self._atlas, self._store = book, atlas, store
        self._calendar = calendar
        self.days_on_disk: Sequence[str] = ()
        """Days with laps, those included that are in the file alone; newest first."""
        self._wall = wall
        self._shown: _Day | None = None
        self._text = b""
        # Seconds since 1970, so that it also rises over a restart: a screen must not take the new for the old.
        self._version = int(wall().timestamp())
        self._maps: dict[str, tuple[Outline, bytes]] = {}

    @property
    def today(self) -> str:
        """The operator's day now."""
        return self._calendar.day_of(self._wall())

    def day(self) -> tuple[int, bytes]:
        """The version and the JSON of `/api/day`; made anew when something has changed, also the day."""
        now = _Day(self.today, self._book.changes, self._store.problem)
        if now != self._shown:
            self._shown = now
            self._version += 1
            self._text = orjson.dumps(day_body(now.day, self._version, now.problem, self._book.of_day(now.day)))
        return self._version, self._text

    async def laps(self, day: str | None, track: str | None) -> bytes:
        """The JSON of `/api/laps`.

        Args:
            day: Such as 2026-11-25; None is today.
            track: Whose laps; None is all.

        Raises:
            TimeoutError: The disk does not answer.
        """
        day = day or self.today
        return orjson.dumps(laps_body(day, self._known_days(), await self._laps_of(day), track))

    async def export(self, day: str | None, track: str | None) -> tuple[str, Sequence[Body]]:
        """The day that is meant, and its laps as rows, oldest first.

        Args:
            day: Such as 2026-11-25; None is today.
            track: Whose laps; None is all.

        Raises:
            TimeoutError: The disk does not answer.
        """
        day = day or self.today
        return day, exported(await self._laps_of(day), track)

    async def lap(self, lap_id: str) -> bytes | None:
        """The JSON of `/api/laps/{lap_id}`; None when there is no such lap, or no trace of it.

        Raises:
            TimeoutError: The disk does not answer.
        """
        lap = self._book.get(lap_id)
        async with asyncio.timeout(PATIENCE_S):
            lap = lap or (await self._store.lap(lap_id) if self._book.older_before else None)
            trace = None if lap is None else await self._store.trace(lap_id)
        if lap is None or trace is None:
            return None
        try:
            columns = decode(trace.data)
        except ValueError:
            return None
        return orjson.dumps(lap_body(lap, await self._laps_of(lap.day), trace, columns))

    def map(self, track: str) -> bytes | None:
        """The JSON of `/api/map`; None while the track is not learned."""
        outline = self._atlas.get(track)
        if outline is None:
            return None
        known, text = self._maps.get(track, (None, b""))
        if known is not outline:
            text = orjson.dumps(map_body(outline))
            self._maps[track] = outline, text
        return text

    async def _laps_of(self, day: str) -> Sequence[LapRecord]:
        if day >= self._book.older_before:
            return self._book.of_day(day)
        async with asyncio.timeout(PATIENCE_S):
            return await self._store.laps(day)

    def _known_days(self) -> list[str]:
        """Days with laps, newest first."""
        older = [day for day in self.days_on_disk if day < self._book.older_before]
        return [*self._book.days(), *older]
