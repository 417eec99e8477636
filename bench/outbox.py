"""The outbox: what a row costs to commit durably and to take out again, beside aiosqlite with one commit a row.

That is how asyncio programs mostly use SQLite: each row is an `INSERT` and a commit of its own, on a thread that the
event loop hands it to. Both write with `synchronous=FULL` into the same disk, and take turns in rounds. What is
compared is the CPU time of the whole process, since both work on two threads; where rows come at a game's pace, without
that of the pacing itself. Rows a second are by the wall clock: they tell as much of the disk.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from app.datacloud.outbox import Limits, Outbox
from app.datacloud.row import Row
from app.datacloud.schema import TELEMETRY
from bench import peers, report
from bench.findings import Findings
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
    single: tuple[Cost, Cost] | None
    bytes_per_row: float


class Found(NamedTuple):
    """Medians over the rounds; ratios are medians of the rounds' ratios. Of the peer: burst, paced; None without it."""

    burst: Cost
    drain: Cost
    paced: Cost
    single: tuple[Cost, Cost] | None
    ratios: tuple[float, float] | None
    bytes_per_row: float


def measure(rounds: int = ROUNDS) -> Found:
    """All rounds."""
    folder = peers.aiosqlite()
    if folder is not None and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    connect = None if folder is None else import_module("aiosqlite").connect
    found = [asyncio.run(_round(number, connect)) for number in range(rounds)]
    singles = [(each, each.single) for each in found if each.single is not None]
    single = ratios = None
    if singles:
        single = (_median([one[0] for _, one in singles]), _median([one[1] for _, one in singles]))
        ratios = (
            median(each.burst.us / one[0].us for each, one in singles),
            median(each.paced.us / one[1].us for each, one in singles),
        )
    return Found(
        burst=_median([each.burst for each in found]),
        drain=_median([each.drain for each in found]),
        paced=_median([each.paced for each in found]),
        single=single,
        ratios=ratios,
        bytes_per_row=median(each.bytes_per_row for each in found),
    )


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(median(each.us for each in costs), median(each.per_s for each in costs))


# Any: aiosqlite has no types where it is not installed.
async def _round(number: int, connect: Any) -> _Round:
    rows = make_rows(BURST, first_frame=number * BURST)
    few = rows[: BURST // 10]
    frames = _frames(number)
    peers.CACHE.mkdir(parents=True, exist_ok=True)  # on the checkout's disk: /tmp may be memory, which syncs at no cost
    with tempfile.TemporaryDirectory(prefix="outbox-", dir=peers.CACHE) as folder:
        outbox = Outbox(Path(folder) / "burst" / "outbox.sqlite3", _LIMITS)
        burst, size = await _with(outbox, lambda: _commit(outbox, rows), BURST)
        drain, _ = await _with(outbox2 := Outbox(outbox.path, _LIMITS), lambda: _drain(outbox2), BURST)
        steady = Outbox(Path(folder) / "paced" / "outbox.sqlite3", _LIMITS)
        paced, _ = await _with(steady, lambda: _pace(frames, steady.append), _count(frames))
        pacing = await _timed(lambda: _pace(frames, lambda _: None), _count(frames))
        singly = None
        if connect is not None:
            async with connect(Path(folder) / "single.sqlite3") as database:
                single = await _Single.made(database)
                single_burst = await _timed(lambda: single.commit_all(few), len(few))
                single_paced = await _timed(lambda: single.pace(frames), _count(frames))
                singly = (single_burst, _beyond(single_paced, pacing))
    return _Round(burst, drain, _beyond(paced, pacing), singly, size)


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
    """A row a commit, by aiosqlite."""

    def __init__(self, database: Any) -> None:
        self._database = database

    @classmethod
    async def made(cls, database: Any) -> _Single:
        """With its table, as durable as the outbox."""
        await database.execute("PRAGMA journal_mode=WAL")
        await database.execute("PRAGMA synchronous=FULL")
        await database.execute("CREATE TABLE row(id INTEGER PRIMARY KEY, object TEXT, key TEXT UNIQUE, body BLOB)")
        return cls(database)

    async def commit_all(self, rows: Sequence[Row]) -> None:
        """One after the other."""
        statement = "INSERT OR REPLACE INTO row(object, key, body) VALUES (?,?,?)"
        for row in rows:
            await self._database.execute(statement, (row.object, row.key, row.body))
            await self._database.commit()

    async def pace(self, frames: Sequence[Sequence[Row]]) -> None:
        """As they come."""
        waiting: asyncio.Queue[Sequence[Row] | None] = asyncio.Queue()

        async def write() -> None:
            while (frame := await waiting.get()) is not None:
                await self.commit_all(frame)

        writer = asyncio.create_task(write())
        await _pace(frames, waiting.put_nowait)
        waiting.put_nowait(None)
        await writer


# --- the report -----------------------------------------------------------------------------------


def run(rounds: int = ROUNDS) -> Findings:
    """This row of the benchmarks."""
    found = measure(rounds)
    burst, paced = found.ratios or (None, None)
    rows = [
        ["**outbox**, burst", *_cells(found.burst), _share(burst), f"{found.bytes_per_row:.0f}"],
        ["**outbox**, 2 rigs at 60 Hz", *_cells(found.paced), _share(paced), ""],
        ["outbox, drained in bodies of 190 kB", *_cells(found.drain), "", ""],
    ]
    figures = {}
    if found.single is not None and burst is not None and paced is not None:
        figures = {"outbox.burst": burst, "outbox.paced": paced}
        rows.append(["aiosqlite, one commit a row, burst", *_cells(found.single[0]), report.share(1.0), ""])
        rows.append(["aiosqlite, one commit a row, 2 rigs at 60 Hz", *_cells(found.single[1]), report.share(1.0), ""])
    peer = f"aiosqlite {peers.AIOSQLITE}" if found.single is not None else "aiosqlite could not be fetched"
    intro = (
        "## Outbox, per row\n\n"
        f"Telemetry rows of some 590 bytes, `synchronous=FULL`; CPU of the whole process, medians of {rounds} rounds "
        f"in turns; {peer}.\n"
    )
    columns = ("work", "CPU µs a row", "rows/s", "to aiosqlite", "bytes a row on disk")
    return Findings(f"{intro}\n{report.table(columns, rows)}", figures)


def _share(ratio: float | None) -> str:
    return "" if ratio is None else report.share(ratio)


def _cells(cost: Cost) -> list[str]:
    return [report.micros(cost.us), report.thousands(cost.per_s)]


if __name__ == "__main__":
    report.say(run().section)
