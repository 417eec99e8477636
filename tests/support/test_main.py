"""`python -m app.support`: everything a helper needs, and nothing that anybody must not see."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.datacloud.emulator.throwaway import throwaway_app
from app.history.shelf import Batch, Shelf
from tests.gateway import ROOT, environment, free_port, run_to_end, running_gateway
from tests.history.builders import make_record

CANARY_NAME = "Canária Überholt"
CANARY_ID = "003CANARYindividual"
YESTERDAY = "Guest of Yesterday"
CLIENT_ID = "3MVG9CANARYclientId0123456789"


def settings_of(folder: Path, port: int) -> dict[str, str]:
    cloud = {**throwaway_app(folder).settings("http://127.0.0.1:9"), "SF_CLIENT_ID": CLIENT_ID}
    rigs = [{"rig_id": "RIG_A", "udp_port": 0, "driver_name": CANARY_NAME, "individual_id": CANARY_ID}]
    return {
        **environment(port, (0,), **cloud),
        "RIGS": json.dumps(rigs),
        "HISTORY_PATH": str(folder / "history.sqlite3"),
        "LOG_DIR": str(folder / "log"),
        "DATACLOUD_OUTBOX_PATH": str(folder / "outbox.sqlite3"),
    }


def opened(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_it_works_while_the_gateway_is_down_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    shelf = Shelf(tmp_path / "history.sqlite3", 2**24)
    shelf.open()
    shelf.write(Batch({"lap": make_record(driver_name=YESTERDAY)}))
    shelf.close()
    line = {"message": f"greetings to {CANARY_NAME} and {YESTERDAY}", "driver_name": "another", "key": CLIENT_ID}
    (tmp_path / "log" / "gateway.log").write_text(json.dumps(line) + "\nno json: Canária Überholt\n", encoding="utf-8")

    told = run_to_end("-m", "app.support", "--to", str(tmp_path), env=settings_of(tmp_path, free_port()))

    (path,) = tmp_path.glob("rig-gateway-support-*.zip")
    files = opened(path)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(str(path))
    assert "it does not answer" in told.stdout
    assert files["gateway_health.txt"].startswith("# no answer: ")
    assert files["log.jsonl"].splitlines()[1] == "no json: [guest]"
    assert path.stat().st_mode & 0o077 == 0
    key = [line for line in (tmp_path / "datacloud.key").read_text().splitlines() if "-----" not in line]
    for name, text in files.items():
        assert not any(canary in text for canary in (CANARY_NAME, CANARY_ID, CLIENT_ID, YESTERDAY, "another", *key)), (
            name
        )


def test_a_configuration_that_cannot_be_used_is_told_in_it(tmp_path: Path) -> None:
    wrong = {**settings_of(tmp_path, free_port()), "STALE_AFTER_S": "-1"}

    run_to_end("-m", "app.support", "--to", str(tmp_path / "mine.zip"), env=wrong)

    (mistake,) = json.loads(opened(tmp_path / "mine.zip")["configuration.json"])["mistakes"]
    assert mistake.startswith("STALE_AFTER_S: is too small")


def test_it_goes_down_a_pipe_too(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "app.support", "--to", "-"],
        cwd=ROOT,
        env=settings_of(tmp_path, free_port()),
        capture_output=True,
        timeout=20,
        check=True,
    )

    with zipfile.ZipFile(io.BytesIO(told.stdout)) as bundle:
        assert "machine.json" in bundle.namelist()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "none" / "bundle.zip")

    told = run_to_end("-m", "app.support", "--to", nowhere, env=settings_of(tmp_path, free_port()))

    assert told.returncode == 1
    assert told.stderr.splitlines() == [
        f"python -m app.support: {nowhere} cannot be written: No such file or directory; name another place by --to"
    ]


@pytest.mark.live
@pytest.mark.row("L1")
def test_no_guest_and_no_secret_of_a_running_gateway_is_in_it(tmp_path: Path) -> None:
    port = free_port()
    settings = settings_of(tmp_path, port)
    given = {name: text for name, text in settings.items() if os.environ.get(name) != text}
    with running_gateway(port=port, **given):  # type: ignore[arg-type]  # no setting is called "rigs"
        told = run_to_end("-m", "app.support", "--to", str(tmp_path / "mine.zip"), env=settings)

    files = opened(tmp_path / "mine.zip")
    assert told.returncode == 0
    assert json.loads(files["gateway_health.json"])["gateway"]["rigs"]["RIG_A"]["driver"] == "[guest]"
    assert json.loads(files["gateway_api_cloud.json"])["state"]
    assert "f1_packets_received_total" in files["gateway_metrics.txt"]
    assert "RIG_A listens on UDP" in files["log.jsonl"]
    assert json.loads(files["files.json"])["is_running"] is True
    assert [n for n, text in files.items() if any(c in text for c in (CANARY_NAME, CANARY_ID, CLIENT_ID))] == []
