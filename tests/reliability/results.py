"""What was measured: read from what pytest (`--rows`), the long proofs and the containers' check (`--json`) write."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.reliability.matrix import rows_of

CONTAINERS: Final = "make container-check"


class Proof(NamedTuple):
    """One test or long proof of a row.

    Attributes:
        name: The test's id, or the command.
        outcome: passed, failed or skipped.
        reached: Numbers, each with its bound.
    """

    name: str
    outcome: str
    reached: Sequence[str]


class Run(NamedTuple):
    """One command that was run.

    Attributes:
        command: As it was typed.
        at: When it ended, UTC.
        machine: On what.
        proofs: By row.
    """

    command: str
    at: str
    machine: str
    proofs: Sequence[tuple[str, Proof]]


def read(path: Path) -> Run:
    """The run that a file tells of.

    Raises:
        ValueError: It is no such file.
    """
    told: Any = json.loads(path.read_text(encoding="utf-8"))  # Any: JSON
    try:
        if isinstance(told, list):  # verdicts and nothing else, as the containers' check writes them, on this machine
            at = f"{datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d %H:%M} UTC"
            told = {"command": CONTAINERS, "at": at, "machine": machine(), "verdicts": told}
        proofs = [*_of_tests(told.get("tests", ())), *_of_verdicts(told.get("verdicts", ()), told["command"])]
        return Run(told["command"], told["at"], told["machine"], proofs)
    except (KeyError, TypeError) as wrong:
        raise ValueError(f"{path} does not tell of a run: {wrong}") from None


# Any: JSON.
def _of_tests(tests: Iterable[dict[str, Any]]) -> Iterable[tuple[str, Proof]]:
    for test in tests:
        for row in test["rows"]:
            yield row, Proof(test["test"], test["outcome"], test["reached"])


# Any: JSON.
def _of_verdicts(verdicts: Iterable[dict[str, Any]], command: str) -> Iterable[tuple[str, Proof]]:
    program = "make chaos" if "tests.chaos" in command else command
    for verdict in verdicts:
        reached = [check if isinstance(check, str) else check["told"] for check in verdict["checks"]]
        proof = Proof(f"{program}: {verdict['row']}", "passed" if verdict["ok"] else "failed", reached)
        for row in rows_of(verdict["row"]):
            yield row, proof


def machine() -> str:
    """This machine in a few words, without its name."""
    words = [f"{os.cpu_count()} cores", platform.machine(), platform.system(), platform.release().partition("-")[0]]
    return f"{', '.join(words)}, Python {platform.python_version()}"
