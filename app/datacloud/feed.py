"""From the bus into the outbox [edge]: canonical events in, rows out.

Two inboxes, so that a flood of samples cannot push out a lap. A row that the outbox cannot take is counted there; one
that does not fit its own schema is a fault of ours, counted here and logged, since the org would drop it without a
word.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from app.bus import Bus, KeepInOrder, Subscription
from app.datacloud.book import Book
from app.datacloud.budget import Budget
from app.datacloud.encode import decode
from app.datacloud.row import Row
from app.datacloud.rows import LapCars, RowMaker
from app.datacloud.sampling import Mode, Sampler
from app.datacloud.schema import BY_NAME, TELEMETRY
from app.datacloud.sessions import Sessions
from app.datacloud.validation import complaints
from app.log import Seldom
from app.normalize.events import (
    CarStatus,
    CarTelemetry,
    Event,
    Fact,
    LapProgress,
    RigSilent,
    Sample,
    SessionEnded,
    SessionState,
)

logger = logging.getLogger(__name__)

_SAMPLES_HELD: Final = 16_384
"""Samples waiting to be thinned out: some 45 s of two rigs; full, the oldest loses and is counted."""
_FACTS_HELD: Final = 8192
_TICK_S: Final = 1.0


class Inlet(Protocol):
    """What takes rows: `outbox.Outbox`."""

    def append(self, rows: Sequence[Row]) -> int:
        """Take rows over; returns how many found no room."""


class Feed:
    """Turns what happens on the rigs into rows.

    Args:
        bus: Where events come from.
        inlet: The outbox.
        devices: The rigs' ids in Salesforce, by rig id.
        book: What was told before.
        budget: The rows of the day.
        rate_hz, mode: How telemetry is thinned out.
        lap_cars: Whose laps are told.
        wall: UTC now, for the day.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(
        self,
        bus: Bus[Event],
        inlet: Inlet,
        devices: Mapping[str, str],
        book: Book,
        budget: Budget,
        rate_hz: float,
        mode: Mode,
        lap_cars: LapCars,
        wall: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inlet = inlet
        self._book = book
        self._budget = budget
        self._wall = wall
        self._monotonic = monotonic
        self._maker = RowMaker(devices, book, lap_cars)
        self._samplers = {rig: Sampler(device, rate_hz, mode) for rig, device in devices.items()}
        self._sessions = {rig: Sessions(device, book) for rig, device in devices.items()}
        self.unfit: Counter[str] = Counter()
        """Rows that did not fit their schema, by object: always 0, or there is a fault in the gateway."""
        self._lines = Seldom()
        self._samples: Subscription[Event] = bus.subscribe(
            "cloud_samples", KeepInOrder(_SAMPLES_HELD), of=(CarTelemetry, LapProgress, CarStatus, SessionState)
        )
        self._facts: Subscription[Event] = bus.subscribe("cloud_facts", KeepInOrder(_FACTS_HELD), of=(Fact,))

    async def run(self) -> None:
        """Carry rows until the bus is closed; then tell what is still open."""
        async with asyncio.TaskGroup() as group:
            carriers = [group.create_task(self._carry(inbox)) for inbox in (self._samples, self._facts)]
            ticking = group.create_task(self._tick())
            await asyncio.wait(carriers)
            ticking.cancel()
        for sampler in self._samplers.values():
            self._put(sampler.flush())
        for sessions in self._sessions.values():
            self._put(sessions.flush(self._monotonic()))

    def rows_of(self, event: Event, now_s: float) -> list[Row]:
        """The rows that one event causes."""
        sampler = self._samplers[event.rig_id]
        rows = self._sessions[event.rig_id].feed(event, now_s)
        if isinstance(event, Sample):
            return rows + sampler.feed(event)
        if isinstance(event, SessionEnded | RigSilent):
            rows = sampler.flush() + rows
        return rows + self._maker.rows(event) if isinstance(event, Fact) else rows

    async def _carry(self, inbox: Subscription[Event]) -> None:
        async for batch in inbox:
            now_s = self._monotonic()
            for event in batch:
                self._put(self.rows_of(event, now_s))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for sessions in self._sessions.values():
                self._put(sessions.tick(self._monotonic()))

    def _put(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        day = f"{self._wall():%Y-%m-%d}"
        fit = [row for row in rows if self._fits(row)]
        wanted = [row for row in fit if row.object != TELEMETRY.name or self._budget.admits_telemetry(day)]
        if wanted:
            without_room = self._inlet.append(wanted)
            if without_room:
                self._book.forget(wanted)
            self._budget.took(len(wanted) - without_room, day, self._monotonic())

    def _fits(self, row: Row) -> bool:
        found = complaints(BY_NAME[row.object], decode(row.body), unknown_fields=False)
        if not found:
            return True
        self.unfit[row.object] += 1
        self._book.forget([row])
        if (held := self._lines.admit(self._monotonic())) is not None:
            logger.error("a %s row does not fit its schema: %s (%d more since)", row.object, "; ".join(found), held)
        return False
