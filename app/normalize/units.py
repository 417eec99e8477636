"""Conversions from the game's numbers to ours, one function each."""

from __future__ import annotations

import unicodedata


def joined_ms(minutes: int | None, milliseconds: int) -> int:
    """A time that the game splits into a minutes part and a milliseconds part, in whole ms."""
    return (minutes or 0) * 60_000 + milliseconds


def seconds_to_ms(seconds: float) -> int:
    """Seconds as whole milliseconds, rounded: an f32 of 85.636 s is 85 636 ms."""
    return round(seconds * 1000)


def known(value: int, *nothing: int) -> int | None:
    """The value, or None where it is one of those that mean "there is none"."""
    return None if value in nothing else value


def percent_to_ratio(percent: int) -> float:
    """0..100 as 0..1."""
    return percent / 100


def clean_name(text: str, longest: int = 48) -> str | None:
    """A driver's name fit to be shown: one line, no control or format characters, None when empty.

    Names come from UDP, so they are hostile text; this takes out what would reorder, hide or break a
    line (categories C* of Unicode, U+202E among them). Markup stays, since it is text.
    """
    spaced = "".join(" " if unicodedata.category(c).startswith("Z") else c for c in text)
    shown = "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))
    return " ".join(shown.split())[:longest].rstrip() or None
