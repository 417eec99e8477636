"""Locks on open files [edge]: they end with their process, however that ends; nothing stale is ever left."""

from __future__ import annotations

import os
import sys
from typing import Final

BEYOND_THE_TEXT: Final = 1 << 30  # Windows keeps others from reading what is locked

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Take the lock until the file is closed; False when somebody has it."""
        os.lseek(descriptor, BEYOND_THE_TEXT, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def is_locked(descriptor: int) -> bool:
        """Whether somebody has the lock."""
        return not try_lock(descriptor)

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Take the lock until the file is closed; False when somebody has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def is_locked(descriptor: int) -> bool:
        """Whether somebody has the lock."""
        try:
            # Shared, so that two who ask take each other for no holder; held for a moment, until the file is closed.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
