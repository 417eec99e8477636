"""Laps and sectors out of lap data: one small state machine per car, which never guesses.

A lap completes when the lap number rises *and* the last lap time is new, both in one record (the game
does so for every car at the line), or, at the chequered flag, when the number stays, the result becomes
"finished" and the last lap time is new. A time equal to the lap before counts as new when the timer was
running up to it (but not at the flag, where no number rises). Everything else (garage, out-lap without a
time, restart, flashback, ghost) completes nothing.

A lap number that falls, or a finished car that races again, is a flashback over the line: laps from there
on are withdrawn and the lap counts one attempt more. What lost packets hid at the line comes from the
session history, which also confirms or corrects what was read off the line. Laps that the history lists from
before the session's own beginning (a loaded save) are not this session's.

Most records say nothing but that the timer ran on. Those are known by the few fields that decide, and only the others
are read as a whole: twenty cars, sixty times a second, are most of what a rig's traffic costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from app.ingest.layouts.table import columns
from app.ingest.packets import LapDataPacket, SessionHistoryPacket
from app.ingest.records import CarLapData, LapHistoryData
from app.normalize.units import joined_ms

LIVE: Final = (2, 3, 4, 5, 6, 7)
"""Result statuses of a car that takes part; 0 and 1 are empty slots and ghosts."""
ACTIVE: Final = 2
FINISHED: Final = 3
_TIMER_SLACK_MS: Final = 2_000
"""How far the timer may have been from the final time when last seen: two seconds of lost packets."""
_LAP_VALID: Final = 0x01
_DECIDING: Final = (
    "current_lap_time_in_ms",
    "sector1_time_ms_part",
    "sector1_time_minutes_part",
    "sector2_time_ms_part",
    "sector2_time_minutes_part",
    "current_lap_num",
    "pit_status",
    "sector",
    "current_lap_invalid",
    "driver_status",
    "result_status",
)
"""What a fact about laps can come of, while the lap goes on: the timer first, then what has to stay the same."""
_TIMER: Final = 0
_STATUS: Final = -1

Status = Literal["provisional", "confirmed", "corrected"]
LapsKnown = Literal["all", "own"]


class LapBegun(NamedTuple):
    """A car began a lap; `attempt` counts how often this number was begun before."""

    car_index: int
    lap_number: int
    attempt: int


class SectorDone(NamedTuple):
    """A car finished a sector; `lap_valid` says whether its lap still counted then."""

    car_index: int
    lap_number: int
    attempt: int
    sector: int
    sector_time_ms: int
    lap_valid: bool


class LapDone(NamedTuple):
    """A car finished a timed lap."""

    car_index: int
    lap_number: int
    lap_time_ms: int
    sector1_time_ms: int | None
    sector2_time_ms: int | None
    sector3_time_ms: int | None
    valid: bool
    pit_lap: bool | None
    position: int | None
    personal_best: bool
    session_best: bool
    status: Status


class LapVoid(NamedTuple):
    """The lap being driven will not count."""

    car_index: int
    lap_number: int
    attempt: int


class LapWithdrawn(NamedTuple):
    """A completed lap was undone by a flashback; `attempt` is the one that now begins."""

    car_index: int
    lap_number: int
    attempt: int


LapFact = LapBegun | SectorDone | LapDone | LapVoid | LapWithdrawn


class _Car:
    """One car's running lap and its laps so far."""

    __slots__ = (
        "_seen",
        "_seen_in",
        "attempts",
        "best_ms",
        "deciding",
        "done",
        "first_lap",
        "pits",
        "sector1_ms",
        "sector2_ms",
        "steady",
    )

    def __init__(self, record: CarLapData, *, from_start: bool) -> None:
        self._seen: CarLapData | None = record
        self._seen_in: tuple[Sequence[CarLapData], int] | None = None
        self.deciding: tuple[Any, ...] = ()
        """The fields of `_DECIDING` in the last record."""
        self.steady = False
        """Whether the same fields again, and a timer that ran on, would tell nothing."""
        self.first_lap = record.current_lap_num if from_start else 1
        self.done: dict[int, LapDone] = {}
        self.attempts: dict[int, int] = {}
        self.pits: dict[int, int] = {}
        self.best_ms: int | None = None
        self.sector1_ms: int | None = None
        self.sector2_ms: int | None = None

    @property
    def seen(self) -> CarLapData:
        """The last record; read when it is asked for."""
        if self._seen is None:
            assert self._seen_in is not None
            cars, index = self._seen_in
            self._seen = cars[index]
        return self._seen

    @seen.setter
    def seen(self, record: CarLapData) -> None:
        self._seen = record

    def ran_on(self, deciding: tuple[Any, ...]) -> bool:
        """Whether a record with these fields tells nothing but a later time."""
        known = self.deciding
        return self.steady and deciding[_TIMER] >= known[_TIMER] and deciding[1:] == known[1:]

    def see_later(self, cars: Sequence[CarLapData], index: int, deciding: tuple[Any, ...]) -> None:
        """Take over a record that need not be read now."""
        self._seen, self._seen_in, self.deciding = None, (cars, index), deciding

    def begin(self) -> None:
        """Forget what belongs to the running lap."""
        self.sector1_ms = self.sector2_ms = None

    def note_pits(self, record: CarLapData) -> None:
        """Remember by lap at which lap time the car was first seen in the pits, and forget what was undone."""
        number, timer_ms = record.current_lap_num, record.current_lap_time_in_ms
        driven = (number, timer_ms + _TIMER_SLACK_MS)  # the timer may step back a little without a flashback
        if self.pits and max(self.pits.items()) > driven:
            self.pits = {lap: at_ms for lap, at_ms in self.pits.items() if (lap, at_ms) <= driven}
        if timer_ms > 0 and _in_pits(record):
            self.pits.setdefault(number, timer_ms)


def sector_times_ms(record: CarLapData) -> tuple[int | None, int | None]:
    """Sectors 1 and 2 of the running lap; None while not driven."""
    first = joined_ms(record.sector1_time_minutes_part, record.sector1_time_ms_part)
    second = joined_ms(record.sector2_time_minutes_part, record.sector2_time_ms_part)
    return first or None, second or None


def _third(lap_ms: int, first: int | None, second: int | None) -> int | None:
    if first is None or second is None or first + second >= lap_ms:
        return None
    return lap_ms - first - second


def _seen_to_end(seen: CarLapData, record: CarLapData, finished_lap: int) -> bool:
    """Whether `record` has the time of the lap that `seen` was driving; what is in doubt waits for the history."""
    if seen.current_lap_num != finished_lap:
        return False  # a whole lap was lost: nobody saw whether this one was valid
    at_the_flag = record.result_status == FINISHED != seen.result_status
    if at_the_flag and record.current_lap_num != finished_lap:
        return False  # at the flag the number stays: this may be the time of a lap after that one
    if record.last_lap_time_in_ms != seen.last_lap_time_in_ms:
        return True
    was_near = 0 <= record.last_lap_time_in_ms - seen.current_lap_time_in_ms <= _TIMER_SLACK_MS
    return was_near and not at_the_flag and not _in_pits(record)


class LapTracker:
    """The laps of one session, all cars.

    Args:
        from_start: Whether the session was seen to begin; then laps numbered below the first one seen were
            driven before it (a loaded save) and are left out of what the history tells.
    """

    def __init__(self, *, from_start: bool) -> None:
        self._from_start = from_start
        self._cars: dict[int, _Car] = {}
        self._session_best_ms: int | None = None
        self._told_by_history: set[int] = set()
        self._lap_lost: set[int] = set()
        """Cars of which a whole lap went by unseen, until their history comes."""
        self.live: tuple[int, ...] = ()
        """Slots of the cars that take part, as of the last LapData packet."""

    def best_ms(self, car_index: int) -> int | None:
        """The car's best valid lap of this session so far."""
        car = self._cars.get(car_index)
        return None if car is None else car.best_ms

    def last_valid(self, car_index: int) -> bool | None:
        """Whether the lap whose time the car shows as its last one counts; None when that is not known."""
        car = self._cars.get(car_index)
        if car is None:
            return None
        number = car.seen.current_lap_num - (car.seen.result_status != FINISHED)
        lap = car.done.get(number)
        return lap.valid if lap is not None and lap.lap_time_ms == car.seen.last_lap_time_in_ms else None

    def laps_known(self, own: int) -> LapsKnown | None:
        """Of whom no lap can have been driven unheard: of all cars, of the own one alone, or of neither."""
        if self._knows_all_laps():
            return "all"
        knows_own = (self._from_start or own in self._told_by_history) and own not in self._lap_lost
        return "own" if knows_own else None

    def feed(self, packet: LapDataPacket) -> list[LapFact]:
        """What a LapData packet, newer than the last one, says of all cars."""
        facts: list[LapFact] = []
        live: list[int] = []
        cars, known = packet.cars, self._cars
        for index, deciding in enumerate(columns(cars, _DECIDING)):
            if deciding[_STATUS] not in LIVE:
                continue
            live.append(index)
            car = known.get(index)
            if car is not None and car.ran_on(deciding):
                car.see_later(cars, index, deciding)
            else:
                facts += self._read(index, cars[index], deciding)
        self.live = tuple(live)
        return facts

    def _read(self, index: int, record: CarLapData, deciding: tuple[Any, ...]) -> list[LapFact]:
        """What a record says, read as a whole."""
        car = self._cars.get(index)
        same_lap = car is None or car.seen.current_lap_num == record.current_lap_num
        facts = list(self._record(index, record))
        car = self._cars[index]
        car.deciding = deciding
        # In the pits each record is looked at, and one over the line may leave its sectors to the next one.
        car.steady = same_lap and not _in_pits(record)
        return facts

    def _record(self, index: int, record: CarLapData) -> Iterator[LapFact]:
        car = self._cars.get(index)
        if car is None:
            car = self._cars[index] = _Car(record, from_start=self._from_start)
            car.note_pits(record)
            if record.result_status == FINISHED:
                car.sector1_ms, car.sector2_ms = sector_times_ms(record)
            else:  # sectors that were driven before we came are told now, or their lap would look unheard
                yield from self._sectors(index, car, record, same_lap=True)
            return
        seen = car.seen
        rise = record.current_lap_num - seen.current_lap_num
        if rise > 1:
            self._lap_lost.add(index)
        if rise > 0:
            yield from self._over_the_line(index, car, record, finished_lap=record.current_lap_num - 1)
            car.begin()
            yield LapBegun(index, record.current_lap_num, car.attempts.get(record.current_lap_num, 0))
        elif rise < 0:
            yield from self._went_back(index, car, record)
            car.begin()
        elif record.result_status == FINISHED != seen.result_status:
            yield from self._over_the_line(index, car, record, finished_lap=record.current_lap_num)
        elif seen.result_status == FINISHED and record.result_status == ACTIVE and record.current_lap_num in car.done:
            yield from self._went_back(index, car, record)  # over the line of the chequered flag
            car.begin()
        elif record.current_lap_time_in_ms + _TIMER_SLACK_MS < seen.current_lap_time_in_ms:
            car.begin()  # the timer was set back: a restart of the lap, or a flashback within it
        car.note_pits(record)
        yield from self._sectors(index, car, record, same_lap=rise == 0)
        if record.current_lap_invalid and (rise != 0 or not seen.current_lap_invalid):
            yield LapVoid(index, record.current_lap_num, car.attempts.get(record.current_lap_num, 0))
        car.seen = record

    def _over_the_line(self, index: int, car: _Car, record: CarLapData, finished_lap: int) -> Iterator[LapFact]:
        seen, lap_ms = car.seen, record.last_lap_time_in_ms
        if not lap_ms or finished_lap < 1 or finished_lap in car.done or not _seen_to_end(seen, record, finished_lap):
            return
        first, second = car.sector1_ms, car.sector2_ms
        third = _third(lap_ms, first, second)
        if third is not None:
            attempt = car.attempts.get(finished_lap, 0)
            yield SectorDone(index, finished_lap, attempt, 3, third, not seen.current_lap_invalid)
        done = LapDone(
            car_index=index,
            lap_number=finished_lap,
            lap_time_ms=lap_ms,
            sector1_time_ms=first,
            sector2_time_ms=second,
            sector3_time_ms=third,
            valid=not seen.current_lap_invalid,
            pit_lap=finished_lap in car.pits,
            position=record.car_position or None,
            personal_best=False,
            session_best=False,
            status="provisional",
        )
        yield self._enter(car, done)

    def _went_back(self, index: int, car: _Car, record: CarLapData) -> Iterator[LapFact]:
        lap_number = record.current_lap_num
        for undone in range(lap_number, car.seen.current_lap_num + 1):
            car.attempts[undone] = car.attempts.get(undone, 0) + 1
            if car.done.pop(undone, None) is not None:
                yield LapWithdrawn(index, undone, car.attempts[undone])
        self._reckon_bests(car)
        yield LapBegun(index, lap_number, car.attempts[lap_number])

    @staticmethod
    def _sectors(index: int, car: _Car, record: CarLapData, *, same_lap: bool) -> Iterator[LapFact]:
        first, second = sector_times_ms(record)
        lap_number, valid = record.current_lap_num, not record.current_lap_invalid
        attempt = car.attempts.get(lap_number, 0)
        if first is not None and record.sector >= 1 and first != car.sector1_ms:
            yield SectorDone(index, lap_number, attempt, 1, first, valid)
        if second is not None and record.sector >= 2 and second != car.sector2_ms:
            yield SectorDone(index, lap_number, attempt, 2, second, valid)
        if record.result_status != FINISHED or same_lap:
            car.sector1_ms, car.sector2_ms = first, second

    def confirm(self, packet: SessionHistoryPacket) -> list[LapFact]:
        """What a SessionHistory packet adds: laps confirmed, corrected, or missed at the line."""
        car = self._cars.get(packet.car_idx)
        if car is None:
            return []
        # The running lap has no time yet, but after a flashback the row may still show what was undone. Packets of
        # the session's end have frame 0: then the flag may have fallen unseen.
        over = car.seen.result_status == FINISHED or packet.header.frame_identifier == 0
        last = car.seen.current_lap_num if over else car.seen.current_lap_num - 1
        self._told_by_history.add(packet.car_idx)
        self._lap_lost.discard(packet.car_idx)
        facts: list[LapFact] = []
        for number, row in _history_laps(packet.laps, packet.num_laps):
            if number < car.first_lap or number > last:
                continue
            told = self._from_history(packet.car_idx, number, row, car.done.get(number))
            if told is not None:
                facts.append(self._enter(car, told))
        return facts

    @staticmethod
    def _from_history(index: int, number: int, row: LapHistoryData, known: LapDone | None) -> LapDone | None:
        lap_ms = row.lap_time_in_ms
        first = joined_ms(row.sector1_time_minutes_part, row.sector1_time_ms_part) or None
        second = joined_ms(row.sector2_time_minutes_part, row.sector2_time_ms_part) or None
        valid = bool(row.lap_valid_bit_flags & _LAP_VALID)
        if known is None:
            third = _third(lap_ms, first, second)
            return LapDone(index, number, lap_ms, first, second, third, valid, None, None, False, False, "confirmed")
        first, second = first or known.sector1_time_ms, second or known.sector2_time_ms
        told = known._replace(
            lap_time_ms=lap_ms,
            sector1_time_ms=first,
            sector2_time_ms=second,
            sector3_time_ms=_third(lap_ms, first, second),
            valid=valid,
        )
        if told == known:
            return known._replace(status="confirmed") if known.status == "provisional" else None
        filled = told.lap_time_ms == known.lap_time_ms and told.valid == known.valid and None in known[3:6]
        return told._replace(status="confirmed" if filled else "corrected")

    def _enter(self, car: _Car, done: LapDone) -> LapDone:
        """Take a lap into the books, and say whether it is a best."""
        earlier = car.done.pop(done.lap_number, None)
        if earlier is not None:
            self._reckon_bests(car)
        personal = done.valid and (car.best_ms is None or done.lap_time_ms < car.best_ms)
        overall = done.valid and (self._session_best_ms is None or done.lap_time_ms < self._session_best_ms)
        done = done._replace(personal_best=personal, session_best=overall and self._knows_all_laps())
        car.done[done.lap_number] = done
        if personal:
            car.best_ms = done.lap_time_ms
        if overall:
            self._session_best_ms = done.lap_time_ms
        return done

    def _knows_all_laps(self) -> bool:
        """Whether no lap of anybody can be faster unheard: a gateway that came late knows when all histories came."""
        return not self._lap_lost and (self._from_start or self._cars.keys() <= self._told_by_history)

    def _reckon_bests(self, car: _Car) -> None:
        car.best_ms = min((lap.lap_time_ms for lap in car.done.values() if lap.valid), default=None)
        all_bests = (other.best_ms for other in self._cars.values() if other.best_ms is not None)
        self._session_best_ms = min(all_bests, default=None)


def _history_laps(rows: Sequence[LapHistoryData], count: int) -> Iterator[tuple[int, LapHistoryData]]:
    """Lap number and row of every lap that the history calls driven."""
    for number in range(1, min(count, len(rows)) + 1):
        row = rows[number - 1]
        if row.lap_time_in_ms:
            yield number, row


def _in_pits(record: CarLapData) -> bool:
    """Whether the car is in the pits; the garage before the first lap is too, but no lap's clock runs there."""
    in_garage, out_lap = 0, 3
    return record.pit_status != 0 or record.driver_status in (in_garage, out_lap)
