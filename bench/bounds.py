"""A guard against regressions: figures of a quick run beside the worst that is still taken for noise.

`bounds.toml` has them, some half as much again as an unquiet machine has shown. They are ratios of one run, so they
hold on other machines, too; no bound is a goal (`goals`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = Path(__file__).with_name("bounds.toml")


class Bounds(NamedTuple):
    """By the figures' names."""

    at_most: Mapping[str, float]
    at_least: Mapping[str, float]


def committed() -> Bounds:
    """Those of the file."""
    told = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Bounds(told["at_most"], told["at_least"])


def broken(bounds: Bounds, figures: Mapping[str, float]) -> list[str]:
    """A sentence for every figure that is beyond its bound, or that was not measured."""
    sentences = []
    for name, bound in (*bounds.at_most.items(), *bounds.at_least.items()):
        row, found = name.partition(".")[0], figures.get(name)
        if found is None:
            sentences.append(f"{row}: {name} was not measured: run `python -m bench {row}` and see why")
        elif found > bounds.at_most.get(name, found) or found < bounds.at_least.get(name, found):
            beyond = "more" if name in bounds.at_most else "less"
            sentences.append(
                f"{row}: {name} is {found:.4g}, {beyond} than {bound:.4g}: run `python -m bench {row}` on an idle "
                f"machine, and look for what made it slower"
            )
    return sentences
