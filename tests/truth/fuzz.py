"""`make fuzz`: a million hostile datagrams through the product's pipeline; nothing raises, every JSON is JSON.

Half are noise and damaged real datagrams, half are valid ones with single fields made impossible: NaN, infinity, 255,
the largest integer, text that is no text. Seeded, so every run is the same.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, NoReturn

from app.ingest.capture import read_capture
from app.normalize.events import Event
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline
from app.sim.run import simulate

CAPTURES: Final = Path(__file__).resolve().parent.parent / "captures"
_HEADER: Final = 29
_PATTERNS: Final = (
    struct.pack("<f", float("nan")),
    struct.pack("<f", float("inf")),
    struct.pack("<f", float("-inf")),
    struct.pack("<f", 3.4e38),
    struct.pack("<d", float("nan")),
    b"\xff",
    b"\xff\xff",
    b"\xff\xff\xff\xff",
    b"\x80",
    b"\x00\x00\x00\x00",
    b"\xc3\x28\xa0\xa1",  # no UTF-8
    b"\xe2\x80\xae<b>",  # U+202E
)


@cache
def streams() -> tuple[tuple[bytes, ...], ...]:
    """Valid datagrams in order: the recorded ones, and simulated ones of every format."""
    recorded = [tuple(captured.payload for captured in read_capture(path)) for path in sorted(CAPTURES.glob("*.gz"))]
    run = simulate("flashback_over_line", seed=5, rate_hz=20)
    simulated = [tuple(datagram for _, datagram in run.stream(0, each)) for each in (2023, 2024, 2025, 2026)]
    return tuple(recorded + simulated)


def hostile(stream: Sequence[bytes], random: Random) -> Iterator[bytes]:
    """A stream with its fields made impossible here and there, and as many datagrams of noise in between."""
    for original in stream:
        datagram = bytearray(original)
        yield _with_impossible_fields(datagram, random) if random.random() < 0.7 else original
        match random.randrange(4):
            case 0:
                yield random.randbytes(random.randrange(1500))
            case 1:
                yield original[: random.randrange(len(original) + 1)]
            case 2:
                yield original + random.randbytes(random.randrange(1, 40))
            case _:
                datagram[random.randrange(29)] = random.randrange(256)
                yield bytes(datagram)


def _with_impossible_fields(datagram: bytearray, random: Random) -> bytes:
    for _ in range(random.randrange(1, 12)):
        pattern = random.choice(_PATTERNS)
        at = random.randrange(_HEADER, len(datagram) - len(pattern))
        datagram[at : at + len(pattern)] = pattern
    return bytes(datagram)


class Reader:
    """A sink that reads every event's JSON as a strict reader does."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()

    def publish(self, items: Sequence[Event]) -> None:
        for event in items:
            told = json.loads(event.model_dump_json(), parse_constant=_no_json)
            if told["car_index"] is not None and not 0 <= told["car_index"] < 256:
                raise AssertionError(f"car {told['car_index']}")
            self.events[told["kind"]] += 1


def _no_json(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


class Outcome(NamedTuple):
    """What became of the datagrams that were sent."""

    sent: int
    valid: int
    rejected: Counter[str]
    implausible: Counter[str]
    events: Counter[str]


def fuzz(count: int, seed: int = 1) -> Outcome:
    """Send hostile datagrams, each stream into a pipeline of its own, round and round, until `count` are sent."""
    random, reader = Random(seed), Reader()
    outcome = Outcome(count, 0, Counter(), Counter(), reader.events)
    left = count
    for stream in cycle(streams()):
        clock = [0.0]
        pipeline = RigPipeline(RigIdentity("RIG_A", "SIM_A"), reader, 2.0, monotonic=partial(clock.__getitem__, 0))
        for datagram in islice(hostile(stream, random), left):
            clock[0] += 0.003
            pipeline.receive(datagram, ("127.0.0.1", 20777))
            left -= 1
        outcome.rejected.update(pipeline.rejected)
        outcome.implausible.update(pipeline.normalizer.implausible)
        outcome = outcome._replace(valid=outcome.valid + pipeline.packets_received)
        if not left:
            return outcome
    raise AssertionError("there are no streams")


def main() -> int:
    """Print what became of them; 1 when a datagram made us fail."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    told = fuzz(options.count, options.seed)
    sys.stdout.write(
        f"{told.sent} sent = {told.valid} valid + {dict(told.rejected)}\n"
        f"{told.events.total()} events, all JSON; implausible {dict(told.implausible)}\n"
    )
    return 1 if told.rejected["internal"] or told.valid + told.rejected.total() != told.sent else 0


if __name__ == "__main__":
    sys.exit(main())
