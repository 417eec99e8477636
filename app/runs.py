"""How often the gateway has started, and ended without being told to [edge]: a small file beside the history.

A crash loop looks healthy to whoever asks at the right moment: the process answers, it is only always young. So each
run writes down that it began and that it ended, and the next one counts a run that never did. While it runs it holds a
lock, by which commands know that the files are in use. Nothing here ever stops the gateway: what cannot be written is
told in the log and not counted.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.filelock import is_locked, try_lock
from app.metrics import Reading

logger = logging.getLogger(__name__)

NAME: Final = "runs.json"
LOOP_ENDS: Final = 3
LOOP_WITHIN: Final = timedelta(minutes=15)
"""So many unexpected ends in so long are a crash loop, and no single mishap."""
_KEPT: Final = 20


class Runs:
    """The gateway's runs so far.

    Args:
        folder: Where the history is; made when it does not exist.
        wall: UTC now.
    """

    def __init__(self, folder: Path, wall: Callable[[], datetime]) -> None:
        self.path = folder / NAME
        self.starts = 0
        """Runs begun, this one included; 0 before `begin`."""
        self.unclean_ends = 0
        """Runs that ended without being told to: killed, crashed, or the power went."""
        self._wall = wall
        self._unclean_at: list[str] = []
        self._lock: int | None = None
        self._is_shared = False

    def begin(self) -> None:
        """Count this run, and the end of the last one if it never wrote it down. It may block; never raises."""
        before = _read(self.path)
        self.starts = _count(before, "starts") + 1
        self.unclean_ends = _count(before, "unclean_ends")
        told = before.get("unclean_at")
        self._unclean_at = [str(at) for at in told] if isinstance(told, list) else []
        self._is_shared = not self._take_lock()
        if before.get("running") is True and not self._is_shared:
            self.unclean_ends += 1
            self._unclean_at = [*self._unclean_at, self._wall().isoformat()][-_KEPT:]
            logger.warning("the last run did not end in order: it was killed, it crashed, or the power went")
        self._write(running=True)

    def end(self, *, in_order: bool) -> None:
        """Write down that this run ends, unless a stage has died, and let go of the lock."""
        if in_order and self.starts and not self._is_shared:
            self._write(running=False)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def problems(self) -> list[str]:
        """A sentence for each thing that somebody can mend."""
        found = []
        if self._is_shared:
            found.append(
                f"Another gateway uses the folder {self.path.parent}: stop one of them, or set HISTORY_PATH to another"
            )
        since = self._wall() - LOOP_WITHIN
        lately = sum(at > since for at in map(_instant, self._unclean_at) if at is not None)
        if lately >= LOOP_ENDS:
            minutes = round(LOOP_WITHIN / timedelta(minutes=1))
            found.append(
                f"The gateway has ended unexpectedly {lately} times in the last {minutes} minutes: look for the last "
                "lines of each run in the log, and at memory and disk; python -m app.support collects them"
            )
        return found

    def readings(self) -> Iterator[Reading]:
        """The numbers for Prometheus."""
        yield "f1_gateway_starts", (), self.starts
        yield "f1_gateway_unclean_ends", (), self.unclean_ends

    def _take_lock(self) -> bool:
        """Whether nobody else runs here; also where a lock cannot be had at all."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(_lock_of(self.path.parent), os.O_RDONLY | os.O_CREAT, 0o644)
            if try_lock(descriptor):
                self._lock = descriptor
                return True
            os.close(descriptor)
            return False
        return True

    def _write(self, *, running: bool) -> None:
        said = {
            "starts": self.starts,
            "unclean_ends": self.unclean_ends,
            "unclean_at": self._unclean_at,
            "running": running,
        }
        fresh = self.path.with_name(NAME + ".new")
        try:
            fresh.write_text(json.dumps(said) + "\n", encoding="utf-8")
            os.replace(fresh, self.path)
        except OSError as refusal:
            logger.warning("%s cannot be written, so restarts are not counted: %s", self.path, refusal.strerror)


@contextmanager
def kept_from_running(folder: Path) -> Iterator[bool]:
    """Whether no gateway runs whose history is in this folder; while the block lasts, one that starts says so."""
    descriptor = None
    with suppress(OSError):
        descriptor = os.open(_lock_of(folder), os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        yield descriptor is None or try_lock(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def is_running(folder: Path) -> bool:
    """Whether a gateway runs whose history is in this folder."""
    try:
        descriptor = os.open(_lock_of(folder), os.O_RDONLY)
    except OSError:
        return False
    try:
        return is_locked(descriptor)
    finally:
        os.close(descriptor)


def _lock_of(folder: Path) -> Path:
    return folder / "runs.lock"


# Any: JSON.
def _read(path: Path) -> dict[str, Any]:
    """What the last run wrote; nothing when there was none, or when it was cut short by a loss of power."""
    with suppress(OSError, ValueError):
        told = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, dict):
            return told
    return {}


def _count(told: dict[str, Any], name: str) -> int:
    value = told.get(name)
    return value if isinstance(value, int) and value >= 0 else 0


def _instant(text: str) -> datetime | None:
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return None
