"""`make test` calls this first: the programs outside Python that the tests drive, installed if possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Final

_NEEDED: Final = {"chromium": "chromium", "node": "nodejs", "ip": "iproute2"}
"""Program to Debian package."""


def main() -> int:
    """Install what is missing by apt-get, as root or by sudo; 1 and a sentence when that cannot be done."""
    packages = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    if not packages:
        return 0
    sudo = [] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") and (not sudo or shutil.which("sudo")):
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            subprocess.run(
                [*sudo, "apt-get", *step], check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            )
    still = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    if still:
        sys.stderr.write(f"The tests need {' and '.join(still)}: install them, then run make test again.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
