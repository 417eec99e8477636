"""Numbers as words: every format's own tables, and what no table lists."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.normalize.vocabulary import BASE, BUTTON_FLAGS, BY_FORMAT
from app.normalize.words import Words, held_buttons

FORMATS: Final = (2023, 2024, 2025, 2026)


def test_a_number_has_its_word() -> None:
    assert Words(2025, 25).say("track", 0) == "Melbourne"


def test_an_unknown_number_survives_with_its_value() -> None:
    assert Words(2025, 25).say("track", 99) == "unknown (99)"


def test_unknown_numbers_are_counted_by_table() -> None:
    words = Words(2025, 25)

    for value in (98, 99, 99):
        words.say("track", value)
    words.say("weather", 77)

    assert words.unknown == {"track": 3, "weather": 1}


def test_a_known_number_is_not_counted() -> None:
    words = Words(2025, 25)

    words.say("weather", 0)

    assert not words.unknown


def test_a_value_that_means_none_has_no_word_and_is_not_counted() -> None:
    words = Words(2025, 25)

    assert (words.maybe("team", 255, 255), words.unknown) == (None, {})


def test_a_field_that_the_format_lacks_has_no_word() -> None:
    assert Words(2023, 0).maybe("result_reason", None) is None


def test_f1_25_set_to_format_2023_keeps_the_session_types_of_2025() -> None:
    assert Words(2023, 0).say("session_type", 18) == "Time Trial"


def test_the_f1_23_game_has_session_types_of_its_own() -> None:
    assert Words(2023, 23).say("session_type", 13) == "Time Trial"


def test_the_f1_23_game_has_no_session_type_of_2025() -> None:
    assert Words(2023, 23).say("session_type", 18) == "unknown (18)"


@pytest.mark.parametrize(("packet_format", "word"), [(2025, "overtake"), (2026, "boost")])
def test_ers_mode_3_was_renamed_in_2026(packet_format: int, word: str) -> None:
    assert Words(packet_format, 25).say("ers_deploy_mode", 3) == word


def test_madrid_is_a_track_of_2026() -> None:
    assert [Words(year, 25).say("track", 42) for year in (2025, 2026)] == ["unknown (42)", "Madrid"]


def test_a_format_from_the_future_is_read_with_the_words_of_2025() -> None:
    assert Words(2031, 31).say("weather", 4) == "heavy rain"


@pytest.mark.parametrize("packet_format", FORMATS)
def test_a_format_changes_only_tables_that_exist(packet_format: int) -> None:
    assert BY_FORMAT[packet_format].keys() <= BASE.keys()


@given(st.sampled_from(FORMATS), st.sampled_from(sorted(BASE)), st.integers(-128, 65_535))
def test_every_number_has_some_word_in_every_table(packet_format: int, table: str, value: int) -> None:
    assert Words(packet_format, 25).say(table, value)


def test_no_word_in_any_table_looks_like_an_unknown_number() -> None:
    tables = [*BASE.values(), *(table for changed in BY_FORMAT.values() for table in changed.values())]

    assert not [word for table in tables for word in table.values() if word.startswith("unknown (") or not word.strip()]


# --- buttons --------------------------------------------------------------------------------------


def test_no_bit_is_no_button() -> None:
    assert held_buttons(0) == ()


@pytest.mark.parametrize("bit", BUTTON_FLAGS)
def test_each_bit_is_its_button(bit: int) -> None:
    assert held_buttons(bit) == (BUTTON_FLAGS[bit],)


def test_a_bit_that_no_document_lists_hides_no_other_button() -> None:
    unlisted = 0xFFFF_FFFF & ~sum(BUTTON_FLAGS)
    listed = next(iter(BUTTON_FLAGS))

    assert held_buttons(unlisted | listed) == (BUTTON_FLAGS[listed],)
