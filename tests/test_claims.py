"""What an operator claimed survives a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.claims import Claims


def test_a_claim_survives_a_restart(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "data" / "sources.json")
    claims.keep("RIG_A", "192.168.1.8")
    claims.keep("RIG_B", "192.168.1.9")
    claims.keep("RIG_A", "192.168.1.10")
    claims.close()

    again = Claims(tmp_path / "data" / "sources.json")

    assert again.by_rig == {"RIG_A": "192.168.1.10", "RIG_B": "192.168.1.9"}
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["sources.json"]


def test_a_claim_that_was_dropped_stays_dropped(tmp_path: Path) -> None:
    claims = Claims(tmp_path / "sources.json")
    claims.keep("RIG_A", "192.168.1.8")

    dropped = [claims.drop("RIG_A"), claims.drop("RIG_A")]
    claims.close()

    assert dropped == [True, False]
    assert Claims(tmp_path / "sources.json").by_rig == {}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"RIG_A": "the left one"}', '{"RIG_A": 7}', "\x00"])
def test_a_broken_file_is_set_aside_and_told_about(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.json"
    path.write_text(text, encoding="utf-8")

    claims = Claims(path)

    assert claims.by_rig == {}
    assert claims.problem is not None
    assert "claim the rigs' addresses again" in claims.problem
    assert (tmp_path / "sources.json.broken").read_text(encoding="utf-8") == text
    assert not path.exists()


def test_a_file_that_is_no_text_is_set_aside_too(tmp_path: Path) -> None:
    (tmp_path / "sources.json").write_bytes(b"\xff\xfe\xfd")

    assert Claims(tmp_path / "sources.json").problem is not None


def test_the_first_claim_after_a_broken_file_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "sources.json"
    path.write_text("{", encoding="utf-8")
    claims = Claims(path)

    claims.keep("RIG_A", "192.168.1.8")
    claims.close()

    assert claims.problem is None
    assert json.loads(path.read_text(encoding="utf-8")) == {"RIG_A": "192.168.1.8"}


def test_a_disk_that_refuses_is_told_and_the_claim_holds_until_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    claims = Claims(tmp_path / "file" / "sources.json")

    claims.keep("RIG_A", "192.168.1.8")
    claims.close()

    assert claims.by_rig == {"RIG_A": "192.168.1.8"}
    assert claims.problem is not None
    assert "cannot be written" in claims.problem
