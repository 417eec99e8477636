"""Floods on a rig's port, from a stranger and in the rig's own name: what the rigs lose, and what it costs."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Final, NamedTuple

from app.ingest.bucket import MOST_PER_S
from tests.chaos.dashboard import Dashboard, percentile
from tests.chaos.driving import Driving
from tests.chaos.stage import processor_s
from tests.chaos.verdict import Check, Verdict, at_least, at_most, exactly, thousands
from tests.flood import flooding
from tests.gateway import Running, running_gateway

STRANGER: Final = "127.0.0.9"
RIG_A: Final = "127.0.0.1"
RIG_B: Final = "127.0.0.2"
_AFTER_S: Final = 0.5
_LAG: Final = re.compile(r'f1_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)')


class Flooded(NamedTuple):
    """What a flood on RIG_A's port did.

    Attributes:
        per_s: Datagrams that the flooder sent a second.
        sent: Datagrams of the two rigs.
        taken: Those that the gateway took for theirs.
        processor: Of one core, the gateway's share during the flood.
        gaps_ms: Between frames of RIG_B at a dashboard, during the flood; sorted.
        lag_ms: How late the loop woke a timer at most, for 99 of 100 timers; as far as the histogram's buckets tell.
        read: Datagrams of RIG_A's port that reached the gateway at all.
        problems: What it told its operator.
    """

    per_s: float
    sent: list[int]
    taken: list[int]
    processor: float
    gaps_ms: list[float]
    lag_ms: float
    read: int
    problems: list[str]

    def lost_percent(self, rig: int) -> float:
        """Share of a rig's datagrams that were not taken."""
        return 100 * (self.sent[rig] - self.taken[rig]) / self.sent[rig]


def flooded_by_a_stranger(_: Path, seconds: float = 10.0) -> Verdict:
    """I4: 400 000 datagrams a second from another address."""
    seen = asyncio.run(_flooded(STRANGER, 400_000, seconds))
    return Verdict(
        "I4",
        f"{thousands(seen.per_s)} datagrams/s from {STRANGER} for {seconds:.0f} s",
        "the kernel's filter drops them, the rigs lose nothing, the operator is told who it is",
        stranger_checks(seen),
    )


def flooded_in_its_name(_: Path, seconds: float = 10.0) -> Verdict:
    """I5: 20 000 valid datagrams a second with RIG_A's own address."""
    seen = asyncio.run(_flooded(RIG_A, 20_000, seconds))
    return Verdict(
        "I5",
        f"{thousands(seen.per_s)} valid datagrams/s with the address of RIG_A for {seconds:.0f} s",
        "RIG_A's measure is full, RIG_B goes on",
        own_name_checks(seen),
    )


def stranger_checks(seen: Flooded) -> list[Check]:
    """The numbers of I4."""
    return [
        Check(f"{thousands(seen.per_s)} datagrams/s sent"),
        at_most("lost of the rig", max(0.0, seen.lost_percent(0)), 0.1, " %"),
        at_most("lost of the other rig", max(0.0, seen.lost_percent(1)), 0, " %"),
        at_most("processor", 100 * seen.processor, 25, " % of a core"),
        exactly("the flooder named", any(STRANGER in sentence for sentence in seen.problems), True),
    ]


def own_name_checks(seen: Flooded) -> list[Check]:
    """The numbers of I5; a 99th percentile is one of at least a hundred gaps."""
    many = len(seen.gaps_ms) >= 100
    return [
        Check(f"{thousands(seen.per_s)} datagrams/s sent"),
        at_most("lost of the other rig", max(0.0, seen.lost_percent(1)), 0, " %"),
        at_least("frames of the other rig", len(seen.gaps_ms), 20),
        at_most("their longest gap", seen.gaps_ms[-1] if seen.gaps_ms else float("inf"), 250, " ms"),
        *([at_most("their gap at p99", percentile(seen.gaps_ms, 0.99), 75, " ms")] if many else []),
        at_most("loop lag at p99", seen.lag_ms, 50, " ms"),
        exactly("told", any("more datagrams from 127.0.0.1 than a game sends" in each for each in seen.problems), True),
    ]


async def _flooded(sender: str, per_s: int, seconds: float) -> Flooded:
    with (
        running_gateway(UDP_MAX_DATAGRAMS_PER_S=str(MOST_PER_S)) as gateway,
        Driving(gateway.rig_ports, senders=(RIG_A, RIG_B)) as rigs,
    ):
        async with Dashboard(gateway.socket_url) as dashboard:
            await asyncio.to_thread(rigs.until_all_drive)
            lags = await asyncio.to_thread(_lags, gateway)
            processor, began_s = processor_s(gateway.process.pid), time.monotonic()
            with flooding(sender, gateway.rig_ports[0], per_s, seconds, valid=sender == RIG_A) as flooder:
                assert flooder.stdout is not None
                flood = int(await asyncio.to_thread(flooder.stdout.read))
            ended_s = time.monotonic()
            spent = processor_s(gateway.process.pid) - processor
            later_lags = await asyncio.to_thread(_lags, gateway)
            await asyncio.sleep(_AFTER_S)
            await asyncio.to_thread(rigs.stop)
            await asyncio.sleep(_AFTER_S)
        health = gateway.health()
        told = list(health["gateway"]["rigs"].values())
        return Flooded(
            per_s=flood / seconds,
            sent=list(rigs.sent),
            taken=[rig["packets_received"] for rig in told],
            processor=spent / (ended_s - began_s),
            gaps_ms=dashboard.gaps_ms("RIG_B", began_s, ended_s),
            lag_ms=_lag_ms(lags, later_lags),
            read=told[0]["packets_received"] + told[0]["packets_rejected"],
            problems=health["problems"],
        )


def _lags(gateway: Running) -> dict[float, float]:
    """Timers so far that woke no later than so many seconds."""
    return {float(bound): float(count) for bound, count in _LAG.findall(gateway.get("/metrics")[1])}


def _lag_ms(before: dict[float, float], after: dict[float, float]) -> float:
    """The bucket that holds the slowest of a hundred timers in between."""
    timers = after[float("inf")] - before[float("inf")]
    return 1000 * next(bound for bound in sorted(after) if after[bound] - before[bound] >= 0.99 * timers)
