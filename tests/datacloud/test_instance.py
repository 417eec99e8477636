"""One process at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.datacloud.instance import InstanceLock
from app.errors import OutboxUnavailable

NOON_S = 1_772_366_400.0
HOLD = """
import sys
from pathlib import Path
from app.datacloud.instance import InstanceLock
InstanceLock(Path(sys.argv[1])).take(0.0)
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_is_refused_and_told_who_holds_it_and_since_when(tmp_path: Path) -> None:
    first, second = InstanceLock(tmp_path / "outbox.sqlite3"), InstanceLock(tmp_path / "outbox.sqlite3")
    first.take(NOON_S)

    with pytest.raises(OutboxUnavailable, match=f"process {os.getpid()} since 2026-03-01T12:00:00Z"):
        second.take(NOON_S + 1)

    first.release()
    second.take(NOON_S + 2)
    second.release()


def test_the_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(OutboxUnavailable, match=f"process {holder.pid} since 1970"):
            InstanceLock(path).take(NOON_S)
        holder.kill()

    lock = InstanceLock(path)
    lock.take(NOON_S)
    lock.release()


def test_a_directory_that_cannot_be_used_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutboxUnavailable, match="No such file or directory: "):
        InstanceLock(tmp_path / "gone" / "outbox.sqlite3").take(NOON_S)


def test_a_lock_file_that_says_nonsense_still_locks(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "outbox.sqlite3")
    lock.take(NOON_S)
    lock.path.write_bytes(b"\xff\x00")

    with pytest.raises(OutboxUnavailable, match="in use by another process"):
        InstanceLock(tmp_path / "outbox.sqlite3").take(NOON_S)

    lock.release()
    lock.release()
