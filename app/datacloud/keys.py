"""The private key: read once at start, refused with one sentence when it cannot sign, never shown.

Source:
    Salesforce Help, "OAuth 2.0 JWT Bearer Flow" (RSA, 2048 bits or more).
"""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from app.errors import BadKey
from app.secretfile import open_mode

LEAST_BITS: Final = 2048
MOST_BYTES: Final = 65_536

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)
_NOT_KEYS: Final = (
    (b"BEGIN CERTIFICATE REQUEST", "is a certificate request, not the private key it was made with"),
    (b"BEGIN CERTIFICATE", "is a certificate, which belongs into the app in the org; here goes its private key"),
    (b"PUBLIC KEY", "is a public key, not a private one"),
)


@dataclass(frozen=True)
class PrivateKey:
    """A key that can sign a login.

    Attributes:
        rsa: The key itself.
        bits: Its length.
        public_fingerprint_sha256: SHA-256 of the public key (DER, SubjectPublicKeyInfo) in hex. The certificate has
            the same: `openssl x509 -in datacloud.crt -noout -pubkey | openssl pkey -pubin -outform der | sha256sum`.
    """

    rsa: RSAPrivateKey = field(repr=False)
    bits: int
    public_fingerprint_sha256: str


def load_key(path: Path | str | None, inline: str | None, passphrase: str | None) -> PrivateKey:
    r"""The private key out of a file or a setting.

    Args:
        path: PEM file, PKCS#1 or PKCS#8.
        inline: The PEM text itself, where there is no file; `\n` may stand for line breaks.
        passphrase: Of an encrypted key; not needed otherwise.

    Raises:
        BadKey: It cannot be used; the message is the end of a sentence and holds nothing of the key.
    """
    if path:
        return _parsed(_read(Path(path)), passphrase)
    return _parsed(_unfolded(inline or ""), passphrase)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            pem = file.read(MOST_BYTES)
            mode = open_mode(path, file.fileno())
    except OSError as refusal:
        raise BadKey(f"{path} cannot be read: {refusal.strerror}") from None
    if mode is not None:
        raise BadKey(f"{path} is open to others than its owner (mode {mode}); chmod 600 {shlex.quote(str(path))}")
    return pem


def _unfolded(text: str) -> bytes:
    r"""The PEM of a setting: with line breaks for `\n`, and wrapped anew when everything came on one line."""
    pem = text.strip().strip("\"'").replace("\\r", "").replace("\\n", "\n").encode()
    matched = _BLOCK.fullmatch(pem)
    if matched is None or b"\n" in matched.group(2).strip():
        return pem
    label, body = matched.group(1), b"".join(matched.group(2).split())
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return b"\n".join([b"-----BEGIN " + label + b"-----", *lines, b"-----END " + label + b"-----", b""])


def _parsed(pem: bytes, passphrase: str | None) -> PrivateKey:
    block = _private_block(pem)
    is_encrypted = b"ENCRYPTED" in block
    if is_encrypted and not passphrase:
        raise BadKey("is encrypted; its passphrase goes into SF_PRIVATE_KEY_PASSPHRASE")
    try:
        key = load_pem_private_key(block, passphrase.encode() if is_encrypted and passphrase else None)
    except Exception:  # of many kinds, and their texts are not for the operator; `from None` keeps them out of logs
        if is_encrypted:
            raise BadKey("cannot be decrypted; SF_PRIVATE_KEY_PASSPHRASE is wrong, or it is damaged") from None
        raise BadKey("is damaged or cut short") from None
    if not isinstance(key, RSAPrivateKey):
        raise BadKey(f"is a key of another kind ({type(key).__name__.removesuffix('PrivateKey')}); the login needs RSA")
    if key.key_size < LEAST_BITS:
        raise BadKey(f"has {key.key_size} bits; the login needs {LEAST_BITS} or more")
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PrivateKey(key, key.key_size, hashlib.sha256(public).hexdigest())


def _private_block(pem: bytes) -> bytes:
    """The private key's part of a PEM text, which may hold its certificate too."""
    if not pem.strip():
        raise BadKey("is empty")
    matched = _BLOCK.search(pem)
    if matched is not None and matched.group(1) == b"OPENSSH PRIVATE KEY":
        raise BadKey("is in OpenSSH's own form; turn a copy of it into PEM with `ssh-keygen -p -m PEM -f COPY`")
    if matched is not None:
        return matched.group(0) + b"\n"
    if b"PRIVATE KEY-----" in pem:
        raise BadKey("is damaged or cut short")
    for needle, what in _NOT_KEYS:
        if needle in pem:
            raise BadKey(what)
    raise BadKey("is not a key in PEM form, which begins with -----BEGIN PRIVATE KEY-----")
