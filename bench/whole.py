"""The whole gateway: CPU beside a process that only receives and counts, and beside a naive pipeline.

Everything runs: ten clients that watch all rigs, the outbox and the upload to an emulated org, history, duel. All
contenders are processes pinned to one core; rigs, clients and the org have the other. The rigs send to one contender at
a time, in turns; CPU is what the kernel says of all its threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median
from typing import Any, Final, NamedTuple

from bench import peers, report
from bench.child import child
from bench.counting import counting
from bench.dashboards import dashboards
from bench.findings import Findings
from bench.gateway import emulated_org, running_gateway
from bench.load import Load, load
from bench.machine import GATEWAY_CORE, LOAD_CORE, cpu_s, udp_drops

CLIENTS: Final = 10
RIGS: Final = (2, 20)
_NAIVE_AT: Final = 2
"""Rigs at which the naive pipeline is run: it takes no twenty."""
_FORMAT: Final = 2025
_SETTLE_S: Final = 1.5
_WORDS: Final = {
    "gateway": "**gateway**: 10 clients, outbox and upload on",
    "count": "receive and count, on the product's ports",
    "naive": "naive: `to_dict`, `json.dumps` a client, a commit a row",
}


class Turn(NamedTuple):
    """What a contender needed for a while of traffic."""

    of_a_core: float
    messages: int
    drops: int


class Contender(NamedTuple):
    """A process that the rigs send to."""

    pid: int
    ports: list[int]
    read: Callable[[], int]

    def turn(self, sender: Load, seconds: float) -> Turn:
        """Its CPU while the rigs drive, after a moment."""
        drops, read = udp_drops(self.ports), self.read()
        sender.begin(len(self.ports), self.ports, _SETTLE_S + seconds + 0.2)
        time.sleep(_SETTLE_S)
        spent_s, began_s = cpu_s(self.pid), time.monotonic()
        time.sleep(seconds)
        lasted_s = time.monotonic() - began_s
        of_a_core = (cpu_s(self.pid) - spent_s) / lasted_s
        sender.end()
        return Turn(of_a_core, self.read() - read, udp_drops(self.ports) - drops)


def run(rounds: int = 3, seconds: float = 4.0) -> Findings:
    """This row of the benchmarks."""
    tables, figures = [], {}
    for rigs in RIGS:
        found = _measure(rigs, rounds, seconds)
        columns = ("process", "of a core", "to receive and count", "to naive", "messages read", "datagrams dropped")
        rows = [_cells(name, found) for name in found]
        tables.append(f"### {rigs} rigs\n\n{report.table(columns, rows)}")
        figures[f"whole.{rigs}"] = _ratio(found, "gateway", "count")
        if "naive" in found:
            figures["whole.naive"] = _ratio(found, "gateway", "naive")
    intro = (
        "## Whole gateway, CPU\n\n"
        f"Real processes on one core, simulated rigs at 60 Hz, {CLIENTS} clients; medians of {rounds} rounds of "
        f"{seconds:g} s in turns. The naive pipeline keeps as many rows as the gateway and does neither laps, duel, "
        "history nor upload.\n"
    )
    return Findings("\n".join([intro, *tables]), figures)


def _measure(rigs: int, rounds: int, seconds: float) -> dict[str, list[Turn]]:
    with ExitStack() as stack:
        sender = stack.enter_context(load())
        contenders = {"gateway": _gateway(rigs, stack), "count": _count(rigs, stack)}
        if rigs == _NAIVE_AT and (naive := _naive(rigs, stack)) is not None:
            contenders["naive"] = naive
        found: dict[str, list[Turn]] = {name: [] for name in contenders}
        names = list(contenders)
        for number in range(rounds):
            for at in range(len(names)):
                name = names[(number + at) % len(names)]
                found[name].append(contenders[name].turn(sender, seconds))
        return found


def _gateway(rigs: int, stack: ExitStack) -> Contender:
    org = stack.enter_context(emulated_org(LOAD_CORE))
    gateway = stack.enter_context(running_gateway([f"RIG_{n}" for n in range(rigs)], core=GATEWAY_CORE, **org))
    return _with_clients(gateway.pid, gateway.http_port, gateway.udp_ports, stack)


def _naive(rigs: int, stack: ExitStack) -> Contender | None:
    packets, aiosqlite = peers.f1_packets(_FORMAT), peers.aiosqlite()
    if packets is None or aiosqlite is None:
        return None
    options = ("--packets", packets, "--aiosqlite", aiosqlite)
    process = stack.enter_context(child("bench.naive", rigs, *options, core=GATEWAY_CORE))
    told: dict[str, Any] = process.ready
    return _with_clients(process.pid, told["http_port"], told["ports"], stack)


def _count(rigs: int, stack: ExitStack) -> Contender:
    counter = stack.enter_context(counting("uvloop", ports=rigs))
    return Contender(counter.pid, counter.ports, lambda: 0)


def _with_clients(pid: int, http_port: int, ports: list[int], stack: ExitStack) -> Contender:
    crowd = stack.enter_context(dashboards(http_port))
    crowd.add(CLIENTS, look_at_every=CLIENTS)
    crowd.mark()
    return Contender(pid, ports, lambda: crowd.tell().messages)


def _ratio(found: dict[str, list[Turn]], name: str, to: str) -> float:
    return median(one.of_a_core / other.of_a_core for one, other in zip(found[name], found[to], strict=True))


def _cells(name: str, found: dict[str, list[Turn]]) -> list[str]:
    turns = found[name]
    return [
        _WORDS[name],
        f"{median(turn.of_a_core for turn in turns):.1%}",
        f"{_ratio(found, name, 'count'):.1f}",
        report.share(_ratio(found, name, "naive")) if "naive" in found else "",
        report.thousands(sum(turn.messages for turn in turns)),
        report.thousands(sum(turn.drops for turn in turns)),
    ]


if __name__ == "__main__":
    report.say(run().section)
