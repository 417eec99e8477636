"""Certificates made for a test: good, expired, of another host, of an authority nobody knows."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.datacloud.scripted_org import pem, rsa_key

DAY = timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _build(
    subject: str, key: RSAPrivateKey, issuer: str, signer: RSAPrivateKey, days: tuple[int, int], address: str | None
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if address is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, SHA256())


def certificate_pem(key: RSAPrivateKey) -> bytes:
    """A certificate of a key, signed by itself."""
    return _build("rig-gateway", key, "rig-gateway", key, (-1, 365), None).public_bytes(Encoding.PEM)


class Authority(NamedTuple):
    """One that signs servers' certificates; `ca_file` is what a client trusts it by."""

    directory: Path
    ca_file: Path

    @classmethod
    def make(cls, directory: Path) -> Authority:
        """A new one, with its files in a directory."""
        root = _build("Test Authority", rsa_key(7), "Test Authority", rsa_key(7), (-1, 365), None)
        ca_file = directory / "ca.pem"
        ca_file.write_bytes(root.public_bytes(Encoding.PEM))
        return cls(directory, ca_file)

    def server_context(
        self, address: str = "127.0.0.1", days: tuple[int, int] = (-1, 30), self_signed: bool = False
    ) -> ssl.SSLContext:
        """TLS of a server.

        Args:
            address: Whose the certificate is.
            days: From when to when it is good, from now.
            self_signed: Signed by itself rather than by this authority.
        """
        issuer, signer = ("server", rsa_key(8)) if self_signed else ("Test Authority", rsa_key(7))
        certificate = _build("server", rsa_key(8), issuer, signer, days, address)
        chain = self.directory / "server.pem"
        chain.write_bytes(pem(8) + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context
