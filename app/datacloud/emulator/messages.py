"""A request's head and a reply as values, and the bodies that errors have.

Source:
    Salesforce, Data 360 Ingestion API (the error body of its validation endpoint).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, unquote

import orjson

INGEST: Final = "/api/v1/ingest/"
CONTROL: Final = "/__emulator__/"
TENANT_ID: Final = "a360/emulator/0123456789abcdef"


@dataclass(frozen=True)
class Head:
    """A request without its body.

    Attributes:
        method: As sent.
        target: Path and query as sent.
        headers: By name in lower case.
        is_local: Whether the peer is this machine.
        connection: Number of the connection, counted from 1.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    is_local: bool = True
    connection: int = 0

    @cached_property
    def path(self) -> str:
        """The path as sent, without the query."""
        return self.target.partition("?")[0]

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The path's parts, decoded."""
        return tuple(unquote(part) for part in self.path.strip("/").split("/"))

    @cached_property
    def query(self) -> Mapping[str, list[str]]:
        """The query's fields."""
        return parse_qs(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def object(self) -> str | None:
        """The object that an ingestion request is about."""
        is_one = self.path.startswith(INGEST) and len(self.segments) >= 6 and self.segments[3] == "sources"
        return self.segments[5] if is_one else None

    @property
    def media_type(self) -> str:
        """The content type, without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Reply:
    """An answer; the server adds Date and Content-Length.

    Attributes:
        records: How many records the request held, where that is known.
    """

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    records: int | None = None


# Any: whatever can be written as JSON.
def json_reply(status: int, value: Any, *headers: tuple[str, str], records: int | None = None) -> Reply:
    """A reply that carries JSON."""
    return Reply(status, orjson.dumps(value), (("Content-Type", "application/json"), *headers), records)


def problem(
    status: int, message: str, head: Head, now_s: float, *headers: tuple[str, str], details: Any = None
) -> Reply:
    """An error of the Ingestion API, with the report that belongs to it in `details`."""
    body: dict[str, Any] = {
        "timestamp": instant(now_s, "microseconds"),
        "error": HTTPStatus(status).phrase,
        "message": message,
        "path": f"uri={head.path}",
        "tenantId": TENANT_ID,
        "internalErrorCode": "COMMON_ERROR_GENERIC",
    }
    if details is not None:
        body["details"] = details
    return json_reply(status, body, *headers)


def instant(now_s: float, timespec: str = "milliseconds") -> str:
    """A time in seconds since 1970 as UTC text with a literal Z."""
    return datetime.fromtimestamp(now_s, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def http_date(now_s: float) -> str:
    """A time in seconds since 1970 as headers tell it."""
    return format_datetime(datetime.fromtimestamp(int(now_s), UTC), usegmt=True)
