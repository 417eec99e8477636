"""The supervisor: a stage that dies is loud, one that is told to stop is not."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from app.supervisor import Supervisor


async def test_a_stage_that_raises_is_told_by_name_and_shown_as_down(caplog: pytest.LogCaptureFixture) -> None:
    died: list[str] = []
    supervisor = Supervisor(died.append)

    async def broken() -> None:
        raise RuntimeError("boom")

    supervisor.start("live", broken())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert died == ["live"]
    assert supervisor.stages() == {"live": False}
    assert "stage live has died" in caplog.text


async def test_a_stage_that_returns_although_nobody_asked_it_to_counts_as_dead() -> None:
    died: list[str] = []
    supervisor = Supervisor(died.append)

    async def too_short() -> None:
        return

    supervisor.start("clock", too_short())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert died == ["clock"]


async def test_stopping_lets_a_stage_finish_what_it_has() -> None:
    died: list[str] = []
    done: list[str] = []
    inlet_closed = asyncio.Event()
    supervisor = Supervisor(died.append)

    async def stage() -> None:
        await inlet_closed.wait()
        done.append("drained")

    supervisor.start("live", stage())
    await asyncio.sleep(0)
    inlet_closed.set()
    await supervisor.stop(patience_s=1)

    assert (done, died) == (["drained"], [])


async def test_stopping_cancels_a_stage_that_does_not_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    died: list[str] = []
    supervisor = Supervisor(died.append)

    supervisor.start("stuck", asyncio.sleep(3600))
    await asyncio.sleep(0)
    await supervisor.stop(patience_s=0.01)

    assert supervisor.stages() == {"stuck": False}
    assert died == []


async def test_somebody_who_asks_twice_does_not_wait_for_a_stage_that_hangs() -> None:
    supervisor = Supervisor(lambda stage: None)
    began_s = time.monotonic()

    supervisor.start("stuck", asyncio.sleep(3600))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.05, supervisor.hurry)
    await supervisor.drain("stuck", patience_s=60)
    await supervisor.stop(patience_s=60)

    assert time.monotonic() - began_s < 2
    assert supervisor.stages() == {"stuck": False}


async def test_a_stage_that_only_needs_a_moment_has_it_also_when_it_is_hurried() -> None:
    done: list[str] = []
    supervisor = Supervisor(lambda stage: None)

    async def stage() -> None:
        await asyncio.sleep(0.05)
        done.append("committed")

    supervisor.start("cloud_feed", stage())
    supervisor.hurry()
    await supervisor.stop(patience_s=60)

    assert done == ["committed"]


async def test_all_stages_together_have_one_patience_however_many_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.supervisor.DRAIN_S", 0.1)
    supervisor = Supervisor(lambda stage: None)
    for stage in ("one", "two", "three"):
        supervisor.start(stage, asyncio.sleep(3600))
    began_s = time.monotonic()

    for stage in ("one", "two", "three"):
        await supervisor.drain(stage, patience_s=60)
    await supervisor.stop(patience_s=60)

    assert time.monotonic() - began_s < 1
