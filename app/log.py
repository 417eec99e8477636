"""One formatter, one `configure()`: plain lines on a terminal, one JSON object a line elsewhere.

Whatever a line carries, it stays one line: control characters in a message are escaped in both forms.

Nobody logs a secret. Should it happen all the same, a second net takes out of every line, tracebacks included, what
looks like one (a Bearer token, a JWT, a PEM block, a value behind a telling name) and every secret we were given.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from app.logfile import LogFile, log_to

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}

MASK: Final = "***"
_LEAST_SECRET: Final = 6
"""What is shorter would be found in the midst of harmless words."""
_LOOKS_SECRET: Final = (
    # A key, whole, and then one that is cut off; its line breaks may be escaped by then.
    (re.compile(r"-----BEGIN [A-Z0-9 ]+-----(?:[\w+/=\s:,-]|\\[nr])*?-----END [A-Z0-9 ]+-----"), MASK),
    (re.compile(r"-----BEGIN [A-Z0-9 ]+-----(?:[A-Za-z0-9+/=\s]|\\[nr])*"), f"{MASK} "),
    (re.compile(r"\beyJ[\w-]{4,}\.[\w-]*\.?[\w-]*"), MASK),
    (re.compile(r"\b(Bearer|Basic)(\s+|%20|\+)[\w.~+/=%!-]{6,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\b00D[A-Za-z0-9]{12,15}(?:!|%21)[\w.]{8,}"), MASK),  # an access token of Salesforce
    (
        re.compile(
            r"\b(client_secret|client_id|refresh_token|access_token|subject_token|assertion|password|passphrase|token)"
            r"(\\?[\"']?\s*[=:]\s*\\?[\"']?)(?!\*\*\*)[^\s\"'&,;}\\]{6,}",
            re.IGNORECASE,
        ),
        rf"\1\2{MASK}",
    ),
)


class Redactor:
    """Takes out of a text what looks like a secret, and those that it was told."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def keep(self, secret: str) -> None:
        """Never let this text through, nor as JSON, Python, an address or an escaped line would have it."""
        forms = {secret, secret.replace("\\n", "\n"), *secret.replace("\\n", "\n").splitlines()}
        for _ in range(2):  # JSON within JSON: a body that was logged
            forms |= {json.dumps(form)[1:-1] for form in forms} | {repr(form)[1:-1] for form in forms}
        forms |= {quote(form, safe="") for form in forms} | {_one_line(form) for form in forms}
        forms |= {form.strip() for form in forms}
        known = self._known | {form for form in forms if len(form) >= _LEAST_SECRET}
        if known != self._known:
            self._known = known
            longest_first = sorted(known, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def redacted(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        for pattern, instead in _LOOKS_SECRET:
            text = pattern.sub(instead, text)
        return text


class _Redacting(logging.Formatter):
    """A formatter whose whole line, exception included, goes through the net."""

    def __init__(self, inner: logging.Formatter, redactor: Redactor) -> None:
        super().__init__()
        self._inner = inner
        self.redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self.redactor.redacted(self._inner.format(record))


def keep_secret(*secrets: str) -> None:
    """Let no line of this process's log carry these texts from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, _Redacting):
            for secret in filter(None, secrets):
                handler.formatter.redactor.keep(secret)


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
    handler.setFormatter(_Redacting(_Text() if text else _Json(), Redactor()))
    root = logging.getLogger()
    for former in root.handlers:
        if isinstance(former, LogFile):
            former.close()
    root.handlers[:] = [handler]
    if folder is not None and keep_mb:
        log_to(folder, keep_mb, _Redacting(_Json(), Redactor()))
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
