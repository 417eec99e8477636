"""Clients: how many dashboards one core serves, each seeing two rigs at 20 Hz no older than 50 ms.

A real gateway, pinned to one core; two rigs and all clients have the other. Clients are added step by step, up to the
gateway's own cap; a step holds when 99 of 100 states are no older than the limit, and no client is gone or starved. A
step that does not hold is tried once more: others share the machine.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from app.publish.hub import MAX_CLIENTS
from bench import report
from bench.dashboards import Dashboards, Window, dashboards
from bench.findings import Findings
from bench.gateway import GatewayProcess, running_gateway
from bench.load import Load, load
from bench.machine import GATEWAY_CORE, cpu_s

LIMIT_MS: Final = 50.0
STEPS: Final = (100, 200, 400, 600, 800, MAX_CLIENTS)
_RATE_HZ: Final = 20
_STARVED: Final = 0.9
"""A client that gets less than this share of the states is starved; the throttle itself promises 0.9625."""
_LOOKED_AT: Final = 50
"""Clients of each step whose states are looked at: the clients' own core is to have time."""
_RIGS: Final = ("RIG_A", "RIG_B")
_SETTLE_S: Final = 1.5


class Step(NamedTuple):
    """So many clients, tried."""

    clients: int
    window: Window
    cpu_s: float

    @property
    def share_of_fewest(self) -> float:
        """Messages of the client that got the fewest, as a share of the states there were."""
        return self.window.fewest / (self.window.lasted_s * _RATE_HZ * len(_RIGS))

    @property
    def holds(self) -> bool:
        """Nobody hung, and the states were fresh."""
        nobody_gone = self.window.clients == self.clients
        return nobody_gone and self.window.p99_ms <= LIMIT_MS and self.share_of_fewest >= _STARVED


def run(steps: Sequence[int] = STEPS, seconds: float = 3.0) -> Findings:
    """This row of the benchmarks."""
    found = list(_ramp(steps, seconds))
    held = [step.clients for step in found if step.holds]
    best = max(held, default=0)
    intro = (
        "## Clients on one core\n\n"
        f"A real gateway on one core, two rigs at 60 Hz, {seconds:g} s a step; the gateway takes at most "
        f"{MAX_CLIENTS} clients. A step holds with a p99 of at most {LIMIT_MS:g} ms, nobody gone, and everybody served "
        f"{_STARVED:.0%} of the states or more. **{best} clients held.**\n"
    )
    columns = ("clients", "age p50 ms", "age p99 ms", "messages/s", "fewest of a client", "gateway, of a core", "holds")
    return Findings(f"{intro}\n{report.table(columns, map(_cells, found))}", {"clients": float(best)})


def _ramp(steps: Sequence[int], seconds: float) -> list[Step]:
    found: list[Step] = []
    with running_gateway(_RIGS, core=GATEWAY_CORE) as gateway, dashboards(gateway.http_port) as crowd, load() as sender:
        for clients in steps:
            more = clients - (found[-1].clients if found else 0)
            crowd.add(more, look_at_every=max(1, more // _LOOKED_AT))
            step = _step(clients, gateway, crowd, sender, seconds)
            if not step.holds:
                step = _step(clients, gateway, crowd, sender, seconds)
            found.append(step)
            if not step.holds:
                break
    return found


def _step(clients: int, gateway: GatewayProcess, crowd: Dashboards, sender: Load, seconds: float) -> Step:
    ports = gateway.udp_ports
    sender.begin(len(ports), ports, _SETTLE_S + seconds + 0.2)
    time.sleep(_SETTLE_S)
    spent_s = cpu_s(gateway.pid)
    crowd.mark()
    time.sleep(seconds)
    window = crowd.tell()
    spent_s = cpu_s(gateway.pid) - spent_s
    sender.end()
    return Step(clients, window, spent_s)


def _cells(step: Step) -> list[str]:
    window = step.window
    return [
        str(step.clients),
        f"{window.p50_ms:.1f}",
        f"{window.p99_ms:.1f}",
        report.thousands(window.messages / window.lasted_s),
        f"{step.share_of_fewest:.0%}",
        f"{step.cpu_s / window.lasted_s:.0%}",
        "yes" if step.holds else "no",
    ]


if __name__ == "__main__":
    report.say(run().section)
