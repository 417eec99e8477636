"""The supervisor: a stage that dies is loud, one that is told to stop is not."""

from __future__ import annotations

import asyncio
import logging

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
