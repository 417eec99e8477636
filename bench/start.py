"""The start: from the process's start to open UDP ports; and what it holds in memory after some minutes of two rigs.

Ports are looked for in /proc/net/udp every millisecond or so: the gateway itself is not asked.
"""

from __future__ import annotations

import socket
import time
from statistics import median
from typing import Final

from bench import report
from bench.dashboards import dashboards
from bench.findings import Findings
from bench.gateway import free_port, launched, running_gateway
from bench.load import load
from bench.machine import MIB, memory_bytes, udp_open

_RIGS: Final = ("RIG_A", "RIG_B")
_LOOK_S: Final = 0.001
_PATIENCE_S: Final = 20.0
_CLIENTS: Final = 2


def run(rounds: int = 7, minutes: float = 1.0) -> Findings:
    """This row of the benchmarks."""
    started_s = [_start_s() for _ in range(rounds)]
    held, most = _memory(minutes)
    rows = [
        ["process start → both UDP ports open, median", f"{median(started_s):.2f} s"],
        ["the slowest", f"{max(started_s):.2f} s"],
        [f"memory after {minutes:g} min of two rigs and {_CLIENTS} clients (RSS)", f"{held / MIB:.0f} MiB"],
        ["the most it held", f"{most / MIB:.0f} MiB"],
    ]
    intro = f"## Start and memory\n\nMedian of {rounds} starts, by /proc/net/udp; Data Cloud is off.\n"
    figures = {"start.s": median(started_s), "start.mb": held / 1e6, "start.minutes": minutes}
    return Findings(f"{intro}\n{report.table(('what', 'measured'), rows)}", figures)


def _start_s() -> float:
    ports = [free_port(socket.SOCK_DGRAM) for _ in _RIGS]
    began_s = time.monotonic()
    with launched(_RIGS, ports) as gateway:
        while not udp_open(ports):
            if time.monotonic() - began_s > _PATIENCE_S:
                raise RuntimeError("the gateway opened no ports")
            time.sleep(_LOOK_S)
        took_s = time.monotonic() - began_s
        gateway.await_ready()
        return took_s


def _memory(minutes: float) -> tuple[int, int]:
    """Resident bytes after so long, and the most there were."""
    with running_gateway(_RIGS) as gateway, dashboards(gateway.http_port) as crowd:
        crowd.add(_CLIENTS, look_at_every=_CLIENTS)
        with load() as sender:
            sender.begin(len(_RIGS), gateway.udp_ports, 60 * minutes)
            sender.end()
            return memory_bytes(gateway.pid), memory_bytes(gateway.pid, "VmHWM")


if __name__ == "__main__":
    report.say(run().section)
