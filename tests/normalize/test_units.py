"""Conversions, each against numbers that were seen or that would hurt."""

from __future__ import annotations

import struct
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.normalize.units import clean_name, joined_ms, known, percent_to_ratio, seconds_to_ms


def test_a_time_of_minutes_and_milliseconds_is_whole_milliseconds() -> None:
    assert joined_ms(1, 25_636) == 85_636


def test_a_format_without_a_minutes_part_gives_the_milliseconds_alone() -> None:
    assert joined_ms(None, 32_664) == 32_664


def test_a_lap_time_as_the_wire_rounds_it_is_the_millisecond_that_was_driven() -> None:
    (as_sent,) = struct.unpack("<f", struct.pack("<f", 85.636))

    assert seconds_to_ms(as_sent) == 85_636


@given(st.integers(0, 20 * 60_000))
def test_no_lap_of_twenty_minutes_or_less_loses_a_millisecond_in_a_float(lap_ms: int) -> None:
    (as_sent,) = struct.unpack("<f", struct.pack("<f", lap_ms / 1000))

    assert seconds_to_ms(as_sent) == lap_ms


def test_a_value_that_means_none_is_none() -> None:
    assert known(255, 0, 255) is None


def test_zero_is_a_value_where_it_does_not_mean_none() -> None:
    assert known(0, 255) == 0


@pytest.mark.parametrize(("percent", "ratio"), [(0, 0.0), (50, 0.5), (100, 1.0)])
def test_percent_is_a_ratio(percent: int, ratio: float) -> None:
    assert percent_to_ratio(percent) == ratio


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("VERSTAPPEN", "VERSTAPPEN"),
        ("HÜLKENBERG", "HÜLKENBERG"),
        ("Player\u00a0One", "Player One"),
        ("  two   spaces ", "two spaces"),
        ("line\nbreak", "linebreak"),
        ("\u202egnorw\u202c", "gnorw"),
        ("zero\u200bwidth", "zerowidth"),
        ("\x1b[31mred", "[31mred"),
        ("para\u2029graph", "para graph"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\ufffdREZ", "\ufffdREZ"),
    ],
)
def test_a_name_is_one_plain_line(sent: str, shown: str) -> None:
    assert clean_name(sent) == shown


@pytest.mark.parametrize("nothing", ["", " ", "\u200b", "\u00a0\u202e", "\x00"])
def test_a_name_of_nothing_that_can_be_seen_is_none(nothing: str) -> None:
    assert clean_name(nothing) is None


def test_a_name_is_cut_at_its_longest_without_a_space_at_the_end() -> None:
    assert clean_name("a" * 47 + " bcd") == "a" * 47


@given(st.text(max_size=80))
def test_a_cleaned_name_is_short_and_holds_no_control_character(text: str) -> None:
    name = clean_name(text)

    assert name is None or (
        0 < len(name) <= 48
        and name == name.strip()
        and not any(unicodedata.category(c).startswith("C") for c in name)
        and all(c == " " or not unicodedata.category(c).startswith("Z") for c in name)
    )


@given(st.text(max_size=80))
def test_a_name_cleaned_twice_is_cleaned_once(text: str) -> None:
    once = clean_name(text)

    assert once is None or clean_name(once) == once
