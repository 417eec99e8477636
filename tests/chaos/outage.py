"""Eight hours without network: a backlog of 3.46 million rows, and the org comes back while two rigs drive."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from app.datacloud.tables import Limits
from tests.chaos.backlog import EIGHT_HOURS, Backlog, telemetry
from tests.chaos.dashboard import Dashboard, Lap, percentile
from tests.chaos.evidence import Journal
from tests.chaos.stage import Stage, cloud, metric, processor_s, resident_mib
from tests.chaos.verdict import Check, Verdict, at_least, at_most, exactly, thousands
from tests.gateway import Running

ROUND_TRIP_S: Final = 0.15
BUDGET_BYTES: Final = 2 * 1024**3
_SETTLE_S: Final = 3.0  # the rigs' first frames
_FEW: Final = 500
"""Two driving rigs always have some rows on the way."""
_DOWN_S: Final = 10.0
_BACK_S: Final = 60.0
"""After so long without an answer the gateway tries again, at the latest."""
_RAMP_S: Final = 6.0
"""From one request in flight to four: ten good answers for each."""
_LAP_S: Final = 10.0
DRAIN_S: Final = 15 * 60.0
_RIGS: Final = ("RIG_A", "RIG_B")


class Sample(NamedTuple):
    """The gateway at one moment.

    Attributes:
        at_s: Monotonic seconds.
        waiting: Rows in the outbox.
        requests: Ingest requests that were answered well, since the start.
        resident_mib: Memory.
        processor_s: Seconds of a processor used.
    """

    at_s: float
    waiting: int
    requests: float
    resident_mib: float
    processor_s: float


def eight_hours(folder: Path, seconds: float = 75.0, rows: int = EIGHT_HOURS, *, whole: bool = False) -> Verdict:
    """U3: the backlog of eight hours drains while everything goes on.

    Args:
        folder: To play in.
        seconds: How long the drain is watched.
        rows: Of the backlog.
        whole: Whether it is watched to its end.
    """
    stage = Stage(folder)
    made = telemetry(stage.outbox, Limits(), rows)
    with ExitStack() as stack:
        # One rig with laps of 20 s, that laps may be seen to land; one that drives on without a break.
        stack.enter_context(stage.rigs("--short", ports=stage.rig_ports[:1]))
        stack.enter_context(stage.rigs(ports=stage.rig_ports[1:]))
        began_s = time.monotonic()
        gateway = stack.enter_context(stage.gateway())
        ready_s = time.monotonic() - began_s
        checks = asyncio.run(_Watch(stage, gateway, seconds, whole).watched())
    return Verdict(
        "U3",
        f"{thousands(made.rows)} rows wait, org down for {_DOWN_S:g} s, then back with {ROUND_TRIP_S * 1000:.0f} ms"
        " a request, 2 rigs × 60 Hz, a dashboard",
        "bounded disk and memory, ≥ 20 requests/s, new laps at once, live view untouched",
        [*_of_the_file(made), at_most("ready after", ready_s, 3.0, " s"), *checks],
    )


def _of_the_file(made: Backlog) -> list[Check]:
    return [
        at_most("file", made.file_bytes / 1024**2, BUDGET_BYTES / 1024**2, " MiB"),
        exactly("evicted", made.evicted, 0),
    ]


class _Watch:
    def __init__(self, stage: Stage, gateway: Running, seconds: float, whole: bool) -> None:
        self._stage, self._gateway, self._seconds, self._whole = stage, gateway, seconds, whole
        self._landed_s: dict[str, float] = {}
        self._journal = Journal(stage.journal)

    async def watched(self) -> list[Check]:
        """Play it; what was measured."""
        async with AsyncExitStack() as stack:
            dashboard = await stack.enter_async_context(Dashboard(self._gateway.socket_url))
            await asyncio.sleep(_SETTLE_S)
            before, down_s = await self._sample(), time.monotonic()
            await asyncio.sleep(_DOWN_S)
            back_s = time.monotonic()
            org = await asyncio.to_thread(stack.enter_context, self._stage.org())
            org.configure(keep_deliveries=1000, keep_requests=1000)  # its memory is not what is measured
            org.faults({"action": "delay", "seconds": ROUND_TRIP_S})
            samples = await self._samples(back_s)
            while dashboard.laps and dashboard.laps[-1].at_s > time.monotonic() - _LAP_S:
                await self._look()
            org_share = processor_s(org.process.pid) / (time.monotonic() - back_s)
        return [
            Check(f"first row accepted {samples[0].at_s - back_s:.1f} s after the return"),
            *_of_the_drain(samples, before),
            Check(f"the org's processor share {org_share:.0%}"),
            *self._of_the_laps([lap for lap in dashboard.laps if lap.at_s >= samples[0].at_s]),
            *(check for rig in _RIGS for check in _of_the_view(dashboard, rig, (down_s, back_s), samples)),
        ]

    async def _samples(self, back_s: float) -> list[Sample]:
        """The gateway once a second, from the first answer on."""
        samples = [await self._sample()]
        while samples[-1].requests == 0:
            if samples[-1].at_s - back_s > _BACK_S:
                raise TimeoutError("the gateway does not come back")
            await asyncio.sleep(0.25)
            samples = [await self._sample()]
        while not self._is_enough(samples):
            await self._look()
            samples.append(await self._sample())
        return samples

    def _is_enough(self, samples: list[Sample]) -> bool:
        watched_s = samples[-1].at_s - samples[0].at_s
        if samples[-1].waiting < _FEW:
            return True
        return watched_s >= (2 * DRAIN_S if self._whole else self._seconds)

    async def _sample(self) -> Sample:
        # In a thread: the dashboard's clock must not wait for it.
        return await asyncio.to_thread(_sample, self._gateway)

    async def _look(self) -> None:
        """See for about a second whether laps have landed."""
        await asyncio.sleep(1.0)
        for told in await asyncio.to_thread(self._journal.more):
            if told.object == "LapEvent":
                self._landed_s.setdefault(told.values["event_id"], time.monotonic())

    def _of_the_laps(self, laps: list[Lap]) -> list[Check]:
        """How soon laps that were driven during the drain were at the org; to about a second."""
        late_s = [self._landed_s.get(lap.key, float("inf")) - lap.at_s for lap in laps]
        return [at_least("laps driven meanwhile", len(laps), 1), at_most("slowest to land", max(late_s), _LAP_S, " s")]


def _sample(gateway: Running) -> Sample:
    return Sample(
        time.monotonic(),
        cloud(gateway)["waiting"]["rows"],
        metric(gateway, "f1_datacloud_requests_total", outcome="delivered"),
        resident_mib(gateway.process.pid),
        processor_s(gateway.process.pid),
    )


def _of_the_drain(samples: list[Sample], before: Sample) -> list[Check]:
    steady = [sample for sample in samples if sample.at_s >= samples[0].at_s + _RAMP_S] or samples[-2:]
    first, last = steady[0], steady[-1]
    seconds = last.at_s - first.at_s
    drained = (first.waiting - last.waiting) / seconds
    left_s = last.at_s - samples[0].at_s + max(0, last.waiting) / drained
    is_done = last.waiting < _FEW
    return [
        at_least("requests/s", (last.requests - first.requests) / seconds, 20),
        Check(f"{thousands(drained)} rows/s net, measured over {seconds:.0f} s"),
        at_most("all drained" if is_done else "all drained, by that rate", left_s / 60, DRAIN_S / 60, " min"),
        Check(f"{thousands(last.waiting)} rows still wait"),
        at_most("memory grew by", max(each.resident_mib for each in samples) - before.resident_mib, 50, " MiB"),
        Check(f"to {max(each.resident_mib for each in samples):.0f} MiB"),
        Check(f"gateway's processor share {(last.processor_s - first.processor_s) / seconds:.0%}"),
    ]


def _of_the_view(dashboard: Dashboard, rig: str, down: tuple[float, float], samples: list[Sample]) -> list[Check]:
    """The gaps between a rig's frames while the backlog drained, beside those while nothing was sent."""
    idle = dashboard.gaps_ms(rig, *down)
    busy = dashboard.gaps_ms(rig, samples[0].at_s, samples[-1].at_s)
    return [
        Check(f"{rig}: {len(busy)} frames"),
        at_most("p99 gap", percentile(busy, 0.99), 75, " ms"),
        at_most("largest", percentile(busy, 1.0), 250, " ms"),
        Check(f"while the org was gone {percentile(idle, 0.99):.0f} and {percentile(idle, 1.0):.0f} ms"),
    ]
