"""The org's own endpoints: login, revocation, and the exchange for a Data Cloud token.

Source:
    Salesforce Help, "OAuth 2.0 JWT Bearer Flow"; Data 360, "Getting Started with Ingestion API" (token exchange).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

from app.datacloud.emulator.config import INGEST_SCOPE, EmulatorConfig
from app.datacloud.emulator.messages import Head, Reply, json_reply
from app.datacloud.emulator.tokens import Issued, Refusal, TokenBook, verified

LOGIN_PATH: Final = "/services/oauth2/token"
REVOKE_PATH: Final = "/services/oauth2/revoke"
EXCHANGE_PATH: Final = "/services/a360/token"
PATHS: Final = (LOGIN_PATH, REVOKE_PATH, EXCHANGE_PATH)

_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EXCHANGE: Final = "urn:salesforce:grant-type:external:cdp"
_ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"
_JWT: Final = "urn:ietf:params:oauth:token-type:jwt"
_NO_STORE: Final = ("Cache-Control", "no-store")
_PAGE: Final = b"<html><body>This token was exchanged already.</body></html>"

NOT_A_FORM: Final = Refusal("invalid_request", "content type must be application/x-www-form-urlencoded")
INVALID_SUBJECT: Final = Refusal("invalid_request", "invalid subject token")


def answer(head: Head, body: bytes, config: EmulatorConfig, tokens: TokenBook, origin: str, now_s: float) -> Reply:
    """What one of the three endpoints says to a request.

    Args:
        head: The request; its path is one of `PATHS`.
        body: Its body.
        config: The org.
        tokens: What was given out.
        origin: The emulator's own.
        now_s: Seconds since 1970 UTC.
    """
    if head.method != "POST":
        return Reply(405, headers=(("Allow", "POST"), _NO_STORE))
    if head.media_type != "application/x-www-form-urlencoded":
        return _refused(NOT_A_FORM)
    form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if head.path == LOGIN_PATH:
        return _login(form, config, tokens, origin, now_s)
    if head.path == REVOKE_PATH:
        return _revoke(form, tokens)
    return _exchange(form, config, tokens, origin, now_s)


def _login(form: dict[str, str], config: EmulatorConfig, tokens: TokenBook, origin: str, now_s: float) -> Reply:
    if form.get("grant_type") != _JWT_BEARER:
        return _refused(Refusal("unsupported_grant_type", "grant type not supported"))
    who = verified(form.get("assertion", ""), config, origin, now_s)
    if isinstance(who, Refusal):
        return _refused(who)
    told = {
        "access_token": tokens.give_core(who, now_s, config.core_ttl_s),
        "scope": " ".join(sorted(config.apps[who.client_id].scopes)),
        "instance_url": origin,
        "id": f"{origin}/id/00DEMULATOR/005EMULATOR",
        "token_type": "Bearer",
    }
    return json_reply(200, told, _NO_STORE)


def _revoke(form: dict[str, str], tokens: TokenBook) -> Reply:
    issued = tokens.find(form.get("token", ""))
    if issued is None:
        return _refused(Refusal("unsupported_token_type", "this token type is not supported"))
    issued.revoked = True
    return Reply(200, headers=(_NO_STORE,))


def _exchange(form: dict[str, str], config: EmulatorConfig, tokens: TokenBook, origin: str, now_s: float) -> Reply:
    if form.get("grant_type") != _EXCHANGE:
        return _refused(Refusal("unsupported_grant_type", "grant type not supported"))
    if form.get("subject_token_type") != _ACCESS_TOKEN:
        return _refused(Refusal("invalid_request", "subject token type not supported"))
    issued = tokens.find(form.get("subject_token", ""))
    if issued is None or not _is_exchangeable(issued, config, now_s):
        return _refused(INVALID_SUBJECT)
    user = config.users.get(issued.login.username)
    if user is None or not user.datacloud_access:
        return Reply(400, headers=(_NO_STORE,))
    scopes = config.apps[issued.login.client_id].scopes
    if INGEST_SCOPE not in scopes:
        return _refused(Refusal("invalid_scope", f"{INGEST_SCOPE} is missing"))
    issued.exchanges += 1
    if config.one_exchange_per_core_token and issued.exchanges > 1:
        return Reply(200, _PAGE, (("Content-Type", "text/html;charset=UTF-8"), _NO_STORE))
    token = tokens.give_datacloud(issued.login, scopes, now_s, config.dc_ttl_s)
    told: dict[str, object] = {
        "access_token": token,
        "instance_url": origin if config.instance_url_form == "url" else urlsplit(origin).netloc,
        "token_type": "Bearer",
        "issued_token_type": _JWT,
    }
    if config.tell_expires_in:
        told["expires_in"] = int(config.dc_ttl_s)
    return json_reply(200, told, _NO_STORE)


def _is_exchangeable(issued: Issued, config: EmulatorConfig, now_s: float) -> bool:
    app = config.apps.get(issued.login.client_id)
    is_alive = issued.kind == "core" and not issued.revoked and now_s < issued.expires_s
    return is_alive and app is not None and not app.jwt_format_tokens


def _refused(refusal: Refusal) -> Reply:
    told = {"error": refusal.error, "error_description": refusal.description}
    return json_reply(400, told, _NO_STORE)
