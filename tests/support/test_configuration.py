"""The configuration as it may be shown."""

from __future__ import annotations

import json

from pydantic import SecretStr

from app.settings import RigSettings, Settings
from app.support.configuration import changed, guests_of, secrets_of, shown

SETTINGS = Settings(  # type: ignore[call-arg]  # pydantic-settings' documented parameter
    _env_file=None,
    rigs=(RigSettings(rig_id="RIG_A", udp_port=1, driver_name="Ada", individual_id="003xx"),),
    driver_b_name="Bob",
    sf_client_id=SecretStr("3MVGclient"),
    sf_private_key=SecretStr("first-line\\nsecond-line"),
    sf_username="somebody@acme.example",
    salesforce_domain="acme.my.salesforce.com",
    port=8081,
    rig_a_source="192.0.2.8",  # type: ignore[arg-type]  # text, as in the environment
)


def test_secrets_and_guests_are_told_as_set_and_nothing_more() -> None:
    text = json.dumps(shown(SETTINGS))

    assert not any(hidden in text for hidden in ("Ada", "003xx", "Bob", "3MVG", "second-line", "somebody"))
    assert shown(SETTINGS)["SF_CLIENT_ID"] == "set"
    assert shown(SETTINGS)["SF_PRIVATE_KEY_PASSPHRASE"] == ""
    assert shown(SETTINGS)["RIGS"][0] == {**RigSettings(rig_id="RIG_A", udp_port=1).model_dump(mode="json"), **BLANKED}


BLANKED = {"driver_name": "[guest]", "individual_id": "[guest]"}


def test_every_setting_is_there() -> None:
    assert list(shown(SETTINGS)) == [name.upper() for name in Settings.model_fields]
    assert shown(SETTINGS)["SALESFORCE_DOMAIN"] == "acme.my.salesforce.com"


def test_what_differs_from_the_defaults_is_named() -> None:
    assert {"PORT", "SF_CLIENT_ID", "DRIVER_B_NAME"} <= set(changed(SETTINGS))
    assert "LOG_LEVEL" not in changed(SETTINGS)


def test_whom_and_what_to_look_for() -> None:
    assert guests_of(SETTINGS) == {"Ada", "003xx", "Bob"}
    assert {"3MVGclient", "first-line", "second-line"} <= secrets_of(SETTINGS)
