"""A trimmed `make fuzz`."""

from __future__ import annotations

import pytest

from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.truth.fuzz import fuzz

COUNT = 20_000


@pytest.mark.row("I1", "I2")
def test_hostile_datagrams_raise_nothing_and_each_is_counted_once(reached: Reached) -> None:
    told = fuzz(COUNT, seed=2)

    reached(exactly("faults of ours, index errors and NaN in JSON among them", told.rejected["internal"], 0))
    reached(exactly(f"of {COUNT} datagrams, counted", told.valid + told.rejected.total(), COUNT))
    assert told.valid > COUNT // 4
    assert told.events.total() > 1000
    assert told.implausible.total() > 100
