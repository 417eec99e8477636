"""Whether a file is its owner's alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from app.secretfile import open_mode


def mode_of(path: Path, mode: int) -> str | None:
    path.write_text("secret", encoding="ascii")
    path.chmod(mode)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return open_mode(path, descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_its_owner_alone_is_fine(tmp_path: Path, mode: int) -> None:
    assert mode_of(tmp_path / "secret", mode) is None


@pytest.mark.parametrize(("mode", "told"), [(0o640, "0640"), (0o604, "0604"), (0o644, "0644"), (0o620, "0620")])
def test_a_file_that_others_may_read_or_write_is_told_with_its_mode(tmp_path: Path, mode: int, told: str) -> None:
    assert mode_of(tmp_path / "secret", mode) == told


def test_a_secret_of_a_container_has_the_mode_its_host_gave_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.secretfile._SECRETS", (tmp_path,))

    assert mode_of(tmp_path / "secret", stat.S_IRUSR | stat.S_IROTH) is None
