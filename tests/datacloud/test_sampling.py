"""Telemetry thinned out: as many rows as asked for, none from menus, none of nobody."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.encode import decode
from app.datacloud.row import Row
from app.datacloud.sampling import Mode, Sampler
from app.datacloud.schema import TELEMETRY
from app.datacloud.validation import complaints
from app.normalize.events import CarStatus, CarTelemetry, LapProgress, Sample, SessionState
from tests.normalize.make_events import make_event

FRAMES = 1200


def sample(kind: type[Sample], frame: int, **changes: Any) -> Sample:
    made = make_event(kind, **{"overall_frame": frame, "session_time_s": frame / 60} | changes)
    assert isinstance(made, Sample)
    return made


def a_drive(sampler: Sampler, frames: int = FRAMES, rate_hz: int = 60) -> list[Row]:
    rows = []
    for frame in range(0, frames, 60 // rate_hz):
        rows += sampler.feed(sample(LapProgress, frame, lap_number=2, lap_distance_m=frame * 1.0))
        rows += sampler.feed(sample(CarTelemetry, frame, speed_kph=frame % 300, throttle=0.5))
        rows += sampler.feed(sample(CarStatus, frame, ers_store_energy_j=4e6))
    return rows + sampler.flush()


@pytest.mark.parametrize("rate_hz", [1, 2, 10, 20, 30, 50, 60])
@pytest.mark.parametrize("mode", ["last", "mean"])
def test_acceptance_14_rows_come_at_the_configured_rate(rate_hz: int, mode: Mode) -> None:
    rows = a_drive(Sampler("SIM_A", rate_hz, mode))

    assert abs(len(rows) - rate_hz * FRAMES / 60) <= max(1, 0.01 * rate_hz * FRAMES / 60)


def test_at_0_there_are_none_and_a_slow_game_is_not_made_faster() -> None:
    assert a_drive(Sampler("SIM_A", 0)) == []
    assert len(a_drive(Sampler("SIM_A", 60), rate_hz=20)) == FRAMES / 3


def test_every_frame_is_in_exactly_one_row() -> None:
    counts = [decode(row.body)["sample_count"] for row in a_drive(Sampler("SIM_A", 10))]

    assert sum(counts) == FRAMES


def test_a_row_is_the_newest_frame_of_its_window_with_lap_and_energy_of_that_moment() -> None:
    row = decode(a_drive(Sampler("SIM_A", 10))[0].body)

    assert (row["overall_frame"], row["speed_kph"], row["lap_distance_m"]) == (5, 5, 5.0)
    assert (row["event_id"], row["ers_store_energy_j"]) == ("SIM_A:24301:5:3", 4_000_000)
    assert complaints(TELEMETRY, row) == []


def test_a_mean_row_is_the_mean_of_its_window() -> None:
    row = decode(a_drive(Sampler("SIM_A", 10, "mean"))[1].body)

    assert (row["speed_kph"], row["overall_frame"], row["sample_count"]) == (8.5, 11, 6)


def test_what_is_not_known_of_that_moment_is_null() -> None:
    sampler = Sampler("SIM_A", 60)
    sampler.feed(sample(LapProgress, 0, lap_number=2))
    sampler.feed(sample(CarTelemetry, 120))

    row = decode(sampler.flush()[0].body)

    assert (row["lap_number"], row["ers_store_energy_j"], row["tyre_temp_fl"]) == (None, None, None)


def test_the_wheels_stand_where_they_belong() -> None:
    sampler = Sampler("SIM_A", 60)
    sampler.feed(sample(CarTelemetry, 0, tyre_surface_temperature_c=(1, 2, 3, 4)))

    row = decode(sampler.flush()[0].body)

    assert [row[f"tyre_temp_{wheel}"] for wheel in ("rl", "rr", "fl", "fr")] == [1, 2, 3, 4]


def test_a_paused_game_makes_no_rows() -> None:
    sampler = Sampler("SIM_A", 10)
    sampler.feed(sample(SessionState, 0, mode="driving", game_paused=True))

    assert a_drive(sampler) == []


def test_a_paused_network_game_makes_no_rows() -> None:
    sampler = Sampler("SIM_A", 60)
    sampler.feed(sample(CarStatus, 0, network_paused=True))
    sampler.feed(sample(CarTelemetry, 1))

    assert sampler.flush() == []


def test_a_menu_makes_no_rows_and_closes_what_was_open() -> None:
    sampler = Sampler("SIM_A", 10)
    sampler.feed(sample(CarTelemetry, 0))

    closed = sampler.feed(sample(SessionState, 1, mode="menu", session_uid=None, session_key=None))
    sampler.feed(sample(CarTelemetry, 2, session_uid=None, session_key=None))

    assert len(closed) == 1
    assert sampler.flush() == []


@given(st.lists(st.integers(-600, 60), max_size=200), st.sampled_from(["last", "mean"]))
def test_no_id_comes_twice_though_flashbacks_turn_the_clock_back(steps: list[int], mode: Mode) -> None:
    sampler = Sampler("SIM_A", 10, mode)
    rows, clock = [], 10_000
    for frame, step in enumerate(steps, start=1):
        clock = max(0, clock + step)
        rows += sampler.feed(sample(CarTelemetry, frame, session_time_s=clock / 60))
    rows += sampler.flush()

    assert len({row.key for row in rows}) == len(rows)
    assert sum(decode(row.body)["sample_count"] for row in rows) == len(steps)


def test_the_same_traffic_makes_the_same_rows_again() -> None:
    assert a_drive(Sampler("SIM_A", 7)) == a_drive(Sampler("SIM_A", 7))
