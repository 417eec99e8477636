from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.datacloud.emulator.throwaway import CLIENT_ID, USERNAME, throwaway_app
from app.settings import Settings
from tests.datacloud.org import key_pem


def test_a_key_is_made_that_nobody_else_can_read(tmp_path: Path) -> None:
    app = throwaway_app(tmp_path / "new")

    key = load_pem_private_key(app.key_path.read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert stat.S_IMODE(app.key_path.stat().st_mode) == 0o600


def test_the_app_has_the_certificate_of_the_key_and_an_approved_user(tmp_path: Path) -> None:
    app = throwaway_app(tmp_path, key_pem(), datetime(2026, 3, 1, tzinfo=UTC))

    certificate = x509.load_pem_x509_certificate(app.apps[CLIENT_ID].key_pem.encode())
    assert certificate.public_key() == load_pem_private_key(key_pem(), None).public_key()
    assert certificate.not_valid_before_utc == datetime(2026, 3, 1, tzinfo=UTC)
    assert (tmp_path / "datacloud.crt").read_text() == app.apps[CLIENT_ID].key_pem
    assert app.apps[CLIENT_ID].preauthorised == {USERNAME} == set(app.users)


def test_a_key_that_is_there_is_used_again(tmp_path: Path) -> None:
    first = throwaway_app(tmp_path, key_pem()).key_path.read_bytes()

    assert throwaway_app(tmp_path).key_path.read_bytes() == first


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "datacloud.key").write_text("no key")

    with pytest.raises(ValueError, match=r"\w"):
        throwaway_app(tmp_path)


def test_every_setting_is_one_of_the_gateways(tmp_path: Path) -> None:
    settings = throwaway_app(tmp_path, key_pem()).settings("http://127.0.0.1:8990")

    assert settings["SF_LOGIN_URL"] == "http://127.0.0.1:8990"
    assert settings["DATACLOUD_HOST_SUFFIXES"] == "127.0.0.1"
    assert {name.lower() for name in settings} <= set(Settings.model_fields)
    assert Path(settings["SF_PRIVATE_KEY_PATH"]).is_absolute()
