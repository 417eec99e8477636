"""A throw-away app for an emulator: a key pair, a certificate, and the gateway's settings that go with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from app.datacloud.emulator.config import App, User

CLIENT_ID: Final = "3MVG9EMULATORrig-gateway"
USERNAME: Final = "rig-gateway@emulator.example"
AUDIENCE: Final = "https://login.salesforce.com"

_KEY_FILE: Final = "datacloud.key"
_CERTIFICATE_FILE: Final = "datacloud.crt"
_BITS: Final = 2048
_GOOD_FOR: Final = timedelta(days=365)


class ThrowawayApp(NamedTuple):
    """What both sides need.

    Attributes:
        key_path: The private key, for the gateway.
        apps: For the emulator's configuration.
        users: Likewise.
    """

    key_path: Path
    apps: Mapping[str, App]
    users: Mapping[str, User]

    def settings(self, base_url: str) -> dict[str, str]:
        """The gateway's settings that point it at the emulator, by name."""
        return {
            "DATACLOUD_ENABLED": "true",
            "SF_LOGIN_URL": base_url,
            "SF_CLIENT_ID": next(iter(self.apps)),
            "SF_USERNAME": next(iter(self.users)),
            "SF_PRIVATE_KEY_PATH": str(self.key_path),
            "SF_JWT_AUDIENCE": AUDIENCE,
            "DATACLOUD_ALLOW_INSECURE_LOOPBACK": "true",
            "DATACLOUD_HOST_SUFFIXES": urlsplit(base_url).hostname or "127.0.0.1",
        }


def throwaway_app(directory: Path, key_pem: bytes | None = None, now: datetime | None = None) -> ThrowawayApp:
    """An app with a key in a directory; the key that lies there already is used again.

    Args:
        directory: Is made when it does not exist.
        key_pem: A key to put there, in place of a new one.
        now: From when on the certificate is good.

    Raises:
        OSError: The directory cannot be written.
        ValueError: What lies there is no key.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    key_path = directory / _KEY_FILE
    if not key_path.exists():
        _write_private(key_path, key_pem or new_key_pem())
    # The full check of a key takes twenty times as long as all the rest here, and this one is of our own making.
    key = load_pem_private_key(key_path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{key_path} is not an RSA key")
    certificate = _certificate(key, now or datetime.now(UTC))
    (directory / _CERTIFICATE_FILE).write_text(certificate, encoding="ascii")
    app = App(certificate, preauthorised=frozenset({USERNAME}))
    return ThrowawayApp(key_path, {CLIENT_ID: app}, {USERNAME: User()})


def new_key_pem() -> bytes:
    """A new RSA key of 2048 bits."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_private(path: Path, text: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)


def _certificate(key: rsa.RSAPrivateKey, now: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "rig-gateway")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _GOOD_FOR)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
