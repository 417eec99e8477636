"""The page says what held, what did not, and what was not run."""

from __future__ import annotations

from tests.reliability.matrix import MATRIX
from tests.reliability.report import failed, report
from tests.reliability.results import Proof, Run


def run(*proofs: tuple[str, Proof]) -> Run:
    return Run("pytest -m row", "2026-11-25 14:00 UTC", "2 cores", proofs)


def line_of(row: str, text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {row} |"))


def test_a_row_with_its_numbers_holds() -> None:
    text = report([run(("L6", Proof("tests/test_a.py::test_b", "passed", ["ended after 0.4 s (≤ 2)"])))])

    assert "ended after 0.4 s (≤ 2) | 1 test | yes |" in line_of("L6", text)
    assert "| `pytest -m row` | 2026-11-25 14:00 UTC | 2 cores |" in text


def test_one_failed_proof_is_enough() -> None:
    proofs = [("L6", Proof("a::b", "passed", [])), ("L6", Proof("python -m tests.chaos, L6", "failed", ["3 s"]))]

    assert line_of("L6", report([run(*proofs)])).endswith("| 1 test, `python -m tests.chaos, L6` | **NO** |")
    assert "L6" in failed([run(*proofs)])


def test_what_was_skipped_or_not_run_does_not_hold_and_is_told() -> None:
    text = report([run(("S2", Proof("a::b", "skipped", [])))])

    assert line_of("S2", text).endswith("| **not run** |")
    assert "- S2: `a::b`" in text
    assert f"**0 of {len(MATRIX)} rows hold.**" in text


def test_another_command_is_named_where_nothing_of_ours_proves_it() -> None:
    assert line_of("L7", report([])).endswith("| – | `make container-check` | **not run** |")


def test_many_numbers_are_counted_and_a_bar_does_not_break_the_table() -> None:
    text = report([run(*(("L12", Proof(f"a::{n}", "passed", [f"a|b {n}"])) for n in range(9)))])

    assert "a/b 5; and 3 more | 9 tests | yes |" in line_of("L12", text)


def test_what_is_not_injected_is_said() -> None:
    text = report([])

    assert "A real Salesforce org: " in text
    assert "- S4: the plug is not pulled" in text


def test_a_proof_that_was_run_again_counts_as_it_went_last() -> None:
    first, again = Proof("a::b", "failed", ["3 s (≤ 2)"]), Proof("a::b", "passed", ["1 s (≤ 2)"])

    assert "| 1 s (≤ 2) | 1 test | yes |" in line_of("L8", report([run(("L8", first)), run(("L8", again))]))
