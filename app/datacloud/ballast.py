"""The ballast: a file of nothing beside the outbox, thrown off when the disk is full.

On a full disk SQLite cannot even delete: the deletion needs room in the log first. Giving up the ballast makes that
room, so that the outbox can empty itself; when there is space again the ballast is taken on anew.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

_BLOCK: Final = 64 * 1024


class Ballast:
    """The ballast of one outbox, and what is free on its disk.

    Args:
        outbox: The outbox's own file.
        size: Of the ballast in bytes; 0 keeps none.
    """

    def __init__(self, outbox: Path, size: int) -> None:
        self.path = outbox.with_name(outbox.name + ".ballast")
        self.size = size
        self._disk = outbox.parent

    @property
    def is_on(self) -> bool:
        """Whether it is there in full."""
        try:
            return self.path.stat().st_size >= self.size
        except OSError:
            return self.size == 0

    def free_bytes(self) -> int | None:
        """What the disk has left for us; None when it does not say."""
        try:
            return shutil.disk_usage(self._disk).free
        except OSError:
            return None

    def take_on(self, beyond: int = 0) -> bool:
        """Write the ballast if the disk can spare it and `beyond` more bytes; whether it is there afterwards.

        At least another ballast stays free: else taking it on would be what fills the disk.
        """
        if self.is_on:
            return True
        free = self.free_bytes()
        if free is None or free < self.size + max(self.size, beyond):
            return False
        try:
            with self.path.open("wb") as file:
                for start in range(0, self.size, _BLOCK):
                    # Not zeros: a file system that compresses would keep no room for them.
                    file.write(os.urandom(min(_BLOCK, self.size - start)))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.throw_off()
            return False
        return True

    def throw_off(self) -> bool:
        """Give its room back; whether there was any."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True
