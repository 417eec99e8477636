"""The operator token: made once, its owner's alone, never guessed, changed while the gateway runs."""

from __future__ import annotations

import logging
import re
import stat
import time
from pathlib import Path

import pytest

from app.errors import TokenUnavailable
from app.token import OperatorToken, main
from tests.gateway import environment, run_to_end


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "operator-token"


def content(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()


def files(path: Path) -> set[str]:
    return {each.name for each in path.parent.iterdir()} if path.parent.exists() else set()


def remove(path: Path) -> None:
    path.unlink()


def test_the_first_start_makes_32_random_bytes_that_only_the_owner_may_read(path: Path) -> None:
    first, second = OperatorToken(path), OperatorToken(path.with_name("other"))

    assert (first.open(), second.open()) == (True, True)
    assert re.fullmatch(r"[\w-]{43}", first.known)
    assert first.known != second.known
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert files(path) == {"operator-token", "other"}


async def test_the_next_start_finds_the_same(path: Path) -> None:
    first, second = OperatorToken(path), OperatorToken(path)
    first.open()

    assert second.open() is False
    assert await second.current() == first.known


def test_its_place_is_logged_and_never_itself(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = OperatorToken(path)
    with caplog.at_level(logging.DEBUG):
        token.open()
        OperatorToken(path).open()

    assert caplog.text.count(str(path)) == 2
    assert token.known not in caplog.text


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o606])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(path: Path, mode: int) -> None:
    OperatorToken(path).open()
    path.chmod(mode)

    with pytest.raises(TokenUnavailable, match=rf"mode 0{mode:o}\): chmod 600 {re.escape(str(path))}$"):
        OperatorToken(path).open()


@pytest.mark.parametrize("text", ["", "short\n", "with a blank in the midst of it\n", "ä" * 30])
def test_a_file_without_a_token_is_refused_with_the_remedy(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)

    with pytest.raises(TokenUnavailable, match="--rotate"):
        OperatorToken(path).open()


def test_a_folder_that_cannot_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")

    with pytest.raises(TokenUnavailable, match="OPERATOR_TOKEN_PATH"):
        OperatorToken(tmp_path / "file" / "operator-token").open()


def test_a_folder_in_the_files_place_is_told_and_leaves_nothing_behind(path: Path) -> None:
    path.mkdir(parents=True)

    with pytest.raises(TokenUnavailable, match="cannot be written"):
        OperatorToken(path).rotate()

    assert list(path.parent.iterdir()) == [path]


async def test_a_token_of_the_settings_needs_no_file(path: Path) -> None:
    token = OperatorToken(path, "a-token-of-the-operators-own")

    assert token.open() is False
    assert await token.current() == token.known == "a-token-of-the-operators-own"
    assert files(path) == set()


async def test_a_new_one_counts_at_once_and_the_old_one_no_more(path: Path) -> None:
    running = OperatorToken(path)
    running.open()
    old = running.known

    OperatorToken(path).rotate()

    assert await running.current() != old
    assert content(path) == running.known


async def test_while_the_file_cannot_be_read_the_token_known_so_far_counts(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = OperatorToken(path)
    token.open()
    known = token.known
    remove(path)

    assert await token.current() == known
    assert "the token known so far counts" in caplog.text


async def test_a_disk_that_hangs_keeps_nobody_waiting_for_long(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    token = OperatorToken(path)
    token.open()
    monkeypatch.setattr("app.token._PATIENCE_S", 0.01)
    monkeypatch.setattr(token, "_read", lambda: time.sleep(0.2))

    began_s = time.monotonic()
    current = await token.current()

    assert current == token.known
    assert time.monotonic() - began_s < 0.15


def test_the_command_prints_the_token_and_makes_a_new_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(path.parent.parent)
    monkeypatch.delenv("OPERATOR_TOKEN", raising=False)
    monkeypatch.setenv("OPERATOR_TOKEN_PATH", str(path))

    codes = [main([]), main([]), main(["--rotate"])]
    first, again, new = capsys.readouterr().out.split()

    assert codes == [0, 0, 0]
    assert first == again != new
    assert path.read_text(encoding="ascii").strip() == new


def test_the_command_does_not_change_a_token_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPERATOR_TOKEN", "a-token-of-the-operators-own")

    codes = [main([]), main(["--rotate"])]
    said = capsys.readouterr()

    assert codes == [0, 1]
    assert said.out == "a-token-of-the-operators-own\n"
    assert "OPERATOR_TOKEN is set" in said.err


@pytest.mark.parametrize(("name", "value", "code"), [("OPERATOR_TOKEN", "changethis", 2), ("PORT", "x", 2)])
def test_the_command_says_what_is_wrong_with_the_settings(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, value)

    assert main([]) == code
    told = capsys.readouterr().err
    assert name in told
    assert "changethis" not in told


@pytest.mark.live
def test_a_gateway_whose_token_others_may_read_does_not_start_and_says_why(path: Path) -> None:
    OperatorToken(path).open()
    path.chmod(0o644)

    ended = run_to_end(
        "-m", "app", env=environment(0, (0, 0), OPERATOR_TOKEN="", OPERATOR_TOKEN_PATH=str(path), LOG_FORMAT="text")
    )

    assert ended.returncode == 3
    assert f"chmod 600 {path}" in ended.stderr
    assert "Traceback" not in ended.stderr
