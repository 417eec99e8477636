"""What the gateway told of a simulated run, beside the ledger: laps and sessions, false, missed or doubled.

The run goes through the product's own pipeline (decode, normalise, tick) on a simulated clock; nothing here knows
better than a subscriber of the bus does.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.normalize.events import Event, LapCompleted, LapWithdrawn, SessionEnded, SessionStarted
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline
from app.sim.ledger import LapTruth, Ledger, SessionTruth

EPOCH = datetime(2026, 3, 1, tzinfo=UTC)
_TICK_S = 0.25
_TAIL_S = 2_000.0
"""After the last datagram the clock runs on, so that a session that just stopped is ended by silence."""

_SIGNS_OF_THE_END = ["send", "classification", "new_session", "silence"]

Datagrams = Iterable[tuple[float, bytes]]


class ToldLap(NamedTuple):
    """A lap as a subscriber holds it in the end."""

    rig: int
    session_uid: int
    car_index: int
    lap_number: int
    lap_time_ms: int
    sector1_ms: int | None
    sector2_ms: int | None
    sector3_ms: int | None
    valid: bool


class Verdict(NamedTuple):
    """How a run was told; all lists are empty when it was told truly.

    Attributes:
        laps: Laps that stand in the ledger.
        false: Told, but not driven: neither car, number nor time agree with a lap that stands.
        missed: Driven, but not told.
        wrong: Told with another time, other sectors or another validity.
        doubled: Event ids told again as a first completion without a withdrawal in between.
        sessions: Sessions told otherwise than they were.
    """

    laps: int
    false: tuple[str, ...]
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    doubled: tuple[str, ...]
    sessions: tuple[str, ...]

    @property
    def true(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.false or self.missed or self.wrong or self.doubled or self.sessions)


class Listener:
    """A subscriber: keeps every lap by its id, the newest word winning."""

    def __init__(self) -> None:
        self.laps: dict[str, tuple[int, LapCompleted]] = {}
        self.sessions: dict[tuple[int, int], str | None] = {}
        self.doubled: list[str] = []
        self.kinds: Counter[str] = Counter()

    def hear(self, rig: int, event: Event) -> None:
        """Take over one event."""
        self.kinds[type(event).__name__] += 1
        if isinstance(event, LapCompleted):
            known = event.event_id in self.laps
            if known and event.status == "provisional":
                self.doubled.append(event.event_id)
            self.laps[event.event_id] = (rig, event)
        elif isinstance(event, LapWithdrawn):
            gone = f"{event.rig_id}:{event.session_uid}:LapCompleted:{event.car_index}:{event.lap_number}"
            self.laps.pop(gone, None)
        elif isinstance(event, SessionStarted):
            self.sessions.setdefault((rig, int(event.session_uid or 0)), None)
        elif isinstance(event, SessionEnded):
            self.sessions[rig, int(event.session_uid or 0)] = event.reason

    def told_laps(self) -> Iterator[ToldLap]:
        """Every lap that stands in the end."""
        for rig, lap in self.laps.values():
            yield ToldLap(
                rig,
                int(lap.session_uid or 0),
                -1 if lap.car_index is None else lap.car_index,
                lap.lap_number,
                lap.lap_time_ms,
                lap.sector1_time_ms,
                lap.sector2_time_ms,
                lap.sector3_time_ms,
                lap.valid,
            )


class _Clock:
    """The simulated time."""

    now_s = 0.0

    def wall(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now_s)

    def monotonic(self) -> float:
        return self.now_s


class _Rig:
    """One rig's pipeline, whose events the listener hears."""

    def __init__(self, number: int, listener: Listener, clock: _Clock) -> None:
        self._number = number
        self._listener = listener
        identity = RigIdentity(f"RIG_{number}", f"SIM_{number}")
        self.pipeline = RigPipeline(identity, self, 2.0, wall=clock.wall, monotonic=clock.monotonic)

    def publish(self, items: list[Event]) -> None:
        for event in items:
            self._listener.hear(self._number, event)


def listen(streams: Sequence[Datagrams], listener: Listener | None = None) -> tuple[Listener, list[RigPipeline]]:
    """Play the rigs' datagrams, side by side, into pipelines of their own; the streams are in order of time.

    Args:
        streams: What each rig sends.
        listener: Who hears the events; one that heard others before is as a subscriber that a restart left alone.
    """
    clock, listener = _Clock(), listener or Listener()
    rigs = [_Rig(number, listener, clock) for number in range(len(streams))]
    due_s = 0.0
    for at_s, number, datagram in heapq.merge(*(_numbered(n, stream) for n, stream in enumerate(streams))):
        while due_s < at_s:
            clock.now_s = due_s
            for rig in rigs:
                rig.pipeline.tick()
            due_s += _TICK_S
        clock.now_s = at_s
        rigs[number].pipeline.receive(datagram, (f"10.0.0.{number}", 20777))
    clock.now_s += _TAIL_S
    for rig in rigs:
        rig.pipeline.tick()
    return listener, [rig.pipeline for rig in rigs]


def _numbered(number: int, stream: Datagrams) -> Iterator[tuple[float, int, bytes]]:
    for at_s, datagram in stream:
        yield at_s, number, datagram


def judge(ledger: Ledger, listener: Listener, *, lossy: bool) -> Verdict:
    """Hold what was told against what was.

    Args:
        ledger: The truth.
        listener: What a subscriber heard.
        lossy: Whether datagrams were lost: then sectors that nobody sent again may be unknown, never wrong.
    """
    truth = {(lap.rig, lap.session_uid, lap.car_index, lap.lap_number): lap for lap in ledger.laps}
    told = {lap[:4]: lap for lap in listener.told_laps()}
    false = [str(lap) for key, lap in told.items() if key not in truth]
    missed = [str(lap) for key, lap in truth.items() if key not in told]
    wrong = [
        f"{lap} instead of {truth[key]}"
        for key, lap in told.items()
        if key in truth and not _agree(lap, truth[key], lossy=lossy)
    ]
    return Verdict(
        laps=len(truth),
        false=tuple(false),
        missed=tuple(missed),
        wrong=tuple(wrong),
        doubled=tuple(listener.doubled),
        sessions=tuple(_sessions(ledger.sessions, listener, lossy=lossy)),
    )


def _agree(told: ToldLap, true: LapTruth, *, lossy: bool) -> bool:
    sectors = (
        (told.sector1_ms, true.sector1_ms),
        (told.sector2_ms, true.sector2_ms),
        (told.sector3_ms, true.sector3_ms),
    )
    fits = all(heard == driven or (lossy and heard is None) for heard, driven in sectors)
    return told.lap_time_ms == true.lap_time_ms and told.valid == true.valid and fits


def _sessions(true: Iterable[SessionTruth], listener: Listener, *, lossy: bool) -> Iterator[str]:
    """What was told otherwise. The one datagram that says the end first may be lost: then a later sign ends it."""
    expected = {(session.rig, session.session_uid): session.end_reason for session in true}
    for key, reason in expected.items():
        if key not in listener.sessions:
            yield f"session {key} was not told"
        elif listener.sessions[key] not in (
            _SIGNS_OF_THE_END[_SIGNS_OF_THE_END.index(reason) :] if lossy else [reason]
        ):
            yield f"session {key} ended by {listener.sessions[key]} instead of {reason}"
    for key in listener.sessions.keys() - expected.keys():
        yield f"session {key} is false"
