"""The log on disk: bounded, in order, and in nobody's way."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from app.logfile import FILES, LogFile, last_lines, lines_lost

PLAIN = logging.Formatter("%(message)s")


def record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text})


def test_the_newest_lines_are_read_back_over_the_files_in_order(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log", budget_mb=FILES * 100 / 1024 / 1024, formatter=PLAIN)
    for number in range(40):
        log.emit(record(f"line {number:02} of forty"))
    log.close()

    assert last_lines(tmp_path / "log", 10) == [f"line {number:02} of forty" for number in range(30, 40)]


def test_all_files_together_stay_within_the_budget(tmp_path: Path) -> None:
    log = LogFile(tmp_path, budget_mb=0.05, formatter=PLAIN)
    for number in range(900):
        log.emit(record(f"{number:0200}"))
    log.close()

    files = list(tmp_path.iterdir())
    assert len(files) == FILES
    assert sum(file.stat().st_size for file in files) <= 0.05 * 1024 * 1024


def test_a_disk_that_hangs_costs_lines_that_are_counted_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = LogFile(tmp_path, budget_mb=1, formatter=PLAIN)
    released = threading.Event()
    monkeypatch.setattr(log._files, "emit", lambda _: released.wait(20))
    monkeypatch.setattr(logging.getLogger(), "handlers", [log])

    for number in range(1_500):
        log.emit(record(str(number)))

    assert 400 <= lines_lost() <= 500
    released.set()
    log.close()


def test_a_disk_that_refuses_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogFile(tmp_path, budget_mb=1, formatter=PLAIN)

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log._files, "shouldRollover", full)
    log.emit(record("lost"))
    log.close()

    assert log.lost == 1


def test_a_folder_without_a_log_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none", 10) == []
