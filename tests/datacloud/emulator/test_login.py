from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from app.datacloud.emulator.config import EmulatorConfig, User
from app.datacloud.emulator.login import EXCHANGE_PATH, LOGIN_PATH, REVOKE_PATH, answer
from app.datacloud.emulator.messages import Head, Reply
from app.datacloud.emulator.throwaway import CLIENT_ID, USERNAME, throwaway_app
from app.datacloud.emulator.tokens import TokenBook
from tests.datacloud.emulator.caller import EXCHANGE, JWT_BEARER, signed
from tests.datacloud.org import key_pem

NOW_S = 1_772_359_200.0
ORIGIN = "http://127.0.0.1:8990"
FORM = "application/x-www-form-urlencoded"


class Org:
    """The login's side of an org."""

    def __init__(self, directory: Path) -> None:
        app = throwaway_app(directory, key_pem())
        self.config = EmulatorConfig(apps=app.apps, users=app.users)
        self.settings = app.settings(ORIGIN)
        self.tokens = TokenBook()
        self.now_s = NOW_S

    def ask(self, path: str, fields: dict[str, str], kind: str = FORM, method: str = "POST", query: str = "") -> Reply:
        head = Head(method, path + query, {"content-type": kind})
        return answer(head, urlencode(fields).encode(), self.config, self.tokens, ORIGIN, self.now_s)

    def login(self, **claims: Any) -> Reply:
        return self.ask(LOGIN_PATH, {"grant_type": JWT_BEARER, "assertion": signed(self.settings, NOW_S, **claims)})

    def core(self) -> str:
        return str(json.loads(self.login().body)["access_token"])

    def exchange(self, core: str, **fields: str) -> Reply:
        return self.ask(EXCHANGE_PATH, {**EXCHANGE, "subject_token": core, **fields})

    def change_app(self, **changes: Any) -> None:
        apps = {CLIENT_ID: replace(self.config.apps[CLIENT_ID], **changes)}
        self.config = replace(self.config, apps=apps)


@pytest.fixture
def org(tmp_path: Path) -> Org:
    return Org(tmp_path)


def _refusal(reply: Reply) -> tuple[int, str, str]:
    told = json.loads(reply.body)
    return reply.status, told["error"], told["error_description"]


class TestLogin:
    def test_a_good_assertion_gets_a_core_token(self, org: Org) -> None:
        reply = org.login()

        told = json.loads(reply.body)
        assert reply.status == 200
        assert set(told) == {"access_token", "scope", "instance_url", "id", "token_type"}
        assert (told["instance_url"], told["token_type"]) == (ORIGIN, "Bearer")
        assert ("Cache-Control", "no-store") in reply.headers

    def test_a_body_that_is_no_form_is_refused_first(self, org: Org) -> None:
        reply = org.ask(LOGIN_PATH, {}, kind="application/json")

        assert _refusal(reply)[:2] == (400, "invalid_request")
        assert ("Cache-Control", "no-store") in reply.headers

    def test_another_grant_is_refused(self, org: Org) -> None:
        assert _refusal(org.ask(LOGIN_PATH, {"grant_type": "password"}))[:2] == (400, "unsupported_grant_type")

    def test_what_stands_in_the_query_does_not_count(self, org: Org) -> None:
        query = "?" + urlencode({"grant_type": JWT_BEARER, "assertion": signed(org.settings, NOW_S)})

        assert _refusal(org.ask(LOGIN_PATH, {}, query=query))[:2] == (400, "unsupported_grant_type")

    def test_a_bad_assertion_is_refused_in_the_orgs_words(self, org: Org) -> None:
        assert _refusal(org.login(aud="https://example.com")) == (400, "invalid_grant", "audience is invalid")
        assert _refusal(org.login(iss="nobody")) == (400, "invalid_client_id", "client identifier invalid")

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
    def test_only_post_is_understood(self, org: Org, method: str) -> None:
        assert org.ask(LOGIN_PATH, {}, method=method).status == 405


class TestRevoke:
    def test_a_core_token_is_dead_then_and_the_data_cloud_token_lives(self, org: Org) -> None:
        core = org.core()
        token = json.loads(org.exchange(core).body)["access_token"]

        reply = org.ask(REVOKE_PATH, {"token": core})

        assert reply.status == 200
        assert _refusal(org.exchange(core))[2] == "invalid subject token"
        issued = org.tokens.find(token)
        assert issued is not None
        assert not issued.revoked

    def test_an_unknown_token_cannot_be_revoked(self, org: Org) -> None:
        assert org.ask(REVOKE_PATH, {"token": "x"}).status == 400


class TestExchange:
    def test_a_core_token_gets_a_data_cloud_token_and_a_bare_host(self, org: Org) -> None:
        told = json.loads(org.exchange(org.core()).body)

        assert told.pop("access_token").count(".") == 2
        assert told == {
            "instance_url": "127.0.0.1:8990",
            "token_type": "Bearer",
            "issued_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "expires_in": 7191,
        }

    def test_the_host_can_be_a_url_and_the_lifetime_unsaid(self, org: Org) -> None:
        org.config = replace(org.config, instance_url_form="url", tell_expires_in=False)

        told = json.loads(org.exchange(org.core()).body)

        assert told["instance_url"] == ORIGIN
        assert "expires_in" not in told

    def test_another_grant_or_token_type_is_refused(self, org: Org) -> None:
        core = org.core()

        assert _refusal(org.exchange(core, grant_type="x"))[:2] == (400, "unsupported_grant_type")
        assert _refusal(org.exchange(core, subject_token_type="x"))[:2] == (400, "invalid_request")

    def test_an_unknown_an_expired_and_a_data_cloud_token_are_no_subject(self, org: Org) -> None:
        core = org.core()
        token = json.loads(org.exchange(core).body)["access_token"]
        invalid = (400, "invalid_request", "invalid subject token")

        assert _refusal(org.exchange("x")) == invalid
        assert _refusal(org.exchange(token)) == invalid
        org.now_s += 7200
        assert _refusal(org.exchange(core)) == invalid

    def test_an_app_with_tokens_of_jwt_format_is_refused(self, org: Org) -> None:
        org.change_app(jwt_format_tokens=True)

        assert _refusal(org.exchange(org.core()))[2] == "invalid subject token"

    def test_a_user_without_data_cloud_gets_an_empty_400(self, org: Org) -> None:
        org.config = replace(org.config, users={USERNAME: User(datacloud_access=False)})

        reply = org.exchange(org.core())

        assert (reply.status, reply.body) == (400, b"")

    def test_a_missing_scope_is_told(self, org: Org) -> None:
        org.change_app(scopes=frozenset({"api"}))

        assert _refusal(org.exchange(org.core()))[:2] == (400, "invalid_scope")

    def test_a_second_exchange_may_be_answered_with_a_page(self, org: Org) -> None:
        org.config = replace(org.config, one_exchange_per_core_token=True)
        core = org.core()
        assert json.loads(org.exchange(core).body)["token_type"] == "Bearer"

        again = org.exchange(core)

        assert (again.status, again.body[:6]) == (200, b"<html>")
        assert again.headers[0] == ("Content-Type", "text/html;charset=UTF-8")
