"""Every scenario in every format over a clean and over a bad network: one cell is one simulated run, judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from app.sim.impairment import Impairment, impair
from app.sim.run import Run, simulate
from tests.truth.judge import Verdict, judge, listen

FORMATS = (2023, 2024, 2025, 2026)
BAD_NETWORK = Impairment(loss=0.05, duplicate=0.02, reorder=0.05)


class Cell(NamedTuple):
    """One judged run."""

    scenario: str
    packet_format: int
    impaired: bool
    seed: int
    verdict: Verdict
    rejected: int
    jumps: int


def cells(scenario: str, formats: Iterable[int], seeds: Iterable[int], rate_hz: int = 20) -> Iterator[Cell]:
    """Judge a scenario: for each seed and format the clean stream and the impaired one."""
    for seed in seeds:
        run = simulate(scenario, seed=seed, rate_hz=rate_hz)
        for packet_format in formats:
            yield from _both_networks(run, scenario, packet_format, seed)


def _both_networks(run: Run, scenario: str, packet_format: int, seed: int) -> Iterator[Cell]:
    streams = [list(run.stream(rig.number, packet_format)) for rig in run.rigs]
    for impaired in (False, True):
        arriving = [
            impair(stream, BAD_NETWORK, f"{seed}/{number}") if impaired else stream
            for number, stream in enumerate(streams)
        ]
        listener, pipelines = listen(arriving)
        verdict = judge(run.ledger, listener, lossy=impaired)
        rejected = sum(pipeline.rejected.total() for pipeline in pipelines)
        jumps = sum(pipeline.normalizer.jumps for pipeline in pipelines)
        yield Cell(scenario, packet_format, impaired, seed, verdict, rejected, jumps)
