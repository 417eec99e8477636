"""The operator token [edge]: 32 random bytes, made at the first start, in a file that is its owner's alone.

Whoever knows it may change things: rebind a rig, claim an address, resume an upload. There is no default and no
password to choose. `python -m app.token` prints it, `--rotate` makes a new one, which a running gateway takes over
with the next request; `OPERATOR_TOKEN` puts one of your own in its place.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import re
import secrets
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from app.errors import TokenUnavailable
from app.log import keep_secret
from app.secretfile import open_mode
from app.settings import BadSettings, Settings, load_settings

logger = logging.getLogger(__name__)

_BYTES: Final = 32
_TOKEN: Final = re.compile(r"[\x21-\x7e]{24,512}")
"""What counts as a token: as long as no word of anybody's, and fit for a header."""
_PATIENCE_S: Final = 1.0
"""How long a disk that hangs may keep an operator waiting; then the token known so far counts."""

_Seen = tuple[int, int, int]
"""What tells one version of the file from the next: inode, size, time of change."""


class OperatorToken:
    """The token of one gateway.

    Args:
        path: Its file.
        given: The token itself, from the settings; then there is no file.
    """

    def __init__(self, path: Path, given: str = "") -> None:
        self._path = path
        self._given = given
        self._token = given
        self._seen: _Seen | None = None

    def open(self) -> bool:
        """Read the token, or make one; True when it was made just now.

        Raises:
            TokenUnavailable: It can be neither read nor made.
        """
        if self._given:
            keep_secret(self._given)
            return False
        is_new = not self._path.exists()
        if is_new:
            self.rotate()
        self._read()
        if is_new:
            logger.info("the operator token was made, and is kept in %s", self._path)
        else:
            logger.info("the operator token is in %s", self._path)
        return is_new

    def rotate(self) -> None:
        """Put a new token in the file's place; the old one is good for nothing from then on.

        Raises:
            TokenUnavailable: The file cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _replace(self._path, secrets.token_urlsafe(_BYTES) + "\n")
        except OSError as refusal:
            raise TokenUnavailable(
                f"the operator token cannot be written to {self._path} ({refusal.strerror}): let OPERATOR_TOKEN_PATH"
                " name a file in a folder that may be written, or set OPERATOR_TOKEN"
            ) from None

    @property
    def known(self) -> str:
        """The token as it was when it was last looked at."""
        return self._token

    async def current(self) -> str:
        """The token as it is now; as it was, while its file cannot be read."""
        if not self._given:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await asyncio.to_thread(self._read)
            except TimeoutError:
                logger.warning("the disk with the operator token does not answer: the token known so far counts")
            except TokenUnavailable as refusal:
                logger.warning("%s; the token known so far counts", refusal)
        return self._token

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                seen = (status.st_ino, status.st_size, status.st_mtime_ns)
                if seen == self._seen:
                    return
                mode = open_mode(self._path, file.fileno())
                text = file.read(1024).decode("ascii", "replace").strip()
        except OSError as refusal:
            raise TokenUnavailable(
                f"the operator token in {self._path} cannot be read ({refusal.strerror}): mend that, or set"
                " OPERATOR_TOKEN"
            ) from None
        quoted = shlex.quote(str(self._path))
        if mode is not None:
            raise TokenUnavailable(
                f"the operator token in {self._path} is open to others than its owner (mode {mode}): chmod 600 {quoted}"
            )
        if not _TOKEN.fullmatch(text):
            raise TokenUnavailable(f"there is no token in {self._path}: python -m app.token --rotate makes a new one")
        keep_secret(text)
        self._token, self._seen = text, seen


def operator_token(settings: Settings) -> OperatorToken:
    """The token that the settings name."""
    return OperatorToken(Path(settings.operator_token_path), settings.operator_token.get_secret_value())


def _replace(path: Path, text: str) -> None:
    """Write a file that is its owner's alone from its first byte on, wholly or not at all."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def main(arguments: list[str]) -> int:
    """Print the operator token, or make a new one and print that; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m app.token", description="Print the operator token.")
    parser.add_argument("--rotate", action="store_true", help="make a new one first; a running gateway takes it over")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings()
    except BadSettings as refused:
        sys.stderr.write(f"The configuration cannot be used:\n{refused}\n")
        return 2
    given = settings.operator_token.get_secret_value()
    if given and options.rotate:
        sys.stderr.write("OPERATOR_TOKEN is set: change it there, and start the gateway anew.\n")
        return 1
    token = operator_token(settings)
    try:
        if options.rotate:
            token.rotate()
        token.open()
    except TokenUnavailable as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    sys.stdout.write(f"{token.known}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
