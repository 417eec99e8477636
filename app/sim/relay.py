"""`python -m app.sim.relay`: a bad network between a sender and the gateway.

Receives on one port and passes on what an `ImpairmentMachine` lets through, when it lets it through.
"""

from __future__ import annotations

import argparse
import heapq
import socket
import sys
import time
from typing import TYPE_CHECKING, Final

from app.arguments import OneSentence
from app.sim.impairment import Impairment, ImpairmentMachine
from app.sim.sender import stopped_by_signals

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_LARGEST_DATAGRAM: Final = 65_535
_IDLE_S: Final = 0.25  # how long a stop may take to be noticed


def relay(
    inlet: socket.socket,
    target: tuple[str, int],
    machine: ImpairmentMachine,
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[int, int]:
    """Pass datagrams on until `stop` is set; returns how many came and how many went."""
    came = went = queued = 0
    waiting: list[tuple[float, int, bytes]] = []
    while not stop.is_set():
        now_s = clock()
        due_s = machine.due_s()
        if due_s is not None and due_s <= now_s:
            for at_s, passed in machine.flush_burst():
                queued += 1
                heapq.heappush(waiting, (at_s, queued, passed))
        while waiting and waiting[0][0] <= now_s:
            inlet.sendto(heapq.heappop(waiting)[2], target)
            went += 1
        moments = [moment for moment in (due_s, waiting[0][0] if waiting else None) if moment is not None]
        inlet.settimeout(max(0.0005, min([_IDLE_S, *(moment - now_s for moment in moments)])))
        try:
            datagram = inlet.recv(_LARGEST_DATAGRAM)
        except TimeoutError:
            continue
        came += 1
        for at_s, passed in machine.feed(clock(), datagram):
            queued += 1
            heapq.heappush(waiting, (at_s, queued, passed))
    return came, went


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    parser = OneSentence("python -m app.sim.relay", "Pass UDP on over a bad network.")
    parser.add_argument("--listen", type=int, required=True, help="port to receive on")
    parser.add_argument("--to", default="127.0.0.1:20777", help="host:port to pass on to")
    for name in ("loss", "duplicate", "reorder", "late", "truncate"):
        parser.add_argument(f"--{name}", type=_probability, default=0.0)
    parser.add_argument("--jitter-ms", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    host, _, port = options.to.rpartition(":")
    if not host or not port.isdecimal():
        parser.error(f"--to must be host:port, not {options.to}")
    impairment = Impairment(
        options.loss, options.duplicate, options.reorder, options.late, options.truncate, options.jitter_ms / 1000
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inlet:
        try:
            inlet.bind(("", options.listen))
        except (OSError, OverflowError) as problem:
            sys.stderr.write(f"python -m app.sim.relay: cannot listen on {options.listen}: {problem}\n")
            return 2
        with stopped_by_signals() as stop:
            came, went = relay(inlet, (host, int(port)), ImpairmentMachine(impairment, options.seed), stop)
    sys.stdout.write(f"{came} datagrams came, {went} went on\n")
    return 0


def _probability(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
