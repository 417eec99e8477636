"""A base image without a registry: a Debian of this machine's own apt sources, under the name the Dockerfile asks for.

It is not the image of that name: Python is Debian's, of the same minor version. What it shows is that the Dockerfile
builds and the result works on a Debian with `python3`; the real base has that under the same name.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.containers.tools import CACHE, NotHere
from tests.gateway import ROOT

_RELEASE: Final = re.compile(r"-slim-([a-z]+)$")
_PYTHON: Final = re.compile(r"^(?:.*/)?python:(\d+\.\d+)")
_PATIENCE_S: Final = 600.0
_KEPT_S: Final = 7 * 24 * 3600.0
_UNREAD: Final = ("doc", "man", "locale", "info")


def base_name(dockerfile: str | None = None) -> str:
    """The base that the Dockerfile names.

    Raises:
        ValueError: It names none in the way that is expected.
    """
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8") if dockerfile is None else dockerfile
    matched = re.search(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    if matched is None:
        raise ValueError("the Dockerfile has no line ARG BASE=...")
    return matched[1]


def release_of(base: str) -> str:
    """The Debian release of a base such as python:3.11-slim-bookworm.

    Raises:
        ValueError: Its name does not say.
    """
    matched = _RELEASE.search(base.partition("@")[0])
    if matched is None:
        raise ValueError(f"{base} does not say which Debian it is: name it ...-slim-<release>")
    return matched[1]


def python_of(base: str) -> str:
    """The version of Python that a base has, such as 3.11.

    Raises:
        ValueError: Its name does not say.
    """
    matched = _PYTHON.match(base)
    if matched is None:
        raise ValueError(f"{base} does not say which Python it has: name it python:<version>-...")
    return matched[1]


def sources_of(release: str, apt: Path = Path("/etc/apt")) -> list[str]:
    """This machine's own lists of Debian mirrors that serve a release; none means mmdebstrap's usual mirror."""
    listed = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.*"))]
    names = re.compile(rf"^(?:Suites:|deb)\s(?:.*\s)?{release}(?:-\S+)?(?:\s|$)", re.MULTILINE)
    return [
        str(path)
        for path in listed
        if path.suffix in {".list", ".sources"} and path.exists() and names.search(path.read_text(encoding="utf-8"))
    ]


def fetching_options(dump: Iterable[str]) -> list[str]:
    """What of this machine's apt configuration, as `apt-config dump` tells it, says how packages are reached."""
    wanted = re.compile(r"Acquire::(?:https?|ftp)::", re.IGNORECASE)
    return [f"--aptopt={line.removesuffix(';')}" for line in dump if wanted.match(line) and not line.endswith(' "";')]


def base_archive(release: str, cache: Path = CACHE) -> Path:
    """A Debian with Python as a tar archive: a new one each week, else the one that was made before.

    Raises:
        NotHere: mmdebstrap could not make it.
    """
    archive = cache / f"base-{release}.tar"
    if not archive.exists() or time.time() - archive.stat().st_mtime > _KEPT_S:
        cache.mkdir(parents=True, exist_ok=True)
        fresh = archive.with_suffix(".new.tar")
        _make(release, fresh)
        fresh.replace(archive)
    return archive


def _make(release: str, archive: Path) -> None:
    said = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout.splitlines()
    command = [
        str(shutil.which("mmdebstrap")),
        "--quiet",
        "--mode=root",
        "--variant=essential",
        "--include=python3,python3-venv,ca-certificates",
        "--dpkgopt=force-unsafe-io",  # it is thrown away
        '--aptopt=Acquire::Languages "none"',
        *fetching_options(said),
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _UNREAD),
        release,
        str(archive),
        *sources_of(release),
    ]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        raise NotHere(f"mmdebstrap did not end within {_PATIENCE_S:.0f} s") from None
    if answer.returncode != 0:
        raise NotHere(f"mmdebstrap could not make a Debian {release} from this machine's apt sources: {answer.stderr}")
