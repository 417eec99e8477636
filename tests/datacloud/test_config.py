"""Out of the settings comes a connection, or every mistake at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.datacloud.config import CloudConfig, audience_of, cloud_config
from app.datacloud.retry import Outcome
from app.settings import BadSettings, Settings
from tests.datacloud.certificates import certificate_pem
from tests.datacloud.scripted_org import CLIENT_ID, USERNAME, pem, rsa_key


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def settings_for(**changes: Any) -> Settings:
    usual = {
        "salesforce_domain": "acme.my.salesforce.com",
        "sf_client_id": CLIENT_ID,
        "sf_username": USERNAME,
        "sf_private_key": pem().decode(),
    }
    return Settings(_env_file=None, **(usual | changes))  # type: ignore[call-arg]


def made(**changes: Any) -> CloudConfig:
    return cloud_config(settings_for(**changes))


def refused(**changes: Any) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        made(**changes)
    return str(caught.value).splitlines()


def test_four_settings_are_enough() -> None:
    config = made()

    assert (config.login_url, config.audience) == ("https://acme.my.salesforce.com", "https://login.salesforce.com")
    assert (config.client_id, config.username, config.key.bits) == (CLIENT_ID, USERNAME, 2048)
    assert set(config.destinations) == {"TelemetryEvent", "LapEvent", "RaceEvent", "SessionEvent"}
    assert config.host_suffixes == ("salesforce.com",)
    assert (config.dataspace, config.ca_file, config.gzip, config.revoke_core_token) == (None, None, False, False)


@pytest.mark.parametrize(
    "text", ["https://acme.my.salesforce.com", "acme.my.salesforce.com/", " ACME.my.salesforce.com"]
)
def test_the_domain_may_be_written_in_several_ways(text: str) -> None:
    assert made(salesforce_domain=text).login_url == "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    ("login_url", "audience"),
    [
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("http://127.0.0.1:8990", "https://login.salesforce.com"),
    ],
)
def test_the_audience_follows_from_the_login_host(login_url: str, audience: str) -> None:
    assert audience_of(login_url) == audience


def test_the_operator_may_know_a_better_audience() -> None:
    assert made(sf_jwt_audience="https://acme.my.salesforce.com").audience == "https://acme.my.salesforce.com"


def test_a_login_url_takes_the_domains_place() -> None:
    config = made(sf_login_url="http://127.0.0.1:8990", datacloud_allow_insecure_loopback=True)

    assert config.login_url == "http://127.0.0.1:8990"


def test_what_an_answer_means_can_be_set() -> None:
    config = made(datacloud_status_overrides={409: "transient", 400: "size"})

    assert config.status_overrides == {409: Outcome.TRANSIENT, 400: Outcome.SIZE}


def test_no_secret_shows() -> None:
    shown = repr(made())

    assert CLIENT_ID not in shown
    assert "MII" not in shown


def test_all_that_is_missing_is_told_at_once() -> None:
    lines = refused(salesforce_domain="", sf_client_id="", sf_username=" ", sf_private_key="", datacloud_enabled=True)

    assert sorted(lines) == [
        f"{name}: is empty, and DATACLOUD_ENABLED is true"
        for name in ("SALESFORCE_DOMAIN", "SF_CLIENT_ID", "SF_PRIVATE_KEY_PATH", "SF_USERNAME")
    ]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"salesforce_domain": "acme my"}, "SALESFORCE_DOMAIN: is not a host such as acme.my.salesforce.com"),
        ({"salesforce_domain": "http://acme.my.salesforce.com"}, "SALESFORCE_DOMAIN: is plain http, which is for"),
        ({"salesforce_domain": "acme.lightning.force.com"}, "SALESFORCE_DOMAIN: is the address of the org's pages"),
        ({"sf_login_url": "http://127.0.0.1:8990"}, "SF_LOGIN_URL: is plain http, which is for this machine alone"),
        (
            {"sf_login_url": "http://10.0.0.1", "datacloud_allow_insecure_loopback": True},
            "SF_LOGIN_URL: is plain http, which is for this machine alone",
        ),
        ({"sf_private_key_path": "/x.key"}, "SF_PRIVATE_KEY: is set, and so is SF_PRIVATE_KEY_PATH; choose one"),
        ({"sf_private_key_path": "/no/x.key", "sf_private_key": ""}, "SF_PRIVATE_KEY_PATH: /no/x.key cannot be read"),
        ({"sf_private_key": "secret"}, "SF_PRIVATE_KEY: is not a key in PEM form"),
        ({"dc_events_endpoint": "nonsense"}, "DC_EVENTS_ENDPOINT: is not a URL or path that ends in"),
        ({"datacloud_host_suffixes": ","}, "DATACLOUD_HOST_SUFFIXES: is not a list of endings"),
        ({"datacloud_ca_file": "/no/ca.pem"}, "DATACLOUD_CA_FILE: /no/ca.pem cannot be read: No such file"),
        ({"datacloud_status_overrides": {409: "ignore"}}, "DATACLOUD_STATUS_OVERRIDES: is not a JSON object"),
        ({"datacloud_status_overrides": {202: "record"}}, "DATACLOUD_STATUS_OVERRIDES: is not a JSON object"),
        ({"datacloud_status_overrides": {409: "delivered"}}, "DATACLOUD_STATUS_OVERRIDES: is not a JSON object"),
    ],
)
def test_each_mistake_is_told_by_its_setting(changes: dict[str, object], line: str) -> None:
    lines = refused(**changes)

    assert len(lines) == 1
    assert lines[0].startswith(line)


def test_further_authorities_come_from_a_file_of_certificates(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(certificate_pem(rsa_key()))

    assert made(datacloud_ca_file=str(path)).ca_file == path

    path.write_text("no certificate")
    assert refused(datacloud_ca_file=str(path)) == [f"DATACLOUD_CA_FILE: {path} holds no certificate in PEM form"]


def test_a_key_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "datacloud.key"
    path.write_bytes(pem())
    path.chmod(0o600)

    assert made(sf_private_key="", sf_private_key_path=str(path)).key.bits == 2048
