"""The recorder: every datagram of every rig into capture files, as received, on a thread of its own.

The event loop only appends to a bounded queue. The thread looks ten times a second, takes what waits in small
batches and pauses between them, because Python runs one thread at a time and a long batch would make the loop wait.
After each batch the files are flushed, so a killed process loses what came within the last pause and a bit; a power
failure loses what the operating system had not yet put on the disk. When the queue is full, the newest datagram loses.

A disk that refuses (full, gone, not ours to write) is told in one line and tried again every 30 s. What comes
meanwhile is counted and let go.

What is cut where and deleted when is `rotation`'s business, what a name is `names`'.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.errors import CaptureError
from app.ingest.capture import DATAGRAM_AT, CapturedDatagram, CaptureWriter
from app.ingest.names import NeutralNames
from app.ingest.rotation import Limits, Recording, file_name, is_over, recording, surplus

logger = logging.getLogger(__name__)

RETRY_S: Final = 30.0
STOP_S: Final = 2.0
MOST_WAITING: Final = 8192
"""Datagrams in the queue: some twelve seconds of two rigs in a race, for a disk that hesitates."""
MOST_WAITING_BYTES: Final = 16 * 1024 * 1024
"""The same bound for datagrams that are longer than a game's."""

_PAUSE_S: Final = 0.1
_BATCH: Final = 32  # some 0.3 ms of this thread; the loop may have to wait so long for its turn
_BREATH_S: Final = 0.001  # between batches when more is waiting: 30 000 datagrams a second, dozens of rigs
_TIDY_S: Final = 60.0
_FILE_HEAD: Final = 24
_RECORD_HEAD: Final = 16 + DATAGRAM_AT

DEFAULT_LIMITS: Final = Limits()


_Waiting = tuple[str, bytes, tuple[str, int], float]
"""Rig, datagram, sender, arrival: what `record` takes. A plain tuple, since a NamedTuple doubles the cost of a call."""


class Recorder:
    """Records the rigs' datagrams into a directory.

    Args:
        directory: Where; made when it does not exist. One recorder a directory and rig.
        rigs: The rigs and the UDP ports they send to.
        limits: What is kept, all rigs together.
        blank_names: People's names never reach the disk; see `names.NeutralNames.without_names`.
        wall: Seconds since 1970 UTC, for the age of files.
        monotonic: Seconds on a clock that does not jump, for the next attempt.
    """

    def __init__(
        self,
        directory: Path,
        rigs: Mapping[str, int],
        limits: Limits = DEFAULT_LIMITS,
        blank_names: bool = False,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.directory = directory
        self.dropped = 0
        """Datagrams that found the queue full, or the recorder stopped."""
        self.written = 0
        """Datagrams that are in a file."""
        self.failed = 0
        """Datagrams that the disk did not take, or that no capture file can hold."""
        self._limits = limits.shared_by(len(rigs))
        self._names = NeutralNames() if blank_names else None
        self._wall, self._monotonic = wall, monotonic
        self._files = {rig_id: _File(directory, rig_id, port) for rig_id, port in rigs.items()}
        self._queue: deque[_Waiting] = deque()
        # Each counter has one thread that writes it, so there is no lock: bytes in and dropped are the loop's.
        self._bytes_in = self._bytes_out = 0
        self._open = True
        self._refused: str | None = None
        self._missed = 0
        self._retry_at_s = self._tidy_at_s = monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)  # a hung disk must not hold us

    # --- on the event loop ---------------------------------------------------------------------------

    def record(self, rig_id: str, datagram: bytes, source: tuple[str, int], at_s: float) -> None:
        """Take one datagram; returns at once, whatever the disk does.

        Args:
            rig_id: One of the recorder's rigs.
            datagram: As received.
            source: The sender, as the socket told it.
            at_s: Arrival, seconds since 1970 UTC.
        """
        size = len(datagram)
        waiting_bytes = self._bytes_in - self._bytes_out
        if len(self._queue) >= MOST_WAITING or waiting_bytes + size > MOST_WAITING_BYTES or not self._open:
            self.dropped += 1
            return
        self._bytes_in += size
        self._queue.append((rig_id, datagram, source, at_s))

    @property
    def waiting(self) -> int:
        """Datagrams in the queue."""
        return len(self._queue)

    @property
    def files(self) -> dict[str, Path]:
        """The files being written, by rig."""
        paths = {rig_id: file.path for rig_id, file in self._files.items()}
        return {rig_id: path for rig_id, path in paths.items() if path is not None}

    @property
    def problem(self) -> str | None:
        """Why nothing is recorded right now; None when all is well."""
        return self._refused

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, close the files; returns within two seconds. It blocks: not on an event loop."""
        self._open = False
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)
        if self._queue:
            logger.error("recording: %d datagrams were not written when it had to end", len(self._queue))

    # --- on the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        pause_s = 0.0
        while not self._stop.wait(pause_s):
            pause_s = _BREATH_S if self.turn() else _PAUSE_S
        while self.turn():
            pass
        self._give_up_files()

    def turn(self) -> bool:
        """Write a batch of what waits, and flush; True when there is more. The thread's work, a piece of it."""
        batch = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH))]
        self._bytes_out += sum(len(payload) for _, payload, _, _ in batch)
        now_s = self._monotonic()
        if self._refused is not None and now_s < self._retry_at_s:
            self._lose(len(batch))
            return bool(self._queue)
        try:
            if now_s >= self._tidy_at_s:
                self._tidy_at_s = now_s + _TIDY_S
                self._tidy()
            fitted = sum([self._write(*one) for one in batch])
            for file in self._files.values():
                file.flush()
        except (OSError, CaptureError) as refusal:
            self._rest(str(refusal), len(batch))
        except Exception as fault:
            # A fault of ours must not end the recording for good, nor go unseen.
            logger.exception("recording failed by a fault of its own")
            self._rest(repr(fault), len(batch))
        else:
            self.written += fitted
            self.failed += len(batch) - fitted
            if self._refused is not None and fitted:
                logger.info("recording again to %s; %d datagrams are missing", self.directory, self._missed)
                self._refused, self._missed = None, 0
        return bool(self._queue)

    def _write(self, rig_id: str, payload: bytes, source: tuple[str, int], at_s: float) -> bool:
        """Whether the datagram fits into a capture file."""
        if self._names is not None:
            payload = self._names.without_names(payload)
        file, size = self._files[rig_id], _RECORD_HEAD + len(payload)
        if file.path is not None and is_over(file.started_s, file.size, at_s, size, self._limits):
            file.close()
        if file.path is None:
            file.open(file_name(rig_id, at_s, taken=self._tidy()), at_s)
        return file.append(payload, source, at_s)

    def _tidy(self) -> set[str]:
        """Close what is old, delete what is too much; the names in the directory."""
        now_s = self._wall()
        self.directory.mkdir(parents=True, exist_ok=True)
        found = {entry.name: entry for entry in os.scandir(self.directory)}
        for file in self._files.values():
            if file.path is not None and (
                file.path.name not in found or is_over(file.started_s, 0, now_s, 0, self._limits)
            ):
                file.close()
        closed = {name: told for name, entry in found.items() if (told := self._closed(entry))}
        stuck: set[str] = set()
        while doomed := surplus(list(closed.values()), stuck, len(self._files), now_s, self._limits):
            for name in doomed:
                try:
                    (self.directory / name).unlink(missing_ok=True)
                    del closed[name]
                except OSError:  # on Windows somebody who looks at it is enough
                    stuck.add(name)
        return set(found)

    def _closed(self, entry: os.DirEntry[str]) -> Recording | None:
        """The recording of ours that a directory entry is; None for strangers and files being written."""
        told = recording(entry.name)
        if told is None or told.rig_id not in self._files or not entry.is_file(follow_symlinks=False):
            return None
        if self._files[told.rig_id].path == self.directory / entry.name:
            return None
        try:
            return told._replace(size=entry.stat().st_size)
        except FileNotFoundError:  # somebody was faster
            return None

    def _rest(self, why: str, lost: int) -> None:
        """The disk refused: let go of the files until the next attempt."""
        self._give_up_files()
        self._lose(lost)
        self._retry_at_s = self._monotonic() + RETRY_S
        if self._refused is None:
            logger.error("recording to %s stopped: %s; tried again every %d s", self.directory, why, RETRY_S)
        self._refused = why

    def _lose(self, count: int) -> None:
        self.failed += count
        self._missed += count

    def _give_up_files(self) -> None:
        for file in self._files.values():
            file.give_up()


class _File:
    """One rig's file, when one is open."""

    def __init__(self, directory: Path, rig_id: str, port: int) -> None:
        self.path: Path | None = None
        self.started_s = 0.0
        self.size = 0
        self._directory = directory
        self._rig_id = rig_id
        self._port = port
        self._writer: CaptureWriter | None = None
        self._is_empty = True
        self._is_flushed = True

    def open(self, name: str, at_s: float) -> None:
        path = self._directory / name
        self._writer = CaptureWriter(path)
        self.path, self.started_s, self.size, self._is_empty, self._is_flushed = path, at_s, _FILE_HEAD, True, False

    def append(self, payload: bytes, source: tuple[str, int], at_s: float) -> bool:
        assert self._writer is not None
        try:
            self._writer.append(CapturedDatagram(at_s, payload, (_ipv4(source[0]), source[1]), self._port))
        except CaptureError:
            return False
        self.size += _RECORD_HEAD + len(payload)
        self._is_flushed = False
        return True

    def flush(self) -> None:
        if self._writer is not None and not self._is_flushed:
            self._writer.flush()
            self._is_flushed, self._is_empty = True, self.size == _FILE_HEAD

    def close(self) -> None:
        writer, self._writer, self.path = self._writer, None, None
        if writer is not None:
            writer.close()

    def give_up(self) -> None:
        """Close it though the disk refuses; a file in which nothing is whole goes."""
        path = self.path
        with suppress(OSError):
            self.close()
        if path is not None and self._is_empty:
            with suppress(OSError):
                path.unlink()


def _ipv4(host: str) -> str:
    """The sender's IPv4 address; 0.0.0.0 for one that has none, since a capture file knows no other."""
    bare = host.removeprefix("::ffff:")
    return bare if ":" not in bare else "0.0.0.0"
