"""Words back to the game's numbers."""

from __future__ import annotations

import pytest

from app.datacloud.numbers import number_of
from app.normalize.vocabulary import BASE


@pytest.mark.parametrize("table", ["track", "session_type", "weather"])
def test_every_word_of_format_2025_has_its_number(table: str) -> None:
    assert {number_of(table, word): word for word in BASE[table].values()} == dict(BASE[table])


def test_a_word_of_another_format_has_a_number_too() -> None:
    assert number_of("track", "Madrid") == 42


def test_a_number_that_no_document_lists_comes_back_as_it_came() -> None:
    assert number_of("track", "unknown (99)") == 99


@pytest.mark.parametrize("word", [None, "a word that nobody says"])
def test_what_has_no_number_is_unknown(word: str | None) -> None:
    assert number_of("weather", word) is None
