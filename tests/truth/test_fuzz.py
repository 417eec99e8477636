"""A trimmed `make fuzz`."""

from __future__ import annotations

from tests.truth.fuzz import fuzz

COUNT = 20_000


def test_hostile_datagrams_raise_nothing_and_each_is_counted_once() -> None:
    told = fuzz(COUNT, seed=2)

    assert told.rejected["internal"] == 0
    assert told.valid + told.rejected.total() == COUNT
    assert told.valid > COUNT // 4
    assert told.events.total() > 1000
    assert told.implausible.total() > 100
