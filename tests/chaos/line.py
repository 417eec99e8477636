"""The way from the outbox to the org inside this process, built as the gateway builds it.

async with running_line(folder, settings) as line:
    line.outbox.append(rows)
    await line.drained(30)
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from app.datacloud.client import DataCloud
from app.datacloud.config import cloud_config
from app.datacloud.outbox import Limits, Outbox
from app.datacloud.retry import Backoff
from app.datacloud.row import Row
from app.datacloud.uploader import Uploader
from app.settings import Settings
from tests.datacloud.rows import make_rows

A_SECOND: Final = 120
"""Rows of two rigs at 60 Hz."""
_BEAT_S: Final = 0.1
_LAP_EVERY: Final = 10
"""Seconds; some rows of the rare objects go along with the telemetry."""


class Line(NamedTuple):
    """An outbox and its uploader, both at work."""

    outbox: Outbox
    uploader: Uploader

    @property
    def waiting(self) -> int:
        """Rows that are not delivered yet."""
        return sum(lane.rows + lane.queued for lane in self.outbox.stats().lanes.values())

    async def drained(self, patience_s: float) -> float:
        """Wait until all is delivered; how many seconds it took.

        Raises:
            TimeoutError: It is not, in time.
        """
        began_s = time.monotonic()
        async with asyncio.timeout(patience_s):
            while self.waiting:  # noqa: ASYNC110  # a count tells nobody that it falls
                await asyncio.sleep(0.05)
        return time.monotonic() - began_s


@asynccontextmanager
async def running_line(
    folder: Path, given: Mapping[str, str], deadline_s: float = 30.0, seed: int = 1
) -> AsyncIterator[Line]:
    """An outbox and its uploader.

    Args:
        folder: Takes the outbox.
        given: The gateway's settings, by name.
        deadline_s: Of a call.
        seed: Of the backoff.
    """
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in given.items()})  # type: ignore[call-arg, arg-type]  # pydantic-settings' documented parameter, and texts as in the environment
    config = cloud_config(settings)
    outbox, cloud = Outbox(folder / "line.sqlite3", Limits()), DataCloud(config, deadline_s)
    uploader = Uploader(
        outbox,
        cloud,
        config.destinations,
        flush_s=settings.datacloud_flush_ms / 1000,
        max_body_bytes=settings.datacloud_max_body_bytes,
        max_rps=settings.datacloud_max_rps,
        overrides=config.status_overrides,
        backoff=Backoff(random.Random(seed).random),
    )
    outbox.open()
    outbox.on_committed = uploader.wake
    outbox.start(asyncio.get_running_loop())
    running = asyncio.create_task(uploader.run(), name="uploader")
    try:
        yield Line(outbox, uploader)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await cloud.close()
        await outbox.close(5.0)


async def feed(line: Line, seconds: float, first_second: int = 0) -> list[Row]:
    """Put rows in as two rigs at 60 Hz do, in real time; the rows."""
    rows = list(driven(seconds, first_second))
    due_s, beats = time.monotonic(), iter(rows)
    while some := list(islice(beats, round(A_SECOND * _BEAT_S))):
        assert line.outbox.append(some) == 0
        due_s += _BEAT_S
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
    return rows


def driven(seconds: float, first_second: int = 0) -> Iterator[Row]:
    """The rows of two rigs that drive for so long."""
    for second in range(first_second, first_second + round(seconds)):
        telemetry: list[Sequence[Row]] = [make_rows(60, rig=rig, first_frame=60 * second) for rig in ("RIG_A", "RIG_B")]
        yield from (row for both in zip(*telemetry, strict=True) for row in both)
        if second % _LAP_EVERY == 0:
            for name in ("LapEvent", "RaceEvent", "SessionEvent"):
                yield from make_rows(1, name, first_frame=second // _LAP_EVERY)
