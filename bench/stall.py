"""Stalls: for how long the event loop may stand still at 20 rigs on one port before the kernel drops a datagram.

The same endpoint twice: with the receive buffer that the product asks for, and with the kernel's default. A process
blocks its loop for a while, and the kernel's own counter of the socket (/proc/net/udp) tells what was dropped. The
longest stall without a drop is found by halving.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Final

from bench import machine, report
from bench.counting import BUFFER_BYTES, DEFAULT_BUFFER, Counting, counting
from bench.findings import Findings
from bench.load import Load, load

RIGS: Final = 20
_MOST_S: Final = {DEFAULT_BUFFER: 0.1, BUFFER_BYTES: 2.0}
_CALM_S: Final = 0.15


def run(rounds: int = 3, halvings: int = 6) -> Findings:
    """This row of the benchmarks."""
    if not machine.ON_LINUX:
        return Findings("## Stall\n\nNot measured: the kernel's counter of drops is read from Linux's /proc.\n", {})
    found: dict[int, list[float]] = {DEFAULT_BUFFER: [], BUFFER_BYTES: []}
    with load() as sender:
        for _ in range(rounds):
            for buffer_bytes, stalls in found.items():
                stalls.append(_longest(buffer_bytes, sender, halvings))
    ratio = median(own / other for own, other in zip(found[BUFFER_BYTES], found[DEFAULT_BUFFER], strict=True))
    rows = [
        ["the kernel's default buffer", f"{1000 * median(found[DEFAULT_BUFFER]):.0f}", "1"],
        [
            f"**the product's port** ({BUFFER_BYTES // machine.MIB} MiB asked for)",
            f"{1000 * median(found[BUFFER_BYTES]):.0f}",
            f"{ratio:.0f}",
        ],
    ]
    intro = (
        "## Stall survived without a loss\n\n"
        f"{RIGS} rigs, 7 100 datagrams a second, on one port; the longest stall of the event loop after which the "
        f"kernel had dropped nothing, by {halvings} halvings; medians of {rounds} rounds in turns. In a gateway each "
        "rig has a port of its own, and a stall may be as many times longer as there are rigs.\n"
    )
    table = report.table(("socket", "longest stall ms", "beside the default"), rows)
    return Findings(f"{intro}\n{table}", {"stall": ratio, "stall.ms": 1000 * median(found[BUFFER_BYTES])})


def _longest(buffer_bytes: int, sender: Load, halvings: int) -> float:
    """The longest stall without a drop, in seconds, to within the last halving."""
    held_s, lost_s = 0.0, _MOST_S[buffer_bytes]
    with counting("uvloop", buffer_bytes=buffer_bytes) as counter:
        for _ in range(halvings):
            tried_s = (held_s + lost_s) / 2
            if _drops(counter, sender, tried_s):
                lost_s = tried_s
            else:
                held_s = tried_s
    return held_s or lost_s  # all were too long: what is told is the shortest of them, and so too good for it


def _drops(counter: Counting, sender: Load, stall_s: float) -> int:
    before = machine.udp_drops(counter.ports)
    sender.begin(RIGS, counter.ports, stall_s + 3 * _CALM_S)
    time.sleep(_CALM_S)
    counter.stall(stall_s)
    sender.end()
    return machine.udp_drops(counter.ports) - before


if __name__ == "__main__":
    report.say(run().section)
