"""Numbers of the game to words; an unknown number survives as `unknown (37)`.

The game is patched in mid-season, so no table is ever complete: `Words` says what it knows and counts
what it does not, for the operator.
"""

from __future__ import annotations

from collections import Counter

from app.normalize.vocabulary import BASE, BUTTON_FLAGS, BY_FORMAT, SESSION_TYPE_F1_23_GAME


class Words:
    """The tables of one packet format, as one game sends it.

    Args:
        packet_format: 2023 to 2026; another one is read with 2025's words.
        game_year: Tells the F1 23 game (23), whose session types are numbered apart, from F1 25 set to
            format 2023 (0), which keeps 2025's numbering.
    """

    def __init__(self, packet_format: int, game_year: int) -> None:
        self._tables = {**BASE, **BY_FORMAT.get(packet_format, {})}
        if packet_format == 2023 and game_year == 23:
            self._tables["session_type"] = SESSION_TYPE_F1_23_GAME
        self.unknown: Counter[str] = Counter()
        """Values met that no document lists, counted by table."""

    def say(self, table: str, value: int) -> str:
        """The word for a value; `unknown (value)`, counted, when there is none."""
        word = self._tables[table].get(value)
        if word is None:
            self.unknown[table] += 1
            return f"unknown ({value})"
        return word

    def maybe(self, table: str, value: int | None, *nothing: int) -> str | None:
        """As `say`, but None for None and for the values that mean "there is none"."""
        if value is None or value in nothing:
            return None
        return self.say(table, value)


def held_buttons(bits: int) -> tuple[str, ...]:
    """The names of the buttons whose bits are set."""
    return tuple(name for bit, name in BUTTON_FLAGS.items() if bits & bit)
