"""Rigs that remember when they last sent what becomes a row, so that a kill can be told what it cost."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from app.sim.run import simulate
from app.sim.sender import merged
from tests.chaos.stage import until

_CAR_TELEMETRY: Final = 6
_PACKET_ID: Final = 6  # its place in the header of format 2025
_FORMAT: Final = 2025


class Driving:
    """Two simulated rigs with laps of 20 s at 60 Hz, session after session, sent by a thread; a context manager.

    Args:
        ports: One per rig, on this machine.
        seed: Of the first session.
        senders: Address that each rig sends from; one address for all without it.

    Attributes:
        sent: Datagrams of each rig, by its place.
    """

    def __init__(self, ports: tuple[int, ...], seed: int = 1, senders: tuple[str, ...] = ()) -> None:
        self.last_sent_s: dict[int, float] = {}
        """When a rig sent its last telemetry, by its place; seconds since 1970 UTC."""
        self.sent = [0] * len(ports)
        self._ports = ports
        self._senders = senders or ("127.0.0.1",) * len(ports)
        self._seed = seed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._drive, name="rigs", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def until_all_drive(self) -> None:
        """Return when every rig is well under way; in a duel one begins some seconds after the other."""
        until("all rigs drive", lambda: min(self.sent) > 60, 30.0)

    def stop(self) -> None:
        """Send no more."""
        self._stop.set()
        self._thread.join()

    def _drive(self) -> None:
        with ExitStack() as stack:
            socks = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in self._ports]
            for sock, sender in zip(socks, self._senders, strict=True):
                sock.bind((sender, 0))
            while not self._stop.is_set():
                run = simulate("duel", seed=self._seed, rate_hz=60, rigs=len(self._ports))
                self._seed += 1
                began_s = time.monotonic()
                for at_s, rig, datagram in merged(run, _FORMAT):
                    if self._stop.wait(max(0.0, began_s + at_s - time.monotonic())):
                        return
                    socks[rig].sendto(datagram, ("127.0.0.1", self._ports[rig]))
                    self.sent[rig] += 1
                    if datagram[_PACKET_ID] == _CAR_TELEMETRY:
                        self.last_sent_s[rig] = time.time()
