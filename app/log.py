"""One formatter, one `configure()`: plain lines on a terminal, one JSON object a line elsewhere.

Whatever a line carries, it stays one line: control characters in a message are escaped in both forms.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Final, Literal

from app.logfile import LogFile, log_to

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def _facts(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": self._instant(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_facts(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    @staticmethod
    def _instant(record: logging.LogRecord) -> str:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        facts = "".join(f" {key}={value}" for key, value in _facts(record).items())
        line = f"{clock} {record.levelname.lower():<7} {_one_line(record.getMessage() + facts)}"
        return line + "\n" + self.formatException(record.exc_info) if record.exc_info else line


def configure(
    level: str, form: Literal["auto", "text", "json"], folder: Path | None = None, keep_mb: float = 0
) -> None:
    """Send the whole process's log to stderr, uvicorn's included, in one form; and as JSON into files.

    Args:
        level: The least severe that is told.
        form: On stderr.
        folder: Of the files; None keeps none.
        keep_mb: What they may fill together, in MiB; 0 keeps none.
    """
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Text() if text else _Json())
    root = logging.getLogger()
    for former in root.handlers:
        if isinstance(former, LogFile):
            former.close()
    root.handlers[:] = [handler]
    if folder is not None and keep_mb:
        log_to(folder, keep_mb, _Json())
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)  # a scrape every few seconds is no news
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they log full URLs and headers


class Seldom:
    """Lets a repeated line through once an interval, and tells how many were held back."""

    def __init__(self, interval_s: float = 10.0) -> None:
        self._interval_s = interval_s
        self._last_s: float | None = None
        self._held = 0

    def admit(self, now_s: float) -> int | None:
        """How many were held back since the last line, or None to hold this one back too."""
        if self._last_s is not None and now_s - self._last_s < self._interval_s:
            self._held += 1
            return None
        held, self._held, self._last_s = self._held, 0, now_s
        return held
