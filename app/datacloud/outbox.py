"""The outbox [edge]: rows are taken over on the event loop and committed by a thread of its own.

`append` puts rows into a bounded queue and returns. The thread commits what waits, a tenth of a second after the first
row, sooner when there is a lot or when somebody leases or acknowledges. From the commit on a row is delivered at least
once, with the same bytes, whatever happens to the process; or it is counted as given up, dead or damaged.

The thread is the outbox's own: `asyncio.to_thread` shares its few threads with name look-ups, which can hang. Nothing
that goes wrong on the disk leaves the thread. It is told in `stats().problem` and tried again every two seconds; rows
wait in the queue meanwhile, and those that find it full are counted.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from app.datacloud.ballast import Ballast
from app.datacloud.figures import LaneStats, OutboxStats, at_present, lane_stats
from app.datacloud.inlet import Inlet, Queued
from app.datacloud.instance import InstanceLock
from app.datacloud.leases import Lease, Leases, Refusal, Settled
from app.datacloud.quarantine import open_store
from app.datacloud.row import Memory, Row
from app.datacloud.salvage import FoundMemory
from app.datacloud.schema import OBJECTS, TELEMETRY
from app.datacloud.store import Room, Store
from app.datacloud.tables import Batch, Limits, utc_day
from app.errors import OutboxUnavailable

__all__ = ["LaneStats", "Lease", "Limits", "Outbox", "OutboxStats", "Refusal"]

logger = logging.getLogger(__name__)

DEFAULT_LIMITS: Final = Limits()
GROUP_S: Final = 0.1
"""So long the first row waits for others to be committed with; some two dozen at 2 x 60 Hz."""
GROUP_ROWS: Final = 500
RETRY_S: Final = 2.0
MOST_UNSETTLED: Final = 1000
"""Acknowledgements that the disk does not take; beyond, nothing is leased, so that a crash repeats only so much."""

_IDLE_S: Final = 1.0
_TIDY_S: Final = 3600.0
_SHRINK_PAGES: Final = 256  # 1 MiB a second back to the disk once a backlog is gone
_FOLD_BYTES: Final = 4 * 1024 * 1024
_MOST_ALARMS: Final = 20
_HARDLY_ANY: Final = 64 * 1024
_FULL, _IO, _BUSY, _DAMAGED = (13,), (10, 14), (5, 6), (11, 26)  # SQLite's primary result codes


class _Ask(NamedTuple):
    """Somebody waits for a lease."""

    object: str
    most_bytes: int
    most_rows: int | None
    answer: asyncio.Future[Lease | None]


class _Ack(NamedTuple):
    lease: Lease
    refused: tuple[Refusal, ...]


class _Nack(NamedTuple):
    lease: Lease


class Outbox:
    """Where rows wait until Data Cloud has them.

    Args:
        path: The file; its directory is made when it does not exist.
        limits: How much it may hold.
        wall: Seconds since 1970 UTC.
        monotonic: Seconds on a clock that does not jump.
        store: The file itself, not open.
    """

    def __init__(
        self,
        path: Path,
        limits: Limits = DEFAULT_LIMITS,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        store: Store | None = None,
    ) -> None:
        self.path = path
        self.limits = limits
        self.memories: Mapping[str, Memory] = {}
        """What was told by earlier runs, by `object:key`; of the last 40 days, the newest 20 000."""
        self.on_committed: Callable[[], None] | None = None
        """Called on the loop when there are new rows to lease."""
        self.on_wish: Callable[[str], None] | None = None
        """Called on the loop with what a command asks for."""
        self._wall, self._monotonic = wall, monotonic
        self._store = store if store is not None else Store(path, limits)
        self._lock = InstanceLock(path)
        self._ballast = Ballast(path, limits.ballast_bytes)
        self._inlet = Inlet(limits.queue_rows, limits.queue_bytes)
        self._leases = Leases()
        self._requests: deque[_Ask | _Ack | _Nack] = deque()
        self._settled: list[Settled] = []
        self._held: dict[str, list[Queued]] = {}
        self._refused_told: dict[str, int] = {spec.name: 0 for spec in OBJECTS}
        self._is_full = self._is_damaged = self._must_reopen = False
        self._problem: str | None = None
        self._alarms: tuple[str, ...] = ()
        self._told = OutboxStats({spec.name: LaneStats() for spec in OBJECTS})
        self._retry_at_s = self._house_at_s = self._tidy_at_s = 0.0
        self._is_open = self._accepting = self._stopping = False
        self._wake = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)  # a hung disk must not hold us

    # --- on the event loop -------------------------------------------------------------------------------

    def open(self) -> None:
        """Take the file into possession, mend it if need be, count what waits. It may block: call it before the start.

        Raises:
            OutboxUnavailable: It cannot be used; the message says why and what to do.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.take(self._wall())
            self._alarms = self._opened()
            self._ballast.take_on(self.limits.min_free_bytes)
            self.memories = self._remembered()
        except (OSError, sqlite3.Error) as refusal:
            self._store.close()
            self._lock.release()
            raise OutboxUnavailable(
                f"the outbox {self.path} cannot be used: {_words(refusal)}; make its directory writable, or set "
                "DATACLOUD_OUTBOX_PATH to another"
            ) from refusal
        self._house_at_s = self._tidy_at_s = self._monotonic()
        self._is_open = self._accepting = True
        self._tell()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to commit; callbacks and answers come on this loop."""
        self._loop = loop
        self._ended = loop.create_future()
        self._thread.start()

    async def close(self, patience_s: float) -> None:
        """Commit what waits, fold the log into the file, let go of it; gives up after so many seconds."""
        self._accepting, self._stopping = False, True
        self._wake.set()
        if self._ended is None:
            if self._is_open:
                self._end()
            return
        try:
            await asyncio.wait_for(asyncio.shield(self._ended), patience_s)
        except TimeoutError:
            logger.error("outbox: the disk hangs; %d rows may not be committed", self._inlet.rows)

    def append(self, rows: Sequence[Row]) -> int:
        """Take rows over; returns at once, whatever the disk does, with the number of those there was no room for.

        Raises:
            ValueError: A row holds a line break; see `Row`.
        """
        before = self._inlet.rows
        if not self._accepting:
            return self._inlet.refuse(rows)
        refused = self._inlet.offer(rows, int(self._wall() * 1000))
        if before == 0 or before < GROUP_ROWS <= self._inlet.rows:
            self._wake.set()
        return refused

    async def lease(self, object_name: str, max_bytes: int, max_rows: int | None = None) -> Lease | None:
        """The oldest rows of an object that nobody works on; None when there are none.

        Args:
            object_name: Of the schema.
            max_bytes: Of a request body with all of them. The rows come in the pieces in which they were stored, at
                least one, which may be larger.
            max_rows: How many at most, with the same exception.
        """
        loop = asyncio.get_running_loop()
        if self._stopping or self._loop is None:
            return None
        answer: asyncio.Future[Lease | None] = loop.create_future()
        self._requests.append(_Ask(object_name, max_bytes, max_rows, answer))
        self._wake.set()
        return await answer

    async def commit(self) -> bool:
        """Commit what was taken over until now; whether all of it is in the file."""
        await self.lease("", 0)
        return not self._inlet.rows and self._problem is None

    def ack(self, lease: Lease, refused: Sequence[Refusal] = ()) -> None:
        """The rows of a lease are delivered, but for the refused, which become dead letters in the same commit."""
        self._requests.append(_Ack(lease, tuple(refused)))
        self._wake.set()

    def nack(self, lease: Lease) -> None:
        """All rows of a lease wait again, in their old place."""
        self._requests.append(_Nack(lease))
        self._wake.set()

    def stats(self) -> OutboxStats:
        """Where everything is, as of the last commit."""
        told, now_s = self._told, self._wall()
        lanes = {
            name: at_present(
                lane, self._inlet.waiting(name), self._inlet.refused[name] - self._refused_told[name], now_s
            )
            for name, lane in told.lanes.items()
        }
        return told._replace(lanes=lanes, problem=self._problem, alarms=self._alarms)

    # --- on the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        due_s: float | None = None
        while not self._stopping:
            now_s = self._monotonic()
            self._wake.wait(_IDLE_S if due_s is None else min(_IDLE_S, max(0.0, due_s - now_s)))
            self._wake.clear()
            now_s = self._monotonic()
            if due_s is None and self._inlet.rows:
                due_s = max(now_s + GROUP_S, self._retry_at_s)
            is_due = due_s is not None and now_s >= due_s
            if is_due or self._requests or self._inlet.rows >= GROUP_ROWS or now_s >= self._house_at_s:
                self.turn()
                due_s = None
        self._end()
        if self._ended is not None:
            self._on_loop(_fulfil, self._ended, None)

    def turn(self) -> None:
        """Hear what is asked, commit what waits, answer: a piece of the thread's work. Nothing escapes."""
        asks = self._hear()
        try:
            if self._monotonic() >= self._retry_at_s:
                self._work()
        except (sqlite3.Error, OSError) as refusal:
            self._rest(refusal)
        except Exception as fault:
            # A fault of ours must not end the outbox for good, nor go unseen.
            logger.exception("the outbox failed by a fault of its own")
            self._rest(fault)
        for ask in asks:
            self._on_loop(self._hand_over, ask.answer, self._answer(ask))

    def _hear(self) -> list[_Ask]:
        asks = []
        for _ in range(len(self._requests)):
            match self._requests.popleft():
                case _Ask() as ask:
                    asks.append(ask)
                case _Nack(lease):
                    self._leases.give_back(lease.lease_id)
                case _Ack(lease, refused):
                    if seqs := self._leases.end(lease.lease_id):
                        self._settled.append(Settled(lease.object, seqs, refused))
        return asks

    def _work(self) -> None:
        is_house_due = self._monotonic() >= self._house_at_s
        if is_house_due:
            self._house_at_s = self._monotonic() + _IDLE_S
            self._must_reopen = self._must_reopen or not self._store.is_there()
        if self._is_damaged or self._must_reopen:
            self._reopen()
        self._notice_others()
        held_back = self._commit_somehow()
        if held_back is None:
            self._recovered()
        else:
            self._wait(held_back)
        if is_house_due:
            self._keep_house()
        self._tell()

    # --- committing --------------------------------------------------------------------------------------

    def _commit_somehow(self) -> str | None:
        """As `_commit`; on a disk that turns out to be full, once more without the ballast."""
        try:
            return self._commit()
        except sqlite3.OperationalError as refusal:
            if not self._is_for_want_of_room(refusal):
                raise
        self._make_way()
        self._store.fold()
        return self._commit()

    def _commit(self) -> str | None:
        """Write all that waits, in pieces; why some of it must wait on, None when nothing must."""
        while self._inlet.rows or self._settled or self._unspooled():
            held_back = self._commit_some()
            if held_back is not None:
                return held_back
        return None

    def _commit_some(self) -> str | None:
        closed = self._closed_to()
        if len(closed) == len(self._refused_told):
            return next(iter(closed.values()))
        for name in self._refused_told:
            held = self._held.setdefault(name, [])
            held += self._inlet.take(name, GROUP_ROWS - len(held))
        lanes = [name for name, held in self._held.items() if held and not closed.get(name)]
        if not self._write(lanes):
            rare = [name for name in lanes if name != TELEMETRY.name]
            closed[TELEMETRY.name] = self._no_room()
            if not self._write(rare):
                closed |= dict.fromkeys(rare, "it is full, and no telemetry is left to give up")
                self._write([])
        return next((why for name, why in closed.items() if self._held.get(name)), None)

    def _write(self, lanes: Sequence[str]) -> bool:
        """Commit what is held of these objects and what else there is; whether there was room."""
        rows = {name: self._held[name] for name in lanes}
        unspooled = self._unspooled()
        chunks = [
            chunk
            for name, held in rows.items()
            for chunk in self._store.pack(name, [each.row.body for each in held], held[0].at_ms)
        ]
        batch = Batch(chunks, list(self._memories_of(rows)), self._settled, unspooled)
        if not (batch.chunks or batch.settled or batch.not_spooled):
            return True
        if not self._store.write(batch, self._wall(), self._room(), self._leases.seqs):
            return False
        for name, number in unspooled.items():
            self._refused_told[name] += number
        self._settled = []
        self._tell()
        for name, held in rows.items():
            self._inlet.done(name, held)
            self._held[name] = []
        if chunks:
            self._on_loop(self._call_committed)
        return True

    def _memories_of(self, rows: Mapping[str, Sequence[Queued]]) -> Iterator[FoundMemory]:
        for name, held in rows.items():
            for (_, key, _, memory), at_ms in held:
                if memory is not None:
                    yield self._store.remembered(name, key, memory.event_time, memory.said, at_ms)

    def _unspooled(self) -> dict[str, int]:
        """Rows that found the queue full and are not counted in the file yet."""
        refused = {name: self._inlet.refused[name] - told for name, told in self._refused_told.items()}
        return {name: number for name, number in refused.items() if number}

    # --- room --------------------------------------------------------------------------------------------

    def _room(self) -> Room:
        free = self._ballast.free_bytes()
        if self._is_full:
            return "none"
        return "rare" if free is not None and free < self.limits.min_free_bytes else "all"

    def _no_room(self) -> str:
        if self._is_full:
            return "its disk is full"
        if self._room() == "rare":
            return f"less than {self.limits.min_free_bytes // 1024**2} MiB of its disk are free"
        return "it is full, and no telemetry is left to give up"

    def _closed_to(self) -> dict[str, str]:
        """The objects whose rows may not be written now, because a reader keeps the log from being emptied."""
        wal_bytes, most = self._store.wal_bytes(), self.limits.wal_bytes
        if wal_bytes < most // 2 or self._store.fold():
            return {}
        why = "another program reads it for so long that its log cannot be emptied"
        return {name: why for name in self._refused_told if name == TELEMETRY.name or wal_bytes > most * 15 // 16}

    # --- housekeeping ------------------------------------------------------------------------------------

    def _keep_house(self) -> None:
        """What is done once a second."""
        free = self._ballast.free_bytes()
        if self._is_full and (free is None or free >= 2 * self._ballast.size):
            self._is_full = False
        if not self._is_full:
            self._ballast.take_on(self.limits.min_free_bytes)
        for wish in self._store.take_wishes():
            self._on_loop(self._call_wish, wish)
        if not self._inlet.rows:
            self._store.shrink(_SHRINK_PAGES)
            if self._store.wal_bytes() > _FOLD_BYTES:
                self._store.fold()
        if self._monotonic() >= self._tidy_at_s:
            self._tidy_at_s = self._monotonic() + _TIDY_S
            self._store.tidy(self._wall())

    def _notice_others(self) -> None:
        if self._store.others_wrote():
            self._house_at_s = self._monotonic()  # there may be a wish
            self._on_loop(self._call_committed)

    # --- trouble -----------------------------------------------------------------------------------------

    def _rest(self, refusal: Exception) -> None:
        """The disk refused: say so, and try again later."""
        code = _code(refusal)
        self._is_damaged = self._is_damaged or code in _DAMAGED
        self._must_reopen = self._must_reopen or code not in _FULL + _BUSY
        if self._is_for_want_of_room(refusal):
            self._make_way()
            self._wait("its disk is full")
        else:
            self._wait(_words(refusal))

    def _is_for_want_of_room(self, refusal: Exception) -> bool:
        """Whether a full disk is behind it; SQLite calls it an I/O error when it meets it in the log's index."""
        free = self._ballast.free_bytes()
        return _code(refusal) in _FULL or (_code(refusal) in _IO and free is not None and free < _HARDLY_ANY)

    def _make_way(self) -> None:
        self._is_full = True
        self._ballast.throw_off()

    def _wait(self, why: str) -> None:
        self._retry_at_s = self._monotonic() + RETRY_S
        problem = f"rows wait in memory: the outbox {self.path} cannot be written: {why}"
        if self._problem is None:
            logger.error("%s; tried again every %d s", problem, RETRY_S)
        self._problem = problem

    def _recovered(self) -> None:
        if self._problem is not None:
            logger.info("the outbox is written again")
        self._problem = None

    def _reopen(self) -> None:
        if self._is_damaged or not self._store.is_there():
            self._store.close()
            self._alarm(*open_store(self._store, self._wall(), check_s=math.inf))
        else:
            self._store.open()
        self._is_damaged = self._must_reopen = False

    def _alarm(self, *sentences: str) -> None:
        self._alarms = (*self._alarms, *sentences)[-_MOST_ALARMS:]

    # --- leases ------------------------------------------------------------------------------------------

    def _answer(self, ask: _Ask) -> Lease | None:
        """A lease, when there is something to lease and the disk lets us read it."""
        if len(self._settled) > MOST_UNSETTLED:
            return None
        try:
            return self._leased(ask)
        except (sqlite3.Error, OSError) as refusal:
            self._rest(refusal)
        except Exception as fault:
            logger.exception("the outbox failed by a fault of its own")
            self._rest(fault)
        return None

    def _leased(self, ask: _Ask) -> Lease | None:
        while True:
            back, beyond = self._leases.next(ask.object)
            picked, missing = self._store.pick(ask.object, back, beyond, ask.most_bytes, ask.most_rows)
            self._leases.forget(ask.object, missing)
            if not picked:
                return None
            rows = {each.seq: self._store.rows_of(each.chunk) for each in picked}
            damaged = [seq for seq, bodies in rows.items() if bodies is None]
            if not damaged:
                lease_id = self._leases.grant(ask.object, list(rows))
                bodies = tuple(body for bodies in rows.values() if bodies is not None for body in bodies)
                return Lease(lease_id, ask.object, bodies, min(each.chunk.at_ms for each in picked) / 1000)
            lost = self._store.drop_damaged(damaged)
            self._alarm(f"{lost} rows in the outbox {self.path} were damaged and are lost")
            logger.error("%s", self._alarms[-1])
            self._leases.forget(ask.object, damaged)
            self._tell()

    # --- between the two ---------------------------------------------------------------------------------

    def _tell(self) -> None:
        """Put the numbers where the loop finds them."""
        figures, day = self._store.figures, utc_day(self._wall())
        lanes = {spec.name: lane_stats(spec.name, figures, self._store.oldest_ms(spec.name), day) for spec in OBJECTS}
        self._told = OutboxStats(
            lanes,
            sum(figures["now", name, "letter_bytes"] for name in lanes),
            self._store.file_bytes(),
            self._ballast.free_bytes(),
        )

    def _on_loop(self, call: Callable[..., None], *args: object) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(call, *args)

    def _hand_over(self, answer: asyncio.Future[Lease | None], lease: Lease | None) -> None:
        if not answer.done():
            answer.set_result(lease)
        elif lease is not None:  # whoever asked was cancelled
            self.nack(lease)

    def _call_committed(self) -> None:
        if self.on_committed is not None:
            self.on_committed()

    def _call_wish(self, wish: str) -> None:
        if self.on_wish is not None:
            self.on_wish(wish)

    # --- beginning and end -------------------------------------------------------------------------------

    def _opened(self) -> tuple[str, ...]:
        """Open the file and write to it, to know now whether it can be written; a full disk may cost the ballast."""
        for is_last_try in (False, True):
            try:
                alarms = open_store(self._store, self._wall())
                self._store.probe()
            except sqlite3.OperationalError as refusal:
                if is_last_try or not self._is_for_want_of_room(refusal):
                    raise
                self._make_way()
            else:
                break
        return alarms

    def _remembered(self) -> dict[str, Memory]:
        memories = {}
        for memory in self._store.memories(self._wall()):
            said = self._store.said(memory)
            if said is not None:
                memories[f"{memory.object}:{memory.key}"] = Memory(memory.event_time, said)
        return memories

    def _end(self) -> None:
        """The last commit; then let go of the file."""
        self._retry_at_s = 0.0
        self.turn()
        for ask in self._hear():
            self._on_loop(self._hand_over, ask.answer, None)
        if self._inlet.rows:
            logger.error("outbox: %d rows were not committed when it had to end", self._inlet.rows)
        with suppress(sqlite3.Error, OSError):
            self._store.fold()
        self._store.close()
        self._lock.release()


def _fulfil(future: asyncio.Future[None], result: None) -> None:
    if not future.done():
        future.set_result(result)


def _code(refusal: Exception) -> int | None:
    """SQLite's primary result code; None for errors that are not SQLite's."""
    extended = getattr(refusal, "sqlite_errorcode", None)
    return None if extended is None else int(extended) & 0xFF


def _words(refusal: Exception) -> str:
    if isinstance(refusal, OSError) and refusal.strerror:
        return f"{refusal.strerror}: {refusal.filename}"
    return str(refusal) or type(refusal).__name__
