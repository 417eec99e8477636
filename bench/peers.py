"""Other people's decoders, each in a folder of its own: they are measured, never installed with the product."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.traffic import ROOT

F1_PACKETS: Final = {2025: "2025.1.1", 2026: "2026.1.1"}
"""The version of f1-packets that reads a packet format. The newer cannot read the older format."""

_CACHE: Final = ROOT / ".cache" / "bench"


def f1_packets(packet_format: int) -> Path | None:
    """The folder to import f1-packets from, fetched the first time; None when that is not possible here."""
    version = F1_PACKETS[packet_format]
    folder = _CACHE / f"f1-packets-{version}"
    complete = folder / "complete"  # written last: a half-made folder is made again
    if not complete.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        wanted = ["--no-deps", "--upgrade", "--target", str(folder), f"f1-packets=={version}"]
        if subprocess.run([*pip, *wanted], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            return None
        complete.touch()
    return folder
