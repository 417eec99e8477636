"""Whether a gateway runs on an outbox [edge]; asking is in nobody's way."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from app.datacloud.instance import InstanceLock
from app.filelock import is_locked

_TOLD: Final = re.compile(r"process (\d+) since (\S+)")


class Holder(NamedTuple):
    """Who has an outbox open.

    Attributes:
        pid: The process, by its own count; None when it did not say.
        since: When it took it, as UTC text; None when it did not say.
    """

    pid: int | None
    since: str | None

    def __str__(self) -> str:
        return "another process" if self.pid is None else f"process {self.pid} since {self.since}"


def holder_of(outbox: Path) -> Holder | None:
    """Who has the outbox open; None when nobody has.

    Raises:
        OSError: The lock beside it cannot be read.
    """
    lock = InstanceLock(outbox).path
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if not is_locked(descriptor):
            return None
    finally:
        os.close(descriptor)
    told = _TOLD.match(lock.read_text(encoding="utf-8", errors="replace"))
    return Holder(None, None) if told is None else Holder(int(told[1]), told[2])
