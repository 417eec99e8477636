"""One process at a time: the lock on an outbox.

The lock belongs to an open file and ends with its process, however that ends; nothing stale is ever left. What the file
says, who holds it and since when, is for people only.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from app.errors import OutboxUnavailable
from app.filelock import try_lock


class InstanceLock:
    """The right to write an outbox, once taken.

    Args:
        outbox: The outbox's own file; its directory exists.
    """

    def __init__(self, outbox: Path) -> None:
        self.path = outbox.with_name(outbox.name + ".lock")
        self._outbox = outbox
        self._descriptor: int | None = None

    def take(self, now_s: float) -> None:
        """Take the lock and write down who did, at `now_s` seconds since 1970 UTC.

        Raises:
            OutboxUnavailable: Another process has it, or the file cannot be made.
        """
        try:
            # Reading is enough for the lock: a file that is open for writing would keep the disk from being unmounted.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as refusal:
            raise OutboxUnavailable(
                f"the outbox {self._outbox} cannot be used: {refusal.strerror}: {self.path}; make the directory "
                "writable, or set DATACLOUD_OUTBOX_PATH to another"
            ) from refusal
        if not try_lock(descriptor):
            holder = self._holder()
            os.close(descriptor)
            raise OutboxUnavailable(
                f"the outbox {self._outbox} is in use by {holder}; stop it, or set DATACLOUD_OUTBOX_PATH to another"
            )
        self._descriptor = descriptor
        since = datetime.fromtimestamp(max(0.0, now_s), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with suppress(OSError):  # a full disk keeps nobody from working
            self.path.write_text(f"process {os.getpid()} since {since}\n", encoding="utf-8")

    def release(self) -> None:
        """Let the next one have it; the file stays, since removing it would race with whoever opens it just now."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _holder(self) -> str:
        with suppress(OSError, UnicodeDecodeError):
            told = self.path.read_text(encoding="utf-8").strip()
            if told.isprintable() and told:
                return told
        return "another process"
