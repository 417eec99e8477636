"""What an answer of the ingest endpoint means, and how long to wait before the next attempt.

What the service does not document can differ between orgs, so a status' meaning is a row of a table, and
DATACLOUD_STATUS_OVERRIDES can set another one.

Source:
    `docs/salesforce.md`; Salesforce, Data 360 Ingestion API, response codes; RFC 9110, section 10.2.3 (Retry-After).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Any, Final, Literal, NamedTuple

RETRY_AFTER_CAP_S: Final = 900.0
"""Nobody can make us wait longer: an org that asks for a day has a fault, or a day of rows is not worth it."""
WORDS: Final = 500
"""Characters of the service's own words that are passed on."""


class Outcome(Enum):
    """What becomes of the rows that were sent."""

    DELIVERED = "delivered"
    """The service has them."""
    TRANSIENT = "transient"
    """Send the same bytes again, after a while."""
    THROTTLED = "throttled"
    """The same, and slower from now on."""
    AUTH = "auth"
    """The token is not accepted, though it is new."""
    FORBIDDEN = "forbidden"
    """We are known and may not: nothing can be sent until somebody mends it."""
    SIZE = "size"
    """The body is too large: halve it."""
    RECORD = "record"
    """The service blames the rows: halve the batch to find which."""
    SUSPECT = "suspect"
    """Nobody knows: three attempts, then the object waits, with all its rows."""
    CONFIG = "config"
    """The address is wrong: this object waits for somebody's hand."""
    PROGRAM = "program"
    """A fault of ours: this object stops."""


Fault = Literal["refused", "reset", "timeout", "dns", "tls", "broken", "other"]


class Answer(NamedTuple):
    """What came back from one HTTP call.

    Attributes:
        status: HTTP status; None when there was no answer.
        headers: By their names in lower case.
        text: The body, at most its first 64 KiB.
        fault: Why there was no answer; None when there was one.
        detail: The same as a sentence for the operator, without any secret.
    """

    status: int | None
    headers: Mapping[str, str] = {}
    text: str = ""
    fault: Fault | None = None
    detail: str = ""


class Verdict(NamedTuple):
    """What to do.

    Attributes:
        outcome: What becomes of the rows.
        reason: A sentence for the operator, with the service's own words, cut.
        retry_after_s: How long the service asked us to wait, if it did.
    """

    outcome: Outcome
    reason: str
    retry_after_s: float | None = None


TABLE: Final[Mapping[int, Outcome]] = {
    400: Outcome.RECORD,
    401: Outcome.AUTH,
    403: Outcome.FORBIDDEN,
    404: Outcome.CONFIG,
    405: Outcome.PROGRAM,
    407: Outcome.CONFIG,  # a proxy that wants a password says nothing about the rows
    408: Outcome.TRANSIENT,
    413: Outcome.SIZE,
    415: Outcome.PROGRAM,
    422: Outcome.RECORD,
    425: Outcome.TRANSIENT,
    429: Outcome.THROTTLED,
}
"""What a status means, where its hundred does not say it: 3xx is CONFIG, any other 4xx SUSPECT, 5xx TRANSIENT."""

_REMEDIES: Final[Mapping[int, str]] = {
    401: "the token is new and was refused all the same",
    403: "the app may lack the scope cdp_ingest_api, or the user its Data Cloud permission set",
    404: "the source's or the object's name is wrong, or its data stream is not deployed",
    407: "the proxy wants a login of its own; put it into HTTPS_PROXY",
}
_NAMES_SIZE: Final = re.compile(r"\b(size|large|too big|exceed\w*|payload (is )?(too|limit))\b", re.IGNORECASE)
_SECONDS: Final = re.compile(r"\d{1,9}(\.\d{1,9})?")


def judge(answer: Answer, now_utc_s: float, overrides: Mapping[int, Outcome]) -> Verdict:
    """What an answer to rows means.

    Args:
        answer: Of one upsert or validation.
        now_utc_s: Seconds since 1970, for a Retry-After that is a date in an answer without a date of its own.
        overrides: What a status means in this org, in place of the table.
    """
    if answer.status is None:
        return Verdict(Outcome.TRANSIENT, answer.detail or f"no answer ({answer.fault})")
    outcome, why = _outcome(answer, overrides)
    wait_s = None
    if outcome in (Outcome.TRANSIENT, Outcome.THROTTLED):
        wait_s = asked_to_wait_s(answer, now_utc_s)
    return Verdict(outcome, _reason(answer, why), wait_s)


def _outcome(answer: Answer, overrides: Mapping[int, Outcome]) -> tuple[Outcome, str]:
    """What it means, and what to add to the service's words."""
    status = answer.status
    assert status is not None
    if status in overrides:
        return overrides[status], "as DATACLOUD_STATUS_OVERRIDES says"
    if 200 <= status < 300:
        return _welcome(answer)
    if 300 <= status < 400:
        return Outcome.CONFIG, "a redirect, which is never followed, since the token must not travel"
    if status == 400 and names_size(answer.text):
        return Outcome.SIZE, ""
    if 400 <= status < 500:
        return TABLE.get(status, Outcome.SUSPECT), _REMEDIES.get(status, "")
    return Outcome.TRANSIENT, ""


def _welcome(answer: Answer) -> tuple[Outcome, str]:
    """A 2xx: whether it is the service's own."""
    text = answer.text.strip()
    if not text:
        return Outcome.DELIVERED, ""
    try:
        body = json.loads(text)
    except ValueError:
        return Outcome.TRANSIENT, "which is not the service's; a proxy or a captive portal may be in between"
    if isinstance(body, dict) and body.get("accepted") is False:
        return Outcome.TRANSIENT, "not accepted"
    return Outcome.DELIVERED, ""


def names_size(text: str) -> bool:
    """Whether an error text blames the size; a report on records does not, whatever the records hold."""
    body = json_object(text)
    if body is None:
        return not is_html(text) and bool(_NAMES_SIZE.search(text))
    return not _report(body) and any(_NAMES_SIZE.search(str(body.get(name, ""))) for name in ("message", "error"))


def _reason(answer: Answer, why: str) -> str:
    assert answer.status is not None
    words = server_words(answer.text)
    said = f": {words}" if words else ""
    return f"{status_line(answer.status)}{said}" + (f" ({why})" if why else "")


def status_line(status: int) -> str:
    """A status with its name, such as `503 Service Unavailable`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def is_html(text: str) -> bool:
    """Whether a body is a web page rather than the service's words."""
    return text.lstrip()[:1] == "<"


def server_words(text: str) -> str:
    """What the service said about an error, on one line, at most 500 characters; empty when it said nothing.

    Args:
        text: The body. Of JSON the message and the validation report count, of a web page only that it is one.
    """
    if is_html(text):
        return "a web page (HTML)"
    body = json_object(text)
    if body is not None:
        # Not the body itself: a report may hold whole rows, and with them a person's name.
        text = "; ".join(_messages(body)) or f"JSON with {', '.join(sorted(map(str, body))) or 'nothing in it'}"
    text = " ".join(text.split())
    return text if len(text) <= WORDS else text[: WORDS - 1] + "…"


def _messages(body: Mapping[str, Any]) -> list[str]:
    said = [body.get(name) for name in ("error_description", "message")]
    found = [text for text in said if isinstance(text, str) and text] or [
        text for text in (body.get("error"),) if isinstance(text, str) and text
    ]
    return found + _report(body)


def _report(body: Mapping[str, Any]) -> list[str]:
    """The complaints of a validation report, each once; any level of it may be missing."""
    details = body.get("details")
    entries = details.get("validationReport") if isinstance(details, dict) else None
    found: dict[str, None] = {}
    for entry in entries if isinstance(entries, list) else ():
        causes = entry.get("causingExceptions") if isinstance(entry, dict) else None
        found |= {str(cause): None for cause in (causes if isinstance(causes, list) else ())}
    return list(found)


def json_object(text: str) -> dict[str, Any] | None:
    """A body that is one JSON object; None for any other."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def asked_to_wait_s(answer: Answer, now_utc_s: float) -> float | None:
    """How long an answer asks us to wait; a date is held against the answer's own, so our clock does not matter."""
    asked = answer.headers.get("retry-after")
    if asked is None:
        return None
    return retry_after_s(asked, http_date_s(answer.headers.get("date", "")) or now_utc_s)


def retry_after_s(text: str, now_utc_s: float) -> float | None:
    """The seconds that a Retry-After header asks for, at most 15 minutes; None for nonsense.

    Args:
        text: Seconds or an HTTP date.
        now_utc_s: Seconds since 1970, by the clock of whoever wrote the date.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), RETRY_AFTER_CAP_S)
    date_s = http_date_s(text)
    return None if date_s is None else min(max(0.0, date_s - now_utc_s), RETRY_AFTER_CAP_S)


def http_date_s(text: str) -> float | None:
    """Seconds since 1970 UTC of an HTTP date; None when it is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None


class Backoff:
    """How long to wait after each failure: a random part of a ceiling that doubles up to a minute.

    The whole wait is random ("full jitter"), so that many gateways do not return in step. A success divides the
    ceiling by ten rather than forgetting it, so that a service that barely stands is not pushed over again.

    Args:
        draw: A random number from 0 to 1.
        base_s: The first ceiling.
        cap_s: The highest ceiling.
    """

    def __init__(self, draw: Callable[[], float], base_s: float = 1.0, cap_s: float = 60.0) -> None:
        self._draw = draw
        self._base_s = base_s
        self._cap_s = cap_s
        self._ceiling_s = 0.0

    @property
    def ceiling_s(self) -> float:
        """Nothing waits longer after the latest failure; 0 before the first."""
        return self._ceiling_s

    def failed(self, retry_after_s: float | None = None) -> float:
        """Seconds to wait after one more failure; never less than the service asked for."""
        self._ceiling_s = min(self._cap_s, max(self._base_s, self._ceiling_s * 2))
        return max(self._draw() * self._ceiling_s, retry_after_s or 0.0)

    def succeeded(self) -> None:
        """Take it easier from now on."""
        self._ceiling_s = self._ceiling_s / 10 if self._ceiling_s > self._base_s else 0.0
