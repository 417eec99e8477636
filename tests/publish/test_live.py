"""The live view between bus and hub."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from app.bus import Bus
from app.metrics import Distributions
from app.normalize.events import ButtonsChanged, CarTelemetry, DuelState, Event, LapProgress, LightsOut
from app.publish.frames import RigCard
from app.publish.live import LiveView

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
PATIENCE_S = 5.0


def make_event(kind: type[Event], rig_id: str = "RIG_A", **changes: Any) -> Event:
    """An event of which nothing is known but what is told."""
    base = dict.fromkeys(name for name in kind.model_fields if name != "source_type")
    told = {"rig_id": rig_id, "session_uid": "7", "overall_frame": 1, "received_at": AT}
    return kind.model_validate({**base, **told, **changes})


def derived(**changes: Any) -> Event:
    """A duel in which nothing is known yet."""
    unknown = (None, None, None)
    return make_event(DuelState, same_race=False, sector_times_ms=unknown, sector_marks=unknown, **changes)


class Link:
    def packets_per_s(self) -> int:
        return 0


class Clients:
    """Keeps what is pushed."""

    def __init__(self) -> None:
        self.states: list[dict[str, Any]] = []
        self.facts: list[dict[str, Any]] = []
        self.more = asyncio.Event()

    def push_state(self, rig_id: str, text: str) -> None:
        self.states.append(json.loads(text))
        self.more.set()

    def push_fact(self, rig_id: str, text: str) -> None:
        self.facts.append(json.loads(text))
        self.more.set()

    async def states_of(self, rig_id: str, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE_S):
            while len(found := [state for state in self.states if state["rig_id"] == rig_id]) < count:
                self.more.clear()
                await self.more.wait()
        return found

    async def facts_of(self, rig_id: str, count: int) -> list[dict[str, Any]]:
        async with asyncio.timeout(PATIENCE_S):
            while len(found := [fact for fact in self.facts if fact["rig_id"] == rig_id]) < count:
                self.more.clear()
                await self.more.wait()
        return found


class Stage:
    """A live view that runs."""

    def __init__(self) -> None:
        self.bus: Bus[Event] = Bus()
        self.clients = Clients()
        cards = [RigCard(f"RIG_{letter}", 0, f"SIM_{letter}", None) for letter in "AB"]
        self.live = LiveView(
            rigs=[(card, None, Link()) for card in cards],
            bus=self.bus,
            rate_hz=20,
            stale_after_s=2,
            version="0.1.0",
            wall=lambda: AT,
            distributions=Distributions(CollectorRegistry()),
        )


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    running = asyncio.create_task(stage.live.run(stage.clients))
    yield stage
    stage.bus.close()
    await running


async def test_a_sample_reaches_the_clients_even_when_no_frame_is_ever_completed(stage: Stage) -> None:
    stage.bus.publish([make_event(CarTelemetry, speed_kph=287)])

    (state,) = await stage.clients.states_of("RIG_A", 1)
    assert state["data"]["speed_kph"] == 287


async def test_what_is_derived_of_a_frame_causes_no_state_of_its_own(stage: Stage) -> None:
    for frame in (1, 2):
        stage.bus.publish([make_event(LapProgress, overall_frame=frame), make_event(CarTelemetry, overall_frame=frame)])
        sent = len(await stage.clients.states_of("RIG_A", frame))

    began_s = time.monotonic()
    stage.bus.publish([derived(overall_frame=2)])
    await stage.clients.states_of("RIG_A", sent + 1)

    assert time.monotonic() - began_s > 0.5  # the beat of a silent rig, not a state 50 ms after the last one


async def test_what_is_derived_goes_out_alone_when_the_rigs_own_frames_have_stopped(stage: Stage) -> None:
    stage.bus.publish([derived(overall_frame=2)])

    (state,) = await stage.clients.states_of("RIG_A", 1)

    assert state["seq"] == 1


async def test_states_are_numbered_per_rig_from_one(stage: Stage) -> None:
    for frame in range(1, 4):
        stage.bus.publish([make_event(LapProgress, overall_frame=frame), make_event(CarTelemetry, overall_frame=frame)])
        await stage.clients.states_of("RIG_A", frame)

    assert [state["seq"] for state in await stage.clients.states_of("RIG_A", 3)] == [1, 2, 3]


async def test_facts_are_told_in_order_and_numbered_per_rig(stage: Stage) -> None:
    stage.bus.publish([make_event(LightsOut, overall_frame=n) for n in range(1, 4)])
    stage.bus.publish([make_event(LightsOut, rig_id="RIG_B")])

    first = await stage.clients.facts_of("RIG_A", 3)
    (other,) = await stage.clients.facts_of("RIG_B", 1)

    assert [(fact["seq"], fact["event"]["overall_frame"]) for fact in first] == [(1, 1), (2, 2), (3, 3)]
    assert other["seq"] == 1


async def test_a_snapshot_is_the_state_now_and_then_the_facts_so_far(stage: Stage) -> None:
    stage.bus.publish([make_event(CarTelemetry, speed_kph=287), make_event(LightsOut)])
    await stage.clients.facts_of("RIG_A", 1)
    await stage.clients.states_of("RIG_A", 1)

    state, fact = map(json.loads, stage.live.snapshot("RIG_A"))

    assert (state["type"], state["data"]["speed_kph"]) == ("telemetry_update", 287)
    assert (fact["type"], fact["replay"], fact["event"]["kind"]) == ("event", True, "LightsOut")


async def test_a_crowd_that_comes_at_once_is_told_the_same_state_until_there_is_a_newer_one(stage: Stage) -> None:
    stage.bus.publish([make_event(CarTelemetry, speed_kph=287)])
    await stage.clients.states_of("RIG_A", 1)
    first, second = stage.live.snapshot("RIG_A")[0], stage.live.snapshot("RIG_A")[0]
    stage.bus.publish([make_event(CarTelemetry, overall_frame=2, speed_kph=288)])
    await stage.clients.states_of("RIG_A", 2)
    newer = json.loads(stage.live.snapshot("RIG_A")[0])

    assert first is second
    assert (newer["seq"], newer["data"]["speed_kph"]) == (2, 288)


async def test_button_presses_are_told_live_but_not_kept(stage: Stage) -> None:
    stage.bus.publish([make_event(ButtonsChanged, bits=1, buttons=())])
    await stage.clients.facts_of("RIG_A", 1)

    assert len(stage.live.snapshot("RIG_A")) == 1


async def test_a_rig_that_never_sent_is_told_about_once_a_second(stage: Stage) -> None:
    (state,) = await stage.clients.states_of("RIG_B", 1)

    assert (state["data"]["link"], state["data"]["stale_s"]) == ("never", None)


async def test_the_last_state_leaves_although_no_further_frame_comes(stage: Stage) -> None:
    for frame in (1, 2, 3):
        stage.bus.publish([make_event(CarTelemetry, overall_frame=frame, speed_kph=frame)])
        await asyncio.sleep(0)

    async with asyncio.timeout(PATIENCE_S):
        while not stage.clients.states or stage.clients.states[-1]["data"]["speed_kph"] != 3:
            stage.clients.more.clear()
            await stage.clients.more.wait()


def test_the_hello_names_all_rigs() -> None:
    hello = json.loads(Stage().live.hello())

    assert [rig["rig_id"] for rig in hello["rigs"]] == ["RIG_A", "RIG_B"]
