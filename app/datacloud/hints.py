"""What the org's refusals mean, in sentences for the operator: who has to do what.

Source:
    `docs/salesforce.md`; Salesforce Help, "OAuth 2.0 JWT Bearer Flow" and "OAuth Authorization Errors".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Patience = Literal["slow", "config", "transient"]
"""`slow`: waiting may mend it; `config`: only somebody's hand can; `transient`: simply again."""


class Hint(NamedTuple):
    """What a refusal means.

    Attributes:
        sentence: What to do about it.
        patience: When it is worth another attempt.
    """

    sentence: str
    patience: Patience


NOT_APPROVED: Final = Hint(
    'The user is not pre-authorised: set the app\'s policy to "Admin approved users are pre-authorized" and assign the '
    "app to a permission set or profile of the user; a new app needs up to 10 minutes",
    "slow",
)
EXPIRED: Final = Hint(
    "The assertion looked expired to the org: the clock of this machine is wrong",
    "slow",
)
AUDIENCE: Final = Hint(
    "The audience does not suit this login host: set SF_JWT_AUDIENCE; `python -m app.datacloud.doctor` finds out which "
    "one is accepted",
    "config",
)
ASSERTION: Final = Hint(
    "The private key and the certificate in the app do not belong together: compare the fingerprint that "
    "`python -m app.datacloud.doctor` prints",
    "config",
)
CLIENT: Final = Hint(
    "SF_CLIENT_ID is not the app's consumer key, or the app is new and not known everywhere yet",
    "slow",
)
USER: Final = Hint(
    "The user is deactivated, SF_USERNAME is wrong, or the user's login IP range does not allow this network: look in "
    "Setup > Login History",
    "slow",
)
AGAIN: Final = Hint("The org asks to try again", "transient")
UNKNOWN: Final = Hint("Look in Setup > Login History of the org", "slow")

EXCHANGE: Final = Hint(
    "One of these is amiss: the user has no Data Cloud permission set; the app lacks the scope cdp_ingest_api; the "
    'app\'s option "Issue JSON Web Token (JWT)-based access tokens for named users" is ticked and must not be; Data '
    "Cloud is not provisioned in this org",
    "slow",
)
SCOPE: Final = Hint("The app lacks the scope cdp_ingest_api", "slow")

_BY_WORDS: Final = (  # first that occurs wins: the more telling words come first
    ("hasn't approved this consumer", NOT_APPROVED),
    ("not admin approved", NOT_APPROVED),
    ("oauth_app_access_denied", NOT_APPROVED),
    ("oauth app access denied", NOT_APPROVED),
    ("invalid_app_access", NOT_APPROVED),
    ("expired authorization code", EXPIRED),
    ("audience", AUDIENCE),
    ("invalid assertion", ASSERTION),
    ("invalid_assertion", ASSERTION),
    ("signature", ASSERTION),
    ("client identifier invalid", CLIENT),
    ("inactive_user", USER),
    ("inactive_org", USER),
    ("inactive user", USER),
    ("inactive org", USER),
    ("retry your request", AGAIN),
)
_BY_ERROR: Final[Mapping[str, Hint]] = {
    "invalid_client_id": CLIENT,
    "invalid_client": CLIENT,
    "unknown_error": AGAIN,
    "rate_limit_exceeded": AGAIN,
    "invalid_grant": USER,
}


def login_hint(error: str, description: str) -> Hint:
    """What a refused login means, by the two fields of its answer."""
    words = f"{error} {description}".lower()
    for needle, hint in _BY_WORDS:
        if needle in words:
            return hint
    return _BY_ERROR.get(error.lower(), UNKNOWN)


def exchange_hint(error: str, description: str) -> Hint:
    """What a refused token exchange means; its answer is often empty."""
    return SCOPE if "scope" in f"{error} {description}".lower() else EXCHANGE
