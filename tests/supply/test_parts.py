"""The parts are what the lock and the READMEs say."""

from __future__ import annotations

import re
from importlib import metadata

import pytest

from tests.supply.parts import ROOT, packages, pinned, vendored

FREE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "OFL-1.1", "PSF-2.0",
}  # fmt: skip
"""Licences under which the product may be handed on as it is."""


def test_the_direct_dependencies_and_what_they_need_are_in_and_tools_are_not() -> None:
    names = {each.name for each in packages()}

    assert {"fastapi", "uvicorn", "pydantic-core", "cffi", "h11"} <= names
    assert not {"pytest", "mypy", "ruff", "playwright", "hypothesis"} & names


def test_every_package_is_the_pinned_one() -> None:
    assert {each.name: each.version for each in packages()} == {
        each.name: metadata.version(each.name) for each in packages()
    }


@pytest.mark.parametrize("part", [*packages(), *vendored()], ids=lambda part: part[0])
def test_every_licence_lets_the_product_be_handed_on(part: tuple[str, ...]) -> None:
    licence: str = part.licence  # type: ignore[attr-defined]  # both kinds of part have one

    assert set(re.split(r" AND | OR ", licence.replace("(", "").replace(")", ""))) <= FREE


def test_every_vendored_file_has_the_checksum_that_its_readme_tells() -> None:
    assert len(vendored()) >= 7
    for file in vendored():
        assert f"`{file.sha256}`" in ((ROOT / file.path).parent / "README.md").read_text(encoding="utf-8"), file.path


def test_the_lock_pins_by_hash_and_names_no_host_and_no_place() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert len(pinned()) == len(re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE | re.IGNORECASE))
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(pinned())
    assert not re.search(r"https?:|file:|--index|--find-links|@ /", text)
