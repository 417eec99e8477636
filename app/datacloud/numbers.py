"""Words back to the game's numbers, as format 2025 numbers them, for columns that are numbers by contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from app.normalize.vocabulary import BASE, BY_FORMAT

_UNKNOWN: Final = re.compile(r"unknown \((-?\d+)\)")


def _reversed(table: str) -> Mapping[str, int]:
    older_first = [BASE[table]] + [tables[table] for _, tables in sorted(BY_FORMAT.items()) if table in tables]
    return {word: number for labels in reversed(older_first) for number, word in labels.items()}


_NUMBERS: Final = {table: _reversed(table) for table in ("track", "session_type", "weather")}


def number_of(table: str, word: str | None) -> int | None:
    """The game's number of a word, also of one that no document lists; None where there is none."""
    if word is None:
        return None
    unlisted = _UNKNOWN.fullmatch(word)
    return int(unlisted[1]) if unlisted else _NUMBERS[table].get(word)
