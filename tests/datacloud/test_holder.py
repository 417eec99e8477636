"""Whether a gateway runs on an outbox is found out without being in its way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.datacloud.holder import Holder, holder_of
from app.datacloud.instance import InstanceLock

NOON_S = 1_772_366_400.0  # 2026-03-01


def test_nobody_holds_an_outbox_that_never_was_open(tmp_path: Path) -> None:
    assert holder_of(tmp_path / "outbox.sqlite3") is None
    assert list(tmp_path.iterdir()) == []


def test_whoever_holds_it_is_told_with_its_beginning(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "outbox.sqlite3")
    lock.take(NOON_S)

    holder = holder_of(tmp_path / "outbox.sqlite3")

    assert holder == Holder(os.getpid(), "2026-03-01T12:00:00Z")
    assert str(holder) == f"process {os.getpid()} since 2026-03-01T12:00:00Z"
    lock.release()


def test_nobody_holds_it_any_more_once_it_was_let_go(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "outbox.sqlite3")
    lock.take(NOON_S)
    lock.release()

    assert holder_of(tmp_path / "outbox.sqlite3") is None


def test_asking_leaves_the_lock_free(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "outbox.sqlite3")
    lock.take(NOON_S)
    lock.release()
    holder_of(tmp_path / "outbox.sqlite3")

    lock.take(NOON_S)

    assert holder_of(tmp_path / "outbox.sqlite3") is not None
    lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="there the lock cannot be asked for together")
def test_two_who_ask_do_not_take_each_other_for_a_gateway(tmp_path: Path) -> None:
    import fcntl

    lock = InstanceLock(tmp_path / "outbox.sqlite3")
    lock.path.touch()
    with lock.path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)

        assert holder_of(tmp_path / "outbox.sqlite3") is None


def test_a_holder_that_said_nothing_is_another_process(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "outbox.sqlite3")
    lock.take(NOON_S)
    lock.path.write_bytes(b"\xff\x00")

    holder = holder_of(tmp_path / "outbox.sqlite3")

    assert holder == Holder(None, None)
    assert str(holder) == "another process"
    lock.release()
