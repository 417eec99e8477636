"""A million hostile datagrams through the product's pipeline, each counted once."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from tests.chaos.verdict import Check, Verdict, exactly, thousands
from tests.truth.fuzz import fuzz

COUNT: Final = 1_000_000


def hostile_datagrams(_: Path, count: int = COUNT) -> Verdict:
    """I1 and I2: noise, cut and lengthened datagrams, and valid ones with impossible fields."""
    began_s = time.thread_time()
    told = fuzz(count)
    each_us = (time.thread_time() - began_s) / count * 1e6
    return Verdict(
        "I1",
        f"{thousands(count)} hostile datagrams",
        "each is counted by its reason; nothing raises, every JSON is JSON",
        [
            exactly("counted", told.valid + told.rejected.total(), count),
            exactly("faults of ours", told.rejected["internal"], 0),
            Check(f"{thousands(told.valid)} of them valid, {thousands(told.implausible.total())} events implausible"),
            Check(f"{each_us:.0f} µs each, with all events of the valid ones made, written and read as JSON"),
        ],
    )
