"""Whether a request is let in: one judgement, from what its headers say and whose route it asks for.

Pure but for the table of those who guess, which is told the time. The first reason that applies is told, so that
nobody learns from a refusal what he need not know: a blocked address does not hear whether its token was right.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, NamedTuple

from app.publish.access import Access
from app.publish.attempts import Attempts
from app.publish.origins import Origins, is_loopback

MOST_BODY_BYTES: Final = 64 * 1024
"""The longest body read; the longest meaningful one has under 100 bytes."""

REASONS: Final = (
    "address",
    "blocked",
    "body",
    "connections",
    "header_timeout",
    "host",
    "origin",
    "token",
    "type",
    "undeclared",
)
"""Why somebody is turned away: the labels of `f1_publish_refused_total`."""

Network = IPv4Network | IPv6Network


class Asked(NamedTuple):
    """What is known of a request before it is served; headers are None where they are missing.

    Attributes:
        access: The class of its route; None when that is not declared.
        is_socket: A WebSocket's handshake, and no plain request.
        is_change: Another method than GET and HEAD.
        address: Who asks.
        asked_at: Our own address on this connection.
        host, origin, site, authorization, content_type, content_length: Headers (`site` is `Sec-Fetch-Site`).
    """

    access: Access | None
    is_socket: bool
    is_change: bool
    address: str
    asked_at: str | None
    host: str | None
    origin: str | None
    site: str | None
    authorization: str | None
    content_type: str | None
    content_length: str | None


class Refusal(NamedTuple):
    """Why not, as a label and as an HTTP answer."""

    reason: str
    status: int
    sentence: str
    retry_after_s: int | None = None


HOST: Final = Refusal("host", 400, "The gateway is not called that: ask for it by its address, or add ALLOWED_HOSTS")
ORIGIN: Final = Refusal("origin", 403, "Pages of other hosts may not do this: ALLOWED_ORIGINS names those that may")
NO_ORIGIN: Final = Refusal(
    "origin", 403, "A program on another machine says who it is: send an Authorization header, Bearer and a token"
)
UNDECLARED: Final = Refusal("undeclared", 403, "This is open to nobody")
NO_TOKEN: Final = Refusal("token", 401, "This needs the operator token: python -m app.token shows it on the gateway")
WRONG_TOKEN: Final = Refusal("token", 401, "That is not the operator token: python -m app.token shows it")
NO_METRICS: Final = Refusal("token", 401, "The metrics need METRICS_TOKEN as a Bearer token")
FOREIGN_METRICS: Final = Refusal("address", 403, "METRICS_ALLOW does not name your address")
NOT_JSON: Final = Refusal("type", 415, "Send it as application/json")
TOO_LONG: Final = Refusal("body", 413, f"At most {MOST_BODY_BYTES} bytes")


@dataclass(frozen=True)
class Doorkeepers:
    """What closes the doors.

    Attributes:
        origins: Names and pages that are let in.
        metrics_token: Opens `/metrics`; empty when there is none.
        metrics_allow: Networks that may read `/metrics`. With neither, everybody may; with both, either is enough.
    """

    origins: Origins
    metrics_token: str = ""
    metrics_allow: Sequence[Network] = ()


class Rules:
    """Judges requests, and remembers who guesses."""

    def __init__(self, keepers: Doorkeepers) -> None:
        self._keepers = keepers
        self.attempts = Attempts()

    def judge(self, asked: Asked, operator_token: str, now_s: float) -> Refusal | None:
        """Why the request is refused; None when it is served.

        Args:
            asked: The request.
            operator_token: As it is now.
            now_s: Monotonic.
        """
        if not self._keepers.origins.is_ours(asked.host, asked.asked_at):
            return HOST
        if asked.access is None:
            return UNDECLARED
        if asked.is_socket:
            return self._of_socket(asked, operator_token, now_s)
        if asked.content_length is not None and _too_long(asked.content_length):
            return TOO_LONG
        if asked.access is Access.METRICS and (self._keepers.metrics_token or self._keepers.metrics_allow):
            return self._of_metrics(asked, operator_token, now_s)
        if asked.access is Access.OPERATOR:
            return self._of_operator(asked, operator_token, now_s)
        return None

    def _of_socket(self, asked: Asked, operator_token: str, now_s: float) -> Refusal | None:
        if asked.origin is not None:
            return None if self._keepers.origins.is_same(asked.origin, asked.host) else ORIGIN
        # No browser leaves its origin out, so this is a program: of this machine, or one with a token.
        if is_loopback(asked.address):
            return None
        if asked.authorization is None:
            return NO_ORIGIN
        return self._of_token(asked, (operator_token, self._keepers.metrics_token), WRONG_TOKEN, now_s)

    def _of_metrics(self, asked: Asked, operator_token: str, now_s: float) -> Refusal | None:
        if _is_among(asked.address, self._keepers.metrics_allow):
            return None
        if not self._keepers.metrics_token:
            return FOREIGN_METRICS
        return self._of_token(asked, (operator_token, self._keepers.metrics_token), NO_METRICS, now_s)

    def _of_operator(self, asked: Asked, operator_token: str, now_s: float) -> Refusal | None:
        origin = asked.origin
        if asked.site == "cross-site" or (origin is not None and not self._keepers.origins.is_same(origin, asked.host)):
            return ORIGIN
        if refusal := self._of_token(asked, (operator_token,), WRONG_TOKEN, now_s):
            return refusal
        return NOT_JSON if asked.is_change and not _is_json(asked.content_type) else None

    def _of_token(self, asked: Asked, tokens: Collection[str], wrong: Refusal, now_s: float) -> Refusal | None:
        blocked_s = self.attempts.blocked_for_s(asked.address, now_s)
        if blocked_s > 0:
            wait_s = math.ceil(blocked_s)
            return Refusal("blocked", 429, f"Too many wrong tokens: try again in {wait_s} s", wait_s)
        if asked.authorization is None:
            return NO_TOKEN if wrong is WRONG_TOKEN else wrong
        if _is_one_of(asked.authorization, tokens):
            return None
        self.attempts.failed(asked.address, now_s)
        return wrong


def _is_one_of(authorization: str, tokens: Collection[str]) -> bool:
    """Whether the header bears one of the tokens, told in a time that does not depend on how much of it is right."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return False
    offered = given.strip().encode("latin-1", "replace")
    matches = [hmac.compare_digest(offered, token.encode()) for token in tokens if token]
    return any(matches)


def _is_among(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)  # how an IPv6 socket tells of an IPv4 client
    return any((mapped or parsed) in network for network in networks)


def _is_json(content_type: str | None) -> bool:
    return content_type is not None and content_type.partition(";")[0].strip().lower() == "application/json"


def _too_long(content_length: str) -> bool:
    is_number = content_length.isascii() and content_length.isdigit() and len(content_length) < 16
    return not is_number or int(content_length) > MOST_BODY_BYTES
