"""Freshness: how old the newest telemetry in a state is when it reaches a client, beside a free-running ticker.

Both are processes of their own, pinned to one core, with ten clients on the other; the rigs send to one of them at a
time, in turns. Each CarTelemetry carries its time of departure (`stamps`), so an age is from the game's side of the
kernel to the client's, one clock.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from statistics import median
from typing import Final, NamedTuple

from bench import report
from bench.child import child
from bench.dashboards import Dashboards, Window, dashboards
from bench.findings import Findings
from bench.gateway import running_gateway
from bench.load import Load, load
from bench.machine import GATEWAY_CORE

CLIENTS: Final = 10
RIGS: Final = (2, 20)
_SETTLE_S: Final = 1.0
_TAIL_S: Final = 0.2


class Side(NamedTuple):
    """One of the two, with its clients."""

    crowd: Dashboards
    ports: list[int]

    def turn(self, sender: Load, seconds: float) -> Window:
        """What its clients get while its rigs drive, after a moment."""
        sender.begin(len(self.ports), self.ports, _SETTLE_S + seconds + _TAIL_S)
        time.sleep(_SETTLE_S)
        self.crowd.mark()
        time.sleep(seconds)
        window = self.crowd.tell()
        sender.end()
        return window


def run(rounds: int = 3, seconds: float = 3.0) -> Findings:
    """This row of the benchmarks."""
    rows, figures = [], {}
    for rigs in RIGS:
        own, ticker = _measure(rigs, rounds, seconds)
        ratio = median(one.p99_ms / other.p99_ms for one, other in zip(own, ticker, strict=True))
        rows.append(_cells(f"**gateway**, {rigs} rigs", rigs, own, report.share(ratio)))
        rows.append(_cells(f"50 ms ticker, {rigs} rigs", rigs, ticker, report.share(1.0)))
        figures[f"freshness.{rigs}"] = ratio
        figures[f"freshness.{rigs}.ms"] = median(each.p99_ms for each in own)
    intro = (
        "## Freshness: age of the newest telemetry in a state, at the client\n\n"
        f"{CLIENTS} clients that watch all rigs, 60 Hz; medians of {rounds} rounds of {seconds:g} s in turns. The "
        "ticker has the product's decoder and state, but sends every 50 ms, whenever that is.\n"
    )
    columns = ("server", "p50 ms", "p99 ms", "p99 beside the ticker", "states/s, rig and client")
    return Findings(f"{intro}\n{report.table(columns, rows)}", figures)


def _measure(rigs: int, rounds: int, seconds: float) -> tuple[list[Window], list[Window]]:
    names = [f"RIG_{number}" for number in range(rigs)]
    with ExitStack() as stack:
        gateway = stack.enter_context(running_gateway(names, core=GATEWAY_CORE))
        ticker = stack.enter_context(child("bench.ticking", rigs, core=GATEWAY_CORE)).ready
        own = _side(gateway.http_port, gateway.udp_ports, stack)
        other = _side(ticker["http_port"], ticker["ports"], stack)
        sender = stack.enter_context(load())
        found: tuple[list[Window], list[Window]] = ([], [])
        for number in range(rounds):
            for side, windows in ((own, found[0]), (other, found[1]))[:: 1 if number % 2 else -1]:
                windows.append(side.turn(sender, seconds))
        return found


def _side(http_port: int, udp_ports: list[int], stack: ExitStack) -> Side:
    crowd = stack.enter_context(dashboards(http_port))
    crowd.add(CLIENTS)
    return Side(crowd, udp_ports)


def _cells(name: str, rigs: int, windows: list[Window], ratio: str) -> list[str]:
    per_s = median(each.looked_at / each.lasted_s / CLIENTS / rigs for each in windows)
    ages = [median(each.p50_ms for each in windows), median(each.p99_ms for each in windows)]
    return [name, *(f"{age:.2f}" for age in ages), ratio, f"{per_s:.1f}"]


if __name__ == "__main__":
    report.say(run().section)
