"""The three sectors of the lap that is shown of one rig, each with its mark; pure: events in, values out.

Shown is the running lap once its first sector is done, and the last completed lap before that. A mark says how a sector
stands now beside all that was driven in the session on laps that count: as fast as the fastest of all cars, as the own
car's fastest, or slower. A lap that does not count, and a sector that was not driven, have no mark; neither has a best
that may not be one, because somebody's laps were driven unheard (`LapProgress.laps_known`).

A completed lap stands until the game withdraws it. What was driven of a running one is undone when session time goes
back to before it: a flashback lands somewhat before the moment that it names, so the clock has the last word. Of the
own car the game tells with every progress what it has driven of its lap; that wins over what was put together here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from app.duel.laps import FINISHED
from app.normalize.events import (
    Event,
    FlashbackUsed,
    LapCompleted,
    LapInvalidated,
    LapProgress,
    LapStarted,
    LapWithdrawn,
    SectorCompleted,
    SectorMark,
    SectorMarks,
    SectorTimes,
)

_HEARD: Final = (
    LapProgress,
    SectorCompleted,
    LapStarted,
    LapCompleted,
    LapInvalidated,
    LapWithdrawn,
    FlashbackUsed,
)
_UNKNOWN: Final = (None, None, None)


class Shown(NamedTuple):
    """Three sectors of one lap.

    Attributes:
        lap_number: None when there is no such lap.
        times_ms: None for a sector that is not driven yet, or not known.
        marks: None where nothing true can be said.
    """

    lap_number: int | None
    times_ms: SectorTimes
    marks: SectorMarks


_NOTHING: Final = Shown(None, _UNKNOWN, _UNKNOWN)


class _Lap:
    """What is known of one lap of one car; `at_s` are session times, of a running lap only."""

    __slots__ = ("at_s", "done", "times_ms", "valid", "void_at_s")

    def __init__(self) -> None:
        self.times_ms: list[int | None] = [None, None, None]
        self.at_s: list[float | None] = [None, None, None]
        self.valid = True
        self.void_at_s: float | None = None
        self.done = False

    def drive(self, sector: int, time_ms: int | None, at_s: float | None) -> None:
        """Take over a sector, 0 to 2; what comes after it has yet to be driven."""
        if self.times_ms[sector] != time_ms:
            self.times_ms[sector:] = [time_ms, None, None][: 3 - sector]
            self.at_s[sector] = at_s

    def rewind(self, to_s: float) -> None:
        """Undo what happened after a session time."""
        for sector, at_s in enumerate(self.at_s):
            if at_s is None or at_s > to_s:
                self.times_ms[sector] = None
        if self.void_at_s is not None and self.void_at_s > to_s:
            self.valid, self.void_at_s = True, None


class _Car:
    """The laps of one car, and its fastest sectors on those that count."""

    __slots__ = ("_bests", "laps")

    def __init__(self) -> None:
        self.laps: dict[int, _Lap] = {}
        self._bests: list[int | None] | None = None

    def lap(self, number: int) -> _Lap:
        """The lap of this number, to be changed."""
        self._bests = None
        lap = self.laps.get(number)
        if lap is None:
            lap = self.laps[number] = _Lap()
        return lap

    def forget_from(self, number: int) -> None:
        """A lap begins: neither of it nor of any later one is anything driven."""
        for later in [each for each in self.laps if each >= number]:
            del self.laps[later]
            self._bests = None

    def rewind(self, to_s: float) -> None:
        """Undo what happened on running laps after a session time."""
        for lap in self.laps.values():
            if not lap.done:
                lap.rewind(to_s)
                self._bests = None

    def bests(self) -> list[int | None]:
        """The fastest time of each sector; None where there is none."""
        if self._bests is None:
            counted = [lap.times_ms for lap in self.laps.values() if lap.valid]
            self._bests = [_fastest(times[sector] for times in counted) for sector in range(3)]
        return self._bests


class Sectors:
    """The sectors of one rig's sessions, one session at a time."""

    def __init__(self) -> None:
        self._begin(None)

    def _begin(self, session_uid: str | None) -> None:
        self._uid = session_uid
        self._cars: dict[int, _Car] = {}
        self._own: int | None = None
        self._running: int | None = None
        self._known: Literal["all", "own"] | None = None
        self._told: tuple[object, ...] | None = None
        self._time_s: float | None = None
        self._shown: Shown | None = None

    def feed(self, event: Event) -> None:
        """Take over an event of this rig, in order; kinds that say nothing of sectors change nothing."""
        if not isinstance(event, _HEARD) or event.session_uid is None:
            return
        if event.session_uid != self._uid:
            self._begin(event.session_uid)
        if isinstance(event, LapProgress):
            self._progress(event)
            return
        self._shown = None
        if isinstance(event, FlashbackUsed):
            self._rewind(event.to_session_time_s)
        elif event.car_index is not None:
            self._fact(self._cars.setdefault(event.car_index, _Car()), event)

    def shown(self) -> Shown:
        """The sectors of the lap that is shown."""
        if self._shown is None:
            self._shown = self._reckoned()
        return self._shown

    # --- taking over -----------------------------------------------------------------------------

    def _fact(self, car: _Car, fact: Event) -> None:
        if isinstance(fact, SectorCompleted):
            lap = car.lap(fact.lap_number)
            if not lap.done:
                lap.drive(fact.sector - 1, fact.sector_time_ms, fact.session_time_s)
                _judge(lap, valid=fact.lap_valid, at_s=fact.session_time_s)
        elif isinstance(fact, LapCompleted):
            lap = car.lap(fact.lap_number)
            lap.times_ms = [fact.sector1_time_ms, fact.sector2_time_ms, fact.sector3_time_ms]
            lap.valid, lap.done = fact.valid, True
        elif isinstance(fact, LapInvalidated):
            lap = car.lap(fact.lap_number)
            if not lap.done:
                _judge(lap, valid=False, at_s=fact.session_time_s)
        elif isinstance(fact, LapStarted | LapWithdrawn):
            car.forget_from(fact.lap_number)

    def _progress(self, progress: LapProgress) -> None:
        time_s = progress.session_time_s
        if time_s is not None:
            if self._time_s is not None and time_s < self._time_s:
                self._rewind(time_s)
            self._time_s = time_s
        told = (
            progress.car_index,
            progress.lap_number,
            progress.sector,
            progress.sector1_time_ms,
            progress.sector2_time_ms,
            progress.lap_invalid,
            progress.laps_known,
            progress.result_status,
        )
        if told != self._told:
            self._told, self._shown = told, None
            self._own, self._running, self._known = progress.car_index, progress.lap_number, progress.laps_known
            self._of_own_lap(progress)

    def _of_own_lap(self, progress: LapProgress) -> None:
        number, car_index, sector = progress.lap_number, progress.car_index, progress.sector
        # After the flag the number stays, and what is shown then is no lap any more.
        if number is None or car_index is None or sector is None or progress.result_status == FINISHED:
            return
        lap = self._cars.setdefault(car_index, _Car()).lap(number)
        if lap.done:
            return
        at_s = progress.session_time_s
        lap.drive(0, progress.sector1_time_ms if sector > 1 else None, at_s)
        lap.drive(1, progress.sector2_time_ms if sector > 2 else None, at_s)
        if progress.lap_invalid is not None:
            _judge(lap, valid=not progress.lap_invalid, at_s=at_s)

    def _rewind(self, to_s: float | None) -> None:
        if to_s is not None:
            for car in self._cars.values():
                car.rewind(to_s)
        self._told = self._shown = None

    # --- telling ---------------------------------------------------------------------------------

    def _reckoned(self) -> Shown:
        own = None if self._own is None else self._cars.get(self._own)
        number = None if own is None else self._number(own)
        if own is None or number is None:
            return _NOTHING
        lap = own.laps[number]
        first, second, third = lap.times_ms
        if not lap.valid:
            return Shown(number, (first, second, third), _UNKNOWN)
        mine = own.bests()
        everyones = [car.bests() for car in self._cars.values()]
        fastest = [_fastest(bests[sector] for bests in everyones) for sector in range(3)]
        one, two, three = (self._mark(lap.times_ms[sector], mine[sector], fastest[sector]) for sector in range(3))
        return Shown(number, (first, second, third), (one, two, three))

    def _number(self, own: _Car) -> int | None:
        """The running lap once its first sector is done, else the last completed one."""
        running = None if self._running is None else own.laps.get(self._running)
        if running is not None and running.times_ms[0] is not None:
            return self._running
        return max((number for number, lap in own.laps.items() if lap.done), default=None)

    def _mark(self, time_ms: int | None, mine_ms: int | None, fastest_ms: int | None) -> SectorMark | None:
        if time_ms is None or mine_ms is None or fastest_ms is None:
            return None
        if time_ms > mine_ms:
            return "slower"
        if self._known is None:
            return None
        return "session_best" if self._known == "all" and time_ms <= fastest_ms else "personal_best"


def _judge(lap: _Lap, *, valid: bool, at_s: float | None) -> None:
    """Say whether a running lap counts, and remember since when it does not."""
    if valid != lap.valid:
        lap.valid, lap.void_at_s = valid, None if valid else at_s


def _fastest(times_ms: Iterable[int | None]) -> int | None:
    return min((time_ms for time_ms in times_ms if time_ms is not None), default=None)
