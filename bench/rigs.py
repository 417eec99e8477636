"""Rigs: how many one core carries, each sending a game's 60 Hz mix, with two clients a rig that watch it.

A real gateway for each number of rigs, pinned to one core; sender and clients have the other. A step holds when no
datagram is lost and 99 of 100 states are no older than the limit at the client. A step that does not hold is tried once
more: others share the machine.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench import report
from bench.dashboards import Window, dashboards
from bench.findings import Findings
from bench.gateway import running_gateway
from bench.load import Load, Sent, load
from bench.machine import GATEWAY_CORE, MIB, cpu_s, memory_bytes, udp_drops

STEPS: Final = (1, 2, 4, 8, 16, 32, 40, 48, 64, 80, 100)
LIMIT_MS: Final = 50.0
CLIENTS_PER_RIG: Final = 2
_SETTLE_S: Final = 2.0
_LATE_S: Final = 0.05
"""A sender that is later is the limit itself."""
_LOOKED_AT: Final = 64
_BEGIN: Final = "<!-- curve: written by make bench -->"
_END: Final = "<!-- end of the curve -->"


class Step(NamedTuple):
    """So many rigs, tried."""

    rigs: int
    sent: Sent
    lost: int
    window: Window
    of_a_core: float
    memory_bytes: int

    @property
    def holds(self) -> bool:
        """Nothing lost, and fresh."""
        return self.lost == 0 and self.window.p99_ms <= LIMIT_MS


def run(steps: Sequence[int] = STEPS, seconds: float = 3.0) -> Findings:
    """This row of the benchmarks."""
    found: list[Step] = []
    with load() as sender:
        for rigs in steps:
            found.append(_step(rigs, sender, seconds))
            if not found[-1].holds:
                found[-1] = _step(rigs, sender, seconds)
            if not found[-1].holds:
                break
    best = max((step.rigs for step in found if step.holds), default=0)
    limit = ""
    if found[-1].sent.late_s > _LATE_S:
        limit = " The sender was late at the last step, so the gateway's limit may lie higher."
    intro = (
        "## Rigs on one core\n\n"
        f"A real gateway on one core, {CLIENTS_PER_RIG} clients a rig, each watching its rig; {seconds:g} s a step, "
        f"without Data Cloud. A step holds with nothing lost and a p99 of at most {LIMIT_MS:g} ms. "
        f"**{best} rigs held.**{limit}\n"
    )
    return Findings(f"{intro}\n{curve(found)}", {"rigs": float(best)})


def curve(steps: Sequence[Step]) -> str:
    """The steps as a table, for the report and for docs/scaling.md."""
    columns = ("rigs", "datagrams/s", "lost", "of the core", "age p50 ms", "age p99 ms", "MB", "holds")
    return report.table(columns, map(_cells, steps))


def write_curve(page: Path, section: str) -> None:
    """Put the table of a section into the page, in place of the one between its marks.

    Raises:
        RuntimeError: The page has no marks.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise RuntimeError(f"{page.name} has no place for the curve: it wants {_BEGIN} and {_END}, a line each")
    lines = [line for line in section.splitlines() if line.startswith("|")]
    page.write_text("\n".join([f"{before}{begin}", "", *lines, "", f"{end}{after}"]), encoding="utf-8")


def _step(rigs: int, sender: Load, seconds: float) -> Step:
    names = [f"RIG_{number}" for number in range(rigs)]
    with running_gateway(names, core=GATEWAY_CORE) as gateway, dashboards(gateway.http_port) as crowd:
        ports, clients = gateway.udp_ports, rigs * CLIENTS_PER_RIG
        crowd.add(clients, names, look_at_every=max(1, clients // _LOOKED_AT))
        sender.begin(rigs, ports, _SETTLE_S + seconds + 0.2)
        time.sleep(_SETTLE_S)
        spent_s, began_s = cpu_s(gateway.pid), time.monotonic()
        crowd.mark()
        time.sleep(seconds)
        window = crowd.tell()
        of_a_core = (cpu_s(gateway.pid) - spent_s) / (time.monotonic() - began_s)
        sent = sender.end()
        lost = udp_drops(ports)
        return Step(rigs, sent, lost, window, of_a_core, memory_bytes(gateway.pid))


def _cells(step: Step) -> list[str]:
    return [
        str(step.rigs),
        report.thousands(step.sent.per_s),
        report.thousands(step.lost),
        f"{step.of_a_core:.0%}",
        f"{step.window.p50_ms:.1f}",
        f"{step.window.p99_ms:.1f}",
        f"{step.memory_bytes / MIB:.0f}",
        "yes" if step.holds else "no",
    ]


if __name__ == "__main__":
    report.say(run().section)
