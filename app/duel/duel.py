"""What is between two rigs: delta at equal lap distance, gap in one race, and whether it is one race.

*Delta* compares laps: the rig's running lap time less the other rig's when it last was at this lap distance. It
needs no common clock and no common session, only the same track. *Gap* compares cars in one race: how long ago the
other car was where this one is. Positive means slower, or behind.

Both laps that are compared begin at the line, so of the two deltas of a pair one is the duel that a crowd sees, and the
other one holds a lap against one that is a whole round older. The rig that *chases* has the former: it comes to each
place of the lap after the other one. That does not change when either of the two crosses the line.

A gap is told in a race alone: in qualifying, how far a car has come says when it left the garage. At the flag it
stands: what the cars do after it is no racing.

Two rigs are *twins* when they are in one session: the same uid from two machines with two own cars. The same uid
with the same own car is one machine's stream sent to two ports, which is a mistake of the set-up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from app.duel.laps import Pass, RigLaps
from app.normalize.events import Event, LapCompleted, LapProgress, LapWithdrawn, SessionEnded, SessionState
from app.normalize.vocabulary import RACES

_FRESH_S: Final = 5.0
"""A rig whose last progress is older takes part in nothing."""
_REMEMBERED_LAPS: Final = 4096
"""Laps held against each other, the oldest forgotten: two rigs with 24 cars over 85 laps."""
_TURN_OF_GAP_S: Final = 0.1
"""In one race the one behind chases. Side by side the gap swings about 0; it is exact to a few hundredths, and below
this nobody sees who is behind."""
_TURN_OF_LAP_S: Final = 2.0
"""On laps of their own the roles turn about half a lap apart, where either answer is as good: there two guests gain and
lose some tenths from corner to corner, which counts twice, and datagrams come late by another tenth."""


class Standing(NamedTuple):
    """One rig against another, or alone.

    Attributes:
        delta_to_best_ms: Against the own best valid lap of this session, at this lap distance.
        delta_to_other_ms: Against the other rig, at this lap distance.
        gap_to_other_ms: In one race; None otherwise.
        other: The rig compared with; None when there is none on this track.
        same_race: Whether both are in one race.
        chasing: Whether this rig's numbers speak for both, or the other's; None when there is no other, when the other
            is compared with a third rig, and while neither can be compared.
    """

    delta_to_best_ms: int | None
    delta_to_other_ms: int | None
    gap_to_other_ms: int | None
    other: str | None
    same_race: bool
    chasing: bool | None


class _Session(NamedTuple):
    """What is known of a rig's session."""

    uid: str | None = None
    track: str | None = None
    is_race: bool = False


class Twins(NamedTuple):
    """Two rigs found in one session; `same_car` when they claim one and the same car."""

    rig_id: str
    other_rig_id: str
    session_uid: str
    car_index: int
    other_car_index: int
    same_car: bool


class Disagreement(NamedTuple):
    """Two rigs of one session tell the same lap with different times."""

    session_uid: str
    car_index: int
    lap_number: int
    lap_time_ms: int
    other_lap_time_ms: int


class Groups:
    """Rigs by what they have in common, each group in the order of the configuration.

    So that a rig is held against those that can matter to it: to look at all others, each sixty times a second, would
    be most of what forty rigs cost.
    """

    def __init__(self, rig_ids: Sequence[str]) -> None:
        self._order = {rig_id: place for place, rig_id in enumerate(rig_ids)}
        self._group_of: dict[str, str] = {}
        self._groups: dict[str, list[str]] = {}

    def move(self, rig_id: str, group: str | None) -> None:
        """The rig belongs to that group from now on, or to none."""
        before = self._group_of.get(rig_id)
        if before == group:
            return
        if before is not None:
            self._groups[before].remove(rig_id)
            if not self._groups[before]:
                del self._groups[before]
            del self._group_of[rig_id]
        if group is not None:
            self._group_of[rig_id] = group
            members = self._groups.setdefault(group, [])
            members.append(rig_id)
            members.sort(key=self._order.__getitem__)

    def of(self, group: str | None) -> Sequence[str]:
        """Who belongs to it; nobody belongs to None."""
        return () if group is None else self._groups.get(group, ())


class Duel:
    """The rigs side by side.

    Args:
        rig_ids: All rigs, in the order they are configured; a rig is compared with the first other that fits.
    """

    def __init__(self, rig_ids: Sequence[str]) -> None:
        self._laps = {rig_id: RigLaps() for rig_id in rig_ids}
        self._sessions: dict[str, _Session] = {}
        self._in_session = Groups(rig_ids)
        self._on_track = Groups(rig_ids)
        self._told: dict[tuple[str, str], str] = {}
        self._lap_times: dict[tuple[str, int, int], dict[str, int]] = {}
        self._heard_s: dict[str, float] = {}
        self._chasers: dict[tuple[str, str], str] = {}
        """Who chased last, by pair."""

    def feed(self, event: Event, now_s: float) -> list[Twins | Disagreement]:
        """Take over an event of any rig, in order; what it reveals about two rigs."""
        laps = self._laps[event.rig_id]
        if isinstance(event, LapProgress):
            self._heard_s[event.rig_id] = now_s
            if event.session_uid != laps.session_uid:
                laps = self._laps[event.rig_id] = RigLaps(event.session_uid)
                self._in_session.move(event.rig_id, event.session_uid)
            laps.feed(event, now_s)
            return list(self._new_twins(event.rig_id, now_s))
        if isinstance(event, SessionState):
            self._sessions[event.rig_id] = _Session(event.session_uid, event.track, event.session_type in RACES)
            self._on_track.move(event.rig_id, event.track)
        elif isinstance(event, LapCompleted):
            laps.complete(event)
            return self._cross_check(event)
        elif isinstance(event, LapWithdrawn):
            laps.withdraw(event)
        elif isinstance(event, SessionEnded):
            self._heard_s.pop(event.rig_id, None)
        return []

    def same_car(self, now_s: float) -> list[tuple[str, str]]:
        """Pairs of rigs that claim one and the same car right now: one game's stream on two ports."""
        fresh = [rig_id for rig_id in self._laps if self._fresh(rig_id, now_s)]
        return [
            (one, other)
            for at, one in enumerate(fresh)
            for other in fresh[at + 1 :]
            if self._claim(one) is not None and self._claim(one) == self._claim(other)
        ]

    def _claim(self, rig_id: str) -> tuple[str, int] | None:
        """Session and own car that a rig says it is in."""
        now = self._laps[rig_id].now
        if now is None or now.session_uid is None or now.car_index is None:
            return None
        return now.session_uid, now.car_index

    def standing(self, rig_id: str, now_s: float) -> Standing:
        """Where a rig stands now, as of its newest progress; who chases is remembered, so that it does not flicker."""
        laps = self._laps[rig_id]
        if laps.now is None or not self._fresh(rig_id, now_s):
            return Standing(None, None, None, None, same_race=False, chasing=None)
        running_ms, distance_m = laps.running_ms, laps.running_m
        to_best = None if distance_m is None else _difference(running_ms, laps.best_elapsed_ms(distance_m))
        other_id = self._other(rig_id, now_s)
        if other_id is None:
            return Standing(to_best, None, None, None, same_race=False, chasing=None)
        other = self._laps[other_id]
        passed = None if distance_m is None else other.last_pass(distance_m)
        to_other = None if passed is None else _difference(running_ms, passed.elapsed_ms)
        same_race = self._are_twins(rig_id, other_id) and (self._is_race(rig_id) or self._is_race(other_id))
        gap = self._gap_ms(laps, other) if same_race else None
        chasing = None
        if self._other(other_id, now_s) == rig_id:
            chasing = self._chases(rig_id, other_id, gap, passed)
        return Standing(to_best, to_other, gap, other_id, same_race, chasing)

    def _chases(self, rig_id: str, other_id: str, gap_ms: int | None, passed: Pass | None) -> bool | None:
        """Whether the rig chases the other one, which is compared with it.

        Args:
            rig_id, other_id: The pair.
            gap_ms: In one race, and known.
            passed: When the other passed the place where this rig is.
        """
        if gap_ms is not None:
            return self._turned(rig_id, other_id, gap_ms / 1000, _TURN_OF_GAP_S)
        there_m = self._laps[other_id].running_m
        mine = None if there_m is None else self._laps[rig_id].last_pass(there_m)
        if passed is None or mine is None:
            if passed is None and mine is None:
                return None
            return self._turned(rig_id, other_id, math.inf if mine is None else -math.inf, 0.0)
        since_s = self._heard_s[rig_id] - passed.at_s
        since_mine_s = self._heard_s[other_id] - mine.at_s
        return self._turned(rig_id, other_id, since_mine_s - since_s, _TURN_OF_LAP_S)

    def _turned(self, rig_id: str, other_id: str, later_s: float, enough_s: float) -> bool:
        """Whether the rig chases: it does when it comes later, and roles change hands when that is clear enough."""
        pair = (rig_id, other_id) if rig_id < other_id else (other_id, rig_id)
        chaser = self._chasers.get(pair)
        if chaser is None or abs(later_s) > enough_s:
            chaser = self._chasers[pair] = rig_id if later_s > 0 else other_id
        return chaser == rig_id

    def _fresh(self, rig_id: str, now_s: float) -> bool:
        heard_s = self._heard_s.get(rig_id)
        return heard_s is not None and now_s - heard_s < _FRESH_S

    def _other(self, rig_id: str, now_s: float) -> str | None:
        """The first other rig that drives on the same track; a twin before anybody else."""
        for other in self._in_session.of(self._laps[rig_id].session_uid):
            if other != rig_id and self._are_twins(rig_id, other) and self._fresh(other, now_s):
                return other
        track = self._track(rig_id)
        for other in self._on_track.of(track):
            if other != rig_id and self._track(other) == track and self._fresh(other, now_s):
                return other
        return None

    def _track(self, rig_id: str) -> str | None:
        """The track of the rig's present session; None while not known."""
        return self._session(rig_id).track

    def _is_race(self, rig_id: str) -> bool:
        return self._session(rig_id).is_race

    def _session(self, rig_id: str) -> _Session:
        """The rig's present session; nothing known of one that is not told yet."""
        told, now = self._sessions.get(rig_id, _Session()), self._laps[rig_id].now
        return told if now is not None and now.session_uid == told.uid else _Session()

    def _are_twins(self, rig_id: str, other_id: str) -> bool:
        mine, theirs = self._claim(rig_id), self._claim(other_id)
        return mine is not None and theirs is not None and mine[0] == theirs[0] and mine[1] != theirs[1]

    def _new_twins(self, rig_id: str, now_s: float) -> Sequence[Twins]:
        found: list[Twins] = []
        mine = self._claim(rig_id)
        for other_id in self._in_session.of(self._laps[rig_id].session_uid):
            theirs = self._claim(other_id)
            if other_id == rig_id or mine is None or theirs is None or not self._fresh(other_id, now_s):
                continue
            (uid, car), (their_uid, their_car) = mine, theirs
            first, second = sorted((rig_id, other_id))
            if uid == their_uid and self._told.get((first, second)) != uid:
                self._told[first, second] = uid
                found.append(Twins(rig_id, other_id, uid, car, their_car, same_car=car == their_car))
        return found

    def _cross_check(self, lap: LapCompleted) -> list[Twins | Disagreement]:
        """Hold a lap against what other rigs of the same session say about it."""
        if lap.session_uid is None or lap.car_index is None or lap.status == "provisional":
            return []  # off the line a lap may still be corrected: that is no dispute
        key = (lap.session_uid, lap.car_index, lap.lap_number)
        told = self._lap_times.setdefault(key, {})
        told[lap.rig_id] = lap.lap_time_ms
        if len(self._lap_times) > _REMEMBERED_LAPS:
            del self._lap_times[next(iter(self._lap_times))]
        return [
            Disagreement(lap.session_uid, lap.car_index, lap.lap_number, lap.lap_time_ms, time_ms)
            for rig_id, time_ms in told.items()
            if rig_id != lap.rig_id and time_ms != lap.lap_time_ms
        ]

    @staticmethod
    def _gap_ms(mine: RigLaps, theirs: RigLaps) -> int | None:
        here, there = mine.place, theirs.place
        if here is None or there is None:
            return None
        if there.total_m >= here.total_m:
            passed_s = theirs.session_time_at_s(here.total_m)
            return None if passed_s is None else round((here.time_s - passed_s) * 1000)
        passed_s = mine.session_time_at_s(there.total_m)
        return None if passed_s is None else -round((there.time_s - passed_s) * 1000)


def _difference(mine_ms: int | None, theirs_ms: float | None) -> int | None:
    return None if mine_ms is None or theirs_ms is None else round(mine_ms - theirs_ms)
