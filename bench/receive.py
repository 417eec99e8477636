"""Receiving: CPU per datagram of the product's port, beside the standard library's endpoint as shipped and C.

Every shape is a process of its own, pinned to one core; the sender, a process too, has the other. All are up all the
time and take turns in rounds, so that a round's ratio is of the same moment. Rates are those of so many rigs.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import Final

from bench import native, report
from bench.counting import SHAPES, Counted, Counting, counting
from bench.findings import Findings
from bench.load import Load, Sent, load

RATES: Final = {20: "7 100/s", 140: "50 000/s"}
"""Rigs, and what they send."""
_BESIDE: Final = "stdlib"
_PRODUCT: Final = "uvloop"
_TAIL_S: Final = 0.2
"""Counted so much longer than sent, so that nothing is still on its way."""
_WORDS: Final = {
    "stdlib": "asyncio endpoint as shipped",
    "asyncio": "the product's port, on asyncio",
    "uvloop": "**the product's port, on uvloop** (as it runs)",
    "recv": "C, `recv`",
    "recvmmsg": "C, `recvmmsg`",
}


class Turn:
    """What one shape did with one run of the sender."""

    def __init__(self, sent: Sent, counted: Counted) -> None:
        self.us = counted.us
        self.lost = sent.datagrams - counted.datagrams
        self.per_s = sent.per_s


def run(rounds: int = 5, seconds: float = 1.5) -> Findings:
    """This row of the benchmarks."""
    shapes = [shape for shape in SHAPES if shape not in ("recv", "recvmmsg") or native.floor() is not None]
    tables, figures = [], {}
    for rigs, rate in RATES.items():
        found = _measure(rigs, shapes, rounds, seconds)
        rows = [_cells(shape, found[shape], found[_BESIDE]) for shape in shapes]
        columns = ("receives", "CPU µs per datagram", "to the endpoint as shipped", "lost")
        sent = report.thousands(median(turn.per_s for turn in found[_PRODUCT]))
        tables.append(f"### {rate}: {rigs} rigs on one port (sent {sent}/s)\n\n{report.table(columns, rows)}")
        figures[f"receive.{rigs}"] = _ratio(found[_PRODUCT], found[_BESIDE])
        if "recv" in found:
            figures[f"receive.{rigs}.to_c"] = _ratio(found[_PRODUCT], found["recv"])
    intro = (
        "## Receive, per datagram\n\n"
        f"Process CPU, the kernel's part included; medians of {rounds} rounds of {seconds:g} s in turns. Frames of 60 "
        "Hz leave in bursts, as games send them. All ask for the same receive buffer, so that only the way of reading "
        "differs; *as shipped* reads into 256 KiB each time.\n"
    )
    return Findings("\n".join([intro, *tables]), figures)


def _measure(rigs: int, shapes: list[str], rounds: int, seconds: float) -> dict[str, list[Turn]]:
    found: dict[str, list[Turn]] = {shape: [] for shape in shapes}
    with ExitStack() as stack:
        counters = {shape: stack.enter_context(counting(shape)) for shape in shapes}
        sender = stack.enter_context(load())
        for number in range(rounds):
            for at in range(len(shapes)):
                shape = shapes[(number + at) % len(shapes)]
                found[shape].append(_turn(counters[shape], sender, rigs, seconds))
    return found


def _turn(counter: Counting, sender: Load, rigs: int, seconds: float) -> Turn:
    counter.begin(seconds + _TAIL_S)
    sender.begin(rigs, counter.ports, seconds)
    return Turn(sender.end(), counter.end())


def _ratio(turns: list[Turn], to: list[Turn]) -> float:
    return median(one.us / other.us for one, other in zip(turns, to, strict=True))


def _cells(shape: str, turns: list[Turn], beside: list[Turn]) -> list[str]:
    us, lost = median(turn.us for turn in turns), sum(turn.lost for turn in turns)
    return [_WORDS[shape], report.micros(us), f"{_ratio(turns, beside):.2f}", report.thousands(lost)]


if __name__ == "__main__":
    report.say(run().section)
