from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from app.datacloud.emulator.config import App, EmulatorConfig, User
from app.datacloud.emulator.throwaway import CLIENT_ID, USERNAME, new_key_pem, throwaway_app
from app.datacloud.emulator.tokens import Login, Refusal, TokenBook, verified
from tests.datacloud.emulator.caller import signed
from tests.datacloud.org import key_pem

NOW_S = 1_772_359_200.0
ORIGIN = "http://127.0.0.1:1"
INVALID = Refusal("invalid_grant", "invalid assertion")
EXPIRED = Refusal("invalid_grant", "expired authorization code")
AUDIENCE = Refusal("invalid_grant", "audience is invalid")
FAILURE = Refusal("invalid_grant", "authentication failure")


class Desk(NamedTuple):
    """An org that checks assertions, and the settings of whoever signs them."""

    config: EmulatorConfig
    settings: dict[str, str]

    def check(self, **claims: Any) -> Login | Refusal:
        return verified(signed(self.settings, NOW_S, **claims), self.config, ORIGIN, NOW_S)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    app = throwaway_app(tmp_path, key_pem())
    return Desk(EmulatorConfig(apps=app.apps, users=app.users), app.settings(ORIGIN))


def _forged(header: dict[str, Any], claims: Any = None) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part({'iss': CLIENT_ID} if claims is None else claims)}.AAAA"


class TestAssertion:
    def test_a_good_one_says_who_it_is(self, desk: Desk) -> None:
        assert desk.check() == Login(CLIENT_ID, USERNAME)

    @pytest.mark.parametrize(
        "assertion",
        [
            "",
            "a.b",
            "not a token at all",
            _forged({"alg": "none"}),
            _forged({"alg": "HS256"}),
            _forged({"typ": "JWT"}),
            _forged({"alg": "RS256"}, claims=[1]),
            _forged({"alg": "RS256"}),
        ],
    )
    def test_what_is_no_signed_jwt_is_an_invalid_assertion(self, desk: Desk, assertion: str) -> None:
        assert verified(assertion, desk.config, ORIGIN, NOW_S) == INVALID

    @pytest.mark.parametrize("issuer", ["somebody", "", ...])
    def test_an_unknown_app_is_told_before_its_signature_is_looked_at(self, desk: Desk, issuer: Any) -> None:
        assert desk.check(iss=issuer) == Refusal("invalid_client_id", "client identifier invalid")

    def test_another_key_is_an_invalid_assertion(self, desk: Desk, tmp_path: Path) -> None:
        (tmp_path / "other.key").write_bytes(new_key_pem())
        stranger = desk._replace(settings={**desk.settings, "SF_PRIVATE_KEY_PATH": str(tmp_path / "other.key")})

        assert stranger.check() == INVALID

    @pytest.mark.parametrize("audience", ["https://example.com", ORIGIN + "/", ["https://login.salesforce.com"], ...])
    def test_an_audience_that_is_not_accepted(self, desk: Desk, audience: Any) -> None:
        assert desk.check(aud=audience) == AUDIENCE

    @pytest.mark.parametrize("audience", ["https://login.salesforce.com", "https://test.salesforce.com", ORIGIN])
    def test_an_audience_that_is_accepted(self, desk: Desk, audience: str) -> None:
        assert isinstance(desk.check(aud=audience), Login)

    @pytest.mark.parametrize(
        ("exp", "expected"),
        [
            (NOW_S, EXPIRED),
            (NOW_S - 480, EXPIRED),
            (NOW_S + 1, None),
            (NOW_S + 300, None),
            (NOW_S + 301, INVALID),
            (NOW_S * 1000, INVALID),
            (float("nan"), INVALID),
            (10**400, INVALID),
            ("soon", INVALID),
            (True, INVALID),
            (None, INVALID),
            (..., INVALID),
        ],
    )
    def test_it_must_end_soon_but_not_yet(self, desk: Desk, exp: Any, expected: Refusal | None) -> None:
        assert desk.check(exp=exp) == (expected or Login(CLIENT_ID, USERNAME))

    def test_leeway_and_bound_can_be_set(self, desk: Desk) -> None:
        lax = desk._replace(config=EmulatorConfig(apps=desk.config.apps, users=desk.config.users, exp_leeway_s=60))
        short = desk._replace(config=EmulatorConfig(apps=desk.config.apps, users=desk.config.users, exp_max_s=60))

        assert isinstance(lax.check(exp=NOW_S - 59), Login)
        assert lax.check(exp=NOW_S - 60) == EXPIRED
        assert short.check() == INVALID

    @pytest.mark.parametrize("claims", [{"sub": "nobody"}, {"sub": ...}, {"sub": "nobody", "prn": ...}])
    def test_an_unknown_user(self, desk: Desk, claims: dict[str, Any]) -> None:
        assert desk.check(**claims) == FAILURE

    def test_the_old_alias_wins(self, desk: Desk) -> None:
        assert desk.check(prn="nobody") == FAILURE
        assert desk.check(sub="nobody", prn=USERNAME) == Login(CLIENT_ID, USERNAME)

    def test_an_inactive_user(self, desk: Desk) -> None:
        asleep = desk._replace(config=EmulatorConfig(apps=desk.config.apps, users={USERNAME: User(active=False)}))

        assert asleep.check() == FAILURE

    def test_a_user_whom_nobody_approved(self, desk: Desk) -> None:
        apps = {CLIENT_ID: App(desk.config.apps[CLIENT_ID].key_pem)}
        unapproved = desk._replace(config=EmulatorConfig(apps=apps, users=desk.config.users))

        assert unapproved.check() == Refusal("invalid_grant", "user hasn't approved this consumer")

    def test_an_app_may_hold_a_bare_public_key(self, desk: Desk) -> None:
        public = load_pem_private_key(key_pem(), None).public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        apps = {CLIENT_ID: App(pem, preauthorised=frozenset({USERNAME}))}

        assert isinstance(desk._replace(config=EmulatorConfig(apps=apps, users=desk.config.users)).check(), Login)


class TestBook:
    def test_a_core_token_is_opaque_and_looks_like_the_orgs(self) -> None:
        book = TokenBook()

        token = book.give_core(Login("c", "u"), NOW_S, 7200)

        assert token.startswith("00D")
        assert "!" in token
        assert (issued := book.find(token)) is not None
        assert (issued.kind, issued.expires_s, issued.revoked) == ("core", NOW_S + 7200, False)

    def test_a_data_cloud_token_is_a_jwt_with_the_services_claims(self) -> None:
        token = TokenBook().give_datacloud(Login("c", "u"), frozenset({"cdp_ingest_api"}), NOW_S, 7191.5)

        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["sub"], claims["iat"], claims["exp"]) == ("u", int(NOW_S), int(NOW_S + 7191.5))
        assert (claims["scp"], "audienceTenantId" in claims) == ("cdp_ingest_api", True)

    def test_no_two_tokens_are_the_same(self) -> None:
        book = TokenBook()

        tokens = {book.give_datacloud(Login("c", "u"), frozenset(), NOW_S, 60) for _ in range(5)}

        assert len(tokens) == 5
        assert [issued.id for issued in book] == [f"dc-{n}" for n in range(1, 6)]

    def test_a_token_changed_by_a_letter_is_unknown(self) -> None:
        book = TokenBook()
        token = book.give_datacloud(Login("c", "u"), frozenset(), NOW_S, 60)

        assert book.find(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
        assert TokenBook().find(token) is None

    def test_all_tokens_can_end_or_be_taken_back(self) -> None:
        book = TokenBook()
        book.give_core(Login("c", "u"), NOW_S, 7200)

        book.expire(NOW_S + 1)
        book.revoke()

        assert [(issued.expires_s, issued.revoked) for issued in book] == [(NOW_S + 1, True)]

    def test_the_book_stays_small(self) -> None:
        book = TokenBook()

        for _ in range(1005):
            book.give_core(Login("c", "u"), NOW_S, 7200)

        assert len(list(book)) == 1000
