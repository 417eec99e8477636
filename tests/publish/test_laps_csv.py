"""The laps as a file that a spreadsheet opens, whatever the guests call themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.publish.laps_csv import COLUMNS, ROWS_A_CHUNK, csv_chunks
from tests.chaos.verdict import exactly
from tests.conftest import Reached

FORMULAS = ('=HYPERLINK("http://evil.example")', "@SUM(A1)", "+1", "-1", "\tx", "\r=1", "\n=1", " =1", "＝1", "＋1")


def lap(**changes: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "lap_id": "RIG_A:1:LapCompleted:0:4",
        "rig_id": "RIG_A",
        "driver_name": "Ada",
        "lap_time_ms": 81_348,
        "sector1_time_ms": None,
        "valid": True,
        "guest_laps": 3,
    }
    return {**usual, **changes}


def read(rows: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
    text = "".join(csv_chunks(rows)).encode().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_lap_is_a_line_with_its_time_to_read_and_to_reckon_with() -> None:
    (row,) = read([lap()])

    assert (row["lap_time"], row["lap_time_ms"], row["driver_name"], row["valid"]) == (
        "1:21.348",
        "81348",
        "Ada",
        "true",
    )


def test_unknown_is_empty_and_never_nought() -> None:
    (row,) = read([lap(lap_time_ms=None, driver_name=None)])

    assert (row["sector1_time_ms"], row["lap_time"], row["lap_time_ms"], row["driver_name"]) == ("", "", "", "")


def test_only_the_columns_that_are_promised_are_told() -> None:
    (row,) = read([lap(individual_id="003x")])

    assert tuple(row) == COLUMNS


def test_excel_is_told_the_encoding_by_a_mark_at_the_very_start() -> None:
    first, *_ = csv_chunks([lap(driver_name="Zoë 🏎")])

    assert first.encode().startswith(b"\xef\xbb\xbfcompleted_at,")


@pytest.mark.row("W13")
def test_no_name_of_a_guest_is_a_formula(reached: Reached) -> None:
    cells = [row["driver_name"] for row in read([lap(driver_name=name) for name in FORMULAS])]

    dangerous = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    reached(exactly(f"of {len(FORMULAS)} formulas cells that begin as one", len(dangerous), 0))
    assert all(cell == f"'{name}" for cell, name in zip(cells, FORMULAS, strict=True))


@given(st.text(max_size=48), st.text(max_size=20))
def test_whatever_a_name_is_it_stays_one_harmless_cell(name: str, track: str) -> None:
    (row,) = read([lap(driver_name=name, track=track)])

    assert row["driver_name"].removeprefix("'") == name.removeprefix("'")
    assert not row["driver_name"].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_long_day_leaves_in_pieces() -> None:
    pieces = list(csv_chunks([lap(lap_number=number) for number in range(ROWS_A_CHUNK * 2 + 1)]))

    assert len(pieces) == 4
    assert max(len(piece) for piece in pieces) < 64_000
