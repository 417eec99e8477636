"""What pytest and the long proofs write is read back."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.__main__ import _write
from tests.chaos.verdict import Verdict, at_most
from tests.gateway import ROOT
from tests.reliability.results import Proof, machine, read

SUITE = """
import pytest
from tests.chaos.verdict import at_most

@pytest.mark.row("L6", "L4")
def test_it_holds(reached):
    reached(at_most("ended after", 0.4, 2, " s"))

@pytest.mark.row("L5")
def test_it_does_not(reached):
    reached(at_most("ended after", 3, 2, " s"))

@pytest.mark.row("L8")
def test_it_cannot_be_run_here():
    pytest.skip("no such port here")

def test_of_no_row():
    pass
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_pytest_writes_what_its_rows_measured(workers: tuple[str, ...]) -> None:
    suite = ROOT / "tests" / "reliability" / f"test_scratch_{len(workers)}.py"
    results = suite.with_suffix(".json")
    try:
        suite.write_text(SUITE, encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *workers, "--rows", str(results), str(suite)],
            cwd=ROOT,
            capture_output=True,
            timeout=60,
            check=False,
        )
        run = read(results)
    finally:
        suite.unlink()
        results.unlink(missing_ok=True)

    found = dict(run.proofs)
    assert sorted(found) == ["L4", "L5", "L6", "L8"]
    assert (found["L6"].outcome, found["L6"].reached) == ("passed", ["ended after 0.4 s (≤ 2)"])
    assert (found["L5"].outcome, found["L5"].reached) == ("failed", ["ended after 3 s (≤ 2)"])
    assert found["L8"].outcome == "skipped"
    assert "--rows" not in run.command


def test_a_long_proof_writes_its_verdicts(tmp_path: Path) -> None:
    verdicts = [Verdict("S10, L10", "-", "-", [at_most("slowest", 1, 3, " s")]), Verdict("U1", "-", "-", [])]

    _write(tmp_path / "x" / "chaos.json", verdicts, ["L10", "U1", "--json", str(tmp_path / "x" / "chaos.json")])

    run = read(tmp_path / "x" / "chaos.json")
    assert run.command == "python -m tests.chaos L10 U1"
    assert run.proofs == [
        ("L10", Proof("make chaos: S10, L10", "passed", ["slowest 1 s (≤ 3)"])),
        ("U1", Proof("make chaos: U1", "failed", [])),
    ]


def test_the_containers_check_writes_verdicts_alone(tmp_path: Path) -> None:
    verdicts = [
        {"row": "L7", "checks": [{"told": "to the end 0.4 s (≤ 10)", "ok": True}], "ok": True},
        {"row": "demo", "checks": [], "ok": False},
    ]
    (tmp_path / "container.json").write_text(json.dumps(verdicts), encoding="utf-8")

    run = read(tmp_path / "container.json")

    assert run.command == "make container-check"
    assert run.proofs == [("L7", Proof("make container-check: L7", "passed", ["to the end 0.4 s (≤ 10)"]))]


def test_what_is_no_run_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"tests": []}))

    with pytest.raises(ValueError, match="does not tell of a run"):
        read(tmp_path / "x.json")


def test_the_machine_is_told_without_its_name() -> None:
    assert platform.node() not in machine().split(", ")
    assert "Python 3." in machine()
