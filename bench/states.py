"""The product's decode and state without its live view: what a peer server sends instead, and a real state to send.

Pipelines as `main` wires them, whose events go straight into a `RigState` each.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.normalize.events import Event, Sample
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline, utc_now
from app.publish.frames import state_text
from app.publish.state import Data, RigState
from bench.traffic import lobby

_STALE_AFTER_S = 2.0
_SOURCE = ("127.0.0.1", 40_000)


class Folded:
    """One rig: give its pipeline datagrams, and take its state."""

    def __init__(self, rig_id: str) -> None:
        self.rig_id = rig_id
        self.pipeline = RigPipeline(RigIdentity(rig_id, rig_id), self, _STALE_AFTER_S)
        self._state = RigState(None, None, self.pipeline)
        self._seq = 0

    def publish(self, items: list[Event]) -> None:
        """Take the pipeline's events; facts are not for the state."""
        now_s = time.monotonic()
        for item in items:
            if isinstance(item, Sample):
                self._state.fold(item, now_s)

    def data(self) -> Data:
        """What a screen shows now."""
        return self._state.data(time.monotonic(), _STALE_AFTER_S)

    def text(self) -> str:
        """The same as the message that the gateway sends."""
        self._seq += 1
        return state_text(self.rig_id, self._seq, utc_now(), self.data())


def driving(rig_ids: Sequence[str]) -> list[Folded]:
    """Rigs that are in the middle of a race: their states are as large as they get."""
    rigs = [Folded(rig_id) for rig_id in rig_ids]
    for at_s, datagram in lobby().datagrams:
        if at_s > 2:
            break
        for rig in rigs:
            rig.pipeline.receive(datagram, _SOURCE)
    return rigs
