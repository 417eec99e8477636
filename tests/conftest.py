"""What every test may use: rows of the fault matrix are proven by tests that carry their names."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.chaos.verdict import Check
from tests.reliability.results import machine

Reached = Callable[[Check], None]
_RANK: Final = {"passed": 0, "skipped": 1, "failed": 2}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rows FILE`: what the tests of the fault matrix measured, for `make reliability`."""
    parser.addoption("--rows", type=Path, metavar="FILE", help="write what tests with a row marker measured, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Collect in the process that hears from all others, if there are others."""
    path = config.getoption("--rows")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Rows(path), "rows")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the names of the rows that a test proves travel with its result, from xdist's workers too."""
    for item in items:
        for marker in item.iter_markers("row"):
            item.user_properties += [("row", name) for name in marker.args]


class _Rows:
    """Writes down what tests with rows measured."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, dict[str, Any]] = {}  # Any: JSON

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test's setup, call and teardown each tell; the worst of them counts."""
        told = [(str(name), value) for name, value in report.user_properties]
        rows = list(dict.fromkeys(value for name, value in told if name == "row"))
        if not rows:
            return
        test = self._tests.setdefault(report.nodeid, {"test": report.nodeid, "outcome": "passed"})
        test |= {"rows": rows, "reached": [value for name, value in told if name == "reached"]}
        test["outcome"] = max(test["outcome"], report.outcome, key=_RANK.__getitem__)

    def pytest_sessionfinish(self) -> None:
        """Write it all."""
        arguments = [text for text in sys.argv[1:] if not text.startswith("--rows") and text != str(self._path)]
        body = {
            "command": " ".join(["pytest", *(f"'{text}'" if " " in text else text for text in arguments)]),
            "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "machine": machine(),
            "tests": list(self._tests.values()),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.fixture
def reached(record_property: Callable[[str, object], None]) -> Reached:
    """Hold a measured number against its bound, and keep it for docs/reliability.md.

    `reached(at_most("lost of the rig", lost_percent, 0.1, " %"))`, with the checks of tests/chaos/verdict.py.
    """

    def hold(check: Check) -> None:
        record_property("reached", check.told)
        assert check.ok, check.told

    return hold
