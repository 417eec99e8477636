from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from app.datacloud.emulator.__main__ import config_of, main, parsed
from app.datacloud.emulator.throwaway import throwaway_app
from app.datacloud.schema import LAP, schema_yaml
from tests.datacloud.emulator.caller import JWT_BEARER, signed
from tests.datacloud.org import key_pem
from tests.gateway import ROOT

MODULE = "app.datacloud.emulator"
LINES = 8


@contextmanager
def _running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """An emulator process, and the settings that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, "--port", "0", "--print-env", *arguments],
        cwd=ROOT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(LINES)]
        yield process, dict(line.split("=", 1) for line in lines)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_settings_that_lead_to_it_and_ends_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with _running("--state-dir", str(tmp_path), "--strict") as (process, settings):
        url = settings["SF_LOGIN_URL"]
        state = httpx.get(url + "/__emulator__/state").json()
        login = httpx.post(
            url + "/services/oauth2/token",
            data={"grant_type": JWT_BEARER, "assertion": signed(settings, state["now_s"])},
        )
        process.send_signal(number)
        out, err = process.communicate(timeout=10)

    assert login.status_code == 200
    assert login.json()["instance_url"] == url
    assert (process.returncode, out, err) == (0, "", "")
    assert settings["DATACLOUD_ENABLED"] == settings["DATACLOUD_ALLOW_INSECURE_LOOPBACK"] == "true"
    assert settings["DATACLOUD_HOST_SUFFIXES"] == "127.0.0.1"


def test_the_key_stays_where_it_is_told_and_is_used_again(tmp_path: Path) -> None:
    key = tmp_path / "state" / "datacloud.key"

    with _running("--state-dir", str(key.parent)) as (_, settings):
        first = key.read_bytes()
    with _running("--state-dir", str(key.parent)):
        pass

    assert settings["SF_PRIVATE_KEY_PATH"] == str(key)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_bytes() == first


def test_a_taken_port_is_one_sentence_and_code_3() -> None:
    with _running() as (_, settings):
        port = settings["SF_LOGIN_URL"].rpartition(":")[2]
        second = subprocess.run(
            [sys.executable, "-m", MODULE, "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=20
        )

    assert second.returncode == 3
    assert second.stderr == f"python -m {MODULE}: port {port} is taken\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "65536"], "--port must be 0 to 65535"),
        (["--port", "x"], "invalid int value"),
        (["--process-interval", "0"], "--process-interval must be above 0"),
        (["--wings"], "unrecognized arguments"),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parsed(arguments)

    told = capsys.readouterr().err
    assert left.value.code == 2
    assert sentence in told
    assert len(told.splitlines()) == 1


def test_a_schema_file_that_cannot_be_used_is_one_sentence_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "schema.yaml"
    schema.write_text("openapi: 3.0.3\n")

    codes = [main(["--port", "0", "--schema", str(path)]) for path in (schema, tmp_path / "missing.yaml")]

    told = capsys.readouterr().err.splitlines()
    assert codes == [2, 2]
    assert len(told) == 2
    assert "openapi and components" in told[0]
    assert "No such file" in told[1]


def test_options_become_the_configuration(tmp_path: Path) -> None:
    schema = tmp_path / "schema.yaml"
    schema.write_text(schema_yaml([LAP]))
    arguments = ["--strict", "--process-interval", "2", "--schema", str(schema), "--journal", str(tmp_path / "j")]

    config = config_of(parsed(arguments), throwaway_app(tmp_path, key_pem()))

    assert (config.port, config.host, config.validation, config.process_interval_s) == (8990, "127.0.0.1", "strict", 2)
    assert config.sources == {"F1Telemetry": (LAP,)}
    assert config.journal == tmp_path / "j"


def test_without_options_it_is_lenient_and_has_our_objects(tmp_path: Path) -> None:
    config = config_of(parsed([]), throwaway_app(tmp_path, key_pem()))

    assert (config.validation, config.process_interval_s) == ("lenient", 180)
    assert config.object_named("TelemetryEvent") is not None
