"""`make test` calls this first: the programs outside Python that the tests drive, brought here if possible.

Chromium and Node are installed by apt-get. Prometheus is only unpacked, below .cache: installed, Debian's package would
start a server on this machine and again at every boot.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

_NEEDED: Final = {"chromium": "chromium", "node": "nodejs", "ip": "iproute2"}
"""Program to Debian package."""
UNPACKED: Final = Path(__file__).resolve().parent.parent / ".cache" / "prometheus"
"""Where Debian's prometheus is unpacked."""
_MONITORING: Final = ("prometheus", "promtool")


def monitoring_program(name: str) -> Path | None:
    """`prometheus` or `promtool`: the machine's own, or the unpacked one; None where there is neither."""
    own, unpacked = shutil.which(name), UNPACKED / "usr" / "bin" / name
    if own is not None:
        return Path(own)
    return unpacked if unpacked.exists() else None


def main() -> int:
    """Bring what is missing, as root or by sudo; 1 and a sentence when that cannot be done."""
    packages = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    if packages and _apt("update", "-qq"):
        _apt("install", "-y", "-qq", "--no-install-recommends", *packages)
    if not _has_prometheus() and not _unpack_prometheus() and _apt("update", "-qq"):
        _unpack_prometheus()
    still = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    still += [] if _has_prometheus() else ["prometheus"]
    if still:
        sys.stderr.write(f"The tests need {' and '.join(still)}: install them, then run make test again.\n")
        return 1
    return 0


def _has_prometheus() -> bool:
    return all(monitoring_program(name) for name in _MONITORING)


def _apt(*step: str) -> bool:
    sudo = [] if hasattr(os, "geteuid") and os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (sudo and not shutil.which("sudo")):
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run([*sudo, "apt-get", *step], check=False, env=quiet).returncode == 0


def _unpack_prometheus() -> bool:
    """Fetch Debian's package and take its files; needs no root, and neither installs nor starts anything."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return False
    with tempfile.TemporaryDirectory(prefix="rig-gateway-prometheus-") as folder:
        fetch = ["apt-get", "-qq", "-o", "APT::Sandbox::User=", "download", "prometheus"]
        if subprocess.run(fetch, cwd=folder, check=False, stderr=subprocess.DEVNULL).returncode:
            return False
        (package,) = Path(folder).glob("prometheus_*.deb")
        UNPACKED.mkdir(parents=True, exist_ok=True)
        return subprocess.run(["dpkg-deb", "-x", str(package), str(UNPACKED)], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
