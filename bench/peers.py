"""Other people's code, each package in a folder of its own: it is measured, never installed with the product."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.machine import ROOT

F1_PACKETS: Final = {2025: "2025.1.1", 2026: "2026.1.1"}
"""The version of f1-packets that reads a packet format. The newer cannot read the older format."""
AIOSQLITE: Final = "0.22.1"

CACHE: Final = ROOT / ".cache" / "bench"


def f1_packets(packet_format: int) -> Path | None:
    """The folder to import f1-packets from, fetched the first time; None when that is not possible here."""
    return _fetched("f1-packets", F1_PACKETS[packet_format])


def aiosqlite() -> Path | None:
    """The folder to import aiosqlite from, likewise."""
    return _fetched("aiosqlite", AIOSQLITE)


def _fetched(package: str, version: str) -> Path | None:
    folder = CACHE / f"{package}-{version}"
    complete = folder / "complete"  # written last: a half-made folder is made again
    if not complete.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        wanted = ["--no-deps", "--upgrade", "--target", str(folder), f"{package}=={version}"]
        if subprocess.run([*pip, *wanted], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            return None
        complete.touch()
    return folder
