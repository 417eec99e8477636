"""The machine and the files, as far as they matter to somebody who helps [edge]: no contents, nothing heavy."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

_MOST_FILES: Final = 500
_KERNEL: Final = ("/proc/sys/net/core/rmem_max", "/proc/sys/net/core/rmem_default", "/proc/net/udp", "/proc/meminfo")
"""Linux: what a receive buffer may have, what the kernel dropped, and whether memory is short."""


# Any: JSON.
def machine() -> dict[str, Any]:
    """Operating system, Python, packages, clock."""
    return {
        "collected_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "utc_offset_s": time.localtime().tm_gmtoff,
        "system": platform.system(),
        "release": platform.release(),
        "version": platform.version(),
        "architecture": platform.machine(),
        "processors": os.cpu_count(),
        "load": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "python": sys.version,
        "is_container": any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")),
        "is_root": os.geteuid() == 0 if hasattr(os, "geteuid") else None,
        "sqlite": sqlite3.sqlite_version,
        "packages": dict(sorted((each.name, each.version) for each in metadata.distributions())),
    }


def kernel() -> dict[str, str]:
    """What Linux says of buffers and memory; empty elsewhere."""
    found = {}
    for path in _KERNEL:
        with suppress(OSError):
            found[path] = Path(path).read_text(encoding="ascii", errors="replace")
    return found


# Any: JSON.
def places(named: Mapping[str, Path]) -> dict[str, Any]:
    """The folders that the settings name: their files by size and age, and the room on their disks."""
    return {setting: _place(folder) for setting, folder in named.items()}


# Any: JSON.
def databases(named: Mapping[str, Path]) -> dict[str, Any]:
    """Which form each file has; nothing of its contents is read."""
    return {setting: _database(path) for setting, path in named.items()}


# Any: JSON.
def _place(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"folder": str(folder), "files": []}
    with suppress(OSError):
        usage = shutil.disk_usage(next(place for place in (folder, *folder.absolute().parents) if place.exists()))
        told |= {"disk_bytes": usage.total, "disk_free_bytes": usage.free}
    try:
        for file in sorted(folder.iterdir())[:_MOST_FILES]:
            status = file.stat()
            changed = f"{datetime.fromtimestamp(status.st_mtime, UTC):%Y-%m-%dT%H:%M:%SZ}"
            told["files"].append({"name": file.name, "bytes": status.st_size, "changed": changed})
    except OSError as refusal:
        told["problem"] = refusal.strerror
    return told


# Any: JSON.
def _database(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"file": str(path), "exists": False}
    told: dict[str, Any] = {"file": str(path), "exists": True}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            for pragma in ("application_id", "user_version", "page_size", "page_count", "freelist_count"):
                told[pragma] = db.execute(f"PRAGMA {pragma}").fetchone()[0]
    except sqlite3.Error as refusal:
        told["problem"] = str(refusal)
    return told
