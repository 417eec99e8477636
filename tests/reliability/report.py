"""docs/reliability.md out of the matrix and what was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.reliability.matrix import MATRIX, NOT_INJECTED, PARTS, Row
from tests.reliability.results import Proof, Run

_MOST_NUMBERS = 6
"""Of a row in the table; the rest is counted."""


def failed(runs: Sequence[Run]) -> list[str]:
    """The rows that do not hold, or of which nothing was measured."""
    proofs = _by_row(runs)
    return [row.name for row in MATRIX if _verdict(proofs[row.name]) != "yes"]


def report(runs: Sequence[Run]) -> str:
    """The page."""
    return "\n".join(_lines(runs)) + "\n"


def _lines(runs: Sequence[Run]) -> Iterator[str]:
    proofs, open_rows = _by_row(runs), failed(runs)
    yield "# Reliability"
    yield ""
    yield "What may go wrong, what must happen then, and what was measured. Made by `make reliability`, not by hand."
    yield ""
    held = len(MATRIX) - len(open_rows)
    yield f"**{held} of {len(MATRIX)} rows hold.**" + (f" Open: {', '.join(open_rows)}." if open_rows else "")
    yield ""
    yield "| command | ended | on |"
    yield "| --- | --- | --- |"
    for run in runs:
        yield f"| `{run.command}` | {run.at} | {run.machine} |"
    for letter, title in PARTS.items():
        yield ""
        yield f"## {title}"
        yield ""
        yield "| row | fault | expected | to reach | measured | proofs | holds |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for row in MATRIX:
            if row.name.startswith(letter):
                yield _line(row, proofs[row.name])
    yield ""
    yield "## What was not injected"
    yield ""
    yield from (f"- {sentence}" for sentence in NOT_INJECTED)
    yield from (f"- {row.name}: {row.limits}." for row in MATRIX if row.limits)
    skipped = sorted({(row, proof.name) for run in runs for row, proof in run.proofs if proof.outcome == "skipped"})
    if skipped:
        yield ""
        yield "Skipped on this machine:"
        yield ""
        yield from (f"- {row}: `{name}`" for row, name in skipped)


def _by_row(runs: Sequence[Run]) -> dict[str, list[Proof]]:
    """What was proven of each row; a proof that was run again, in a later file, counts as it went last."""
    found: dict[str, dict[str, Proof]] = defaultdict(dict)
    for run in runs:
        for row, proof in run.proofs:
            found[row][proof.name] = proof
    return defaultdict(list, {row: list(proofs.values()) for row, proofs in found.items()})


def _verdict(proofs: Sequence[Proof]) -> str:
    ran = [proof for proof in proofs if proof.outcome != "skipped"]
    if not ran:
        return "**not run**"
    return "yes" if all(proof.outcome == "passed" for proof in ran) else "**NO**"


def _line(row: Row, proofs: Sequence[Proof]) -> str:
    numbers = list(dict.fromkeys(number for proof in proofs for number in proof.reached))
    more = len(numbers) - _MOST_NUMBERS
    measured = "; ".join(numbers[:_MOST_NUMBERS]) + (f"; and {more} more" if more > 0 else "")
    tests = sum("::" in proof.name for proof in proofs)
    told = [f"{tests} test{'s' if tests != 1 else ''}"] if tests else []
    told += [f"`{proof.name}`" for proof in proofs if "::" not in proof.name]
    if not proofs and row.elsewhere:
        told = [f"`{row.elsewhere}`"]
    cells = (row.name, row.fault, row.expected, row.number, measured or "as expected", ", ".join(told) or "none")
    if not proofs:
        cells = (*cells[:4], "–", cells[5])
    return "| " + " | ".join(_cell(cell) for cell in (*cells, _verdict(proofs))) + " |"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
