"""The parts: packages that run in the product, by the lock, and vendored files, by their own READMEs."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent.parent
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)
_SPELLED: Final[Mapping[str, str]] = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""Classifiers, where a package tells no SPDX expression."""
_OFL: Final = "OFL-1.1"


class Package(NamedTuple):
    """One package of the product.

    Attributes:
        name, version: As pinned.
        licence: SPDX, as far as the package tells it.
        only: The systems that need it; empty for all.
    """

    name: str
    version: str
    licence: str
    only: str


class Vendored(NamedTuple):
    """One file of somebody else's in this repository."""

    path: str
    work: str
    version: str
    licence: str
    sha256: str


def pinned(lock: Path = ROOT / "requirements.lock") -> dict[str, tuple[str, str]]:
    """Every package of the lock: its version, and the systems that need it."""
    text = lock.read_text(encoding="utf-8")
    return {canonicalize_name(name): (version, only or "") for name, version, only in _PINNED.findall(text)}


def packages() -> list[Package]:
    """The packages that run in the product, on whatever system; by name."""
    lock = pinned()
    names = _closure(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"])
    return [Package(name, lock[name][0], licence_of(name), lock[name][1]) for name in sorted(names)]


def _closure(requirements: Iterable[str]) -> set[str]:
    """The packages that are required, and what these require; markers for other systems count, extras do not."""
    found: set[str] = set()
    open_ones = [Requirement(text) for text in requirements]
    while open_ones:
        needed = open_ones.pop()
        name = canonicalize_name(needed.name)
        if name in found or not _is_for_us(needed):
            continue
        found.add(name)
        try:
            of_it = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            of_it = []
        open_ones += [Requirement(text) for text in of_it]
    return found


def _is_for_us(needed: Requirement) -> bool:
    """Whether it is needed on some system of ours; an extra's is not, nor one of an older Python."""
    if needed.marker is None:
        return True
    systems = ({"sys_platform": each, "platform_system": name} for each, name in _SYSTEMS)
    return any(needed.marker.evaluate({"extra": "", **system}) for system in systems)


_SYSTEMS: Final = (("linux", "Linux"), ("win32", "Windows"), ("darwin", "Darwin"))


def licence_of(name: str) -> str:
    """The licence that an installed package tells."""
    try:
        told = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return "not installed on this system"
    if expression := told.get("license_expression"):
        return str(expression)
    classifiers = [text.rpartition(" :: ")[2] for text in told.get("classifier", ()) if "License ::" in text]
    spelled = [_SPELLED.get(each, each) for each in classifiers if each != "OSI Approved"]
    return " OR ".join(spelled) or str(told.get("license") or "not told").splitlines()[0]


def vendored(folder: Path = ROOT / "web" / "vendor") -> list[Vendored]:
    """Every file of others, with the checksum that it has now."""
    found = []
    for readme in sorted(folder.glob("*/README.md")):
        text = readme.read_text(encoding="utf-8")
        work, version = (
            text.splitlines()[0].removeprefix("# "),
            re.findall(r"^- version: (\S+)$", text, re.MULTILINE)[0],
        )
        licence = _OFL if "SIL Open Font License" in text else "MIT"
        for file in sorted(readme.parent.iterdir()):
            if file != readme:
                digest = hashlib.sha256(file.read_bytes()).hexdigest()
                found.append(Vendored(file.relative_to(ROOT).as_posix(), work, version, licence, digest))
    return found
