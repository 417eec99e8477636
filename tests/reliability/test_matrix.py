"""The matrix is whole: every row is proven by something that is run."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from tests.chaos.__main__ import proofs
from tests.reliability.matrix import BEYOND, BY_NAME, CHAOS, MATRIX, PARTS, rows_of

TESTS = Path(__file__).resolve().parent.parent
WANTED = {"U": 18, "S": 8, "I": 16, "W": 17, "L": 12}
MARKED = {
    (name, path.relative_to(TESTS).as_posix())
    for path in TESTS.rglob("test_*.py")
    if path.parent.name != "reliability"  # which only plays with markers
    for arguments in re.findall(r"mark\.row\(([^)]*)\)", path.read_text(encoding="utf-8"))
    for name in re.findall(r'"([A-Z]+\d+)"', arguments)
}


def long_proofs() -> set[str]:
    return set(proofs(argparse.Namespace()))


def test_no_row_is_missing_and_none_stands_twice() -> None:
    assert [row.name for row in MATRIX] == [f"{part}{n + 1}" for part in PARTS for n in range(WANTED[part])]
    assert len(BY_NAME) == len(MATRIX)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_row_is_proven_by_a_test_or_a_long_proof_or_names_another_command(name: str) -> None:
    by_tests = {path for row, path in MARKED if row == name}
    by_chaos = {proof for proof in long_proofs() if name in rows_of(proof)}

    assert by_tests or by_chaos or BY_NAME[name].elsewhere, f"nothing proves {name}: {BY_NAME[name].fault}"


def test_no_test_claims_a_row_that_there_is_not() -> None:
    assert sorted({name for name, _ in MARKED} - set(BY_NAME)) == []


def test_every_long_proof_proves_a_row_of_the_matrix() -> None:
    assert set(CHAOS) <= long_proofs()
    assert {proof for proof in long_proofs() if not rows_of(proof)} == set(BEYOND)


def test_a_soak_that_was_shortened_proves_nothing() -> None:
    assert rows_of("L11 shortened") == ()


def test_a_verdict_of_two_names_proves_the_rows_of_both() -> None:
    assert rows_of("S10, L10") == ("L10",)
    assert rows_of("A13, L1") == ("L1",)
