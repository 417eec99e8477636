"""The history on disk [edge]: taken over on the event loop, written by a thread of its own.

What waits to be written is held by its key, so that a lap told three times is written once, as it is now. The thread
writes it at once, in one transaction; what the disk refuses waits, is told in `problem`, and is tried again every two
seconds. A file that cannot be used at all never stops the gateway: then everything is held in memory until it ends.

The thread is the store's own: `asyncio.to_thread` shares its few threads with name look-ups, which can hang.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from app.history.codec import encode
from app.history.laptrace import LapTrace, columns
from app.history.record import LapRecord, Outline, SessionBegin, StoredTrace, Venue
from app.history.rescue import Trouble, examine, readable_laps, set_aside
from app.history.shelf import Batch, Contents, Shelf

logger = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_S: Final = 2.0
MOST_WAITING: Final = 4_096
"""Laps, and removals of laps, that wait for the disk; beyond, the oldest lap loses its place there, and is counted."""
MOST_TRACES: Final = 64
"""Traces that wait for the disk, some 10 MB; beyond, the oldest is lost, and is counted. Its lap stays."""
MOST_ASKS: Final = 64
"""Readers that wait for the disk; beyond, the one that comes is sent away."""
_MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Budget of what is held in memory when no file can be used: ten thousand traces."""
_IDLE_S: Final = 1.0
_NONSENSE: Final = (ValueError, TypeError, OverflowError)
"""What a value raises that the disk has changed in a way that SQLite's check does not see."""
_DAMAGED: Final = (11, 26)  # SQLite's primary result codes: corrupt, not a database


class Drive(NamedTuple):
    """A lap's trace before it is brought into columns; nobody changes it any more."""

    trace: LapTrace
    lap_time_ms: int
    venue: Venue

    def stored(self) -> StoredTrace:
        """The trace as it is kept; costs some 10 ms, so not on the event loop."""
        length_m = self.venue.length_m
        data = encode(columns(self.trace, self.lap_time_ms, length_m))
        return StoredTrace(length_m, self.venue.sector2_start_m, self.venue.sector3_start_m, data)


class _Waiting:
    """What is not on disk yet, by key; the newest of each."""

    def __init__(self) -> None:
        self.laps: dict[str, LapRecord | None] = {}
        self.traces: dict[str, Drive | StoredTrace] = {}
        self.outlines: dict[str, Outline] = {}
        self.sessions: dict[tuple[str, str], SessionBegin] = {}

    def __bool__(self) -> bool:
        return bool(self.laps or self.traces or self.outlines or self.sessions)

    def behind(self, newer: _Waiting) -> None:
        """Take over what came later; it wins."""
        for lap_id in newer.laps:
            if lap_id not in newer.traces:
                self._settle_trace(lap_id, newer.laps[lap_id])
        self.laps |= newer.laps
        self.traces |= newer.traces
        self.outlines |= newer.outlines
        self.sessions |= newer.sessions

    def _settle_trace(self, lap_id: str, lap: LapRecord | None) -> None:
        if lap is None or not lap.has_trace:
            self.traces.pop(lap_id, None)


class _Ask(NamedTuple):
    # Any: what is asked for is the asker's business.
    read: Callable[[Shelf], Any]
    answer: asyncio.Future[Any]


class Store:
    """Laps, traces and maps on disk.

    Args:
        path: The file; its directory is made when it does not exist.
        max_bytes: Beyond, the oldest traces go.
        wall: UTC now, for the name of a file that is set aside.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(
        self,
        path: Path,
        max_bytes: int,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.dropped = 0
        """Laps and traces that waited for the disk when there was no room for them."""
        self.file_bytes = 0
        """Size of the file with its log, as of the last write."""
        self._wall, self._monotonic = wall, monotonic
        self._max_bytes = max_bytes
        self._shelf = Shelf(path, max_bytes)
        self._refusal: str | None = None
        self._alarm: str | None = None
        self._lock = threading.Lock()
        self._waiting = _Waiting()
        self._under_way = _Waiting()
        self._drop_before: str | None = None
        self._lost: deque[str] = deque(maxlen=MOST_WAITING)
        self._asks: deque[_Ask] = deque()
        self._retry_at_s = float("-inf")
        self._is_open = self._stopping = False
        self._wake = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)  # a hung disk must not hold us

    # --- on the event loop -------------------------------------------------------------------------------

    @property
    def problem(self) -> str | None:
        """Why laps are not kept, or what happened to those that were, with the remedy; None when all is well."""
        return self._refusal or self._alarm

    @property
    def failed(self) -> bool:
        """Whether what is driven now reaches no disk."""
        return self._refusal is not None

    def open(self) -> Contents:
        """Open the file, mend what must be mended, and read what is wanted in memory. It may block; never raises."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            contents = self._opened()
        except (OSError, sqlite3.Error, *_NONSENSE) as refusal:
            contents = self._in_memory(str(refusal))
        self._is_open = True
        self.file_bytes = self._shelf.file_bytes()
        return contents

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to write; answers come on this loop."""
        self._loop = loop
        self._ended = loop.create_future()
        self._thread.start()

    async def close(self, patience_s: float) -> None:
        """Write what waits, let go of the file; gives up after so many seconds."""
        self._stopping = True
        self._wake.set()
        if self._ended is None:
            self._end()
            return
        try:
            await asyncio.wait_for(asyncio.shield(self._ended), patience_s)
        except TimeoutError:
            logger.error("history: the disk hangs; the latest laps may not be stored")

    def put(self, lap: LapRecord, drive: Drive | None = None) -> None:
        """Keep a lap as it is now, with a trace if there is one; what is kept of it already stays its trace."""
        newer = _Waiting()
        newer.laps[lap.lap_id] = lap
        if drive is not None:
            newer.traces[lap.lap_id] = drive
        self._take_over(newer)

    def remove(self, lap_id: str) -> None:
        """A lap does not stand any more."""
        newer = _Waiting()
        newer.laps[lap_id] = None
        self._take_over(newer)

    def put_outline(self, outline: Outline) -> None:
        """Keep a map."""
        newer = _Waiting()
        newer.outlines[outline.track] = outline
        self._take_over(newer)

    def put_session(self, begin: SessionBegin) -> None:
        """Keep with which lap a session began."""
        newer = _Waiting()
        newer.sessions[begin.rig_id, begin.session_uid] = begin
        self._take_over(newer)

    def drop_days(self, before_day: str) -> None:
        """Forget all days before one, when there is time."""
        self._drop_before = before_day
        self._wake.set()

    def take_lost(self) -> list[str]:
        """Ids of laps whose traces were given up since the last call."""
        return [self._lost.popleft() for _ in range(len(self._lost))]

    async def trace(self, lap_id: str) -> StoredTrace | None:
        """The trace of a lap; None when there is none, or it is damaged.

        Raises:
            TimeoutError: Too many readers wait for the disk, or it refuses.
        """

        def read(shelf: Shelf) -> StoredTrace | None:
            with self._lock:
                for held in (self._waiting, self._under_way):
                    if (trace := held.traces.get(lap_id)) is not None:
                        break
                    lap = held.laps.get(lap_id)
                    if lap_id in held.laps and (lap is None or not lap.has_trace):
                        return None  # what the file still has is not this lap's
            return trace.stored() if isinstance(trace, Drive) else trace or shelf.trace(lap_id)

        return await self._ask(read, None)

    async def lap(self, lap_id: str) -> LapRecord | None:
        """A lap of whatever day, as it is on disk; None when it is not there; raises as `trace`."""
        return await self._ask(lambda shelf: shelf.lap(lap_id), None)

    async def laps(self, day: str) -> list[LapRecord]:
        """The laps of a day, as they are on disk; raises as `trace`."""
        return await self._ask(lambda shelf: shelf.laps(day), [])

    async def _ask(self, read: Callable[[Shelf], T], otherwise: T) -> T:
        if self._loop is None:  # nobody writes: the file is this thread's
            return self._read(read, otherwise)
        if len(self._asks) >= MOST_ASKS or self._stopping:
            raise TimeoutError("too many readers wait for the history's disk")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._asks.append(_Ask(lambda shelf: self._read(read, otherwise), answer))
        self._wake.set()
        return await answer

    def _take_over(self, newer: _Waiting) -> None:
        with self._lock:
            waiting = self._waiting
            waiting.behind(newer)
            while len(waiting.traces) > MOST_TRACES:
                self._lose_trace(next(iter(waiting.traces)))
            while len(waiting.laps) > MOST_WAITING:
                # A lap before a removal: what was undone must not be back after a restart.
                kept = (lap_id for lap_id, lap in waiting.laps.items() if lap is not None)
                oldest = next(kept, next(iter(waiting.laps)))
                del waiting.laps[oldest]
                waiting.traces.pop(oldest, None)
                self.dropped += 1
        self._wake.set()

    def _lose_trace(self, lap_id: str) -> None:
        del self._waiting.traces[lap_id]
        self.dropped += 1
        self._lost.append(lap_id)

    # --- on the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(_IDLE_S)
            self._wake.clear()
            self.turn()
        self._end()
        if self._ended is not None:
            self._on_loop(self._ended, None)

    def _end(self) -> None:
        self._retry_at_s = float("-inf")
        self.turn()
        with suppress(sqlite3.Error):
            self._shelf.close()
        self._is_open = False

    def turn(self) -> None:
        """Write what waits, then answer who asks: a piece of the thread's work. Nothing escapes."""
        asks = [self._asks.popleft() for _ in range(len(self._asks))]
        if self._is_open and self._monotonic() >= self._retry_at_s:
            try:
                self._write()
            except (sqlite3.Error, OSError) as refusal:
                self._rest(refusal)
            except Exception as fault:
                # A fault of ours must not end the store for good, nor go unseen.
                logger.exception("the history failed by a fault of its own")
                self._rest(fault)
        for ask in asks:
            self._answer(ask)

    def _write(self) -> None:
        with self._lock:
            under_way, self._waiting = self._waiting, _Waiting()
            self._under_way = under_way
            drop_before, self._drop_before = self._drop_before, None
        try:
            if under_way or drop_before is not None:
                self._commit(under_way, drop_before)
                self._lost.extend(self._shelf.drop_traces())
                self.file_bytes = self._shelf.file_bytes()
        except BaseException:
            with self._lock:
                under_way.behind(self._waiting)
                self._waiting = under_way
                self._drop_before = self._drop_before or drop_before
            raise
        finally:
            self._under_way = _Waiting()
        if under_way and self._shelf.path is not None and self._refusal is not None:
            logger.info("history: laps are stored again")
            self._refusal = None

    def _commit(self, under_way: _Waiting, drop_before: str | None) -> None:
        for lap_id, trace in tuple(under_way.traces.items()):
            try:
                under_way.traces[lap_id] = trace.stored() if isinstance(trace, Drive) else trace
            except ValueError:  # a fault of ours: it must cost this trace only
                logger.exception("the trace of %s cannot be stored", lap_id)
                del under_way.traces[lap_id]
                self._lost.append(lap_id)
        traces = {lap_id: trace for lap_id, trace in under_way.traces.items() if isinstance(trace, StoredTrace)}
        batch = Batch(under_way.laps, traces, tuple(under_way.outlines.values()), tuple(under_way.sessions.values()))
        if not self._shelf.is_there():
            self._shelf.put_back()
        if under_way:
            self._shelf.write(batch)
        if drop_before is not None:
            self._shelf.drop_days(drop_before)

    def _rest(self, refusal: Exception) -> None:
        """The disk refuses: tell it, and try again later, with a new file if this one turns out to be damaged."""
        self._retry_at_s = self._monotonic() + RETRY_S
        if self._refusal is None:
            logger.error("history: laps are not stored: %s", refusal)
        self._refusal = (
            f"Laps are not stored: the history {self.path} cannot be written ({refusal}); free some space or make it "
            "writable, and what waits is stored"
        )
        if getattr(refusal, "sqlite_errorcode", 0) & 0xFF in _DAMAGED and self._shelf.path is not None:
            self._shelf.close()
            try:
                self._begin_anew(Trouble(f"is damaged ({refusal})", damaged=True))
            except (OSError, sqlite3.Error) as worse:
                self._in_memory(str(worse))

    # --- opening -----------------------------------------------------------------------------------------

    def _opened(self) -> Contents:
        trouble = examine(self.path)
        if trouble is not None and not trouble.damaged:
            return self._in_memory(f"it {trouble.words}")
        try:
            if trouble is None:
                self._shelf.open()
                return self._shelf.contents()
        except (sqlite3.Error, *_NONSENSE) as damage:
            if _refuses(damage):
                raise
            self._shelf.close()  # it is where the check did not get to, or what it does not see
            trouble = Trouble(f"is damaged ({damage})", damaged=True)
        return self._begin_anew(trouble)

    def _begin_anew(self, trouble: Trouble) -> Contents:
        """Set the damaged file aside, and take over into a new one what can be read of it."""
        aside = set_aside(self.path, self._wall())
        laps = readable_laps(aside)
        self._shelf.open()
        self._shelf.write(Batch({lap.lap_id: lap for lap in laps}))
        self._alarm = (
            f"The history {self.path} {trouble.words}: it is kept as {aside.name}, and {len(laps)} laps without their "
            "traces were taken over into a new one; look at the disk"
        )
        logger.error("%s", self._alarm)
        return self._shelf.contents()

    def _in_memory(self, words: str) -> Contents:
        """Go on without a file, with the laps that can be read of it."""
        self._shelf.close()
        laps = readable_laps(self.path) if self.path.exists() else []
        self._shelf = Shelf(None, min(self._max_bytes, _MEMORY_BYTES))
        self._shelf.open()
        self._shelf.write(Batch({lap.lap_id: lap for lap in laps}))
        self._refusal = (
            f"Laps are kept only until the gateway ends: the history {self.path} cannot be used ({words}); make it and "
            "its directory writable, or set HISTORY_PATH to another file, and start the gateway anew"
        )
        logger.error("%s", self._refusal)
        return self._shelf.contents()

    # --- below -------------------------------------------------------------------------------------------

    def _answer(self, ask: _Ask) -> None:
        """Tell an asker what it asked for, or why not; nothing escapes."""
        try:
            value = ask.read(self._shelf)
        except Exception as refusal:
            self._on_loop(ask.answer, refusal)
        else:
            self._on_loop(ask.answer, value)

    def _read(self, read: Callable[[Shelf], T], otherwise: T) -> T:
        try:
            return read(self._shelf)
        except Exception as trouble:
            if _refuses(trouble):
                logger.warning("history: cannot be read: %s", trouble)
                raise TimeoutError("the history's disk refuses") from trouble
            # A lap that cannot be read must not end the thread that writes the next ones.
            logger.error("history: what is stored cannot be read: %s", trouble)
            return otherwise

    # Any: as above.
    def _on_loop(self, answer: asyncio.Future[Any], value: object) -> None:
        def fulfil() -> None:
            if answer.done():
                return
            if isinstance(value, Exception):
                answer.set_exception(value)
            else:
                answer.set_result(value)

        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(fulfil)


def _refuses(trouble: Exception) -> bool:
    """Whether the disk, or another process, is in the way; else it is what is stored that is wrong.

    Python's own complaint of a text that is none is an OperationalError too, but has no code of SQLite.
    """
    if isinstance(trouble, sqlite3.OperationalError):
        return getattr(trouble, "sqlite_errorcode", None) is not None
    return isinstance(trouble, OSError)
