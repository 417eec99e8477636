"""The log's form: one event, one line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from app.log import Seldom, configure
from app.logfile import last_lines


@pytest.fixture(autouse=True)
def root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_machine_reads_one_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure("INFO", "json")

    logging.getLogger("app.x").info("a rig came", extra={"rig_id": "RIG_A"})

    line = json.loads(capsys.readouterr().err)
    assert (line["message"], line["rig_id"], line["level"]) == ("a rig came", "RIG_A", "INFO")
    assert line["at"].endswith("Z")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hostile_name_cannot_begin_a_line_of_its_own(capsys: pytest.CaptureFixture[str], form: str) -> None:
    configure("INFO", form)  # type: ignore[arg-type]  # parametrised text

    logging.getLogger("app.x").warning("driver %s", "x\n12:00:00 error  all is lost \x1b[31m")

    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b" not in written


def test_lines_below_the_level_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure("WARNING", "text")

    logging.getLogger("app.x").info("nothing to see")

    assert capsys.readouterr().err == ""


def test_a_repeated_line_is_let_through_once_an_interval_with_a_count() -> None:
    seldom = Seldom(interval_s=10)

    assert [seldom.admit(now_s) for now_s in (0.0, 1.0, 9.9, 10.0, 10.1, 20.0)] == [0, None, None, 2, None, 1]


def test_the_http_libraries_tell_neither_addresses_nor_headers(capsys: pytest.CaptureFixture[str]) -> None:
    configure("DEBUG", "text")

    for name in ("httpx", "httpcore.http11"):
        logging.getLogger(name).info("GET https://acme.example/?token=hunter2 Set-Cookie: hunter2")

    assert capsys.readouterr().err == ""


def test_a_folder_keeps_the_same_lines_as_json(tmp_path: Path) -> None:
    configure("INFO", "text", tmp_path / "log", keep_mb=1)

    logging.getLogger("app.x").info("a rig came", extra={"rig_id": "RIG_A"})
    configure("INFO", "text")

    (line,) = last_lines(tmp_path / "log", 10)
    assert json.loads(line)["rig_id"] == "RIG_A"


def test_a_folder_that_cannot_be_written_costs_one_line_and_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    configure("INFO", "text", tmp_path / "file" / "log", keep_mb=1)
    logging.getLogger("app.x").info("a rig came")

    assert [line[:24] for line in capsys.readouterr().err.splitlines()] == ["The log is not kept in /", ANY]
