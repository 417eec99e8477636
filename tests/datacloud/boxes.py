"""Outboxes for tests: running ones, crashed ones, drained ones, and the sum that must always come out.

async with running(tmp_path / "outbox.sqlite3") as outbox:
    outbox.append(make_rows(10))
    assert await drained(outbox, "TelemetryEvent") == ...
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from app.datacloud.outbox import LaneStats, Limits, Outbox

SMALL: Final = Limits(budget_bytes=4 * 1024**2, min_free_bytes=0)
MIB: Final = 1024**2


class FakeTime:
    """A clock that only a test moves."""

    def __init__(self, now_s: float = 1_772_366_400.0) -> None:  # 2026-03-01 12:00:00 UTC
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


@asynccontextmanager
async def running(path: Path, limits: Limits = SMALL, **given: Any) -> AsyncIterator[Outbox]:  # Any: Outbox's arguments
    """An outbox that is open and commits."""
    outbox = Outbox(path, limits, **given)
    outbox.open()
    outbox.start(asyncio.get_running_loop())
    try:
        yield outbox
    finally:
        await outbox.close(10)


async def drained(outbox: Outbox, name: str, max_bytes: int = 190_000) -> list[bytes]:
    """Lease and acknowledge until nothing of the object is left; the rows in their order."""
    rows: list[bytes] = []
    while (lease := await outbox.lease(name, max_bytes)) is not None:
        rows += lease.rows
        outbox.ack(lease)
    await outbox.commit()
    return rows


async def until(condition: Callable[[], object], patience_s: float = 10.0) -> None:
    """Wait for something that another thread brings about."""
    async with asyncio.timeout(patience_s):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)


def crashed(path: Path, to: Path) -> Path:
    """The file and its log as a crash would leave them; a copy, in the directory `to`."""
    to.mkdir(parents=True)
    for each in path.parent.glob(f"{path.name}*"):
        if not each.name.endswith((".lock", ".ballast", "-shm")):
            shutil.copy(each, to / each.name)
    return to / path.name


def missing(lane: LaneStats) -> int:
    """Rows that were taken over and are nowhere; 0, always."""
    found = lane.delivered + lane.rows + lane.letters + lane.letters_lost + lane.purged + lane.evicted + lane.damaged
    return lane.taken - found
