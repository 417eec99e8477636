"""`make captures DIR=...`: every capture of a folder through decoder and normaliser, as a table; 1 when one errs."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from app.ingest.capture import CapturedDatagram, read_capture
from app.normalize.events import Event, Fact
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Passed(NamedTuple):
    """What became of one capture."""

    name: str
    datagrams: int
    rejected: Counter[str]
    events: list[Event]
    unknown: Counter[str]
    implausible: Counter[str]

    @property
    def errors(self) -> int:
        """Datagrams that were not read, and events with values that cannot be true."""
        return self.rejected.total() + self.implausible.total()

    def facts(self, kind: type[Fact]) -> list[Fact]:
        """Every fact of a kind, the newest word on each."""
        newest = {event.event_id: event for event in self.events if isinstance(event, kind)}
        return list(newest.values())


class _Collector(list[Event]):
    def publish(self, items: list[Event]) -> None:
        self.extend(items)


def pass_through(path: Path) -> Passed:
    """Send a capture through the product's pipeline, on the capture's own clock."""
    now: list[CapturedDatagram] = []
    events = _Collector()
    pipeline = RigPipeline(
        RigIdentity("RIG_A", "SIM_A"),
        events,
        stale_after_s=2.0,
        wall=lambda: EPOCH + timedelta(seconds=now[-1].at_s),
        monotonic=lambda: now[-1].at_s,
    )
    count = 0
    for captured in read_capture(path):
        now[:] = [captured]
        pipeline.receive(captured.payload, captured.source)
        count += 1
    normalizer = pipeline.normalizer
    return Passed(path.name, count, pipeline.rejected, list(events), normalizer.unknown, normalizer.implausible)


def captures_of(folder: Path) -> Iterator[Path]:
    """Every capture of a folder, gzipped or not."""
    yield from sorted(path for path in folder.iterdir() if path.name.endswith((".pcap", ".pcap.gz")))


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="make captures", description=__doc__)
    parser.add_argument("folder", type=Path)
    told = [pass_through(path) for path in captures_of(parser.parse_args().folder)]
    sys.stdout.write(
        "| capture | datagrams | errors | events | laps | unknown values |\n| --- | --- | --- | --- | --- | --- |\n"
    )
    for passed in told:
        laps = len({e.event_id for e in passed.events if type(e).__name__ == "LapCompleted"})
        row = (passed.name, passed.datagrams, passed.errors, len(passed.events), laps, dict(passed.unknown) or "none")
        sys.stdout.write("| " + " | ".join(map(str, row)) + " |\n")
    return 1 if any(passed.errors for passed in told) or not told else 0


if __name__ == "__main__":
    sys.exit(main())
