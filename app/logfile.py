"""The log as files [edge]: the last lines on disk for whoever helps, bounded, and never in anybody's way.

Whoever logs only puts its line into a queue; a thread of its own writes. When the disk hangs the queue fills, and the
newest lines are lost and counted: the show goes on, and the lines are on stderr all the same. Files are named
`gateway.log`, `gateway.log.1` and so on, the newest first.
"""

from __future__ import annotations

import logging
import queue
import sys
import threading
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

NAME: Final = "gateway.log"
FILES: Final = 5
"""All files together fill the budget; when the newest is full, the oldest goes."""
_HELD: Final = 1_000
_END_S: Final = 1.0
_MIB: Final = 1024 * 1024


class LogFile(logging.Handler):
    """Takes lines over, and writes them by and by.

    Args:
        folder: Made when it does not exist.
        budget_mb: Of all files together, in MiB.
        formatter: Makes a line of a record.

    Raises:
        OSError: The folder or the file in it cannot be written.
    """

    def __init__(self, folder: Path, budget_mb: float, formatter: logging.Formatter) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self.lost = 0
        """Lines that found the queue full, or that the disk refused."""
        self._files = RotatingFileHandler(
            folder / NAME, maxBytes=round(budget_mb * _MIB / FILES), backupCount=FILES - 1, encoding="utf-8"
        )
        self.setFormatter(formatter)
        self._files.setFormatter(formatter)
        self._files.handleError = self._refused  # type: ignore[method-assign]  # a full disk fills stderr otherwise
        self._lines: queue.Queue[logging.LogRecord | None] = queue.Queue(_HELD)
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)  # a hung disk must not hold us
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line over."""
        try:
            self._lines.put_nowait(record)
        except queue.Full:
            self.lost += 1

    def close(self) -> None:
        """Write what waits; gives up after a second."""
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(_END_S)
        super().close()

    def _run(self) -> None:
        while (record := self._lines.get()) is not None:
            self._files.emit(record)
        self._files.close()

    def _refused(self, record: logging.LogRecord) -> None:
        self.lost += 1


def log_to(folder: Path, budget_mb: float, formatter: logging.Formatter) -> LogFile | None:
    """Files for the whole process's log; None, and a line on stderr, where they cannot be written."""
    try:
        made = LogFile(folder, budget_mb, formatter)
    except OSError as refusal:
        sys.stderr.write(f"The log is not kept in {folder}: {refusal.strerror}; it goes on here.\n")
        return None
    logging.getLogger().addHandler(made)
    return made


def lines_lost() -> int:
    """Lines that the files of this process did not take."""
    return sum(handler.lost for handler in logging.getLogger().handlers if isinstance(handler, LogFile))


def last_lines(folder: Path, most: int) -> list[str]:
    """The newest lines that a folder holds, oldest first."""
    lines: list[str] = []
    for number in range(FILES):
        path = folder / (f"{NAME}.{number}" if number else NAME)
        with suppress(OSError):
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines() + lines
        if len(lines) >= most:
            break
    return lines[-most:]
