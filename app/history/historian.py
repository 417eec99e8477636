"""Keeps what the rigs' own cars drive [edge]: laps, their traces, maps; events off the bus, onto the disk.

Each own lap is kept under its `event_id`, valid or not, from the first telling on. A flashback over the line takes laps
back, as `LapWithdrawn` says; what was taken back while the gateway was down shows in the number of the running lap.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from app.bus import Bus, KeepInOrder, Subscription
from app.history.day import Calendar, days_before
from app.history.desk import Desk
from app.history.lapbook import LapBook, lap_ids
from app.history.laptrace import RunningLaps
from app.history.outline import Atlas
from app.history.record import SessionBegin, Venue
from app.history.store import Drive, Store
from app.metrics import Reading
from app.normalize.events import (
    CarMotion,
    CarTelemetry,
    Event,
    LapCompleted,
    LapProgress,
    LapWithdrawn,
    SessionState,
)
from app.normalize.session import SEEN_FROM_START_FRAMES

_HELD: Final = 8192
"""Events waiting for the historian: some 20 s of two rigs; full, the oldest loses and is counted."""
_CLOSE_S: Final = 2.0
_FINISHED: Final = "finished"
_ACTIVE: Final = "active"
_KEPT_VENUES: Final = 4
"""Sessions of a rig whose place is remembered: the last laps of one may be told when the next has begun."""


class _Rig:
    """What is known of one rig's present session."""

    def __init__(self) -> None:
        self.session_uid: str | None = None
        self.laps = RunningLaps()
        self.before: LapProgress | None = None
        self.venues: dict[str | None, Venue] = {}

    def venue(self, session_uid: str | None) -> Venue:
        """Where a session is; nothing known of one that is not told yet."""
        return self.venues.get(session_uid, Venue())


class Historian:
    """The laps of the rigs' own cars, kept and told.

    Args:
        rig_ids: All rigs.
        bus: Where events come from.
        store: The disk, not open.
        keep_days: Laps that are older go.
        calendar: The operator's days.
        wall: UTC now.
    """

    def __init__(
        self,
        rig_ids: Sequence[str],
        bus: Bus[Event],
        store: Store,
        keep_days: int,
        calendar: Calendar,
        wall: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._keep_days = keep_days
        self._calendar = calendar
        self._book, self._atlas = LapBook(), Atlas()
        self.desk = Desk(self._book, self._atlas, store, calendar, wall)
        self._rigs = {rig_id: _Rig() for rig_id in rig_ids}
        self._day = ""
        self._outcomes: Counter[str] = Counter()
        # Any: each handler takes the kind it is listed for.
        self._handlers: dict[type, Callable[[_Rig, Any], None]] = {
            LapProgress: self._on_progress,
            CarTelemetry: lambda rig, sample: rig.laps.feed_telemetry(sample),
            CarMotion: lambda rig, sample: rig.laps.feed_motion(sample),
            SessionState: self._on_session,
            LapCompleted: self._on_lap,
            LapWithdrawn: self._on_withdrawn,
        }
        self._events: Subscription[Event] = bus.subscribe("history", KeepInOrder(_HELD), of=tuple(self._handlers))

    # --- life --------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the file and take up what earlier runs kept. It may block: call it before the start; never raises."""
        contents = self._store.open()
        self._book.fill(contents.laps, contents.sessions, contents.older_before)
        self._atlas.fill(contents.outlines)
        self.desk.days_on_disk = contents.days
        self._forget_old(self.desk.today)

    async def run(self) -> None:
        """Keep until the bus is closed."""
        self._store.start(asyncio.get_running_loop())
        async for batch in self._events:
            for event in batch:
                self.take(event)

    async def close(self) -> None:
        """After `run` has ended: write what waits, let go of the file."""
        await self._store.close(_CLOSE_S)

    def take(self, event: Event) -> None:
        """Take over one event, in order; what is none of ours changes nothing."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(self._rigs[event.rig_id], event)

    # --- what it says of itself ----------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """A sentence for each thing that somebody can mend."""
        return [self._store.problem] if self._store.problem is not None else []

    def readings(self) -> Iterator[Reading]:
        """The numbers for Prometheus."""
        for outcome in ("stored", "updated", "withdrawn"):
            yield "f1_history_laps", (outcome,), self._outcomes[outcome]
        yield "f1_history_dropped", (), self._store.dropped
        yield "f1_history_bytes", (), self._store.file_bytes
        yield "f1_history_failed", (), float(self._store.failed)

    # --- what the rigs tell --------------------------------------------------------------------------------

    def _on_session(self, rig: _Rig, state: SessionState) -> None:
        uid = state.session_uid
        if uid is None:
            return
        venue = Venue(
            state.track, state.session_type, state.track_length_m, state.sector2_start_m, state.sector3_start_m
        )
        if rig.venues.get(uid) == venue:
            return
        rig.venues[uid] = venue
        if len(rig.venues) > _KEPT_VENUES:
            del rig.venues[next(iter(rig.venues))]
        for lap in self._book.settle(state.rig_id, uid, venue):
            self._store.put(lap)
        marked = self._atlas.mark_sectors(venue)
        if marked is not None:
            self._store.put_outline(marked)

    def _on_progress(self, rig: _Rig, progress: LapProgress) -> None:
        uid = progress.session_uid
        if uid != rig.session_uid:
            rig.session_uid, rig.laps, rig.before = uid, RunningLaps(), None
            self._note_begin(progress)
        before, rig.before = rig.before, progress
        if before is not None and before.car_index != progress.car_index:
            before, rig.laps = None, RunningLaps()  # games were seen to name a wrong car: its laps are none of ours
        if _may_have_gone_back(before, progress):
            self._undo(progress)
        rig.laps.feed(progress)

    def _note_begin(self, progress: LapProgress) -> None:
        rig_id, uid, number = progress.rig_id, progress.session_uid, progress.lap_number
        frame = progress.overall_frame
        if uid is None or number is None or frame is None or frame >= SEEN_FROM_START_FRAMES:
            return
        begin = SessionBegin(rig_id, uid, number, self._calendar.day_of(progress.received_at))
        if self._book.begin(begin):
            self._store.put_session(begin)

    def _undo(self, progress: LapProgress) -> None:
        """Laps that cannot stand, since the car is driving them now or is not that far yet."""
        number = progress.lap_number
        if number is None:
            return
        # The number stays at the flag: then the lap of this number is done. It may be for a car that is out, too
        # (it may have been disqualified after the flag): that such a lap was driven is known, that it was undone not.
        running = number if progress.result_status == _ACTIVE else number + 1
        for gone in self._book.undo(progress.rig_id, progress.session_uid, progress.car_index, running):
            self._outcomes["withdrawn"] += 1
            self._store.remove(gone.lap_id)

    def _on_withdrawn(self, rig: _Rig, lap: LapWithdrawn) -> None:
        lap_id = f"{lap_ids(lap.rig_id, lap.session_uid, lap.car_index)}{lap.lap_number}"
        if self._book.withdraw(lap_id) is not None:
            self._outcomes["withdrawn"] += 1
            self._store.remove(lap_id)

    def _on_lap(self, rig: _Rig, lap: LapCompleted) -> None:
        if not lap.own:
            return
        self._book.lose_traces(self._store.take_lost())
        day = self._calendar.day_of(lap.received_at)
        self._forget_old(day)
        venue = rig.venue(lap.session_uid)
        drive = self._drive_of(rig, lap, venue)
        record, outcome = self._book.tell(lap, venue, day, has_trace=drive is not None)
        if record is None or outcome == "none":
            return
        self._outcomes[outcome] += 1
        self._store.put(record, drive)
        if drive is not None:
            outline = self._atlas.learn(drive.trace, venue, valid=lap.valid)
            if outline is not None:
                self._store.put_outline(outline)

    def _drive_of(self, rig: _Rig, lap: LapCompleted, venue: Venue) -> Drive | None:
        """The trace to be kept with a lap that is told; None when there is none, or when one is kept already."""
        known = self._book.get(lap.event_id)
        if known is not None and known.has_trace and lap.status != "provisional":
            return None
        trace = rig.laps.lap(lap.lap_number) if lap.session_uid == rig.session_uid else None
        if trace is None or not trace.fits(lap.lap_time_ms):
            return None
        return Drive(trace.copy(), lap.lap_time_ms, venue)

    def _forget_old(self, day: str) -> None:
        """On a new day: what is older than is to be kept goes."""
        if day <= self._day:
            return
        self._day = day
        before = days_before(day, self._keep_days)
        on_disk = {*self.desk.days_on_disk, *self._book.days()}
        self._book.forget(before)
        self.desk.days_on_disk = sorted((kept for kept in on_disk if kept >= before), reverse=True)
        self._store.drop_days(before)


def _may_have_gone_back(before: LapProgress | None, now: LapProgress) -> bool:
    """Whether laps may be undone that nobody withdrew: at the first progress, or gone back over a line, or the flag."""
    if before is None:
        return True
    if before.lap_number is not None and now.lap_number is not None and now.lap_number < before.lap_number:
        return True
    return before.result_status == _FINISHED and now.result_status == _ACTIVE
