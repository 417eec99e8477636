"""One HTTP call that always ends in an `Answer`: within its deadline, with at most 64 KiB read, without an exception.

The client here is the only one for everything that goes to the org. It verifies certificates (there is no switch for
that), follows no redirect, keeps no cookie, and goes through the environment's proxy, but not to this machine.

httpx looks names up on the event loop's default threads. A resolver that hangs fills them, so nothing else of ours
may depend on them: the outbox has a thread of its own.

httpx's own timeouts are per read, and a server that sends a byte a second never meets them; hence the deadline.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, Final

import httpx

from app.datacloud.retry import Answer, Fault
from app.datacloud.skew import OrgClock

CONNECT_S: Final = 5.0
DEADLINE_S: Final = 30.0
MOST_READ: Final = 65_536
UPLOADS_AT_ONCE: Final = 4

_KEEP_ALIVE_S: Final = 30.0
_RESETS: Final = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})
# Identity: an answer is a line or two, and a compressed one could unfold beyond what we are willing to hold.
_HEADERS: Final = {"User-Agent": "rig-gateway", "Accept": "application/json", "Accept-Encoding": "identity"}


def http_client(ca_file: Path | None = None) -> httpx.AsyncClient:
    """The client for the org: a pool of four uploads and one call for tokens.

    Args:
        ca_file: PEM file of further certificate authorities.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    connections = UPLOADS_AT_ONCE + 1
    return httpx.AsyncClient(
        verify=context,
        headers=_HEADERS,
        timeout=httpx.Timeout(DEADLINE_S, connect=CONNECT_S),
        limits=httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=_KEEP_ALIVE_S
        ),
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        mounts={f"all://{host}": None for host in ("127.0.0.1", "localhost", "[::1]")},
    )


class Caller:
    """Makes calls and learns the org's time from their answers.

    Args:
        http: The client; whoever made it closes it.
        clock: What learns.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(
        self, http: httpx.AsyncClient, clock: OrgClock, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self._http = http
        self._monotonic = monotonic

    async def call(
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: Mapping[str, str] = {},
        *,
        deadline_s: float = DEADLINE_S,
        again: bool = False,
    ) -> Answer:
        """What came back.

        Args:
            method: Of HTTP.
            url: Absolute.
            body: The very bytes.
            headers: Beside the usual ones.
            deadline_s: There is an answer by then, if only that there is none.
            again: Whether to ask once more, at once, when a connection kept from earlier turns out to be closed.
        """
        trip = _Trip(self._monotonic)
        try:
            async with asyncio.timeout(deadline_s):
                answer = await self._ask(trip, method, url, body, headers)
                if again and answer.fault in ("reset", "broken") and trip.was_stale:
                    answer = await self._ask(_Trip(self._monotonic), method, url, body, headers)
                return answer
        except TimeoutError:
            return _no_answer(url, "timeout", f"no whole answer within {deadline_s:g} s")

    async def _ask(self, trip: _Trip, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            request = self._http.stream(
                method, url, content=body, headers=dict(headers), extensions={"trace": trip.note}
            )
            async with request as response:
                trip.answered_s = self._monotonic()
                self.clock.note(response.headers.get("date"), trip.asked_s, trip.answered_s)
                text = await _first_of(response)
                return Answer(response.status_code, dict(response.headers), text)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
            return _no_answer(url, *_told(failure, trip))


class _Trip:
    """What is known of one call under way, by httpcore's trace."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.asked_s = monotonic()
        self.answered_s: float | None = None
        self.was_shaking_hands = False
        self._monotonic = monotonic
        self._has_connected = False

    @property
    def was_stale(self) -> bool:
        """Whether it went over a connection kept from earlier and nothing came back."""
        return not self._has_connected and self.answered_s is None

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore."""
        if event.startswith("connection.connect_tcp"):
            self._has_connected = True
        elif event.endswith(".start_tls.started"):
            self.was_shaking_hands = True
        elif event.endswith(".start_tls.complete"):
            self.was_shaking_hands = False
        elif event.endswith(".send_request_headers.started"):
            self.asked_s = self._monotonic()


async def _first_of(response: httpx.Response) -> str:
    """The first 64 KiB of a body; the rest is not waited for."""
    read = bytearray()
    async for chunk in response.aiter_raw(MOST_READ):
        read += chunk
        if len(read) >= MOST_READ:
            break
    return bytes(read[:MOST_READ]).decode(errors="replace")


def _no_answer(url: str, fault: Fault, what: str) -> Answer:
    return Answer(None, {}, "", fault, f"{httpx.URL(url).host}: {what}")


def _told(failure: BaseException, trip: _Trip) -> tuple[Fault, str]:
    """The kind of a failure, and a sentence that holds nothing of the request."""
    causes = list(_causes(failure))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "tls", f"its certificate is refused: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return "dns", f"its name cannot be resolved ({cause.strerror})"
        if isinstance(cause, ConnectionRefusedError):
            return "refused", "nobody listens there"
    if trip.was_shaking_hands:
        return "tls", _handshake(failure, causes)
    if isinstance(failure, httpx.TimeoutException):
        return "timeout", _silence(failure)
    if any(isinstance(cause, OSError) and cause.errno in _RESETS for cause in causes):
        return "reset", "it broke the connection off"
    if isinstance(failure, httpx.ReadError | httpx.WriteError | httpx.CloseError):
        return "reset", "the connection broke"
    if isinstance(failure, httpx.RemoteProtocolError):
        return "broken", "it closed the connection in the middle, or its answer is no HTTP"
    if isinstance(failure, httpx.ProxyError):
        return "other", "the proxy did not let us through"
    reasons = [cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return "other", reasons[-1] if reasons else f"the connection failed ({type(failure).__name__})"


def _handshake(failure: BaseException, causes: list[BaseException]) -> str:
    if isinstance(failure, httpx.TimeoutException):
        return f"the TLS handshake did not end within {CONNECT_S:g} s"
    reasons = [cause.reason for cause in causes if isinstance(cause, ssl.SSLError) and cause.reason]
    said = reasons[-1].replace("_", " ").lower() if reasons else "the connection broke"
    return f"the TLS handshake failed: {said}; TLS 1.2 or newer is needed"


def _silence(failure: BaseException) -> str:
    if isinstance(failure, httpx.ConnectTimeout):
        return f"no connection within {CONNECT_S:g} s"
    if isinstance(failure, httpx.PoolTimeout):
        return "all connections are in use"
    return "it went silent"


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    """A failure and everything it came of."""
    while failure is not None:
        yield failure
        if isinstance(failure, BaseExceptionGroup):
            for part in failure.exceptions:
                yield from _causes(part)
        failure = failure.__cause__ or failure.__context__
