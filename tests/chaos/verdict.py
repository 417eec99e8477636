"""What a proof says in the end: one line of a table."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Final, NamedTuple

HEAD: Final = "| row | injected | expected | measured | ok |\n| --- | --- | --- | --- | --- |"


class Check(NamedTuple):
    """One number of a proof.

    Attributes:
        told: It, with what it is a number of.
        ok: Whether it is as it must be.
    """

    told: str
    ok: bool = True


class Verdict(NamedTuple):
    """A proof that was run.

    Attributes:
        row: Its name.
        injected: What was done to the gateway.
        expected: What must hold all the same.
        checks: What was measured.
    """

    row: str
    injected: str
    expected: str
    checks: Sequence[Check]

    @property
    def ok(self) -> bool:
        """Whether all of it is as it must be; a proof that measured nothing is none."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def line(self) -> str:
        """A line of the table; what is not as it must be is bold."""
        measured = "; ".join(check.told if check.ok else f"**{check.told}**" for check in self.checks)
        cells = [self.row, self.injected, self.expected, measured, "yes" if self.ok else "**NO**"]
        return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def at_most(what: str, value: float, most: float, unit: str = "") -> Check:
    """A number with its ceiling."""
    return Check(f"{what} {_short(value)}{unit} (≤ {_short(most)})", value <= most)


def at_least(what: str, value: float, least: float, unit: str = "") -> Check:
    """A number with its floor."""
    return Check(f"{what} {_short(value)}{unit} (≥ {_short(least)})", value >= least)


def exactly(what: str, value: object, wanted: object) -> Check:
    """A value that can only be one."""
    return Check(f"{what} {value}" if value == wanted else f"{what} {value}, not {wanted}", value == wanted)


def thousands(value: float) -> str:
    """A whole number in groups of three digits."""
    return f"{value:,.0f}".replace(",", " ")


def _short(value: float) -> str:
    if not isfinite(value):
        return str(value)
    if value == int(value) or abs(value) >= 1000:
        return thousands(value)
    return f"{value:.3g}"
