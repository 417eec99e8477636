"""The live view [edge]: events off the bus, states and facts out to the hub.

Samples are folded into what a screen shows and leave at most 20 times a second and rig, on the source's
own frames; facts leave at once, in order, each with its number. Both texts are made once for all clients.
A rig that falls silent goes on being told about, once a second, with its growing age.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from app.bus import Bus, KeepInOrder, LatestWins, Subscription
from app.metrics import Distributions, Reading
from app.normalize.events import ButtonsChanged, Event, Fact, Sample, UnknownGameEvent
from app.publish.frames import USUAL_DISPLAY, Display, RigCard, event_json, event_text, hello_text, state_text
from app.publish.pacer import Pacer
from app.publish.state import BESIDE, Counters, RigState
from app.publish.throttle import Throttle

REPLAYED: Final = 200
"""Facts a new client is told of, per rig."""
_NOISE: Final = (ButtonsChanged, UnknownGameEvent)
"""Kinds that are told live but not kept for new clients: hundreds of them would push out the laps."""
_SILENT_BEAT_S: Final = 1.0
_LATEST_S: Final = 0.01
"""A frame whose closing packet was lost leaves with what there is after so long."""
_SHOWN_S: Final = 0.05
"""How long a snapshot's state is good for the next client too: when all come back at once, it is made a few times."""
_FRAMES_STOPPED_S: Final = 0.25
"""A rig whose own frames stay away for so long, at 10 Hz or more, sends nothing that a derived sample could go with."""
_FACTS_HELD: Final = 4096
"""Facts waiting for the live view: an hour of a busy race; full, the oldest loses and is counted."""
_SAMPLES_HELD: Final = 1024
"""Slots for the newest sample, one per rig and kind: 9 kinds for more rigs than any host can take."""


class Sink(Protocol):
    """Where texts go: the hub."""

    def push_state(self, rig_id: str, text: str) -> None:
        """The newest state of a rig, for all its clients."""

    def push_fact(self, rig_id: str, text: str) -> None:
        """The next fact of a rig, for all its clients."""


class _Shown(NamedTuple):
    """A rig's state as a snapshot told it: of which frame, when, and the text."""

    seq: int
    at_s: float
    text: str


class _Rig:
    """What the live view keeps of one rig."""

    def __init__(self, card: RigCard, state: RigState) -> None:
        self.card = card
        self.state = state
        self.pacer: Pacer | None = None
        self.late: asyncio.TimerHandle | None = None
        self.state_seq = 0
        self.fact_seq = 0
        self.replayed: deque[str] = deque(maxlen=REPLAYED)
        """The latest facts, as a snapshot tells them."""
        self.shown: _Shown | None = None
        self.sent_at_s = 0.0
        self.framed_at_s = 0.0
        """When the newest sample came that is part of a frame."""


class LiveView:
    """The newest state and the latest facts of every rig, and their way to the clients.

    Args:
        rigs: Card and link counters of every rig.
        bus: Where samples and facts come from.
        rate_hz: Most states a second and rig.
        stale_after_s: When values count as stale.
        version: The gateway's, told to clients.
        wall: UTC now, for `sent_at`.
        distributions: Where frame ages are observed.
        display: What the operator set for all screens, told to clients.
    """

    def __init__(
        self,
        rigs: Sequence[tuple[RigCard, str | None, Counters]],
        bus: Bus[Event],
        rate_hz: float,
        stale_after_s: float,
        version: str,
        wall: Callable[[], datetime],
        distributions: Distributions,
        display: Display = USUAL_DISPLAY,
    ) -> None:
        self._rigs = {
            card.rig_id: _Rig(card, RigState(card.driver_name, individual_id, counters))
            for card, individual_id, counters in rigs
        }
        self._rate_hz = rate_hz
        self._stale_after_s = stale_after_s
        self._version = version
        self._wall = wall
        self._display = display
        self._distributions = distributions
        self._sink: Sink | None = None
        self._failure: asyncio.Future[None] | None = None
        self._samples: Subscription[Event] = bus.subscribe(
            "live_samples", LatestWins(lambda e: (e.rig_id, type(e)), _SAMPLES_HELD), of=(Sample,)
        )
        self._facts: Subscription[Event] = bus.subscribe("live_facts", KeepInOrder(_FACTS_HELD), of=(Fact,))

    # --- what a new client gets (hub.Snapshots) ----------------------------------------------------

    def hello(self) -> str:
        """The first message of every connection."""
        cards = [rig.card for rig in self._rigs.values()]
        return hello_text(cards, self._rate_hz, self._stale_after_s, self._version, self._display)

    def rig_ids(self) -> Sequence[str]:
        """All rigs, in the order they are configured."""
        return tuple(self._rigs)

    def snapshot(self, rig_id: str) -> Sequence[str]:
        """The rig's state now, then its latest facts, oldest first."""
        rig, now_s = self._rigs[rig_id], time.monotonic()
        shown = rig.shown
        if shown is None or shown.seq != rig.state_seq or now_s - shown.at_s >= _SHOWN_S:
            rig.shown = shown = _Shown(rig.state_seq, now_s, self._state_text(rig, now_s))
        return [shown.text, *rig.replayed]

    # --- running -----------------------------------------------------------------------------------

    async def run(self, sink: Sink) -> None:
        """Carry events to the sink until the bus is closed."""
        self._sink = sink
        for rig in self._rigs.values():
            rig.pacer = Pacer(Throttle(self._rate_hz), lambda rig=rig: self._send(rig))  # type: ignore[misc]  # default binds it
        self._failure = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.TaskGroup() as group:
                helpers = [group.create_task(self._beat()), group.create_task(self._fail_with(self._failure))]
                carriers = [group.create_task(self._run_samples()), group.create_task(self._run_facts())]
                await asyncio.wait(carriers)
                for helper in helpers:
                    helper.cancel()
        finally:
            for rig in self._rigs.values():
                if rig.pacer is not None:
                    rig.pacer.close()
                if rig.late is not None:
                    rig.late.cancel()

    @staticmethod
    async def _fail_with(failure: asyncio.Future[None]) -> None:
        """What goes wrong in a timer's callback would only be logged by the loop: here it ends the stage."""
        await failure

    async def _run_samples(self) -> None:
        async for batch in self._samples:
            now_s = time.monotonic()
            complete: set[str] = set()
            begun: set[str] = set()
            for sample in batch:
                if isinstance(sample, Sample):
                    rig = self._rigs[sample.rig_id]
                    if rig.state.fold(sample, now_s):
                        complete.add(sample.rig_id)
                    elif self._wants_out(rig, sample, now_s):
                        begun.add(sample.rig_id)
            for rig_id in complete:
                self._offer(self._rigs[rig_id])
            for rig_id in begun - complete:
                self._offer_late(self._rigs[rig_id])

    @staticmethod
    def _wants_out(rig: _Rig, sample: Sample, now_s: float) -> bool:
        """Whether a sample that closes no frame may cause a state: what is derived of a frame goes with the next one.

        A state of its own would show the frame's values once more, a hundredth of a second old, in place of new ones.
        """
        if not isinstance(sample, BESIDE):
            rig.framed_at_s = now_s
            return True
        return now_s - rig.framed_at_s >= _FRAMES_STOPPED_S

    async def _run_facts(self) -> None:
        async for batch in self._facts:
            for fact in batch:
                self._tell(self._rigs[fact.rig_id], fact)

    async def _beat(self) -> None:
        """Tell of silent rigs, whose own packets cause no frames; a client hears from every rig once a second."""
        while True:
            await asyncio.sleep(_SILENT_BEAT_S / 4)
            now_s = time.monotonic()
            for rig in self._rigs.values():
                if now_s - rig.sent_at_s >= _SILENT_BEAT_S:
                    self._offer(rig)

    def _offer(self, rig: _Rig) -> None:
        if rig.late is not None:
            rig.late.cancel()
            rig.late = None
        if rig.pacer is not None:
            rig.pacer.offer()

    def _offer_late(self, rig: _Rig) -> None:
        if rig.late is None:
            rig.late = asyncio.get_running_loop().call_later(_LATEST_S, self._too_late, rig)

    def _too_late(self, rig: _Rig) -> None:
        rig.late = None
        self._offer(rig)

    def _send(self, rig: _Rig) -> None:
        try:
            self._send_now(rig)
        except Exception as fault:
            if self._failure is None or self._failure.done():
                raise
            self._failure.set_exception(fault)

    def _send_now(self, rig: _Rig) -> None:
        if self._sink is None:
            return
        now_s = time.monotonic()
        rig.state_seq += 1
        rig.sent_at_s = now_s
        self._sink.push_state(rig.card.rig_id, self._state_text(rig, now_s))
        stale_s = rig.state.stale_s(now_s)
        if stale_s is not None and stale_s < self._stale_after_s:
            self._distributions.frame_age_s.labels(rig.card.rig_id).observe(stale_s)

    def _state_text(self, rig: _Rig, now_s: float) -> str:
        data = rig.state.data(now_s, self._stale_after_s)
        return state_text(rig.card.rig_id, rig.state_seq, self._wall(), data)

    def _tell(self, rig: _Rig, fact: Event) -> None:
        text = event_json(fact)
        rig.fact_seq += 1
        if not isinstance(fact, _NOISE):
            rig.replayed.append(event_text(rig.card.rig_id, rig.fact_seq, text, replay=True))
        if self._sink is not None:
            self._sink.push_fact(rig.card.rig_id, event_text(rig.card.rig_id, rig.fact_seq, text, replay=False))

    def readings(self) -> Iterable[Reading]:
        """The live view's numbers for Prometheus."""
        for rig_id, rig in self._rigs.items():
            yield "f1_publish_frames", (rig_id,), rig.state_seq
