"""Which address an operator has claimed for which rig [edge]: a small JSON file that survives a restart.

The file is written whole under another name and put in place, by a thread of its own, so that a disk that hesitates
holds up nobody. A file that cannot be read is set aside and told about; then no claims are known.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path

logger = logging.getLogger(__name__)


class Claims:
    """The claimed addresses by rig.

    Args:
        path: The file; its folder is made when the first claim is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="claims")
        self.problem: str | None = None
        """What the operator should do about the file; None when all is well."""
        self.by_rig: dict[str, str] = self._read()

    def keep(self, rig_id: str, address: str) -> None:
        """From now on the address is the rig's."""
        self.by_rig[rig_id] = address
        self._writer.submit(self._write, dict(self.by_rig))

    def drop(self, rig_id: str) -> bool:
        """No address is claimed for the rig any more; whether one was."""
        was = self.by_rig.pop(rig_id, None)
        if was is not None:
            self._writer.submit(self._write, dict(self.by_rig))
        return was is not None

    def close(self) -> None:
        """Return when all is on the disk."""
        self._writer.shutdown(wait=True)

    def _read(self) -> dict[str, str]:
        try:
            text = self._path.read_text(encoding="utf-8")
            return _claims(json.loads(text))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as broken:
            why = broken.strerror if isinstance(broken, OSError) else "it holds no claims"
            aside = self._path.with_name(self._path.name + ".broken")
            self.problem = f"{self._path} cannot be read ({why}): claim the rigs' addresses again"
            try:
                os.replace(self._path, aside)
            except OSError as stuck:
                logger.warning("%s; nor can it be set aside: %s", self.problem, stuck.strerror)
            else:
                logger.warning("%s; it was set aside as %s", self.problem, aside.name)
            return {}

    def _write(self, claims: Mapping[str, str]) -> None:
        draft = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8") as file:
                json.dump(claims, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self._path)
            self.problem = None
        except OSError as refused:
            self.problem = (
                f"{self._path} cannot be written ({refused.strerror}): claims are forgotten at the next start;"
                " see to the disk, or set SOURCES_PATH"
            )
            logger.warning("%s", self.problem)


def _claims(read: object) -> dict[str, str]:
    """The claims that the file's JSON holds.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(read, dict) or not all(isinstance(address, str) for address in read.values()):
        raise ValueError("not an object of addresses")
    return {str(rig_id): str(ip_address(address)) for rig_id, address in read.items()}
