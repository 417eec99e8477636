"""The outbox: what a row costs to commit durably and to take out again, beside one commit a row.

The other is the shape in which asyncio programs mostly use SQLite (aiosqlite's): each row is an `INSERT` and a commit
of its own, on a thread that the event loop hands it to. Both write with `synchronous=FULL` into the same disk, and take
turns in rounds. What is compared is the CPU time of the whole process, since both work on two threads; where rows come
at a game's pace, without that of the pacing itself. Rows a second are by the wall clock: they tell as much of the disk.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from app.datacloud.outbox import Limits, Outbox
from app.datacloud.row import Row
from app.datacloud.schema import TELEMETRY
from bench import report
from tests.datacloud.rows import make_rows

ROUNDS: Final = 7
BURST: Final = 20_000
"""Rows that are there at once: what the outbox can do when it must."""
PACED_S: Final = 2.0
PACE_HZ: Final = 60
RIGS: Final = ("RIG_A", "RIG_B")
_LIMITS: Final = Limits(min_free_bytes=0)


class Cost(NamedTuple):
    """One piece of work on some rows: per row in microseconds of CPU, and rows a second by the wall clock."""

    us: float
    per_s: float


class _Round(NamedTuple):
    burst: Cost
    drain: Cost
    paced: Cost
    single_burst: Cost
    single_paced: Cost
    bytes_per_row: float


class Found(NamedTuple):
    """Medians over the rounds; ratios are medians of the rounds' ratios."""

    burst: Cost
    drain: Cost
    paced: Cost
    single_burst: Cost
    single_paced: Cost
    burst_ratio: float
    paced_ratio: float
    bytes_per_row: float


def measure() -> Found:
    """All rounds."""
    rounds = [asyncio.run(_round(number)) for number in range(ROUNDS)]
    return Found(
        burst=_median([each.burst for each in rounds]),
        drain=_median([each.drain for each in rounds]),
        paced=_median([each.paced for each in rounds]),
        single_burst=_median([each.single_burst for each in rounds]),
        single_paced=_median([each.single_paced for each in rounds]),
        burst_ratio=median(each.single_burst.us / each.burst.us for each in rounds),
        paced_ratio=median(each.single_paced.us / each.paced.us for each in rounds),
        bytes_per_row=median(each.bytes_per_row for each in rounds),
    )


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(each.us for each in costs), median(each.per_s for each in costs))


async def _round(number: int) -> _Round:
    rows = make_rows(BURST, first_frame=number * BURST)
    few = rows[: BURST // 10]
    frames = _frames(number)
    with tempfile.TemporaryDirectory(prefix="bench-outbox-", dir=".") as folder:
        outbox = Outbox(Path(folder) / "burst" / "outbox.sqlite3", _LIMITS)
        burst, size = await _with(outbox, lambda: _commit(outbox, rows), BURST)
        drain, _ = await _with(outbox2 := Outbox(outbox.path, _LIMITS), lambda: _drain(outbox2), BURST)
        steady = Outbox(Path(folder) / "paced" / "outbox.sqlite3", _LIMITS)
        paced, _ = await _with(steady, lambda: _pace(frames, steady.append), _count(frames))
        pacing = await _timed(lambda: _pace(frames, lambda _: None), _count(frames))
        single = _Single(Path(folder) / "single.sqlite3")
        single_burst = await _timed(lambda: single.commit_all(few), len(few))
        single_paced = await _timed(lambda: _pace(frames, single.append), _count(frames))
        await single.close()
    return _Round(burst, drain, _beyond(paced, pacing), single_burst, _beyond(single_paced, pacing), size)


def _beyond(cost: Cost, pacing: Cost) -> Cost:
    return cost._replace(us=max(0.1, cost.us - pacing.us))


def _frames(number: int) -> list[list[Row]]:
    """What two rigs make at 60 Hz, frame by frame."""
    count = round(PACED_S * PACE_HZ)
    lanes = [make_rows(count, rig=rig, first_frame=number * count) for rig in RIGS]
    return [list(frame) for frame in zip(*lanes, strict=True)]


def _count(frames: Sequence[Sequence[Row]]) -> int:
    return sum(map(len, frames))


async def _with(outbox: Outbox, work: Callable[[], Coroutine[Any, Any, None]], rows: int) -> tuple[Cost, float]:
    """Work with an outbox that is open: its cost, and the file's bytes per row afterwards."""
    outbox.open()
    outbox.start(asyncio.get_running_loop())
    cost = await _timed(work, rows)
    await outbox.commit()
    await outbox.close(30)
    return cost, outbox.path.stat().st_size / rows


async def _timed(work: Callable[[], Coroutine[Any, Any, None]], rows: int) -> Cost:
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    await work()
    return Cost((time.process_time() - cpu_s) / rows * 1e6, rows / (time.perf_counter() - wall_s))


async def _commit(outbox: Outbox, rows: Sequence[Row]) -> None:
    """As fast as the queue takes them."""
    for start in range(0, len(rows), 500):
        if outbox.append(rows[start : start + 500]):
            raise RuntimeError("the queue was full")
        if outbox.stats().lanes[TELEMETRY.name].queued > 5000:
            await outbox.commit()
    await outbox.commit()


async def _drain(outbox: Outbox) -> None:
    while (lease := await outbox.lease(TELEMETRY.name, 190_000)) is not None:
        outbox.ack(lease)
    await outbox.commit()


async def _pace(frames: Sequence[Sequence[Row]], append: Callable[[Sequence[Row]], object]) -> None:
    began_s = time.monotonic()
    for number, frame in enumerate(frames):
        if (ahead_s := number / PACE_HZ - (time.monotonic() - began_s)) > 0:
            await asyncio.sleep(ahead_s)
        append(frame)
    await asyncio.sleep(0.15)


class _Single:
    """A row a commit, on a thread of its own."""

    def __init__(self, path: Path) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE row(id INTEGER PRIMARY KEY, object TEXT, key TEXT UNIQUE, body BLOB)")
        self._tasks: list[asyncio.Future[None]] = []

    async def commit_all(self, rows: Sequence[Row]) -> None:
        loop = asyncio.get_running_loop()
        for row in rows:
            await loop.run_in_executor(self._pool, self._insert, row)

    def append(self, rows: Sequence[Row]) -> None:
        loop = asyncio.get_running_loop()
        self._tasks += [loop.run_in_executor(self._pool, self._insert, row) for row in rows]

    async def close(self) -> None:
        await asyncio.gather(*self._tasks)
        self._db.close()
        self._pool.shutdown()

    def _insert(self, row: Row) -> None:
        statement = "INSERT OR REPLACE INTO row(object, key, body) VALUES (?,?,?)"
        self._db.execute(statement, (row.object, row.key, row.body))


# --- the report -----------------------------------------------------------------------------------


def section() -> str:
    """This row of the benchmarks, in Markdown."""
    found = measure()
    rows = [
        ["outbox, burst", *_cells(found.burst), report.share(1.0), f"{found.bytes_per_row:.0f}"],
        ["one commit a row, burst", *_cells(found.single_burst), report.share(found.burst_ratio), ""],
        ["outbox, 2 rigs at 60 Hz", *_cells(found.paced), report.share(1.0), ""],
        ["one commit a row, 2 rigs at 60 Hz", *_cells(found.single_paced), report.share(found.paced_ratio), ""],
        ["outbox, drained in bodies of 190 kB", *_cells(found.drain), "", ""],
    ]
    intro = (
        "## Outbox, per row\n\n"
        f"Telemetry rows of some 590 bytes, `synchronous=FULL`; CPU of the whole process, medians of {ROUNDS} "
        "rounds in turns. *One commit a row* is the standard library's sqlite3 behind an executor, as in aiosqlite.\n"
    )
    columns = ("work", "CPU µs a row", "rows/s", "CPU to outbox", "bytes a row on disk")
    return f"{intro}\n{report.table(columns, rows)}"


def _cells(cost: Cost) -> list[str]:
    return [report.micros(cost.us), report.thousands(cost.per_s)]


if __name__ == "__main__":
    report.say(section())
