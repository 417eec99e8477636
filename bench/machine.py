"""What Linux tells of processes and sockets: cores, CPU time, drops, open ports, memory.

Elsewhere than on Linux nothing of it is there; the rows that need it say so.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
ON_LINUX: Final = (_PROC / "net" / "udp").exists()
MIB: Final = 1024 * 1024
ROOT: Final = Path(__file__).resolve().parent.parent
"""The checkout."""

GATEWAY_CORE: Final = 0
LOAD_CORE: Final = (os.cpu_count() or 1) - 1
"""Senders, clients and the emulated org; with one core alone it is the gateway's, too, and the figures say little."""


def pin(pid: int, core: int) -> None:
    """Keep a process on one core: call it before it starts threads, which inherit it."""
    os.sched_setaffinity(pid, {core})


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads that a process has, the kernel's part included, to the nanosecond.

    A thread that ended is not in the sum; the gateway's live as long as it does.

    Raises:
        OSError: There is no such process.
    """
    tasks = (_PROC / str(pid) / "task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def memory_bytes(pid: int, line: str = "VmRSS") -> int:
    """What a process holds in memory now, or at most so far as `VmHWM`."""
    for each in (_PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = each.partition(":")
        if name == line:
            return int(value.split()[0]) * 1024
    raise RuntimeError(f"/proc tells no {line}")


def udp_drops(ports: Sequence[int]) -> int:
    """Datagrams that the kernel dropped since these ports were opened, since their buffers were full."""
    return sum(drops for port, drops in _udp_sockets() if port in ports)


def udp_open(ports: Sequence[int]) -> bool:
    """Whether all of these ports are listened on."""
    return set(ports) <= {port for port, _ in _udp_sockets()}


def _udp_sockets() -> list[tuple[int, int]]:
    """Local port and drops of every IPv4 UDP socket."""
    lines = (_PROC / "net" / "udp").read_text().splitlines()[1:]
    cells = (line.split() for line in lines)
    return [(int(row[1].rpartition(":")[2], 16), int(row[-1])) for row in cells]
