"""Batches: never above the limit, nothing lost, nothing reordered; and a limit that is learnt with few calls."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.batch import FLOOR_BYTES, BodyLimit, cut, halves
from app.datacloud.encode import envelope

ROWS = st.lists(st.text(min_size=1, max_size=200).map(lambda text: f'"{text}"'.encode()), max_size=60)


@given(ROWS, st.integers(20, 2000))
def test_no_part_is_above_the_limit_unless_one_row_alone_is(rows: list[bytes], most_bytes: int) -> None:
    for part in cut(rows, most_bytes):
        assert len(envelope(part)) <= most_bytes or len(part) == 1


@given(ROWS, st.integers(20, 2000))
def test_cutting_loses_and_reorders_nothing(rows: list[bytes], most_bytes: int) -> None:
    assert [row for part in cut(rows, most_bytes) for row in part] == rows


@given(ROWS, st.integers(20, 2000))
def test_no_part_could_have_taken_the_next_row_too(rows: list[bytes], most_bytes: int) -> None:
    parts = cut(rows, most_bytes)

    for part, following in pairwise(parts):
        assert len(envelope([*part, following[0]])) > most_bytes


@pytest.mark.parametrize(("limit", "parts"), [(199_999, 2), (200_000, 1), (200_001, 1)])
def test_acceptance_05_the_limit_is_kept_to_the_byte(limit: int, parts: int) -> None:
    rows = [b"x" * 99_994, b"x" * 99_994]  # with envelope and comma exactly 200 000

    assert len(cut(rows, limit)) == parts


def test_halves_are_all_of_it_in_order() -> None:
    first, second = halves([b"1", b"2", b"3"])

    assert [*first, *second] == [b"1", b"2", b"3"]


def wasted_calls(server_limit: int, start: int = 190_000) -> int:
    """Calls that a sender with a full outbox wastes until its bodies are taken."""
    limit, wasted = BodyLimit(start), 0
    for _ in range(60):
        size = limit.bytes
        while size > server_limit:
            wasted += 1
            limit.refused(size)
            size //= 2  # a refused batch is halved until it is taken
        limit.accepted(size)
    assert limit.bytes <= server_limit
    return wasted


@pytest.mark.parametrize(("server_limit", "most"), [(189_000, 1), (150_000, 3), (100_000, 5), (50_000, 6), (35_000, 6)])
@pytest.mark.row("U12")
def test_u12_a_smaller_limit_costs_few_calls_and_then_none(server_limit: int, most: int) -> None:
    assert wasted_calls(server_limit) <= most


@given(st.integers(FLOOR_BYTES, 200_000))
def test_a_learnt_limit_is_not_much_smaller_than_the_real_one(server_limit: int) -> None:
    limit = BodyLimit(190_000)
    for _ in range(60):
        size = limit.bytes
        while size > server_limit:
            limit.refused(size)
            size //= 2
        limit.accepted(size)

    assert limit.bytes >= min(190_000, server_limit) * 0.7


def test_one_row_that_is_longer_than_the_limit_leaves_the_limit_as_it_is() -> None:
    limit = BodyLimit(190_000)
    limit.accepted(30_000)

    limit.refused(210_000)

    assert limit.bytes == 190_000
