"""The laps of the rigs' own cars that stand, as the game's events tell them.

A lap is told at the line, confirmed or corrected later, and once more after a restart of the gateway, always under one
id: its row stays one row. What the first telling settles (when, and who drove) stays; what a later telling does not
know is not taken back. A flashback over the line undoes laps, also one that nobody saw because the gateway was down:
then the number of the running lap says so.

A loaded save goes on under a new session id and lists laps as done that were driven before. They are not its own:
numbers below the one it began with are left out, and so is a lap that only the history tells and that is to the
millisecond, in every sector, a lap of the same rig in another session.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from app.history.record import LapRecord, SessionBegin, Venue
from app.normalize.events import LapCompleted

MOST_KNOWN: Final = 10_000
"""Laps held in memory, some 8 MB, the days of ten busy events; older days are read from the file."""

Outcome = Literal["stored", "updated", "none"]
_SAME_LAP_MS: Final = 50
"""A correction by more than this is another lap: driven again while nobody looked."""

_Session = tuple[str, str | None]
"""Rig and session uid."""


class Told(NamedTuple):
    """What a telling did; the record is None when the lap is not this session's."""

    record: LapRecord | None
    outcome: Outcome


def lap_ids(rig_id: str, session_uid: str | None, car_index: int | None) -> str:
    """How the ids of all laps of one car in a session begin: those of `LapCompleted`, but for the lap's number."""
    return f"{rig_id}:{session_uid or 0}:{LapCompleted.__name__}:{car_index}:"


class LapBook:
    """The newest laps of all rigs, by id."""

    def __init__(self) -> None:
        self.changes = 0
        """Rises with every change of any lap."""
        self.older_before = ""
        """Days before this one may have laps that are not here; empty when all are here."""
        self._laps: dict[str, LapRecord] = {}
        self._days: dict[str, dict[str, LapRecord]] = {}
        self._sessions: dict[_Session, dict[str, int]] = {}
        self._begun: dict[tuple[str, str], SessionBegin] = {}

    def fill(self, laps: Iterable[LapRecord], begun: Iterable[SessionBegin] = (), older_before: str = "") -> None:
        """Take over what earlier runs kept.

        Args:
            laps: The newest ones, of whole days.
            begun: Which sessions were seen to begin, and with which lap.
            older_before: Days before this one may have laps that are not among them; empty when all are.
        """
        self.changes += 1
        self.older_before = older_before
        for lap in laps:
            self._put(lap)
        for begin in begun:
            self._begun[begin.rig_id, begin.session_uid] = begin

    # --- reading -----------------------------------------------------------------------------------------

    def get(self, lap_id: str) -> LapRecord | None:
        """A lap; None when it is not here."""
        return self._laps.get(lap_id)

    def of_day(self, day: str) -> Sequence[LapRecord]:
        """The laps of a day, in no order."""
        return tuple(self._days.get(day, {}).values())

    def days(self) -> Sequence[str]:
        """Days that have laps here, newest first."""
        return sorted(self._days, reverse=True)

    # --- what the rigs tell --------------------------------------------------------------------------------

    def begin(self, begin: SessionBegin) -> bool:
        """A session was seen to begin; whether that is news."""
        key = begin.rig_id, begin.session_uid
        if key in self._begun:
            return False
        self._begun[key] = begin
        return True

    def tell(self, lap: LapCompleted, venue: Venue, day: str, *, has_trace: bool) -> Told:
        """Take over a lap of the own car.

        Args:
            lap: As told now.
            venue: Where its session is.
            day: The operator's day, for a lap that is told for the first time.
            has_trace: Whether there is a trace that fits it, to be kept with it.
        """
        known = self._laps.get(lap.event_id)
        if known is None:
            if self._is_inherited(lap):
                return Told(None, "none")
            record = _first_told(lap, venue, day, has_trace=has_trace)
            self._change(record)
            return Told(record, "stored")
        told = _told_again(known, lap, venue, has_trace=has_trace)
        if told == known:
            return Told(known, "none")
        self._change(told)
        return Told(told, "updated")

    def withdraw(self, lap_id: str) -> LapRecord | None:
        """A lap does not stand any more; what it was, None when it was not here."""
        gone = self._laps.pop(lap_id, None)
        if gone is not None:
            self.changes += 1
            self._leave(gone)
        return gone

    def undo(self, rig_id: str, session_uid: str | None, car_index: int | None, from_number: int) -> list[LapRecord]:
        """The laps of one car in a session from a number on do not stand any more; what they were."""
        driven = self._sessions.get((rig_id, session_uid), {})
        of_car = lap_ids(rig_id, session_uid, car_index)
        doomed = [lap_id for lap_id, number in driven.items() if number >= from_number and lap_id.startswith(of_car)]
        return [gone for lap_id in doomed if (gone := self.withdraw(lap_id)) is not None]

    def settle(self, rig_id: str, session_uid: str | None, venue: Venue) -> list[LapRecord]:
        """It is known now where a session is; laps of it that were told before that, filled in."""
        settled = []
        for lap_id in self._sessions.get((rig_id, session_uid), {}):
            lap = self._laps[lap_id]
            filled = lap._replace(
                track=lap.track if lap.track is not None else venue.track,
                session_type=lap.session_type if lap.session_type is not None else venue.session_type,
            )
            if filled != lap:
                settled.append(filled)
        for filled in settled:
            self._change(filled)
        return settled

    def lose_traces(self, lap_ids: Iterable[str]) -> None:
        """The traces of these laps are not kept any more."""
        for lap_id in lap_ids:
            lap = self._laps.get(lap_id)
            if lap is not None and lap.has_trace:
                self._change(lap._replace(has_trace=False))

    def forget(self, before_day: str) -> None:
        """Let go of all days before one, and of the oldest days while there are too many laps."""
        self._begun = {key: begin for key, begin in self._begun.items() if begin.day >= before_day}
        for day in sorted(self._days):
            is_over = day < before_day
            if not is_over and (len(self._laps) <= MOST_KNOWN or day == max(self._days)):
                return
            for lap in self.of_day(day):
                self.withdraw(lap.lap_id)
            if not is_over:
                self.older_before = min(self._days)

    # --- below -------------------------------------------------------------------------------------------

    def _is_inherited(self, lap: LapCompleted) -> bool:
        """Whether the lap was driven in another session, which this one goes on from."""
        begin = self._begun.get((lap.rig_id, lap.session_uid or ""))
        if begin is not None:
            return lap.lap_number < begin.first_lap
        mine = (lap.lap_time_ms, lap.sector1_time_ms, lap.sector2_time_ms, lap.sector3_time_ms)
        if lap.status == "provisional" or None in mine:
            return False
        return any(
            (each.lap_time_ms, each.sector1_time_ms, each.sector2_time_ms, each.sector3_time_ms) == mine
            and (each.rig_id, each.lap_number) == (lap.rig_id, lap.lap_number)
            and each.session_uid != lap.session_uid
            for each in self._laps.values()
        )

    def _change(self, lap: LapRecord) -> None:
        self.changes += 1
        self._put(lap)

    def _put(self, lap: LapRecord) -> None:
        self._laps[lap.lap_id] = lap
        self._days.setdefault(lap.day, {})[lap.lap_id] = lap
        self._sessions.setdefault((lap.rig_id, lap.session_uid), {})[lap.lap_id] = lap.lap_number

    def _leave(self, lap: LapRecord) -> None:
        of_day, of_session = self._days[lap.day], self._sessions[lap.rig_id, lap.session_uid]
        del of_day[lap.lap_id], of_session[lap.lap_id]
        if not of_day:
            del self._days[lap.day]
        if not of_session:
            del self._sessions[lap.rig_id, lap.session_uid]


def _first_told(lap: LapCompleted, venue: Venue, day: str, *, has_trace: bool) -> LapRecord:
    return LapRecord(
        lap_id=lap.event_id,
        rig_id=lap.rig_id,
        session_uid=lap.session_uid,
        lap_number=lap.lap_number,
        day=day,
        track=venue.track,
        session_type=venue.session_type,
        driver_name=lap.driver_name,
        individual_id=lap.individual_id,
        lap_time_ms=lap.lap_time_ms,
        sector1_time_ms=lap.sector1_time_ms,
        sector2_time_ms=lap.sector2_time_ms,
        sector3_time_ms=lap.sector3_time_ms,
        valid=lap.valid,
        pit_lap=lap.pit_lap,
        tyre_compound=lap.tyre_compound,
        completed_at=lap.received_at,
        has_trace=has_trace,
    )


def _told_again(known: LapRecord, lap: LapCompleted, venue: Venue, *, has_trace: bool) -> LapRecord:
    """The record after a later telling; a None in it takes nothing back."""
    told = known._replace(
        lap_time_ms=lap.lap_time_ms,
        sector1_time_ms=lap.sector1_time_ms,
        sector2_time_ms=lap.sector2_time_ms,
        sector3_time_ms=lap.sector3_time_ms,
        valid=lap.valid,
        pit_lap=known.pit_lap if lap.pit_lap is None else lap.pit_lap,
        tyre_compound=known.tyre_compound if lap.tyre_compound is None else lap.tyre_compound,
        track=known.track if known.track is not None else venue.track,
        session_type=known.session_type if known.session_type is not None else venue.session_type,
        has_trace=has_trace or (known.has_trace and abs(lap.lap_time_ms - known.lap_time_ms) <= _SAME_LAP_MS),
    )
    if lap.lap_time_ms != known.lap_time_ms:
        return told  # the sectors of another time are not this one's
    return told._replace(
        sector1_time_ms=known.sector1_time_ms if lap.sector1_time_ms is None else lap.sector1_time_ms,
        sector2_time_ms=known.sector2_time_ms if lap.sector2_time_ms is None else lap.sector2_time_ms,
        sector3_time_ms=known.sector3_time_ms if lap.sector3_time_ms is None else lap.sector3_time_ms,
    )
