"""Before anything is opened: every mistake at once, each with what to do, and none with a value."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.datacloud.emulator.throwaway import throwaway_app
from app.preflight import checked_settings
from app.settings import BadSettings, Settings
from tests.chaos.verdict import at_most, exactly
from tests.conftest import Reached
from tests.gateway import environment, run_to_end

ELSEWHERE = {"OPERATOR_TOKEN": "a-token-of-the-operators-own", "SOURCES_PATH": "/tmp/sources.json"}
"""Places that are not what a test is about."""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def env_file(tmp_path: Path, **settings: str) -> Path:
    path = tmp_path / "settings.env"
    path.write_text("".join(f"{name}={text}\n" for name, text in settings.items()), encoding="utf-8")
    return path


def mistakes(path: Path, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        checked_settings(path, environment or {})
    return str(caught.value).splitlines()


@contextmanager
def nobody_special() -> Iterator[None]:
    """Root may write everywhere: be somebody else for a while. os.access asks for the real user, not the effective."""
    if os.geteuid():
        yield
        return
    os.setresuid(65_534, 65_534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def test_without_configuration_there_is_nothing_to_complain_of(tmp_path: Path) -> None:
    settings = checked_settings(tmp_path / "none", {})

    assert settings.port == 8080
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("L9")
def test_spelling_types_rigs_data_cloud_files_and_folders_are_told_in_one_list(tmp_path: Path) -> None:
    (tmp_path / "in_the_way").write_text("a file")
    path = env_file(
        tmp_path,
        LIVE_RATE="10",
        PORT="eighty",
        RIGS='[{"rig_id": "A", "udp_port": 1}, {"rig_id": "B", "udp_port": 1}]',
        HISTORY_PATH=str(tmp_path),
        RECORD_DIR=str(tmp_path / "in_the_way" / "recordings"),
        DATACLOUD_ENABLED="true",
        SALESFORCE_DOMAIN="acme.my.salesforce.com",
        SF_CLIENT_ID="hunter2hunter2",
        SF_PRIVATE_KEY_PATH=str(tmp_path / "missing.key"),
        DATACLOUD_CA_FILE=str(tmp_path / "missing.pem"),
        DC_OBJECT_LAP="hunter2 hunter2",
    )

    lines = mistakes(path, {"DATACLOUD_OUTBOX": "x"})

    assert sorted(line.split(":")[0] for line in lines) == [
        "DATACLOUD_CA_FILE",
        "DATACLOUD_OUTBOX",
        "DC_OBJECT_LAP",
        "HISTORY_PATH",
        "LIVE_RATE",
        "PORT",
        "RECORD_DIR",
        "RIGS",
        "SF_PRIVATE_KEY_PATH",
        "SF_USERNAME",
    ]
    assert not any("hunter2" in line or "eighty" in line for line in lines)


def test_a_setting_that_is_wrong_already_is_not_complained_of_twice(tmp_path: Path) -> None:
    path = env_file(tmp_path, DATACLOUD_ENABLED="true", DATACLOUD_STATUS_OVERRIDES="[1")

    assert [line.split(":")[0] for line in mistakes(path)].count("DATACLOUD_STATUS_OVERRIDES") == 1


def test_a_file_that_is_not_utf8_is_told_beside_what_the_environment_has_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.env"
    path.write_bytes("DRIVER_A_NAME=Jörg\n".encode("latin-1"))
    monkeypatch.setenv("PORT", "eighty")

    assert [line.split(":")[0] for line in mistakes(path)] == [str(path), "PORT"]


@pytest.mark.row("L9")
def test_a_folder_that_may_not_be_written_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    deep = str(locked / "deep" / "history.sqlite3")
    sources = str(locked / "sources.json")
    places = {"HISTORY_PATH": deep, "SOURCES_PATH": sources, "RECORD_DIR": str(locked), "LOG_DIR": str(locked)}
    path = env_file(tmp_path, **{**ELSEWHERE, **places})
    for parent in tmp_path.parents:
        if parent.name.startswith(("pytest-", "popen-")):  # pytest's own, of which there is one more beside others
            parent.chmod(0o755)

    with nobody_special():
        lines = mistakes(path)

    told = "by this user, or its disk is read-only: make it writable, or name another place"
    assert lines == [
        f"HISTORY_PATH: {locked / 'deep'} does not exist, and cannot be made {told}",
        f"SOURCES_PATH: {locked} may not be written {told}",
        f"RECORD_DIR: {locked} may not be written {told}",
        f"LOG_DIR: {locked} may not be written {told}",
    ]


def test_the_outbox_and_the_history_are_two_files(tmp_path: Path) -> None:
    cloud = throwaway_app(tmp_path).settings("http://127.0.0.1:9")
    path = env_file(tmp_path, **cloud, HISTORY_PATH="data/one.sqlite3", DATACLOUD_OUTBOX_PATH="data/one.sqlite3")

    assert mistakes(path) == ["DATACLOUD_OUTBOX_PATH: is the same file as HISTORY_PATH: give each its own"]


@pytest.mark.live
@pytest.mark.row("L9")
def test_the_process_ends_within_two_seconds_with_code_2_and_without_any_value(reached: Reached) -> None:
    wrong = {"PORT": "hunter2", "DATACLOUD_ENABLED": "true", "SF_PRIVATE_KEY_PATH": "none.key", "DATACLOUD_HZ": "1"}
    began_s = time.monotonic()

    ended = run_to_end("-m", "app", env={**environment(0, (20777,)), **wrong})

    reached(at_most("refused after", time.monotonic() - began_s, 2, " s"))
    reached(exactly("exit code", ended.returncode, 2))
    reached(exactly("settings named at once", len(ended.stderr.splitlines()) - 1, 6))
    assert "hunter2" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.live
@pytest.mark.parametrize(
    ("row", "words"),
    [
        pytest.param("L2", "is open to others than its owner (mode 0644); chmod 600", marks=pytest.mark.row("L2")),
        pytest.param("L3", "is damaged or cut short", marks=pytest.mark.row("L3")),
    ],
)
def test_a_key_that_cannot_be_used_ends_the_process_within_two_seconds(
    row: str, words: str, tmp_path: Path, reached: Reached
) -> None:
    app = throwaway_app(tmp_path)
    key = app.key_path.read_bytes()
    app.key_path.write_bytes(key if row == "L2" else key[:400])
    app.key_path.chmod(0o644 if row == "L2" else 0o600)
    began_s = time.monotonic()

    ended = run_to_end("-m", "app", env=environment(0, (20777,), **app.settings("http://127.0.0.1:9")))

    reached(at_most("refused after", time.monotonic() - began_s, 2, " s"))
    reached(exactly("exit code", ended.returncode, 2))
    assert "SF_PRIVATE_KEY_PATH: " in ended.stderr
    assert words in ended.stderr


def test_places_that_datagrams_cannot_be_passed_on_to_stand_in_the_same_list(tmp_path: Path) -> None:
    path = env_file(
        tmp_path, PORT="eighty", RIG_A_FORWARD_TO="127.0.0.1:20778", RIG_B_FORWARD_TO="overlay", RIG_A_SOURCE="left"
    )

    told = mistakes(path)

    assert {line.partition(":")[0] for line in told} == {"PORT", "RIG_A_SOURCE", "RIG_A_FORWARD_TO", "RIG_B_FORWARD_TO"}
    assert any("a port of the gateway's own" in line for line in told)


def test_claims_are_kept_in_a_file_of_their_own(tmp_path: Path) -> None:
    path = env_file(tmp_path, SOURCES_PATH="data/one", HISTORY_PATH="data/one")

    assert mistakes(path) == ["SOURCES_PATH: is the same file as HISTORY_PATH: give each its own"]


def test_the_token_and_the_claims_need_a_place_too(tmp_path: Path) -> None:
    (tmp_path / "in_the_way").write_text("a file")
    nowhere = str(tmp_path / "in_the_way" / "deep")

    lines = mistakes(env_file(tmp_path, OPERATOR_TOKEN_PATH=nowhere, SOURCES_PATH=nowhere))

    assert [line.split(":")[0] for line in lines] == ["SOURCES_PATH", "OPERATOR_TOKEN_PATH"]
