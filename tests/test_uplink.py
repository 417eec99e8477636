"""The way to Data Cloud, wired: events on a bus, rows in an emulated org."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from app.bus import Bus
from app.datacloud.config import cloud_config
from app.metrics import METRICS
from app.normalize.events import CarTelemetry, Event, LapCompleted, SessionStarted
from app.settings import Settings
from app.supervisor import Supervisor
from app.uplink import Uplink
from tests.datacloud.org import throwaway_org
from tests.normalize.make_events import make_event


def make_settings(org: dict[str, str], tmp_path: Path, **changes: Any) -> Settings:
    given = {name.lower(): value for name, value in org.items()}
    own = {"datacloud_outbox_path": str(tmp_path / "outbox.sqlite3"), "datacloud_flush_ms": 250}
    return Settings(_env_file=None, **{**given, **own, **changes})  # type: ignore[call-arg]  # pydantic-settings' documented parameter


def drive() -> list[Event]:
    frames = [make_event(CarTelemetry, overall_frame=n, session_time_s=n / 60) for n in range(60)]
    return [make_event(SessionStarted), *frames, make_event(LapCompleted, own=True, lap_number=1, lap_time_ms=80_000)]


def nothing_waits(uplink: Uplink) -> bool:
    return bool(uplink.body()["waiting"]["rows"] == 0)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110  # what a counter says, nobody calls
            await asyncio.sleep(0.02)


async def run(uplink: Uplink, bus: Bus[Event], events: list[Event], is_done: Callable[[], bool]) -> None:
    """Open, carry, and stop as `main` does."""
    supervisor = Supervisor(on_death=lambda stage: None)
    uplink.open()
    uplink.start(supervisor)
    bus.publish(events)
    await until(is_done)
    uplink.tick()
    bus.close()
    await uplink.stop(supervisor)
    await supervisor.stop(1.0)
    await uplink.close()


async def test_what_happens_on_a_rig_lands_in_the_org(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, org):
        settings, bus = make_settings(org, tmp_path), Bus[Event]()
        uplink = Uplink(settings, cloud_config(settings), bus)
        await run(uplink, bus, drive(), lambda: uplink.body()["state"] == "connected")
        emulator.process()

        landed = {name: len(emulator.rows(name)) for name in ("SessionEvent", "LapEvent", "TelemetryEvent")}

    assert landed == {"SessionEvent": 1, "LapEvent": 1, "TelemetryEvent": 10}
    assert uplink.body()["safe_to_pack_up"] is True
    assert uplink.problems() == []


async def test_what_was_not_sent_before_the_end_is_sent_after_the_next_start(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, org):
        settings, bus = make_settings(org, tmp_path), Bus[Event]()
        emulator.go_down()
        uplink = Uplink(settings, cloud_config(settings), bus)
        await run(uplink, bus, drive(), lambda: uplink.uploader.trouble is not None)
        kept = uplink.body()["waiting"]["rows"]
        await emulator.come_back()

        bus = Bus[Event]()
        uplink = Uplink(settings, cloud_config(settings), bus)
        await run(uplink, bus, [], lambda: uplink.body()["waiting"]["rows"] == 0)
        emulator.process()

        assert kept == 12
        assert len(emulator.rows("TelemetryEvent")) == 10
        assert emulator.counters("TelemetryEvent").same_key_other_bytes == 0


async def test_after_a_restart_nothing_is_told_twice_and_the_day_goes_on(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, org):
        settings = make_settings(org, tmp_path)
        for _ in range(2):
            bus = Bus[Event]()
            uplink = Uplink(settings, cloud_config(settings), bus)
            events = [event for event in drive() if not isinstance(event, CarTelemetry)]
            await run(uplink, bus, events, partial(nothing_waits, uplink))

        assert emulator.counters("LapEvent").received == 1
        assert emulator.counters("SessionEvent").received == 1
        assert uplink.body()["today"]["rows"] == 2


async def test_every_reading_is_of_a_declared_metric_with_its_labels(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (_, org):
        settings, bus = make_settings(org, tmp_path), Bus[Event]()
        uplink = Uplink(settings, cloud_config(settings), bus)
        await run(uplink, bus, drive(), lambda: uplink.body()["state"] == "connected")
        labels = {spec.name: len(spec.labels) for spec in METRICS}

        readings = list(uplink.readings())

    assert [name for name, values, _ in readings if labels[name] != len(values)] == []
    told = {(name, *values): number for name, values, number in readings}
    assert told["f1_datacloud_uploaded",] == 12
    assert told["f1_datacloud_rows", "LapEvent", "accepted"] == 1
    assert {name for name in labels if name.startswith("f1_datacloud")} == {name for name, *_ in readings}


async def test_an_operator_has_a_parked_object_tried_again_at_once_and_an_unknown_one_not(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (_, org):
        settings = make_settings(org, tmp_path)
        uplink = Uplink(settings, cloud_config(settings), Bus[Event]())
        lane = uplink.uploader.lanes["LapEvent"]
        lane.park("a wrong field", now_s=10.0)

        unknown, rests = uplink.resume("Nothing"), lane.rests(11.0)
        resumed = uplink.resume("LapEvent")
        again = uplink.resume("all")

    assert (unknown, rests, resumed, again) == (False, True, True, True)
    assert not lane.rests(11.0)
