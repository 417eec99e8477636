"""The pipeline in process, on one core: CPU per datagram, and how many datagrams a second that is.

`RigPipeline.receive` → bus → `LiveView` → a hub that only counts, for ten clients. No sockets: see `ceiling` for those.
Half as many rigs as fill a core get slices of a capture at the game's own pace, so that the 20 states a second and rig
weigh what they weigh in life. The stages before it take turns with it, on the same slices.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, islice
from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry

from app.bus import Bus
from app.ingest.decoder import decode
from app.ingest.header import parse_header
from app.metrics import Distributions
from app.normalize.events import Event
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline, utc_now
from app.publish.frames import RigCard
from app.publish.live import LiveView
from bench import report
from bench.findings import Findings
from bench.timing import Contender, Measured, Work, compare
from bench.traffic import Mix, catalunya, endless, melbourne

CLIENTS: Final = 10

ROUNDS: Final = 9
SLICE_S: Final = 0.5
_WARM_UP: Final = 2  # slices that `compare` takes before the rounds
_RIGS_OF_A_STAGE: Final = 8
"""Rigs of the stages that make no states: there the cost of a datagram does not depend on their number."""
_FILLED: Final = 0.5
"""The share of a core that the rigs should need: late timers would make fewer states, and the whole look cheap."""
_SOURCE: Final = ("127.0.0.1", 40_000)
_NEVER_STALE_S: Final = 3600.0  # rigs pause while other contenders have their turn


class Frame(NamedTuple):
    """What the game sent at one instant: seconds since the slice began, and datagrams."""

    at_s: float
    datagrams: Sequence[bytes]


Slice = Sequence[Frame]


class _CountingHub:
    """Takes texts as the hub does, and counts what so many clients would get."""

    def __init__(self) -> None:
        self.bytes = 0
        self.states = 0

    def push_state(self, rig_id: str, text: str) -> None:
        self.states += 1
        self._push(text)

    def push_fact(self, rig_id: str, text: str) -> None:
        self._push(text)

    def _push(self, text: str) -> None:
        for _ in range(CLIENTS):
            self.bytes += len(text)


class _Nobody:
    """Where events go that nobody wants."""

    def publish(self, items: list[Event]) -> None:
        """Forget them."""


class _Live:
    """Pipelines, bus and live view as `main` wires them, on a loop of their own that turns only while it is fed."""

    def __init__(self, rigs: int) -> None:
        self.hub = _CountingHub()
        self.lived_s = 0.0
        self._runner = asyncio.Runner(loop_factory=_loop_factory())
        bus: Bus[Event] = Bus()
        self._bus = bus
        names = [f"RIG_{number}" for number in range(rigs)]
        self._pipelines = [RigPipeline(RigIdentity(name, name), bus, _NEVER_STALE_S) for name in names]
        live = LiveView(
            rigs=[
                (RigCard(name, 0, name, None), None, line) for name, line in zip(names, self._pipelines, strict=True)
            ],
            bus=bus,
            rate_hz=20,
            stale_after_s=_NEVER_STALE_S,
            version="bench",
            wall=utc_now,
            distributions=Distributions(CollectorRegistry()),
        )
        self._task = self._runner.get_loop().create_task(live.run(self.hub))

    def feed(self, part: Slice) -> None:
        """Give every rig each frame of the slice when it is due, and let the live view follow."""
        self._runner.run(self._feed(part, paced=True))

    def flood(self, part: Slice) -> None:
        """As `feed`, but without waiting."""
        self._runner.run(self._feed(part, paced=False))

    def close(self) -> None:
        """Let the live view end."""
        self._bus.close()
        self._runner.run(asyncio.wait_for(self._task, 5))
        self._runner.close()
        _check_used(self._pipelines)

    async def _feed(self, part: Slice, *, paced: bool) -> None:
        began_s = time.monotonic()
        for frame in part:
            if paced and (ahead_s := frame.at_s - (time.monotonic() - began_s)) > 0:
                await asyncio.sleep(ahead_s)
            for pipeline in self._pipelines:
                for datagram in frame.datagrams:
                    pipeline.receive(datagram, _SOURCE)
                await asyncio.sleep(0)
        self.lived_s += time.monotonic() - began_s


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What uvicorn chooses, too: uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _slices(mix: Mix, rounds: int) -> tuple[list[Slice], int]:
    """The mix cut into slices, and how many datagrams each has."""
    size = round(mix.per_s * SLICE_S)
    sent = endless(mix)
    return [_by_frame(list(islice(sent, size))) for _ in range(rounds + _WARM_UP)], size


def _by_frame(sent: Sequence[tuple[float, bytes]]) -> Slice:
    began_s = sent[0][0]
    frames = [list(frame) for _, frame in groupby(sent, key=lambda each: parse_header(each[1]).session_time)]
    return [Frame(frame[0][0] - began_s, [payload for _, payload in frame]) for frame in frames]


def _decode_only(part: Slice) -> None:
    for frame in part:
        for datagram in frame.datagrams:
            decode(datagram)


def _receive_only(pipelines: Sequence[RigPipeline], part: Slice) -> None:
    for frame in part:
        for pipeline in pipelines:
            for datagram in frame.datagrams:
                pipeline.receive(datagram, _SOURCE)


def _on_each(slices: Sequence[Slice], work: Callable[[Slice], None]) -> Callable[[], Work]:
    """Prepares the next slice each time: contenders that take turns work on the same ones."""
    remaining = iter(slices)
    return lambda: partial(work, next(remaining))


def _check_used(pipelines: Sequence[RigPipeline]) -> None:
    """All was good traffic: else the cost of refusing it would be measured."""
    refused = {line.identity.rig_id: +line.rejected for line in pipelines if line.rejected.total()}
    if refused:
        raise RuntimeError(f"datagrams were refused: {refused}")


class InProcess(NamedTuple):
    """What was found for one mix."""

    mix: Mix
    rigs: int
    costs: Measured
    states_per_s: float
    bytes_per_s: float


def in_process(mix: Mix, rounds: int = ROUNDS) -> InProcess:
    """Measure the stages on one mix."""
    slices, size = _slices(mix, rounds)
    rigs = _rigs_for(slices, size)
    stage = [
        RigPipeline(RigIdentity(f"RIG_{n}", f"RIG_{n}"), _Nobody(), _NEVER_STALE_S) for n in range(_RIGS_OF_A_STAGE)
    ]
    live = _Live(rigs)
    try:
        costs = compare(
            [
                Contender("decode", size, _on_each(slices, _decode_only)),
                Contender("receive", size * len(stage), _on_each(slices, partial(_receive_only, stage))),
                Contender("whole", size * rigs, _on_each(slices, live.feed)),
            ],
            rounds,
            turn_s=0.0,
        )
    finally:
        live.close()
    _check_used(stage)
    rig_s = rigs * live.lived_s
    return InProcess(mix, rigs, costs, live.hub.states / rig_s, live.hub.bytes / rig_s)


def _rigs_for(slices: Sequence[Slice], size: int) -> int:
    """How many rigs need the wanted share of a core, by a first try with a few."""
    few = 16
    live = _Live(few)
    tried = Contender("flood", size * few, _on_each(slices, live.flood))
    try:
        us = compare([tried], rounds=len(slices) - _WARM_UP, turn_s=0.0).us("flood")
    finally:
        live.close()
    return max(1, round(_FILLED * 1e6 / us / (size / SLICE_S)))


# --- the report -----------------------------------------------------------------------------------


def run(rounds: int = ROUNDS) -> Findings:
    """This row of the benchmarks."""
    found = [in_process(mix, rounds) for mix in (catalunya(), melbourne())]
    columns = (
        "mix",
        "one rig sends",
        "decode µs",
        "+ normalise µs",
        "whole µs",
        "whole to decode",
        "**datagrams/s on one core**",
        "rigs measured",
        "states/s and rig",
        "kB/s to 10 clients, per rig",
    )
    intro = (
        "## Whole pipeline in process, per datagram\n\n"
        "`RigPipeline.receive` → bus → `LiveView` → a hub that counts for 10 clients; no sockets. *decode* and "
        "*+ normalise* are the stages on the way, on the same datagrams, in turns.\n"
    )
    whole = found[-1].costs.ratio("whole", "decode")
    return Findings(f"{intro}\n{report.table(columns, map(_cells, found))}", {"pipeline": whole})


def _cells(found: InProcess) -> list[str]:
    whole_us = found.costs.us("whole")
    return [
        found.mix.name,
        f"{found.mix.per_s:.0f}/s",
        report.micros(found.costs.us("decode")),
        report.micros(found.costs.us("receive")),
        report.micros(whole_us),
        report.share(found.costs.ratio("whole", "decode")),
        f"**{report.thousands(1e6 / whole_us)}**",
        str(found.rigs),
        f"{found.states_per_s:.1f}",
        f"{found.bytes_per_s / 1000:.0f}",
    ]


if __name__ == "__main__":
    report.say(run().section)
