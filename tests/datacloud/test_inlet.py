"""The queue between the loop and the thread: bounded, and telemetry loses first."""

from __future__ import annotations

import pytest

from app.datacloud.inlet import Inlet
from app.datacloud.row import Row
from tests.datacloud.rows import make_rows

TELEMETRY, LAPS = "TelemetryEvent", "LapEvent"


def test_rows_come_out_in_their_order_and_wait_until_they_are_done() -> None:
    inlet, rows = Inlet(100, 1_000_000), make_rows(5)

    inlet.offer(rows, 7)
    taken = inlet.take(TELEMETRY, 3)

    assert [(each.row, each.at_ms) for each in taken] == [(row, 7) for row in rows[:3]]
    assert (inlet.rows, inlet.waiting(TELEMETRY)) == (5, 5)
    inlet.done(TELEMETRY, taken)
    assert (inlet.rows, inlet.bytes) == (2, sum(len(row.body) for row in rows[3:]))


def test_telemetry_fills_three_quarters_and_leaves_the_rest_to_laps() -> None:
    inlet = Inlet(100, 1_000_000)

    assert inlet.offer(make_rows(90), 0) == 15
    assert inlet.offer(make_rows(30, LAPS), 0) == 5
    assert (inlet.waiting(TELEMETRY), inlet.waiting(LAPS)) == (75, 25)
    assert dict(inlet.refused) == {TELEMETRY: 15, LAPS: 5, "RaceEvent": 0, "SessionEvent": 0}


def test_long_rows_fill_it_sooner() -> None:
    inlet = Inlet(100, 1000)

    assert inlet.offer([Row(TELEMETRY, "k", bytes(700)), Row(TELEMETRY, "k", bytes(100))], 0) == 1
    assert inlet.offer([Row(LAPS, "k", bytes(301)), Row(LAPS, "k", bytes(300))], 0) == 1
    assert inlet.bytes == 1000


def test_room_comes_back_when_rows_are_done() -> None:
    inlet = Inlet(4, 1_000_000)
    inlet.offer(make_rows(3), 0)

    inlet.done(TELEMETRY, inlet.take(TELEMETRY, 2))

    assert inlet.offer(make_rows(3), 0) == 1


def test_a_row_with_a_line_break_is_a_fault_and_none_is_taken() -> None:
    inlet = Inlet(4, 1000)

    with pytest.raises(ValueError, match="line break"):
        inlet.offer([Row(LAPS, "k", b"{}"), Row(LAPS, "k", b"{\n}")], 0)

    assert inlet.rows == 0


def test_rows_that_come_after_the_end_are_counted() -> None:
    inlet = Inlet(4, 1000)

    assert inlet.refuse(make_rows(2, LAPS)) == 2
    assert inlet.refused[LAPS] == 2
