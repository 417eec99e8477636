"""Machine and files: sizes and versions, no contents."""

from __future__ import annotations

import json
import platform
import sqlite3
from contextlib import closing
from pathlib import Path

from app.support.machine import databases, kernel, machine, places


def test_the_machine_tells_versions() -> None:
    told = machine()

    assert "pydantic" in told["packages"]
    assert told["python"].startswith("3.")
    json.dumps(told)


def test_no_name_of_the_host_is_told() -> None:
    assert platform.node() not in json.dumps(machine()).split('"')
    assert all("rmem" in path or path.startswith("/proc/") for path in kernel())


def test_a_folder_tells_its_files_by_size_and_the_room_on_its_disk(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").write_bytes(b"x" * 100)

    (told,) = places({"HISTORY_PATH": tmp_path}).values()

    assert [(file["name"], file["bytes"]) for file in told["files"]] == [("history.sqlite3", 100)]
    assert told["disk_free_bytes"] > 0


def test_a_folder_that_is_not_there_says_so_and_what_room_there_would_be(tmp_path: Path) -> None:
    (told,) = places({"LOG_DIR": tmp_path / "none" / "deep"}).values()

    assert (told["files"], told["problem"]) == ([], "No such file or directory")
    assert told["disk_free_bytes"] > 0


def test_a_database_tells_its_form_alone(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript("PRAGMA user_version=7; CREATE TABLE t(x); INSERT INTO t VALUES ('Ada');")

    told = databases({"HISTORY_PATH": path, "DATACLOUD_OUTBOX_PATH": tmp_path / "none"})

    assert told["HISTORY_PATH"]["user_version"] == 7
    assert told["DATACLOUD_OUTBOX_PATH"]["exists"] is False
    assert "Ada" not in json.dumps(told)


def test_a_damaged_database_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite3"
    path.write_bytes(b"no database at all" * 100)

    assert "not a database" in databases({"HISTORY_PATH": path})["HISTORY_PATH"]["problem"]
