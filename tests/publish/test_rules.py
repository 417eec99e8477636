"""Who is let in, judged without any server."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from app.publish.access import Access
from app.publish.attempts import BLOCK_S, MOST_FAILURES
from app.publish.origins import Origins
from app.publish.rules import MOST_BODY_BYTES, REASONS, Asked, Doorkeepers, Refusal, Rules
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.publish.test_origins import FOREIGN

TOKEN = "the-operator-of-the-tests"
SCRAPER = "the-prometheus-of-the-tests"
OPEN = Doorkeepers(Origins(("booth.local",), (), ()))
HOST = "booth.local:8080"
BEARER = f"Bearer {TOKEN}"


def asked(access: Access | None = Access.VIEW, **changes: object) -> Asked:
    """A plain GET of a browser on another machine."""
    usual = Asked(
        access=access,
        is_socket=False,
        is_change=False,
        address="192.168.1.30",
        asked_at="192.168.1.5",
        host=HOST,
        origin=None,
        site=None,
        authorization=None,
        content_type=None,
        content_length=None,
    )
    return usual._replace(**changes)  # type: ignore[arg-type]  # by name


def pressed(**changes: object) -> Asked:
    """An operator's button, from the page itself."""
    usual = {"is_change": True, "authorization": BEARER, "content_type": "application/json", "content_length": "2"}
    return asked(Access.OPERATOR, **{"origin": f"http://{HOST}", **usual, **changes})


def handshake(**changes: object) -> Asked:
    """A browser's WebSocket, from the page itself."""
    return asked(Access.VIEW, **{"is_socket": True, "origin": f"http://{HOST}", **changes})


def judged(one: Asked, keepers: Doorkeepers = OPEN) -> Refusal | None:
    return Rules(keepers).judge(one, TOKEN, 0.0)


def status(one: Asked, keepers: Doorkeepers = OPEN) -> int | None:
    refusal = judged(one, keepers)
    return None if refusal is None else refusal.status


@pytest.mark.parametrize("access", [Access.VIEW, Access.PROBE, Access.METRICS])
def test_whoever_is_on_the_network_may_look(access: Access) -> None:
    assert judged(asked(access)) is None


def test_an_operator_who_presses_a_button_of_the_page_is_let_in() -> None:
    assert judged(pressed()) is None
    assert judged(pressed(authorization=f"bearer  {TOKEN}")) is None


def test_a_stream_deck_has_no_origin_and_is_let_in_with_the_token() -> None:
    assert judged(pressed(origin=None)) is None


@pytest.mark.parametrize(
    "authorization",
    [None, "", TOKEN, f"Basic {TOKEN}", "Bearer", "Bearer ", f"{BEARER}x", BEARER[:-1], f"Bearer {TOKEN.upper()}",
     f"{BEARER}, {BEARER}", "Bearer \u00e4\u00f6\u00fc", "Bearer \u4e2d"],
)  # fmt: skip
def test_without_the_very_token_nothing_changes(authorization: str | None) -> None:
    assert status(pressed(authorization=authorization)) == 401


def test_no_token_at_all_opens_nothing_even_where_the_gateway_has_none() -> None:
    refusal = Rules(OPEN).judge(pressed(authorization="Bearer "), "", 0.0)

    assert refusal is not None
    assert refusal.status == 401


@pytest.mark.row("W10")
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_form_of_a_foreign_page_changes_nothing_even_with_the_token(origin: str) -> None:
    assert status(pressed(origin=origin)) == 403


@pytest.mark.row("W10")
def test_a_browser_that_says_the_request_comes_from_another_site_is_believed() -> None:
    assert status(pressed(origin=None, site="cross-site")) == 403


@pytest.mark.row("W10")
@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"]
)
def test_what_a_form_can_send_without_asking_is_not_understood(content_type: str | None) -> None:
    assert status(pressed(content_type=content_type)) == 415


def test_json_may_say_its_encoding() -> None:
    assert judged(pressed(content_type="Application/JSON; charset=utf-8")) is None


@pytest.mark.row("W5")
@pytest.mark.parametrize("origin", FOREIGN)
def test_the_page_of_another_host_gets_no_socket(origin: str) -> None:
    assert status(handshake(origin=origin)) == 403
    assert status(handshake(origin=origin, address="127.0.0.1", authorization=BEARER)) == 403


@pytest.mark.row("W5")
def test_of_twenty_and_more_foreign_origins_none_is_accepted(reached: Reached) -> None:
    variants = [*FOREIGN, None]

    accepted = [origin for origin in variants if judged(handshake(origin=origin)) is None]

    assert len(variants) >= 20
    reached(exactly(f"of {len(variants)} foreign or missing origins accepted", len(accepted), 0))


def test_the_own_page_gets_its_socket() -> None:
    assert judged(handshake()) is None


def test_a_program_is_of_this_machine_or_has_a_token() -> None:
    keepers = Doorkeepers(OPEN.origins, metrics_token=SCRAPER)

    assert judged(handshake(origin=None, address="127.0.0.1")) is None
    assert judged(handshake(origin=None, authorization=BEARER)) is None
    assert judged(handshake(origin=None, authorization=f"Bearer {SCRAPER}"), keepers) is None
    assert status(handshake(origin=None)) == 403
    assert status(handshake(origin=None, authorization="Bearer wrong")) == 401
    assert status(handshake(origin=None, authorization="Bearer ")) == 401


def test_a_foreign_name_is_told_first_and_for_every_class() -> None:
    for one in (asked(), pressed(), handshake(), asked(None), asked(Access.METRICS)):
        assert status(one._replace(host="evil.example")) == 400
        assert status(one._replace(host=None)) == 400


def test_a_route_without_a_class_is_open_to_nobody() -> None:
    assert status(asked(None)) == 403
    assert status(asked(None, authorization=BEARER)) == 403


def test_the_metrics_are_closed_by_a_token_or_by_addresses_and_either_opens_them() -> None:
    by_token = Doorkeepers(OPEN.origins, metrics_token=SCRAPER)
    by_address = Doorkeepers(OPEN.origins, metrics_allow=[ip_network("192.168.1.0/28"), ip_network("fd00::/64")])
    by_both = Doorkeepers(OPEN.origins, SCRAPER, by_address.metrics_allow)
    far, near = asked(Access.METRICS), asked(Access.METRICS, address="192.168.1.7")
    bearer = far._replace(authorization=f"Bearer {SCRAPER}")

    assert [status(one, by_token) for one in (far, near, bearer)] == [401, 401, None]
    assert [status(one, by_address) for one in (far, near, bearer)] == [403, None, 403]
    assert [status(one, by_both) for one in (far, near, bearer)] == [401, None, None]
    assert judged(far._replace(authorization=BEARER), by_token) is None
    assert judged(far._replace(address="::ffff:192.168.1.7"), by_address) is None
    assert status(far._replace(address="unknown"), by_address) == 403


def test_a_token_for_the_metrics_changes_nothing() -> None:
    keepers = Doorkeepers(OPEN.origins, metrics_token=SCRAPER)

    assert status(pressed(authorization=f"Bearer {SCRAPER}"), keepers) == 401


@pytest.mark.parametrize("length", [str(MOST_BODY_BYTES + 1), "9" * 5000, "-1", "1e3", "\u0663"])
def test_a_body_that_is_announced_too_long_is_not_waited_for(length: str) -> None:
    assert status(pressed(content_length=length)) == 413
    assert status(asked(content_length=length)) == 413


def test_a_body_of_the_most_bytes_is_read() -> None:
    assert judged(pressed(content_length=str(MOST_BODY_BYTES))) is None


def test_five_wrong_tokens_close_the_door_for_a_minute_also_to_the_right_one() -> None:
    rules = Rules(OPEN)
    answers = [rules.judge(pressed(authorization="Bearer wrong"), TOKEN, 0.0) for _ in range(MOST_FAILURES + 1)]
    early = rules.judge(pressed(), TOKEN, BLOCK_S - 0.5)
    late = rules.judge(pressed(), TOKEN, BLOCK_S)

    assert [answer and answer.status for answer in answers] == [401] * MOST_FAILURES + [429]
    assert early is not None
    assert (early.status, early.retry_after_s, early.reason) == (429, 1, "blocked")
    assert late is None
    assert rules.judge(pressed(address="192.168.1.31"), TOKEN, 0.0) is None


def test_who_shows_no_token_does_not_guess() -> None:
    rules = Rules(OPEN)

    for _ in range(20):
        rules.judge(pressed(authorization=None), TOKEN, 0.0)

    assert rules.judge(pressed(), TOKEN, 0.0) is None


def test_a_block_does_not_reach_those_who_only_look() -> None:
    rules = Rules(OPEN)
    for _ in range(MOST_FAILURES):
        rules.judge(pressed(authorization="Bearer wrong"), TOKEN, 0.0)

    assert rules.judge(asked(), TOKEN, 0.0) is None
    assert rules.judge(handshake(), TOKEN, 0.0) is None


def test_every_refusal_is_counted_under_a_label_of_the_closed_list() -> None:
    rules = Rules(Doorkeepers(OPEN.origins, metrics_allow=[ip_network("10.0.0.1")]))
    requests = [
        asked(host="evil.example"),
        asked(None),
        asked(Access.METRICS),
        asked(content_length="9999999"),
        pressed(content_type=None),
        pressed(origin="null"),
        handshake(origin=None),
        *[pressed(authorization="Bearer wrong")] * (MOST_FAILURES + 1),
    ]

    reasons = {refusal.reason for one in requests if (refusal := rules.judge(one, TOKEN, 0.0)) is not None}

    assert reasons == set(REASONS) - {"connections", "header_timeout"}
