"""`python -m app.erase`: one command forgets a guest, and says what it cannot reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.erase import main
from app.history.shelf import Batch, Shelf
from app.runs import kept_from_running
from tests.history.builders import make_record

CANARY = "Canária  Überholt"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a history, and settings that point there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HISTORY_PATH", str(tmp_path / "history.sqlite3"))
    monkeypatch.setenv("DATACLOUD_OUTBOX_PATH", str(tmp_path / "outbox.sqlite3"))
    shelf = Shelf(tmp_path / "history.sqlite3", 2**24)
    shelf.open()
    shelf.write(Batch({"one": make_record(driver_name="Canária Überholt", individual_id="003CANARY")}))
    shelf.close()
    return tmp_path


def left(place: Path) -> bool:
    return any("Canária Überholt".encode() in file.read_bytes() for file in place.glob("history*"))


def test_without_yes_it_only_says_what_it_would_do(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--name", CANARY])

    told = capsys.readouterr().out
    assert code == 0
    assert told.startswith("Laps of the board made nobody's: would be 1 of 1 days.\n")
    assert "do it by --individual too: 003CANARY." in told
    assert told.endswith("Nothing was changed: add --yes to do it.\n")
    assert left(place)


@pytest.mark.parametrize("whom", [("--name", "CANÁRIA ÜBERHOLT"), ("--individual", "003CANARY")])
def test_with_yes_no_byte_is_left(place: Path, whom: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    code = main([*whom, "--yes"])

    assert code == 0
    assert capsys.readouterr().out.startswith("Laps of the board made nobody's: 1 of 1 days.\n")
    assert not left(place)


def test_a_gateway_that_runs_would_write_it_back_so_it_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with kept_from_running(place) as alone:
        code = main(["--individual", "003CANARY", "--yes"])

    assert (alone, code) == (True, 1)
    assert "a gateway runs on" in capsys.readouterr().err
    assert left(place)


def test_what_it_cannot_take_out_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "recordings").mkdir()
    (place / "recordings" / "RIG_A-1.pcap").touch()
    (place / "history.sqlite3.damaged-20261125T100000Z").touch()
    monkeypatch.setenv("RECORD_DIR", str(place / "recordings"))
    monkeypatch.setenv("DRIVER_A_NAME", "canária überholt")

    main(["--name", CANARY, "--yes"])

    told = capsys.readouterr().out
    assert "damaged-20261125T100000Z was set aside after damage and may hold the guest: delete it." in told
    assert "1 recordings in" in told
    assert "The settings still name the guest" in told


@pytest.mark.parametrize("arguments", [[], ["--name", " "], ["--name", "x", "--individual", "y"]])
def test_it_is_asked_wrongly_without_one_guest(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
