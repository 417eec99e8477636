"""Sends a run over UDP in real time, without drift; the only part of the simulator that knows clock and socket."""

from __future__ import annotations

import heapq
import signal
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from app.sim.run import Run, simulate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LATE_S: Final = 1.0  # a machine that slept does not send what it missed in one burst


class Order(NamedTuple):
    """What to send where; see `python -m app.sim --help`."""

    scenario: str
    rigs: int | None
    speed: float
    packet_format: int
    rate_hz: int
    seed: int
    host: str
    ports: Sequence[int]
    loop: bool
    long: bool
    track_id: int | None
    real_f1_23: bool


def merged(run: Run, packet_format: int, *, real_f1_23: bool = False) -> Iterator[tuple[float, int, bytes]]:
    """(wall time, rig, datagram) of all machines in order of time."""

    def numbered(rig: int) -> Iterator[tuple[float, int, bytes]]:
        for at_s, datagram in run.stream(rig, packet_format, real_f1_23=real_f1_23):
            yield at_s, rig, datagram

    return heapq.merge(*(numbered(rig.number) for rig in run.rigs), key=lambda sent: sent[0])


def runs(order: Order) -> Iterator[Run]:
    """The run, or with `loop` one after the other, each with a seed of its own."""
    seed = order.seed
    while True:
        yield simulate(
            order.scenario,
            seed=seed,
            rate_hz=order.rate_hz,
            rigs=order.rigs,
            long=order.long,
            track_id=order.track_id,
        )
        if not order.loop:
            return
        seed += 1


def send(
    order: Order,
    tell: Callable[[str], None],
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Send until the end or until `stop` is set; returns the number of datagrams.

    Args:
        order: What to send where.
        tell: Receives a line per run.
        stop: Ends it at once.
        clock: Monotonic seconds.

    Raises:
        OSError: The address cannot be sent to.
    """
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for run in runs(order):
            targets = [(order.host, order.ports[rig.number]) for rig in run.rigs]
            length_s = run.duration_s / order.speed
            tell(f"{order.scenario}: {len(run.rigs)} rigs, {length_s:.0f} s, format {order.packet_format}")
            began_s = clock()
            for at_s, rig, datagram in merged(run, order.packet_format, real_f1_23=order.real_f1_23):
                wait_s = began_s + at_s / order.speed - clock()
                if stop.wait(wait_s) if wait_s > 0.0 else stop.is_set():
                    return sent
                if wait_s < -_LATE_S:
                    began_s -= wait_s  # carry on from here; the schedule within the run stays exact
                sock.sendto(datagram, targets[rig])
                sent += 1
    return sent


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; the handlers of before come back at the end."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
