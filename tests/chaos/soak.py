"""Half an hour of two driving rigs, as fast as it goes: does memory stay flat, and what does a row cost?

`python -m tests.chaos.soak FOLDER ROWS` is the process that is measured, the org being another one; it reads the
gateway's settings from its environment and prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any, Final

from app.datacloud.row import Row
from tests.chaos.backlog import laps
from tests.chaos.evidence import Journal
from tests.chaos.line import A_SECOND, running_line
from tests.chaos.stage import Stage, resident_mib
from tests.chaos.verdict import Check, Verdict, at_most, exactly, thousands
from tests.gateway import ROOT

MINUTES: Final = 30
ROWS: Final = MINUTES * 60 * A_SECOND
_AT_ONCE: Final = 600
_MOST_QUEUED: Final = 3_000
_SAMPLE_ROWS: Final = 3_600
"""Half a simulated minute."""
_WARM: Final = 1 / 3
"""So much of the run is not looked at: caches fill, the allocator finds its size."""


def soak(folder: Path, rows: int = ROWS) -> Verdict:
    """A16: half an hour at 120 rows a second, compressed."""
    stage = Stage(folder)
    with stage.org("--strict") as org:
        org.configure(keep_deliveries=1000, keep_requests=1000)
        command = [sys.executable, "-m", "tests.chaos.soak", str(folder), str(rows)]
        ended = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **stage.settings()},
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        )
    measured = json.loads(ended.stdout)
    arrived = len({told.body for told in Journal(stage.journal).more()})
    return Verdict(
        "A16",
        f"{thousands(rows)} rows, {rows / A_SECOND / 60:.0f} simulated minutes of two rigs, as fast as it goes",
        "memory flat, descriptors and tasks constant, nothing lost",
        [
            exactly("rows at the org", arrived, rows),
            at_most("memory grows by", _slope(measured["resident_mib"]), 1, " MiB in 10 simulated minutes"),
            Check(f"{measured['resident_mib'][0]:.0f} MiB at first, {measured['resident_mib'][-1]:.0f} at last"),
            exactly("descriptors and tasks", measured["after"], measured["before"]),
            Check(f"{measured['processor_s'] / rows * 1000 * 1000:.0f} ms of a processor for 1000 rows"),
            Check(f"{thousands(rows / measured['took_s'])} rows/s"),
        ],
    )


def _slope(resident_mib: list[float]) -> float:
    """Growth in MiB for ten simulated minutes: the line of least squares through what comes after the warm-up."""
    warm = resident_mib[int(len(resident_mib) * _WARM) :]
    middle, mean = (len(warm) - 1) / 2, sum(warm) / len(warm)
    rise = sum((place - middle) * (value - mean) for place, value in enumerate(warm))
    a_sample = rise / sum((place - middle) ** 2 for place in range(len(warm)))
    return a_sample * 600 * A_SECOND / _SAMPLE_ROWS


async def _measured(folder: Path, rows: int) -> dict[str, Any]:  # Any: JSON
    """Push the rows through; memory along the way, and what it took."""
    settings = {name: text for name, text in os.environ.items() if name.startswith(("DATACLOUD_", "SF_"))}
    async with running_line(folder, {**settings, "DATACLOUD_MAX_RPS": "250"}) as line:
        bodies, resident, pushed, before = laps(rows), [resident_mib(os.getpid())], 0, None
        began_s, used_s = time.monotonic(), time.process_time()
        while some := [Row("TelemetryEvent", "", body) for body in islice(bodies, _AT_ONCE)]:
            assert line.outbox.append(some) == 0
            pushed += len(some)
            while line.waiting > _MOST_QUEUED:  # noqa: ASYNC110  # a count tells nobody that it falls
                await asyncio.sleep(0.002)
            if pushed % _SAMPLE_ROWS == 0:
                resident.append(resident_mib(os.getpid()))
            before = before or _holdings(pushed > rows * _WARM)
        await line.drained(60)
        await asyncio.sleep(0.5)
        used_s, took_s = time.process_time() - used_s, time.monotonic() - began_s
        return {
            "resident_mib": resident,
            "processor_s": used_s,
            "took_s": took_s,
            "before": before,
            "after": _holdings(True),
        }


def _holdings(look: bool) -> list[int] | None:
    """How many descriptors are open, and how many tasks run that are no uploads."""
    if not look:
        return None
    tasks = [task for task in asyncio.all_tasks() if not task.get_name().startswith("upload ")]
    return [len(os.listdir("/proc/self/fd")), len(tasks)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_measured(Path(sys.argv[1]), int(sys.argv[2])))) + "\n")
