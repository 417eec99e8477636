"""The way to Data Cloud: what cutting batches costs beside the naive way, and what the uploader costs at work.

The naive way asks `len(json.dumps(records))` on every tick, until the next tick would pass the limit; most samples of
the Ingestion API do so. Ours adds up the lengths of rows that were encoded once.

The uploader runs with the real outbox and the real client in this process, against the emulator in another one.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.datacloud.batch import cut
from app.datacloud.client import DataCloud
from app.datacloud.config import cloud_config
from app.datacloud.encode import decode, encode, envelope
from app.datacloud.outbox import Limits, Outbox
from app.datacloud.retry import Backoff
from app.datacloud.row import Row
from app.datacloud.schema import TELEMETRY
from app.datacloud.uploader import Uploader
from app.settings import Settings
from bench import report
from bench.findings import Findings
from bench.gateway import emulated_org
from bench.timing import Contender, Measured, Work, compare, ready
from tests.datacloud.rows import make_rows

LIMIT_BYTES: Final = 190_000
BATCH_ROWS: Final = 300
TICK_ROWS: Final = 6  # 120 rows a second, 20 ticks
ROUNDS: Final = 9
PACED_ROWS_PER_S: Final = 120
PACED_S: Final = 10.0
BACKLOG_ROWS: Final = 30_000
CHECKED_ROWS: Final = 20_000
ACCEPTED_BYTES: Final = 200_000


class Uploaded(NamedTuple):
    """What the uploader did: rows delivered, seconds, seconds of CPU of this process."""

    rows: int
    lasted_s: float
    cpu_s: float


def run(rounds: int = ROUNDS, paced_s: float = PACED_S, backlog: int = BACKLOG_ROWS) -> Findings:
    """This row of the benchmarks.

    Args:
        rounds: Of batch building.
        paced_s: How long rows come at the pace of two rigs; 0 leaves the uploader out.
        backlog: Rows that are then sent as fast as it goes.
    """
    batching = batches(rounds)
    bodies = _ours([row.body for row in make_rows(CHECKED_ROWS)])
    largest = max(map(len, bodies))
    parts = [
        "## Data Cloud\n",
        report.table(
            ("from rows to a request body", "µs per row", "beside naive", "MB per CPU second"),
            [
                *_row(batching, "naive", "`len(json.dumps(records))` on every tick"),
                *_row(batching, "encode and cut", "a row encoded once, then cut and joined"),
                *_row(batching, "cut", "**cut and joined** from the rows that the outbox keeps"),
            ],
        ),
    ]
    parts.append(
        f"Every body was measured: {len(bodies)} of {report.thousands(CHECKED_ROWS)} rows, the largest of "
        f"{report.thousands(largest)} bytes; the service refuses more than {report.thousands(ACCEPTED_BYTES)}.\n"
    )
    if paced_s:
        paced, drained = asyncio.run(upload(paced_s, backlog))
        columns = ("uploader, outbox and client", "rows/s", "CPU, % of a core", "CPU, µs per row")
        told = [_told(f"{PACED_ROWS_PER_S} rows/s", paced), _told(f"a backlog of {backlog} rows", drained)]
        parts.append(report.table(columns, told))
    figures = {
        "upload": batching.ratio("cut", "naive"),
        "upload.encode": batching.ratio("encode and cut", "naive"),
        "upload.bytes": float(largest),
    }
    return Findings("\n".join(parts), figures)


def batches(rounds: int = ROUNDS) -> Measured:
    """The cost of a batch of telemetry by each way, per row."""
    rows = [row.body for row in make_rows(BATCH_ROWS)]
    records = [decode(row) for row in rows]
    return compare(
        [
            Contender("naive", BATCH_ROWS, lambda: _naive(records)),
            Contender(
                "encode and cut", BATCH_ROWS, ready(lambda: _ours([encode(TELEMETRY, each) for each in records]))
            ),
            Contender("cut", BATCH_ROWS, ready(lambda: _ours(rows))),
        ],
        rounds,
    )


# Any: records are parsed JSON.
def _naive(records: Sequence[dict[str, Any]]) -> Work:
    def work() -> bytes:
        waiting: list[dict[str, Any]] = []
        for begin in range(0, len(records), TICK_ROWS):
            waiting += records[begin : begin + TICK_ROWS]
            if len(json.dumps({"data": waiting})) > LIMIT_BYTES:
                break
        return json.dumps({"data": waiting}).encode()

    return work


def _ours(rows: Sequence[bytes]) -> list[bytes]:
    return [envelope(part) for part in cut(rows, LIMIT_BYTES)]


def _row(measured: Measured, name: str, words: str) -> list[tuple[str, ...]]:
    us = measured.us(name)
    row_bytes = sum(len(row.body) for row in make_rows(BATCH_ROWS)) / BATCH_ROWS
    return [(words, report.micros(us), report.share(measured.ratio(name, "naive")), report.thousands(row_bytes / us))]


def _told(what: str, done: Uploaded) -> tuple[str, ...]:
    return (
        what,
        report.thousands(done.rows / done.lasted_s),
        f"{100 * done.cpu_s / done.lasted_s:.1f}",
        report.micros(1e6 * done.cpu_s / done.rows),
    )


async def upload(paced_s: float, backlog: int) -> tuple[Uploaded, Uploaded]:
    """Rows at the pace of two rigs at 60 Hz, and then a backlog as fast as it goes."""
    with tempfile.TemporaryDirectory() as folder, emulated_org() as given:
        settings = Settings(_env_file=None, **{name.lower(): value for name, value in given.items()})  # type: ignore[call-arg, arg-type]  # text, as from the environment
        return await _both(settings, Path(folder), paced_s, backlog)


async def _both(settings: Settings, folder: Path, paced_s: float, backlog: int) -> tuple[Uploaded, Uploaded]:
    paced_rows = make_rows(round(PACED_ROWS_PER_S * paced_s))
    backlog_rows = make_rows(backlog, first_frame=len(paced_rows))
    async with AsyncExitStack() as stack:
        outbox = Outbox(folder / "outbox.sqlite3", Limits(queue_rows=10**6, queue_bytes=10**9))
        config = cloud_config(settings)
        cloud = DataCloud(config)
        backoff = Backoff(random.random)
        uploader = Uploader(outbox, cloud, config.destinations, 0.5, LIMIT_BYTES, 250, {}, backoff)
        outbox.open()
        outbox.on_committed = uploader.wake
        outbox.start(asyncio.get_running_loop())
        stack.push_async_callback(outbox.close, 5)
        stack.push_async_callback(cloud.close)
        running = asyncio.create_task(uploader.run())
        stack.callback(running.cancel)
        await _until(uploader, 0)
        paced = await _measured(uploader, outbox, paced_rows, PACED_ROWS_PER_S)
        return paced, await _measured(uploader, outbox, backlog_rows, None)


async def _measured(uploader: Uploader, outbox: Outbox, rows: Sequence[Row], per_s: float | None) -> Uploaded:
    before = uploader.lanes[TELEMETRY.name].rows["accepted"]
    began_s, cpu_s = time.monotonic(), time.process_time()
    if per_s is None:
        outbox.append(rows)
    else:
        for number in range(0, len(rows), TICK_ROWS):
            await asyncio.sleep(max(0.0, began_s + number / per_s - time.monotonic()))
            outbox.append(rows[number : number + TICK_ROWS])
    await _until(uploader, before + len(rows))
    return Uploaded(len(rows), time.monotonic() - began_s, time.process_time() - cpu_s)


async def _until(uploader: Uploader, accepted: int) -> None:
    async with asyncio.timeout(120):
        while uploader.lanes[TELEMETRY.name].rows["accepted"] < accepted:  # noqa: ASYNC110  # it counts, it calls nobody
            await asyncio.sleep(0.02)
