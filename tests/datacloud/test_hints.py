"""What a refusal means: every row of the table has its sentence."""

from __future__ import annotations

import pytest

from app.datacloud import hints
from app.datacloud.hints import Hint, exchange_hint, login_hint

TABLE = [
    ("invalid_grant", "user hasn't approved this consumer", hints.NOT_APPROVED),
    ("invalid_grant", "user is not admin approved to access this app", hints.NOT_APPROVED),
    ("OAUTH_APP_ACCESS_DENIED", "user is not admin approved to access this app", hints.NOT_APPROVED),
    ("invalid_app_access", "user is not admin approved to access this app", hints.NOT_APPROVED),
    ("invalid_grant", "expired authorization code", hints.EXPIRED),
    ("invalid_grant", "audience is invalid", hints.AUDIENCE),
    ("invalid_grant", "invalid assertion", hints.ASSERTION),
    ("invalid_assertion", "", hints.ASSERTION),
    ("invalid_grant", "Invalid signature", hints.ASSERTION),
    ("invalid_client_id", "client identifier invalid", hints.CLIENT),
    ("invalid_client_id", "", hints.CLIENT),
    ("invalid_client", "invalid client credentials", hints.CLIENT),
    ("inactive_user", "user is inactive", hints.USER),
    ("inactive_org", "org is inactive", hints.USER),
    ("invalid_grant", "authentication failure", hints.USER),
    ("invalid_grant", "", hints.USER),
    ("unknown_error", "retry your request", hints.AGAIN),
    ("rate_limit_exceeded", "", hints.AGAIN),
    ("something_new", "what nobody has seen", hints.UNKNOWN),
    ("", "", hints.UNKNOWN),
]


@pytest.mark.parametrize(("error", "description", "expected"), TABLE)
def test_acceptance_02_every_row_of_the_login_table_yields_its_hint(
    error: str, description: str, expected: Hint
) -> None:
    assert login_hint(error, description) == expected


def test_only_a_hand_mends_a_wrong_audience_and_a_wrong_key() -> None:
    by_patience = {hint.patience for hint in (hints.AUDIENCE, hints.ASSERTION)}

    assert by_patience == {"config"}
    assert {hint.patience for hint in (hints.NOT_APPROVED, hints.EXPIRED, hints.CLIENT, hints.USER)} == {"slow"}


def test_an_exchange_is_refused_for_one_of_four_reasons() -> None:
    told = exchange_hint("", "").sentence

    for reason in ("permission set", "cdp_ingest_api", "JSON Web Token", "not provisioned"):
        assert reason in told


def test_an_exchange_that_names_the_scope_is_refused_for_that() -> None:
    assert exchange_hint("invalid_scope", "") == hints.SCOPE
