"""The two steps of getting in, without the calls: what to ask, and what the answer means.

First a login with a signed assertion gives a core token of the org, good for nothing but the second step: its
exchange for a Data Cloud token and the tenant's host. `auth` makes the calls and keeps what comes out.

Source:
    `docs/salesforce.md`; Salesforce Help, "OAuth 2.0 JWT Bearer Flow"; Data 360, "Getting Started with Ingestion API".
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import jwt

from app.datacloud.config import CloudConfig
from app.datacloud.endpoints import host_of, origin, with_port
from app.datacloud.hints import ASSERTION, EXPIRED, Hint, exchange_hint, login_hint
from app.datacloud.retry import Answer, asked_to_wait_s, json_object, server_words, status_line
from app.datacloud.skew import skew_sentence
from app.errors import AuthFailed, Unavailable

LOGIN_PATH: Final = "/services/oauth2/token"
REVOKE_PATH: Final = "/services/oauth2/revoke"
EXCHANGE_PATH: Final = "/services/a360/token"
FORM: Final[Mapping[str, str]] = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}

ASSERTION_S: Final = 120
"""An assertion is good for so long; the documented bound is three minutes."""
UNKNOWN_LIFETIME_S: Final = 900.0

_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class CoreToken:
    """What the login gives; the exchange needs it.

    Attributes:
        token: Of the org itself.
        origin: Of the org's instance.
    """

    token: str = field(repr=False)
    origin: str


@dataclass(frozen=True)
class Grant:
    """What the exchange gives.

    Attributes:
        token: For the Ingestion API.
        base_url: Origin of the tenant.
        lifetime_s: How long the token is good.
    """

    token: str = field(repr=False)
    base_url: str
    lifetime_s: float


def assertion(config: CloudConfig, now_s: float, audience: str | None = None) -> str:
    """A signed login assertion, good for two minutes.

    Args:
        config: Who logs in.
        now_s: Seconds since 1970 UTC.
        audience: In place of the configured one.
    """
    # Neither iat nor nbf: a clock that is a little fast would make them lie in the org's future.
    claims = {
        "iss": config.client_id,
        "sub": config.username,
        "aud": audience or config.audience,
        "exp": int(now_s) + ASSERTION_S,
    }
    return jwt.encode(claims, config.key.rsa, algorithm="RS256")


def login_form(signed: str) -> bytes:
    """Body of the login. Never a query: assertions would end up in the logs of proxies."""
    return urlencode({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}).encode()


def exchange_form(config: CloudConfig, core: CoreToken) -> bytes:
    """Body of the token exchange."""
    fields = {
        "grant_type": "urn:salesforce:grant-type:external:cdp",
        "subject_token": core.token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    }
    if config.dataspace is not None:
        fields["dataspace"] = config.dataspace
    return urlencode(fields).encode()


def revoke_form(core: CoreToken) -> bytes:
    """Body that gives a core token back."""
    return urlencode({"token": core.token}).encode()


def scrubbed(answer: Answer, *secrets: str) -> Answer:
    """The same answer without what it may have repeated of our own secrets."""
    text = answer.text
    for secret in secrets:
        text = text.replace(secret, "[hidden]")
    return answer._replace(text=text)


def read_login(answer: Answer, config: CloudConfig, now_s: float, offset_s: float | None) -> CoreToken:
    """The core token that an answer to the login holds.

    Args:
        answer: Scrubbed of what must not be repeated.
        config: Who logged in.
        now_s: Seconds since 1970 UTC.
        offset_s: How far the org's clock is ahead of ours; None when nobody knows.

    Raises:
        AuthFailed: The org refused.
        Unavailable: There is no answer, or not the org's.
    """
    body = _answered("login", answer, now_s)
    if answer.status == 200:
        token, named = _token(body, "login"), _text(body, "instance_url", "login")
        return CoreToken(token, _allowed("login", named, config))
    error, description = _said(body)
    hint = login_hint(error, description)
    words = (
        ": ".join(text for text in (error, description) if text) or f"{status_line(answer.status or 0)} without a word"
    )
    if hint.patience == "transient":
        raise Unavailable(f"login refused ({words}). {hint.sentence}", asked_to_wait_s(answer, now_s))
    raise _refusal(f"login refused ({words})", hint, offset_s)


def read_exchange(answer: Answer, config: CloudConfig, now_s: float) -> Grant:
    """The Data Cloud token that an answer to the exchange holds.

    Args:
        answer: Scrubbed of what must not be repeated.
        config: Who asked.
        now_s: Seconds since 1970 UTC, by the org's clock.

    Raises:
        AuthFailed: The org refused, or names a host that is not allowed.
        Unavailable: There is no answer, or not the org's.
    """
    if answer.status is not None and 400 <= answer.status < 500 and answer.status not in (408, 425, 429):
        error, description = _said(json_object(answer.text) or {})
        words = (
            ": ".join(text for text in (error, description) if text) or server_words(answer.text) or "without a word"
        )
        raise _refusal(f"token exchange refused ({answer.status}, {words})", exchange_hint(error, description))
    body = _answered("token exchange", answer, now_s)
    token = _token(body, "token exchange")
    base_url = _allowed("token exchange", _text(body, "instance_url", "token exchange"), config)
    return Grant(token, base_url, lifetime_s(body.get("expires_in"), token, now_s))


def lifetime_s(expires_in: object, token: str, now_s: float) -> float:
    """How long a token is good: by the answer, else by its own `exp` (unverified), else a quarter of an hour."""
    try:
        told_s = float(expires_in)  # type: ignore[arg-type]  # whatever it is, float() says whether it is a number
    except (TypeError, ValueError):
        told_s = 0.0
    if isinstance(expires_in, bool) or not 0 < told_s < 1e9:
        told_s = _expiry_s(token) - now_s
    return told_s if 0 < told_s < 1e9 else UNKNOWN_LIFETIME_S


def host_mismatches(config: CloudConfig, base_url: str) -> list[str]:
    """A sentence for each host in a configured endpoint that is not the tenant's; it is not used."""
    configured = {target.host for target in config.destinations.values() if target.host is not None}
    actual = with_port(base_url)
    return [
        f"a configured endpoint names the host {host}, but the org says {actual}, which is used"
        for host in sorted(configured)
        if host != actual
    ]


def _answered(step: str, answer: Answer, now_s: float) -> dict[str, Any]:
    """The JSON object of an answer that is the org's own.

    Raises:
        AuthFailed: A redirect.
        Unavailable: Anything else that is no answer of the org.
    """
    if answer.status is None:
        raise Unavailable(f"{step}: {answer.detail}")
    if 300 <= answer.status < 400:
        raise AuthFailed(f"{step}: the host sends us elsewhere ({answer.status}); SALESFORCE_DOMAIN is wrong", "config")
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise Unavailable(f"{step}: {status_line(answer.status)}", asked_to_wait_s(answer, now_s))
    body = json_object(answer.text)
    if body is None:
        what = server_words(answer.text)[:80] or "nothing"
        raise Unavailable(
            f"{step}: {status_line(answer.status)} with {what} where the org's JSON should be; a proxy or a captive "
            "portal may be in between"
        )
    return body


def _refusal(what: str, hint: Hint, offset_s: float | None = None) -> AuthFailed:
    """What to raise for a refusal; a clock that is off is named first, since it can look like a wrong key."""
    skew = skew_sentence(offset_s)
    is_clock = skew is not None and hint in (ASSERTION, EXPIRED)
    told = f"{what}: {skew}. {hint.sentence}" if skew else f"{what}. {hint.sentence}"
    return AuthFailed(told, "config" if hint.patience == "config" and not is_clock else "slow")


def _allowed(step: str, named: str, config: CloudConfig) -> str:
    suffixes = (*config.host_suffixes, host_of(config.login_url)) if step == "login" else config.host_suffixes
    try:
        return origin(named, suffixes, config.allow_insecure_loopback)
    except ValueError as wrong:
        shown = re.sub(r"[^\x21-\x7e]", "?", named)[:100]
        raise AuthFailed(f"{step}: the org names {shown}, which {wrong}; nothing was sent there", "config") from None


def _token(body: Mapping[str, Any], step: str) -> str:
    token = _text(body, "access_token", step)
    if not _TOKEN.fullmatch(token):
        raise Unavailable(f"{step}: the answer's access_token is none")
    return token


def _text(body: Mapping[str, Any], name: str, step: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Unavailable(f"{step}: the answer has no {name}")
    return value


def _said(body: Mapping[str, Any]) -> tuple[str, str]:
    def said(name: str) -> str:
        value = body.get(name)
        return " ".join(value.split())[:500] if isinstance(value, str) else ""

    return said("error"), said("error_description")


def _expiry_s(token: str) -> float:
    """`exp` out of a JWT, seconds since 1970 UTC; 0 when there is none."""
    parts = token.split(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(payload["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return 0.0
