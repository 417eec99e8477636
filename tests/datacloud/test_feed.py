"""From the bus into the outbox, on a real bus."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from app.bus import Bus
from app.datacloud.book import Book
from app.datacloud.budget import Budget
from app.datacloud.encode import decode
from app.datacloud.feed import Feed
from app.datacloud.row import Row
from app.ingest.capture import read_capture
from app.normalize.events import (
    CarTelemetry,
    Event,
    LapCompleted,
    LapProgress,
    RigSilent,
    SessionStarted,
    SessionState,
)
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline
from tests.gateway import MELBOURNE
from tests.normalize.make_events import make_event


class Store:
    """An inlet with a bound."""

    def __init__(self, room: int = 10**9) -> None:
        self.rows: list[Row] = []
        self._room = room

    def append(self, rows: Sequence[Row]) -> int:
        fit = min(len(rows), self._room - len(self.rows))
        self.rows += rows[:fit]
        return len(rows) - fit

    def counted(self) -> Counter[str]:
        return Counter(row.object for row in self.rows)


class Heard:
    """A sink that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, items: list[Event]) -> None:
        self.events += items


def make_feed(bus: Bus[Event], store: Store, budget: Budget | None = None, rate_hz: float = 10) -> Feed:
    return Feed(
        bus,
        store,
        {"RIG_A": "SIM_A", "RIG_B": "SIM_B"},
        Book({}),
        budget or Budget(0, 0, 5000),
        rate_hz,
        "last",
        "own",
        wall=lambda: datetime(2026, 3, 1, tzinfo=UTC),
        monotonic=lambda: 0.0,
    )


def a_frame(number: int, **changes: Any) -> Event:
    return make_event(CarTelemetry, **{"overall_frame": number, "session_time_s": number / 60} | changes)


async def carried(events: Sequence[Event], budget: Budget | None = None, rate_hz: float = 10) -> Store:
    bus: Bus[Event] = Bus()
    store = Store()
    feed = make_feed(bus, store, budget, rate_hz)
    bus.publish(events)
    bus.close()
    await feed.run()
    return store


async def test_telemetry_laps_and_sessions_of_both_rigs_become_rows() -> None:
    a_lap = make_event(LapCompleted, own=True, lap_number=1, lap_time_ms=80_000)
    other = {"rig_id": "RIG_B", "session_key": "SIM_B:24301"}

    store = await carried(
        [make_event(SessionStarted), *map(a_frame, range(60)), a_lap, *(a_frame(n, **other) for n in range(60))]
    )

    assert store.counted() == {"SessionEvent": 1, "TelemetryEvent": 20, "LapEvent": 1}
    assert {decode(row.body)["device_id"] for row in store.rows if row.object == "TelemetryEvent"} == {"SIM_A", "SIM_B"}


async def test_what_is_open_when_a_rig_falls_silent_or_the_gateway_ends_is_told() -> None:
    silent = make_event(RigSilent, session_uid=None, session_key=None)

    store = await carried([a_frame(0), silent, a_frame(60)], rate_hz=1)

    assert [decode(row.body)["overall_frame"] for row in store.rows] == [0, 60]


async def test_acceptance_14_the_hard_limit_keeps_laps_and_sessions_going() -> None:
    budget = Budget(0, 5, 5000)
    laps = [make_event(LapCompleted, own=True, lap_number=n, lap_time_ms=80_000) for n in range(8)]

    store = await carried([*map(a_frame, range(600)), *laps, make_event(SessionStarted)], budget)

    assert (store.counted()["LapEvent"], store.counted()["SessionEvent"]) == (8, 1)
    assert store.counted()["TelemetryEvent"] <= 5  # laps that came first count too
    assert budget.stopped_rows == 100 - store.counted()["TelemetryEvent"]


async def test_a_change_of_weather_is_told_by_the_clock_alone() -> None:
    bus: Bus[Event] = Bus()
    store = Store()
    now_s = 0.0
    feed = make_feed(bus, store)
    feed.rows_of(make_event(SessionStarted), 0.0)
    feed.rows_of(make_event(SessionState, mode="driving", weather="storm"), 1.0)

    rows = feed._sessions["RIG_A"].tick(now_s + 5.0)

    assert [decode(row.body)["weather_name"] for row in rows] == ["storm"]


async def test_rows_without_room_are_not_counted_as_sent() -> None:
    bus: Bus[Event] = Bus()
    store, budget = Store(room=3), Budget(0, 0, 5000)
    feed = make_feed(bus, store, budget)
    bus.publish(map(a_frame, range(60)))
    bus.close()
    await feed.run()

    assert (len(store.rows), budget.rows) == (3, 3)


async def test_a_row_that_does_not_fit_its_schema_is_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    bus: Bus[Event] = Bus()
    store = Store()
    feed = make_feed(bus, store)
    nobody = a_frame(1).model_copy(update={"overall_frame": "many"})
    bus.publish([nobody])
    bus.close()

    with caplog.at_level(logging.ERROR):
        await feed.run()

    assert (store.rows, feed.unfit) == ([], {"TelemetryEvent": 1})
    assert "#/overall_frame: expected type: Number, found: String" in caplog.text


async def test_a_flood_of_samples_does_not_push_out_a_lap() -> None:
    bus: Bus[Event] = Bus()
    store = Store()
    feed = make_feed(bus, store)
    bus.publish([make_event(LapCompleted, own=True, lap_number=1, lap_time_ms=80_000)])
    bus.publish(make_event(LapProgress) for _ in range(20_000))
    bus.close()
    await asyncio.wait_for(feed.run(), 20)

    assert store.counted() == {"LapEvent": 1}


async def test_acceptance_11_the_same_traffic_after_a_restart_has_the_same_keys() -> None:
    def told() -> list[Event]:
        heard = Heard()
        pipeline = RigPipeline(RigIdentity("RIG_A", "SIM_A"), heard, 2.0)
        for captured in read_capture(MELBOURNE):
            pipeline.receive(captured.payload, ("127.0.0.1", 1))
        return heard.events

    first, second = await carried(told()), await carried(told())

    assert len(first.rows) > 100
    assert {(row.object, row.key) for row in first.rows} == {(row.object, row.key) for row in second.rows}
