"""The log's form: one event, one line."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from app.log import MASK, Redactor, Seldom, configure, keep_secret
from app.logfile import last_lines
from tests.chaos.verdict import exactly
from tests.conftest import Reached


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


@pytest.mark.row("W14")
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hostile_name_cannot_begin_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], form: str, reached: Reached
) -> None:
    configure("INFO", form)  # type: ignore[arg-type]  # parametrised text

    logging.getLogger("app.x").warning("driver %s", "x\n12:00:00 error  all is lost \x1b[31m")

    written = capsys.readouterr().err
    reached(exactly(f"lines of one event with line breaks in a name, as {form}", written.count("\n"), 1))
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


# --- the second net ------------------------------------------------------------------------------------

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl_-"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEF\n-----END PRIVATE KEY-----\n"
OWN = 'the "operators" own ünique-token'


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Authorization: Bearer abc123def456.x-y_z", "Authorization: Bearer ***"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        (f"assertion {JWT} was refused", "assertion *** was refused"),
        ("client_secret=hunter2hunter2&grant_type=x", "client_secret=***&grant_type=x"),
        ('{"access_token": "00Dxx!AQEAQ", "scope": "api"}', '{"access_token": "***", "scope": "api"}'),
        ("session 00D5g000004abcd!AQEAQFakeFakeFake.ok ended", "session *** ended"),
        ("a key -----BEGIN RSA PRIVATE KEY-----\\nMIIE\\nabcd\\n-----END RSA PRIVATE KEY----- here", "a key *** here"),
        ("cut off -----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq", "cut off *** "),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_and_the_rest_stays(said: str, left: str) -> None:
    assert Redactor().redacted(said) == left


@pytest.mark.parametrize(
    "said",
    [
        "RIG_A listens on UDP 20777",
        "the operator token is in data/operator-token",
        "LapEvent is resumed",
        "a dashboard came address=192.168.1.30 clients=2",
        "the bearer of this may pass",
    ],
)
def test_what_is_no_secret_is_left_alone(said: str) -> None:
    assert Redactor().redacted(said) == said


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_that_we_were_given_reaches_a_line_by_any_way(
    capsys: pytest.CaptureFixture[str], form: str, reached: Reached
) -> None:
    configure("DEBUG", form)  # type: ignore[arg-type]  # parametrised text
    keep_secret(OWN, KEY)
    logger = logging.getLogger("app.x")

    logger.info("said %s", OWN, extra={"token_seen": OWN, "nested": {"deep": [OWN]}})
    logger.info("quoted %r and %s", OWN, json.dumps({"key": KEY, "own": OWN}))
    try:
        raise ValueError(f"{OWN} and {KEY}")
    except ValueError:
        logger.exception("it broke")

    written = capsys.readouterr().err
    found = [part for part in ("ünique-token", "\\u00fcnique", "MIIEvQIBADANBgkq", "hkiG9w0BAQEF") if part in written]
    reached(exactly(f"parts of secrets in the log, as {form}", found, []))
    assert MASK in written
    assert "it broke" in written
    if form == "json":
        assert [json.loads(line)["level"] for line in written.splitlines()] == ["INFO", "INFO", "ERROR"]


def test_an_empty_or_a_tiny_secret_takes_nothing_out() -> None:
    redactor = Redactor()
    redactor.keep("")
    redactor.keep("ab")

    assert redactor.redacted("a cab") == "a cab"


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


def test_the_folders_lines_go_through_the_net_too(tmp_path: Path) -> None:
    configure("INFO", "text", tmp_path / "log", keep_mb=1)
    keep_secret("hunter2hunter2")

    logging.getLogger("app.x").info("sent hunter2hunter2 with Bearer abcdefghijklmnop")
    configure("INFO", "text")

    (line,) = last_lines(tmp_path / "log", 10)
    assert "hunter2" not in line
    assert "abcdefgh" not in line
