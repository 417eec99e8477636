"""`python -m tests.goldens.make`: makes the goldens anew, with each version of the independent decoder.

The two versions of f1-packets cannot be installed side by side and the newer one cannot read the older format, so
each gets a virtual environment of its own under `.cache/goldens`. Needs the network the first time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
GOLDENS: Final = ROOT / "tests" / "goldens"
CAPTURES: Final = ROOT / "tests" / "captures"
CACHE: Final = ROOT / ".cache" / "goldens"

RECIPES: Final = (  # version of f1-packets, capture it reads, what is made
    ("2025.1.1", "f1_25-format2025-timetrial-catalunya.pcap.gz", "format2025.json.gz"),
    ("2026.1.1", "f1_25-format2026-race-melbourne.pcap.gz", "format2026.json.gz"),
)


def interpreter_with(version: str) -> Path:
    """The interpreter of an environment that has this version of f1-packets, made when it is not there."""
    home = CACHE / version
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = home / "installed"  # written last: a half-made environment is made again
    if not installed.exists():
        venv.create(home, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"f1-packets=={version}"], check=True)
        installed.touch()
    return python


def main() -> int:
    """Make all goldens; the exit code."""
    for version, capture, target in RECIPES:
        python = interpreter_with(version)
        subprocess.run([python, "-I", GOLDENS / "write_goldens.py", CAPTURES / capture, GOLDENS / target], check=True)
        size = (GOLDENS / target).stat().st_size
        sys.stdout.write(f"{target}: {size} bytes, by f1-packets {version} from {capture}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
