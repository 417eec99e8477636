"""Which keys can sign, and what is said of the others."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.datacloud.keys import load_key
from app.errors import BadKey
from tests.datacloud.certificates import certificate_pem
from tests.datacloud.scripted_org import pem, rsa_key

PKCS1 = PrivateFormat.TraditionalOpenSSL


def in_file(directory: Path, content: bytes, mode: int = 0o600) -> Path:
    path = directory / "datacloud.key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def encrypted(form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return rsa_key().private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"opensesame"))


@contextmanager
def nobody_special() -> Iterator[None]:
    """Root reads everything: be somebody else for a while."""
    user = os.geteuid()
    os.seteuid(65_534 if user == 0 else user)
    try:
        yield
    finally:
        os.seteuid(user)


def refusal(path: Path | None, inline: str | None = None, passphrase: str | None = None) -> str:
    with pytest.raises(BadKey) as caught:
        load_key(path, inline, passphrase)
    told = str(caught.value)
    assert "MII" not in told
    assert caught.value.__cause__ is None
    assert len(told.splitlines()) == 1
    return told


class TestGood:
    @pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PKCS1])
    def test_both_forms_of_pem_are_read(self, tmp_path: Path, form: PrivateFormat) -> None:
        path = in_file(tmp_path, rsa_key().private_bytes(Encoding.PEM, form, NoEncryption()))

        assert load_key(path, None, None).rsa.private_numbers() == rsa_key().private_numbers()

    def test_the_fingerprint_is_that_of_the_public_key_as_openssl_tells_it(self) -> None:
        key = load_key(None, pem().decode(), None)

        der = rsa_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert (key.bits, key.public_fingerprint_sha256) == (2048, hashlib.sha256(der).hexdigest())

    @pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PKCS1])
    def test_an_encrypted_one_opens_with_its_passphrase(self, tmp_path: Path, form: PrivateFormat) -> None:
        assert load_key(in_file(tmp_path, encrypted(form)), None, "opensesame").bits == 2048

    def test_a_passphrase_that_is_not_needed_does_no_harm(self) -> None:
        assert load_key(None, pem().decode(), "opensesame").bits == 2048

    @pytest.mark.parametrize(
        "fold",
        [
            lambda text: text,
            lambda text: text.replace("\n", "\\n"),
            lambda text: text.replace("\n", "\r\n"),
            lambda text: text.replace("\n", " "),
            lambda text: f'"{text}"'.replace("\n", "\\n"),
        ],
    )
    def test_a_setting_may_hold_it_on_one_line(self, fold: object) -> None:
        assert callable(fold)

        assert load_key(None, fold(pem().decode()), None).bits == 2048

    def test_a_file_may_hold_the_certificate_too(self, tmp_path: Path) -> None:
        path = in_file(tmp_path, certificate_pem(rsa_key()) + pem())

        assert load_key(path, None, None).bits == 2048

    def test_nothing_of_it_shows(self) -> None:
        key = load_key(None, pem().decode(), None)

        assert "rsa" not in repr(key).lower()


class TestRefused:
    @pytest.mark.row("L3")
    def test_l3_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "none.key") == f"{tmp_path / 'none.key'} cannot be read: No such file or directory"

    @pytest.mark.row("L3")
    def test_l3_a_directory(self, tmp_path: Path) -> None:
        assert refusal(tmp_path) == f"{tmp_path} cannot be read: Is a directory"

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "is empty"),
            (b" \n", "is empty"),
            (b"secret", "is not a key in PEM form"),
            (b"\x30\x82\x04\xa4\x02\x01", "is not a key in PEM form"),
            (pem()[:900], "is damaged or cut short"),
            (pem()[:900] + b"\n-----END PRIVATE KEY-----\n", "is damaged or cut short"),
            (pem()[30:], "is damaged or cut short"),
        ],
    )
    @pytest.mark.row("L3")
    def test_l3_what_is_no_whole_key(self, tmp_path: Path, content: bytes, told: str) -> None:
        assert refusal(in_file(tmp_path, content)).startswith(told)

    @pytest.mark.row("L3")
    def test_l3_the_certificate_in_its_place(self, tmp_path: Path) -> None:
        told = refusal(in_file(tmp_path, certificate_pem(rsa_key())))

        assert told.startswith("is a certificate, which belongs into the app")

    @pytest.mark.row("L3")
    def test_l3_the_public_key_in_its_place(self, tmp_path: Path) -> None:
        public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

        assert refusal(in_file(tmp_path, public)) == "is a public key, not a private one"

    @pytest.mark.row("L3")
    def test_l3_a_certificate_request_in_its_place(self, tmp_path: Path) -> None:
        assert "certificate request" in refusal(in_file(tmp_path, b"-----BEGIN CERTIFICATE REQUEST-----\nMII\n"))

    @pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PKCS1])
    @pytest.mark.row("L3")
    def test_l3_an_encrypted_one_without_its_passphrase(self, tmp_path: Path, form: PrivateFormat) -> None:
        assert "SF_PRIVATE_KEY_PASSPHRASE" in refusal(in_file(tmp_path, encrypted(form)))

    @pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PKCS1])
    @pytest.mark.row("L3")
    def test_l3_an_encrypted_one_with_another_passphrase(self, tmp_path: Path, form: PrivateFormat) -> None:
        told = refusal(in_file(tmp_path, encrypted(form)), passphrase="openbarley")

        assert told.startswith("cannot be decrypted")
        assert "openbarley" not in told

    @pytest.mark.row("L3")
    def test_l3_a_key_of_another_kind(self, tmp_path: Path) -> None:
        curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        edwards = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

        for content in (curve, edwards):
            assert "is a key of another kind" in refusal(in_file(tmp_path, content))

    @pytest.mark.row("L3")
    def test_l3_a_short_one(self, tmp_path: Path) -> None:
        short = rsa.generate_private_key(65_537, 1024).private_bytes(Encoding.PEM, PKCS1, NoEncryption())

        assert refusal(in_file(tmp_path, short)) == "has 1024 bits; the login needs 2048 or more"

    @pytest.mark.row("L3")
    def test_l3_one_in_the_form_of_openssh(self, tmp_path: Path) -> None:
        own_form = rsa_key().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())

        assert "ssh-keygen -p -m PEM" in refusal(in_file(tmp_path, own_form))

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
    @pytest.mark.row("L2")
    def test_l2_a_file_open_to_others_comes_with_the_chmod(self, tmp_path: Path, mode: int) -> None:
        path = in_file(tmp_path, pem(), mode)

        assert refusal(path) == f"{path} is open to others than its owner (mode {mode:04o}); chmod 600 {path}"

    @pytest.mark.row("L2")
    def test_l2_a_secret_of_a_container_is_not_ours_to_chmod(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mounted = tmp_path / "run"
        mounted.mkdir()
        in_file(mounted, pem(), 0o444)
        link = tmp_path / "datacloud.key"
        link.symlink_to(mounted / "datacloud.key")
        monkeypatch.setattr("app.secretfile._SECRETS", (mounted,))

        assert load_key(mounted / "datacloud.key", None, None).bits == 2048
        assert load_key(link, None, None).bits == 2048

    @pytest.mark.row("L2")
    def test_l2_a_file_that_is_not_ours_to_read(self, tmp_path: Path) -> None:
        path = in_file(tmp_path, pem(), 0o000)

        with nobody_special():
            assert "Permission denied" in refusal(path)
