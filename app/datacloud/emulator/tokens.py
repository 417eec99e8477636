"""Who may come in: the check of a login assertion, and the book of the tokens that were given out.

Source:
    Salesforce Help, "OAuth 2.0 JWT Bearer Flow for Server-to-Server Integration".
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from app.datacloud.emulator.config import OWN_ORIGIN, EmulatorConfig
from app.datacloud.emulator.messages import TENANT_ID

TokenKind = Literal["core", "dc"]
_LATEST_S: Final = 1e15  # beyond any clock, also in milliseconds; NaN is not below it
_KEPT: Final = 1000  # tokens; those beyond are long forgotten by whoever had them


class Refusal(NamedTuple):
    """Why somebody may not come in, as OAuth tells it."""

    error: str
    description: str


class Login(NamedTuple):
    """Who came in."""

    client_id: str
    username: str


INVALID_ASSERTION: Final = Refusal("invalid_grant", "invalid assertion")


def verified(assertion: str, config: EmulatorConfig, origin: str, now_s: float) -> Login | Refusal:
    """Who a login assertion speaks for, or what is wrong with it, found in the order in which the org looks.

    Args:
        assertion: The JWT as sent.
        config: The apps, the users and the bounds.
        origin: The emulator's own.
        now_s: Seconds since 1970 UTC.
    """
    try:
        algorithm = jwt.get_unverified_header(assertion).get("alg")
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        return INVALID_ASSERTION
    if algorithm != "RS256":
        return INVALID_ASSERTION
    issuer = claims.get("iss")
    app = config.apps.get(issuer) if isinstance(issuer, str) else None
    if app is None or not isinstance(issuer, str):
        return Refusal("invalid_client_id", "client identifier invalid")
    if not _is_signed_by(assertion, app.key_pem):
        return INVALID_ASSERTION
    if claims.get("aud") not in [origin if one == OWN_ORIGIN else one for one in config.audiences]:
        return Refusal("invalid_grant", "audience is invalid")
    if (refusal := _untimely(claims.get("exp"), config, now_s)) is not None:
        return refusal
    username = claims.get("prn", claims.get("sub"))  # the old alias wins
    user = config.users.get(username) if isinstance(username, str) else None
    if user is None or not user.active or not isinstance(username, str):
        return Refusal("invalid_grant", "authentication failure")
    if username not in app.preauthorised:
        return Refusal("invalid_grant", "user hasn't approved this consumer")
    return Login(issuer, username)


def _untimely(exp: object, config: EmulatorConfig, now_s: float) -> Refusal | None:
    if isinstance(exp, bool) or not isinstance(exp, int | float) or not abs(exp) < _LATEST_S:
        return INVALID_ASSERTION
    if exp + config.exp_leeway_s <= now_s:
        return Refusal("invalid_grant", "expired authorization code")
    return INVALID_ASSERTION if exp > now_s + config.exp_max_s else None


def _is_signed_by(assertion: str, key_pem: str) -> bool:
    # The claims are for `verified`, in its order and with its clock; here only the signature counts.
    unchecked = {f"verify_{claim}": False for claim in ("exp", "aud", "iat", "nbf", "iss", "sub", "jti")}
    try:
        jwt.decode(assertion, _public_key(key_pem), algorithms=["RS256"], options=unchecked)  # type: ignore[arg-type]  # a plain dict of the options' names
    except jwt.PyJWTError:
        return False
    return True


@lru_cache(maxsize=32)
def _public_key(pem: str) -> RSAPublicKey:
    """The key that an app's PEM holds.

    Raises:
        ValueError: It holds none, or one that is not RSA.
    """
    text = pem.encode()
    key = load_pem_x509_certificate(text).public_key() if b"CERTIFICATE" in text else load_pem_public_key(text)
    if not isinstance(key, RSAPublicKey):
        raise ValueError("the app's key is not RSA")
    return key


@dataclass
class Issued:
    """A token that was given out.

    Attributes:
        id: Names it where the token itself must not be told.
        kind: `core` is the login's, `dc` is for the Ingestion API.
        login: Who has it.
        issued_s: Seconds since 1970 UTC.
        expires_s: Likewise.
        revoked: Whether it was taken back.
        exchanges: How often it was exchanged.
    """

    id: str
    kind: TokenKind
    login: Login
    issued_s: float
    expires_s: float
    revoked: bool = False
    exchanges: int = 0


class TokenBook:
    """The tokens that were given out."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issued: dict[str, Issued] = {}
        self._made = 0

    def give_core(self, login: Login, now_s: float, ttl_s: float) -> str:
        """A token of the org itself, for nothing but the exchange."""
        return self._enter(f"00DEMULATOR!{secrets.token_urlsafe(48)}", "core", login, now_s, ttl_s)

    def give_datacloud(self, login: Login, scopes: frozenset[str], now_s: float, ttl_s: float) -> str:
        """A token for the Ingestion API."""
        claims: dict[str, Any] = {
            "sub": login.username,
            "iat": int(now_s),
            "exp": int(now_s + ttl_s),
            "audienceTenantId": TENANT_ID,
            "scp": " ".join(sorted(scopes)),
            "jti": secrets.token_hex(8),
        }
        return self._enter(jwt.encode(claims, self._key, algorithm="ES256"), "dc", login, now_s, ttl_s)

    def find(self, token: str) -> Issued | None:
        """What is known of a token; None when it was not given out here, or was changed by a letter."""
        return self._issued.get(token)

    def expire(self, now_s: float) -> None:
        """Let every token end now."""
        for issued in self._issued.values():
            issued.expires_s = min(issued.expires_s, now_s)

    def revoke(self) -> None:
        """Take every token back."""
        for issued in self._issued.values():
            issued.revoked = True

    def __iter__(self) -> Iterator[Issued]:
        return iter(self._issued.values())

    def _enter(self, token: str, kind: TokenKind, login: Login, now_s: float, ttl_s: float) -> str:
        while len(self._issued) >= _KEPT:
            del self._issued[next(iter(self._issued))]
        self._made += 1
        self._issued[token] = Issued(f"{kind}-{self._made}", kind, login, now_s, now_s + ttl_s)
        return token
