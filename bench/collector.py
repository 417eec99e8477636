"""`python -m bench.collector KEPT`: the garbage collector's longest stop with 100 000 buffered events, by what is kept.

Buffered in the product's form are rows: those of the outbox's queue as bytes in memory, the others on disk. Beside it
stand the same events kept as the models that they are. `queue` is the product at its worst, with a disk that takes
nothing: the queue is full, and what does not fit is lost and counted. Each is a process of its own, started and frozen
as the gateway is; what the collector does while events come, and a whole collection at the end, is timed by its hooks.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any, Final, Literal

from app.datacloud.outbox import Limits, Outbox
from app.datacloud.schema import TELEMETRY
from app.ingest.decoder import decode
from app.ingest.packets import CarTelemetryPacket
from app.normalize.events import CarTelemetry, Event
from app.normalize.minting import RigIdentity
from app.normalize.normalizer import Normalizer
from bench import report
from bench.findings import Findings
from bench.machine import ROOT
from bench.traffic import lobby
from tests.datacloud.rows import make_rows

EVENTS: Final = 100_000
KEPT: Final = ("outbox", "queue", "models")
_WORDS: Final = {
    "outbox": "**the product**: rows in its outbox",
    "queue": "the product with a disk that takes nothing: its queue full",
    "models": "events kept as models",
}
_PIECE: Final = 500
_LOOKED_AT_S: Final = 2.0
_AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)


class _Stops:
    """How long the collector held everything up, by its own hooks."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._began_s = 0.0

    def __call__(self, phase: Literal["start", "stop"], info: dict[str, Any]) -> None:
        if phase == "start":
            self._began_s = time.perf_counter()
        else:
            self.longest_s = max(self.longest_s, time.perf_counter() - self._began_s)


def run(rounds: int = 3, events: int = EVENTS) -> Findings:
    """This row of the benchmarks."""
    found: dict[str, list[float]] = {kept: [] for kept in KEPT}
    for number in range(rounds):
        for at in range(len(KEPT)):
            kept = KEPT[(number + at) % len(KEPT)]
            command = [sys.executable, "-m", "bench.collector", kept, str(events)]
            told = json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)
            found[kept].append(told["longest_s"])
    rows = [
        [_WORDS[kept], f"{1000 * median(found[kept]):.1f}", report.share(_ratio(found, kept, "models"))]
        for kept in KEPT
    ]
    intro = (
        "## Longest stop of the garbage collector\n\n"
        f"{report.thousands(events)} telemetry events buffered, after `gc.freeze()`; medians of {rounds} rounds in "
        "turns.\n"
    )
    table = report.table(("kept", "longest stop ms", "to models"), rows)
    figures = {"collector": _ratio(found, "outbox", "models"), "collector.queue": _ratio(found, "queue", "models")}
    return Findings(f"{intro}\n{table}", figures)


def _ratio(found: dict[str, list[float]], kept: str, to: str) -> float:
    return median(one / other for one, other in zip(found[kept], found[to], strict=True))


# --- the child's side -----------------------------------------------------------------------------


async def _in_outbox(events: int, stops: _Stops, *, commits: bool) -> None:
    limits = Limits(min_free_bytes=0)
    with tempfile.TemporaryDirectory(prefix="bench-collector-") as folder:
        outbox = Outbox(Path(folder) / "outbox.sqlite3", limits)
        outbox.open()
        if commits:
            outbox.start(asyncio.get_running_loop())
        _begin(stops)
        for start in range(0, events, _PIECE):
            refused = outbox.append(make_rows(_PIECE, first_frame=start))
            if refused and commits:
                raise RuntimeError(f"the outbox had no room for {refused} rows")
            if commits and outbox.stats().lanes[TELEMETRY.name].queued > _PIECE:
                await outbox.commit()
        gc.collect()
        _end(stops)
        await outbox.close(30)


def _as_models(events: int, stops: _Stops) -> None:
    normalizer, kept = Normalizer(RigIdentity("RIG_A", "RIG_A")), list[Event]()
    packets = [decode(payload) for at_s, payload in lobby().datagrams if at_s < _LOOKED_AT_S]
    for packet in packets:
        normalizer.feed(packet, _AT)
    telemetry = cycle(packet for packet in packets if isinstance(packet, CarTelemetryPacket))
    frame = packets[-1].header.overall_frame_identifier
    _begin(stops)
    while len(kept) < events:
        frame += 1
        packet = next(telemetry)
        header = packet.header._replace(frame_identifier=frame, overall_frame_identifier=frame)
        told = normalizer.feed(packet._replace(header=header), _AT)
        kept += [event for event in told if isinstance(event, CarTelemetry)]
    gc.collect()
    _end(stops)


def _begin(stops: _Stops) -> None:
    gc.collect()
    gc.freeze()  # as the gateway does after its start
    gc.callbacks.append(stops)


def _end(stops: _Stops) -> None:
    with suppress(ValueError):
        gc.callbacks.remove(stops)


def main() -> None:
    """Keep so many events in one way, and print the longest stop as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.collector", description="The collector's longest stop.")
    parser.add_argument("kept", choices=KEPT)
    parser.add_argument("events", type=int, nargs="?", default=EVENTS)
    given = parser.parse_args()
    stops = _Stops()
    if given.kept == "models":
        _as_models(given.events, stops)
    else:
        asyncio.run(_in_outbox(given.events, stops, commits=given.kept == "outbox"))
    sys.stdout.write(json.dumps({"longest_s": stops.longest_s}))


if __name__ == "__main__":
    main()
