"""What is asked at the two steps of getting in, and what every kind of answer means."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs

import jwt
import pytest

from app.datacloud.endpoints import Destination
from app.datacloud.login import (
    CoreToken,
    Grant,
    assertion,
    exchange_form,
    host_mismatches,
    lifetime_s,
    login_form,
    read_exchange,
    read_login,
    revoke_form,
    scrubbed,
)
from app.datacloud.retry import Answer
from app.errors import AuthFailed, DataCloudError, Unavailable
from tests.datacloud.scripted_org import CLIENT_ID, USERNAME, config_for, rsa_key

NOW_S = 1_795_348_800.9
CONFIG = config_for("https://acme.my.salesforce.com", allow_insecure_loopback=False)
LOCAL = config_for("http://127.0.0.1:8990")
CORE = CoreToken("00D!core", "https://acme.my.salesforce.com")
PAGE = "<html>Sign in</html>"


def said(status: int, **body: object) -> Answer:
    return Answer(status, {}, json.dumps(body))


def login_failure(answer: Answer, offset_s: float | None = None) -> DataCloudError:
    with pytest.raises(DataCloudError) as caught:
        read_login(answer, CONFIG, NOW_S, offset_s)
    return caught.value


def exchange_failure(answer: Answer) -> DataCloudError:
    with pytest.raises(DataCloudError) as caught:
        read_exchange(answer, CONFIG, NOW_S)
    return caught.value


def granted(**changes: object) -> Grant:
    usual = {"access_token": "dc", "instance_url": "abc.c360a.salesforce.com", "expires_in": 7191}
    body = {name: value for name, value in (usual | changes).items() if value is not None}
    return read_exchange(said(200, **body), CONFIG, NOW_S)


class TestAssertion:
    def test_it_holds_four_claims_and_a_signature(self) -> None:
        signed = assertion(CONFIG, NOW_S)

        options = {"verify_exp": False, "verify_aud": False}
        claims = jwt.decode(signed, rsa_key().public_key(), algorithms=["RS256"], options=options)  # type: ignore[arg-type]
        assert jwt.get_unverified_header(signed) == {"alg": "RS256", "typ": "JWT"}
        assert claims == {"iss": CLIENT_ID, "sub": USERNAME, "aud": CONFIG.audience, "exp": 1_795_348_920}

    def test_another_audience_can_be_tried(self) -> None:
        signed = assertion(CONFIG, NOW_S, "https://test.salesforce.com")

        assert jwt.decode(signed, options={"verify_signature": False})["aud"] == "https://test.salesforce.com"


class TestForms:
    def test_a_login_carries_the_assertion_in_its_body(self) -> None:
        assert parse_qs(login_form("a.b-c_d").decode()) == {
            "grant_type": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
            "assertion": ["a.b-c_d"],
        }

    def test_an_exchange_carries_the_core_token_and_only_where_configured_a_dataspace(self) -> None:
        usual = {
            "grant_type": ["urn:salesforce:grant-type:external:cdp"],
            "subject_token": ["00D!core"],
            "subject_token_type": ["urn:ietf:params:oauth:token-type:access_token"],
        }
        in_space = config_for("https://acme.my.salesforce.com", dataspace="racing & more")

        assert parse_qs(exchange_form(CONFIG, CORE).decode()) == usual
        assert parse_qs(exchange_form(in_space, CORE).decode()) == usual | {"dataspace": ["racing & more"]}

    def test_a_core_token_is_given_back_by_its_name(self) -> None:
        assert parse_qs(revoke_form(CORE).decode()) == {"token": ["00D!core"]}


class TestLogin:
    def test_a_good_answer_gives_the_core_token_and_its_instance(self) -> None:
        answer = said(200, access_token="00D!core", instance_url="https://acme.my.salesforce.com", scope="api")

        assert read_login(answer, CONFIG, NOW_S, None) == CORE

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(None, {}, "", "refused", "acme: nobody listens there"),
            Answer(200, {}, PAGE),
            Answer(400, {}, PAGE),
            Answer(404, {}, "not found"),
            Answer(200, {}, ""),
            Answer(200, {}, "[1]"),
            said(200),
            said(200, access_token="x"),
            said(200, access_token=5, instance_url="https://acme.my.salesforce.com"),
            said(200, access_token="a b", instance_url="https://acme.my.salesforce.com"),
            said(200, access_token="a\r\nX: y", instance_url="https://acme.my.salesforce.com"),
            said(400, error="unknown_error", error_description="retry your request"),
            said(400, error="rate_limit_exceeded"),
            said(429),
            said(500),
            said(503, error="invalid_grant"),
        ],
    )
    def test_no_answer_of_the_orgs_own_is_worth_another_attempt(self, answer: Answer) -> None:
        assert isinstance(login_failure(answer), Unavailable)

    def test_it_says_how_long_to_wait(self) -> None:
        failure = login_failure(Answer(503, {"retry-after": "17"}))

        assert isinstance(failure, Unavailable)
        assert failure.retry_after_s == 17

    def test_a_refusal_is_told_in_the_orgs_words_and_with_a_hint(self) -> None:
        failure = login_failure(
            said(400, error="invalid_grant", error_description="user hasn't approved this consumer")
        )

        assert str(failure).startswith("login refused (invalid_grant: user hasn't approved this consumer). The user is")
        assert isinstance(failure, AuthFailed)
        assert failure.patience == "slow"

    @pytest.mark.parametrize("offset_s", [600.0, -600.0])
    @pytest.mark.parametrize("description", ["expired authorization code", "invalid assertion"])
    @pytest.mark.row("U9")
    def test_u9_a_clock_that_is_off_is_named_and_needs_no_hand_in_the_org(
        self, description: str, offset_s: float
    ) -> None:
        failure = login_failure(said(400, error="invalid_grant", error_description=description), offset_s)

        side = "behind" if offset_s > 0 else "ahead of"
        assert f"this machine's clock is 600 s {side} the org's; set it" in str(failure)
        assert isinstance(failure, AuthFailed)
        assert failure.patience == "slow"

    def test_a_wrong_key_waits_for_somebodys_hand(self) -> None:
        failure = login_failure(said(400, error="invalid_grant", error_description="invalid assertion"), 2.0)

        assert "do not belong together" in str(failure)
        assert isinstance(failure, AuthFailed)
        assert failure.patience == "config"

    def test_a_redirect_is_a_wrong_domain(self) -> None:
        failure = login_failure(Answer(302, {"location": "https://evil.example"}))

        assert isinstance(failure, AuthFailed)
        assert failure.patience == "config"

    @pytest.mark.parametrize("named", ["https://evil.example", "http://acme.my.salesforce.com", "https://127.0.0.1"])
    @pytest.mark.row("U18")
    def test_u18_an_instance_that_is_not_ours_gets_no_token(self, named: str) -> None:
        failure = login_failure(said(200, access_token="00D!core", instance_url=named))

        assert isinstance(failure, AuthFailed)
        assert failure.patience == "config"
        assert "nothing was sent there" in str(failure)

    def test_a_login_host_that_the_operator_named_may_be_the_instance(self) -> None:
        config = config_for("https://login.partner.example", allow_insecure_loopback=False)
        answer = said(200, access_token="x", instance_url="https://login.partner.example")

        assert read_login(answer, config, NOW_S, None).origin == "https://login.partner.example"

    @pytest.mark.parametrize("status", [400, 401, 403])
    def test_a_refusal_without_words_is_one_too(self, status: int) -> None:
        assert isinstance(login_failure(said(status)), AuthFailed)


class TestExchange:
    @pytest.mark.parametrize(
        "named", ["abc.c360a.salesforce.com", "https://abc.c360a.salesforce.com", "https://ABC.c360a.salesforce.com/"]
    )
    def test_acceptance_03_the_tenant_may_be_a_bare_host_or_a_url(self, named: str) -> None:
        assert granted(instance_url=named) == Grant("dc", "https://abc.c360a.salesforce.com", 7191)

    def test_acceptance_03_an_empty_400_names_the_four_reasons(self) -> None:
        failure = exchange_failure(Answer(400, {}, ""))

        assert str(failure).startswith("token exchange refused (400, without a word). One of these is amiss")
        assert isinstance(failure, AuthFailed)
        assert failure.patience == "slow"

    @pytest.mark.parametrize(
        "answer",
        [
            said(400, error="invalid_request", error_description="invalid subject token"),
            Answer(401),
            Answer(403, {}, PAGE),
        ],
    )
    def test_acceptance_03_other_refusals_do_too(self, answer: Answer) -> None:
        assert "One of these is amiss" in str(exchange_failure(answer))

    def test_acceptance_03_a_missing_scope_is_named(self) -> None:
        assert "lacks the scope" in str(exchange_failure(said(400, error="invalid_scope")))

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(200, {}, PAGE),
            Answer(200, {}, ""),
            said(200, instance_url="abc.c360a.salesforce.com"),
            said(200, access_token="dc"),
            Answer(500),
            Answer(429),
            Answer(None, {}, "", "timeout", "too late"),
        ],
    )
    def test_acceptance_03_what_is_no_answer_is_worth_another_attempt(self, answer: Answer) -> None:
        assert isinstance(exchange_failure(answer), Unavailable)

    @pytest.mark.parametrize(
        "named", ["evil.example", "http://abc.c360a.salesforce.com", "abc.salesforce.com/x", "127.0.0.1:80", "a b"]
    )
    @pytest.mark.row("U18")
    def test_u18_an_odd_host_is_refused(self, named: str) -> None:
        with pytest.raises(AuthFailed, match="nothing was sent there") as caught:
            granted(instance_url=named)

        assert caught.value.patience == "config"

    def test_this_machine_is_reached_by_http_where_that_is_allowed(self) -> None:
        answer = said(200, access_token="dc", instance_url="127.0.0.1:8990", expires_in=1)

        assert read_exchange(answer, LOCAL, NOW_S).base_url == "http://127.0.0.1:8990"


class TestLifetime:
    @pytest.mark.parametrize(("told", "expected_s"), [(7191, 7191), ("7191", 7191), (3.5, 3.5)])
    def test_it_is_what_the_answer_says(self, told: object, expected_s: float) -> None:
        assert lifetime_s(told, "dc", NOW_S) == expected_s

    @pytest.mark.parametrize("told", [None, "soon", 0, -1, True, [], {}, float("nan"), 1e300])
    def test_acceptance_03_else_the_tokens_own_end_counts(self, told: object) -> None:
        token = jwt.encode({"exp": int(NOW_S) + 600}, "x" * 32, algorithm="HS256")

        assert lifetime_s(told, token, NOW_S) == pytest.approx(600, abs=1)

    @pytest.mark.parametrize("payload", ["{}", "[]", '{"exp": "soon"}', '{"exp": 5}', '{"exp": null}', "nonsense"])
    def test_acceptance_03_else_a_quarter_of_an_hour(self, payload: str) -> None:
        token = f"h.{base64.urlsafe_b64encode(payload.encode()).decode().rstrip('=')}.s"

        assert lifetime_s(None, token, NOW_S) == 900
        assert lifetime_s(None, "opaque", NOW_S) == 900
        assert lifetime_s(None, "a.\xff.c", NOW_S) == 900


class TestHosts:
    def test_a_configured_host_is_only_compared(self) -> None:
        config = config_for(
            "https://acme.my.salesforce.com",
            destinations={
                "LapEvent": Destination("S", "LapEvent", "old.c360a.salesforce.com"),
                "RaceEvent": Destination("S", "RaceEvent", "abc.c360a.salesforce.com"),
                "SessionEvent": Destination("S", "SessionEvent"),
            },
        )

        told = host_mismatches(config, "https://abc.c360a.salesforce.com")

        assert len(told) == 1
        assert "the host old.c360a.salesforce.com, but the org says abc.c360a.salesforce.com, which is used" in told[0]


class TestSecrets:
    def test_nothing_secret_shows(self) -> None:
        assert "core" not in repr(CORE)
        assert "'dc'" not in repr(granted())

    def test_an_answer_that_repeats_a_secret_does_not_pass_it_on(self) -> None:
        answer = scrubbed(Answer(400, {}, "bad assertion eyJ.x.y of 3MVG9"), "eyJ.x.y", "3MVG9")

        assert answer.text == "bad assertion [hidden] of [hidden]"
