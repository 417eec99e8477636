"""Locks end with their holder, and asking is in nobody's way."""

from __future__ import annotations

import os
from pathlib import Path

from app.filelock import is_locked, try_lock


def opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_CREAT)


def test_one_has_it_until_its_file_is_closed(tmp_path: Path) -> None:
    first, second = opened(tmp_path / "lock"), opened(tmp_path / "lock")

    assert try_lock(first)
    assert not try_lock(second)
    os.close(first)
    assert try_lock(second)
    os.close(second)


def test_two_who_ask_take_each_other_for_no_holder(tmp_path: Path) -> None:
    first, second, holder = (opened(tmp_path / "lock") for _ in range(3))

    assert not is_locked(first)
    assert not is_locked(second)
    os.close(first)
    os.close(second)
    assert try_lock(holder)
    asks = opened(tmp_path / "lock")
    assert is_locked(asks)
    os.close(holder)
    os.close(asks)
