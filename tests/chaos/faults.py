"""An org that fails at half of all calls, and one that says no for a while."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.datacloud.emulator.emulator import Emulator
from app.datacloud.emulator.faults import Fault
from app.datacloud.emulator.org import Seen
from app.datacloud.row import Row
from app.datacloud.schema import BY_NAME, OBJECTS
from tests.chaos.kills import busiest
from tests.chaos.line import feed, running_line
from tests.chaos.stage import INGEST
from tests.chaos.verdict import Check, Verdict, at_least, at_most, exactly, thousands
from tests.datacloud.org import throwaway_org
from tests.datacloud.rows import make_rows

_DEADLINE_S: Final = 2.0
_DRAIN_S: Final = 120.0
_CEILING: Final = 10
_RETRY_AFTER_S: Final = 2.0
_CALM_S: Final = 5.0
_ON_THE_WAY_S: Final = 0.05
"""A call that is answered so soon after a refusal was under way already."""


def mixed_faults(folder: Path, seconds: float = 60.0, seed: int = 7) -> Verdict:
    """A7: five kinds of trouble, 10 % each."""
    return asyncio.run(_mixed_faults(folder, seconds, seed))


async def _mixed_faults(folder: Path, seconds: float, seed: int) -> Verdict:
    async with (
        throwaway_org(folder, seed=seed) as (org, settings),
        running_line(folder, settings, _DEADLINE_S, seed) as line,
    ):
        org.set_faults(_a_tenth_each())
        rows = await feed(line, seconds)
        org.set_faults(())
        met = [seen.fault for seen in org.requests() if seen.fault is not None]
        took_s = await line.drained(_DRAIN_S)
        org.process()
        calls = [seen for seen in org.requests() if seen.path.startswith(INGEST)]
        checks = [
            Check(f"{thousands(len(rows))} rows, {len(calls)} calls of which {len(met)} were spoilt"),
            exactly("kinds of trouble met", len(set(met)), 4),
            Check(f"drained {took_s:.1f} s after the end"),
            *_exactly_once(org, rows),
        ]
    return Verdict(
        "A7",
        f"10 % each of 500, 503, reset before, commit then reset, commit then silence; {seconds:g} s at 120 rows/s",
        "each row once at the org, none changed",
        checks,
    )


def _a_tenth_each() -> list[Fault]:
    """Rules are looked through in order, so a later one sees only what the earlier ones left."""
    kinds = [
        Fault("status", code=500, body="<html>Internal Server Error</html>"),
        Fault("status", code=503),
        Fault("reset_before"),
        Fault("commit_then_reset"),
        Fault("commit_then_delay", seconds=2 * _DEADLINE_S),
    ]
    return [
        Fault(**{**vars(kind), "path_regex": INGEST, "probability": 0.1 / (1 - 0.1 * place)})
        for place, kind in enumerate(kinds)
    ]


def _exactly_once(org: Emulator, rows: Sequence[Row]) -> list[Check]:
    """Whether the org holds the newest telling of each row, and nothing else."""
    wrong = 0
    for spec in OBJECTS:
        newest = {row.key: json.loads(row.body) for row in rows if row.object == spec.name}
        held = {str(record[spec.primary_key]): record for record in org.rows(spec.name).values()}
        wrong += sum(held.get(key) != newest.get(key) for key in newest.keys() | held.keys())
        wrong += len(org.rows(spec.name)) - len(held)
    counts = {name: org.counters(name) for name in BY_NAME}
    changed = sum(counts[name].updated_changed for name in BY_NAME if name != "SessionEvent")
    return [
        exactly("rows missing, doubled or other than the newest telling", wrong, 0),
        exactly("changed rows", changed, 0),
        Check(f"{sum(count.updated_identical for count in counts.values())} came again and were the same"),
        exactly("stale or refused", sum(count.stale + count.problem + count.blank for count in counts.values()), 0),
    ]


def storm(folder: Path, seconds: float = 20.0, seed: int = 1) -> Verdict:
    """A6: the org answers 429 to everything for a while and says when to come back."""
    return asyncio.run(_storm(folder, seconds, seed))


async def _storm(folder: Path, seconds: float, seed: int) -> Verdict:
    async with (
        throwaway_org(folder, seed=seed) as (org, settings),
        running_line(folder, {**settings, "DATACLOUD_MAX_RPS": str(_CEILING)}, seed=seed) as line,
    ):
        backlog = make_rows(14_000, first_frame=1_000_000)
        assert line.outbox.append(backlog) == 0
        org.set_faults([_no_to_all(seconds)])
        rows = [*backlog, *await feed(line, _CALM_S + seconds)]
        took_s = await line.drained(_DRAIN_S)
        org.process()
        calls = [seen for seen in org.requests() if seen.path.startswith(INGEST)]
        checks = [
            *_of_the_storm(calls),
            Check(f"drained {took_s:.0f} s after the storm"),
            *_exactly_once(org, rows),
        ]
    return Verdict(
        "A6",
        f"429 with Retry-After {_RETRY_AFTER_S:g} to everything for {seconds:g} s, 120 rows/s on top of a backlog",
        "nobody asks early, never above the ceiling, nothing lost",
        checks,
    )


def _no_to_all(seconds: float) -> Fault:
    return Fault(
        "status",
        code=429,
        headers={"Retry-After": f"{_RETRY_AFTER_S:g}"},
        path_regex=INGEST,
        from_s=_CALM_S,
        until_s=_CALM_S + seconds,
    )


def _of_the_storm(calls: Sequence[Seen]) -> list[Check]:
    refused_s = [seen.at_s for seen in calls if seen.status == 429]
    at_s = [seen.at_s for seen in calls]
    early = sum(any(no_s + _ON_THE_WAY_S < call_s < no_s + _RETRY_AFTER_S for no_s in refused_s) for call_s in at_s)
    before = busiest([call_s for call_s in at_s if call_s < refused_s[0]])
    first_again_s = min(call_s for call_s in at_s if call_s > refused_s[-1])
    return [
        at_least("refused calls", len(refused_s), 3),
        exactly("calls before their time", early, 0),
        at_least("busiest second before the storm", before, _CEILING - 2),
        # One more: the very first call has its turn, and leaves only when the login is done.
        at_most("busiest second of all", busiest(at_s), _CEILING + 1),
        Check(f"first good call {first_again_s - refused_s[-1]:.1f} s after the last refusal"),
    ]
