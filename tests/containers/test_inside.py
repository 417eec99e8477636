"""The facts that are read inside a container, read here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.containers import inside


def test_it_tells_as_text_who_runs_and_with_which_rights() -> None:
    text = Path(inside.__file__).read_text(encoding="utf-8")

    said = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=True).stdout

    facts = json.loads(said)
    assert (facts["uid"], facts["gid"]) == (os.getuid(), os.getgid())
    assert isinstance(facts["capabilities"], int)
    assert facts["writable"]


def test_a_bound_is_the_first_that_exists_and_none_without_one(tmp_path: Path) -> None:
    (tmp_path / "second").write_text("256\n")
    (tmp_path / "open").write_text("max\n")

    assert inside.bound(str(tmp_path / "first"), str(tmp_path / "second")) == 256
    assert inside.bound(str(tmp_path / "open")) is None
    assert inside.bound(str(tmp_path / "none")) is None
