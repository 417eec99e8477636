"""Whether a file with a secret is its owner's alone [edge]."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_SECRETS: Final = (Path("/run/secrets"), Path("/var/run/secrets"))  # where containers are given theirs
_OTHERS: Final = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH


def open_mode(path: Path, descriptor: int) -> str | None:
    """The mode of an open file that others than its owner may read or write, such as 0644; None when it is fine.

    Fine is also a file whose mode is the host's decision and not ours: a secret of a container, a read-only file
    system, and one of Windows, where modes say nothing.
    """
    if os.name != "posix" or os.fstatvfs(descriptor).f_flag & os.ST_RDONLY or _is_container_secret(path):
        return None
    mode = os.fstat(descriptor).st_mode
    return f"{stat.S_IMODE(mode):04o}" if mode & _OTHERS else None


def _is_container_secret(path: Path) -> bool:
    return any(place.is_relative_to(secrets) for place in (path, path.resolve()) for secrets in _SECRETS)
