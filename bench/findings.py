"""What a row hands back: its part of the report, and the figures that goals and bounds are held against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Findings(NamedTuple):
    """Of one row.

    Attributes:
        section: Markdown.
        figures: By the names that `goals` and `bounds.toml` have; what could not be measured here is missing.
    """

    section: str
    figures: Mapping[str, float]
