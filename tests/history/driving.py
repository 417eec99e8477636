"""A gateway's way from datagram to history, on a clock of its own: normalizers, historian, a real file; no sockets."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.bus import Bus
from app.history.board import ranked
from app.history.day import Calendar
from app.history.historian import Historian
from app.history.record import LapRecord
from app.history.store import Store
from app.ingest.decoder import decode
from app.normalize.events import Event
from app.normalize.minting import RigIdentity
from app.normalize.normalizer import Normalizer
from app.sim.run import Run

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
RIGS = ("RIG_0", "RIG_1")
MANY_BYTES = 1 << 30

Sending = tuple[float, int, bytes]
"""Wall time in s, rig, datagram."""


class Gateway:
    """One run of the gateway, as far as the history is concerned."""

    def __init__(self, path: Path, identities: Sequence[RigIdentity] = (), max_bytes: int = MANY_BYTES) -> None:
        identities = identities or [RigIdentity(rig_id, rig_id) for rig_id in RIGS]
        self.now = NOON
        self.normalizers = [Normalizer(identity) for identity in identities]
        self.store = Store(path, max_bytes, wall=lambda: self.now)
        rig_ids = [identity.rig_id for identity in identities]
        bus: Bus[Event] = Bus()
        self.historian = Historian(rig_ids, bus, self.store, 90, Calendar(4, UTC), lambda: self.now)
        self.historian.open()

    def receive(self, at_s: float, rig: int, datagram: bytes) -> None:
        """Take over a datagram, and write what it caused."""
        self.now = NOON + timedelta(seconds=at_s)
        for event in self.normalizers[rig].feed(decode(datagram), self.now):
            self.historian.take(event)
        self.store.turn()

    def receive_all(self, sendings: Iterable[Sending]) -> None:
        """Take over many."""
        for sending in sendings:
            self.receive(*sending)

    def end(self) -> None:
        """The process ends; what was written stays."""
        asyncio.run(self.historian.close())

    def board(self) -> list[tuple[str, int, int]]:
        """Rig, number and time of every row of the board of today's laps, fastest first, without a limit."""
        return [(lap.rig_id, lap.lap_number, lap.lap_time_ms) for lap in ranked(self.laps())]

    def laps(self) -> Sequence[LapRecord]:
        """Today's laps as the history holds them."""
        return self.historian._book.of_day(self.historian.desk.today)

    # Any: JSON.
    def day(self) -> dict[str, Any]:
        """The body of `/api/day`."""
        body: dict[str, Any] = json.loads(self.historian.desk.day()[1])
        return body

    def lap(self, lap_id: str) -> dict[str, Any] | None:
        """The body of `/api/laps/{lap_id}`."""
        text = asyncio.run(self.historian.desk.lap(lap_id))
        return None if text is None else json.loads(text)


def sendings(run: Run, packet_format: int) -> Iterator[Sending]:
    """All datagrams of all machines of a run, in order."""
    return heapq.merge(*(_of_rig(run, rig.number, packet_format) for rig in run.rigs))


def _of_rig(run: Run, rig: int, packet_format: int) -> Iterator[Sending]:
    for at_s, datagram in run.stream(rig, packet_format):
        yield at_s, rig, datagram


def true_board(run: Run) -> list[tuple[str, int, int]]:
    """Rig, number and time of every valid lap of the rigs' own drivers that stands in the end, fastest first."""
    laps = [lap for rig in run.rigs for lap in run.ledger.own_laps(rig.number) if lap.valid]
    laps.sort(key=lambda lap: (lap.lap_time_ms, lap.completed_at_s))
    return [(f"RIG_{lap.rig}", lap.lap_number, lap.lap_time_ms) for lap in laps]
