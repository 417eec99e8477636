"""Read inside the container by its own Python, and sent out as JSON: who runs, with which rights, within which bounds.

This file is handed to `python3 -c` as text; it uses nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def status() -> dict[str, str]:
    """The kernel's lines about this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def writable() -> list[str]:
    """The topmost folders that can be written to."""
    found: list[str] = []
    for place, folders, _ in os.walk("/"):
        if place == "/":
            folders[:] = [name for name in folders if name not in {"proc", "sys", "dev"}]
        if os.access(place, os.W_OK):
            found.append(place)
            folders.clear()
    return sorted(found)


def bound(*places: str) -> int | None:
    """The number in the first of the files that exists; the names differ by the kernel's version of control groups."""
    for place in places:
        if Path(place).exists():
            text = Path(place).read_text(encoding="ascii").split()[0]
            return int(text) if text.isdecimal() else None
    return None


def facts() -> dict[str, object]:
    """All of it."""
    said = status()
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "capabilities": int(said["CapEff"], 16) | int(said["CapPrm"], 16) | int(said["CapBnd"], 16),
        "no_new_privileges": said["NoNewPrivs"] == "1",
        "writable": writable(),
        "memory_bytes": bound("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        "processes": bound("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"),
        "tmp_bytes": os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(facts()))
