"""The configuration as it may be shown: which setting has which value, and what is wrong with them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import SecretStr

from app.settings import Settings
from app.support.scrub import GUEST, PERSONAL, forms_of

_MASKED: Final = frozenset({"sf_username"})
"""No secret, but nothing that somebody who helps needs."""
_GUESTS: Final = ("driver_a_name", "driver_a_individual_id", "driver_b_name", "driver_b_individual_id")


# Any: JSON.
def shown(settings: Settings) -> dict[str, Any]:
    """Every setting by name; of secrets whether they are set, of guests whether there is one."""
    plain = settings.model_dump(mode="json")
    return {name.upper(): _shown(name, getattr(settings, name), plain[name]) for name in Settings.model_fields}


def changed(settings: Settings) -> list[str]:
    """The settings that are not as they are without configuration."""
    usual = {name: field.default for name, field in Settings.model_fields.items()}
    return [name.upper() for name, value in usual.items() if getattr(settings, name) != value and name != "rigs"]


def guests_of(settings: Settings) -> set[str]:
    """Names and ids of the guests that are configured."""
    named = {getattr(settings, name) for name in _GUESTS}
    return named.union(*({rig.driver_name or "", rig.individual_id or ""} for rig in settings.rigs)) - {""}


def secrets_of(settings: Settings) -> set[str]:
    """All secrets that are configured, in every form in which they may turn up."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    plain = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
    return set().union(*map(forms_of, plain)) - {""}


# Any: a setting's value, and JSON.
def _shown(name: str, value: Any, plain: Any) -> Any:
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value() else ""
    if name in _MASKED:
        return "set" if value else ""
    if name in _GUESTS:
        return GUEST if value else ""
    if name == "rigs":
        return [{key: GUEST if key in PERSONAL and each else each for key, each in rig.items()} for rig in plain]
    return plain
