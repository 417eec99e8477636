"""Columns as bytes, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.codec import decode, encode
from app.history.record import Columns
from tests.history.builders import make_columns


def parts(least: int, most: int, of_one: int) -> st.SearchStrategy[Any]:
    return st.none() | st.integers(least, most).map(lambda n: n if of_one == 1 else n / of_one)


@st.composite
def columns(draw: st.DrawFn) -> Columns:
    count = draw(st.integers(0, 60))
    values = (
        parts(0, 4_000_000_000, 1),
        parts(0, 6_000, 10),
        parts(0, 100, 100),
        parts(0, 100, 100),
        parts(-1, 9, 1),
        parts(-100, 100, 100),
    )
    return Columns(*(draw(st.lists(each, min_size=count, max_size=count)) for each in values))


@given(columns())
def test_what_is_encoded_is_decoded_as_it_was(lap: Columns) -> None:
    assert decode(encode(lap)) == lap


@given(columns(), st.data())
def test_damaged_bytes_are_told_or_harmless_and_raise_nothing_else(lap: Columns, data: st.DataObject) -> None:
    encoded = bytearray(encode(lap))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        assert decode(bytes(encoded)) == lap
    except ValueError:
        pass


@given(st.binary(max_size=200))
def test_any_bytes_are_a_lap_or_a_value_error(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        pass


def test_another_version_is_not_read() -> None:
    with pytest.raises(ValueError, match="version 02; this program knows 1"):
        decode(b"\x02" + encode(make_columns())[1:])


@pytest.mark.parametrize(
    ("name", "value"), [("throttle", 2.6), ("gear", -2), ("steer", -1.01), ("time_ms", -1), ("speed_kph", 6553.5)]
)
def test_a_value_that_its_column_cannot_hold_is_refused(name: str, value: float) -> None:
    changed: dict[str, Any] = {name: [value]}
    lap = make_columns(1)._replace(**changed)

    with pytest.raises(ValueError, match=f"{name} of {value}"):
        encode(lap)


def test_more_than_any_lap_has_is_refused_and_not_written_to_be_refused_later() -> None:
    endless = Columns(*([None] * 70_000 for _ in Columns._fields))

    with pytest.raises(ValueError, match="70000 entries are no lap"):
        encode(endless)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="gear has 2 entries, not 3"):
        encode(make_columns(3)._replace(gear=[1, 2]))


def test_an_even_lap_is_small() -> None:
    assert len(encode(make_columns(1251))) < 1_500
