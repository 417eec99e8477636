"""What every test may use: rows of the fault matrix are proven by tests that carry their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.verdict import Check

Reached = Callable[[Check], None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the names of the rows that a test proves travel with its result, from xdist's workers too."""
    for item in items:
        for marker in item.iter_markers("row"):
            item.user_properties += [("row", name) for name in marker.args]


@pytest.fixture
def reached(record_property: Callable[[str, object], None]) -> Reached:
    """Hold a measured number against its bound, and keep it for docs/reliability.md.

    `reached(at_most("lost of the rig", lost_percent, 0.1, " %"))`, with the checks of tests/chaos/verdict.py.
    """

    def hold(check: Check) -> None:
        record_property("reached", check.told)
        assert check.ok, check.told

    return hold
