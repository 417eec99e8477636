"""The JSON of the day: its names are a contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from app.history.bodies import MOST_LAPS, MOST_ROWS, day_body, lap_body, laps_body, map_body, row
from app.history.record import Outline
from tests.history.builders import DAY, make_columns, make_record, make_trace

ROW = [
    "lap_id",
    "rig_id",
    "driver_name",
    "track",
    "session_type",
    "lap_number",
    "lap_time_ms",
    "sector1_time_ms",
    "sector2_time_ms",
    "sector3_time_ms",
    "valid",
    "pit_lap",
    "tyre_compound",
    "completed_at",
    "guest_laps",
    "rank",
    "newest",
    "newest_guest",
    "has_trace",
]


def test_a_row_has_the_names_of_the_contract_and_nothing_of_who_the_guest_is() -> None:
    lap = make_record(4, individual_id="0PKSECRET", completed_at=datetime(2026, 11, 25, 10, 0, 0, 123_456, UTC))

    told = row(lap, {"0PKSECRET": 3}, lap)

    assert list(told) == ROW
    assert (told["completed_at"], told["guest_laps"], told["newest"]) == ("2026-11-25T10:00:00.123Z", 3, True)
    assert "0PKSECRET" not in json.dumps(told)


def test_a_row_that_stands_alone_counts_no_laps_of_a_guest() -> None:
    assert row(make_record(), {}, None)["guest_laps"] is None


def test_the_day_tells_its_boards_and_marks_the_row_of_the_lap_completed_last() -> None:
    laps = [make_record(1), make_record(2, lap_time_ms=79_000), make_record(3, track="Spa", valid=False)]

    body = day_body(DAY, 17, "Laps are not stored", laps)

    assert (body["day"], body["version"], body["problem"]) == (DAY, 17, "Laps are not stored")
    assert [(each["track"], each["laps"], len(each["board"])) for each in body["tracks"]] == [
        ("Spa", 1, 0),
        ("Monza", 2, 2),
    ]
    assert [each["newest"] for each in body["tracks"][1]["board"]] == [True, False]


def test_the_newest_lap_and_every_rigs_best_are_told_wherever_they_stand_on_the_board() -> None:
    faster = [make_record(number, lap_time_ms=80_000 + number) for number in range(1, 61)]
    last = make_record(61, rig_id="RIG_B", lap_time_ms=90_000)

    (track,) = day_body(DAY, 1, None, [*faster, last])["tracks"]

    assert [each["rank"] for each in track["board"]] == list(range(1, MOST_ROWS + 1))
    assert (track["newest"]["rig_id"], track["newest"]["rank"], track["newest"]["newest"]) == ("RIG_B", 61, True)
    assert [(each["rig_id"], each["rank"]) for each in track["rigs"]] == [("RIG_A", 1), ("RIG_B", 61)]


def test_a_guests_slower_lap_is_the_newest_but_the_row_that_stands_for_it_is_not() -> None:
    best = make_record(1, individual_id="i-1", lap_time_ms=80_000)
    slower = make_record(2, individual_id="i-1", lap_time_ms=82_000, rig_id="RIG_B")

    (track,) = day_body(DAY, 1, None, [best, slower])["tracks"]

    assert [(each["lap_number"], each["newest"], each["newest_guest"]) for each in track["board"]] == [(1, False, True)]
    assert (track["newest"]["lap_number"], track["newest"]["rank"]) == (2, None)
    assert [(each["rig_id"], each["rank"]) for each in track["rigs"]] == [("RIG_A", 1), ("RIG_B", None)]


def test_an_empty_day_has_no_tracks() -> None:
    assert day_body(DAY, 1, None, []) == {"day": DAY, "version": 1, "problem": None, "tracks": []}


def test_the_laps_of_a_day_come_newest_first_and_those_that_do_not_count_too() -> None:
    laps = [make_record(1), make_record(3, valid=False, track="Spa"), make_record(2)]

    body = laps_body(DAY, [DAY, "2026-11-24"], laps, None)

    assert [each["lap_number"] for each in body["laps"]] == [3, 2, 1]
    assert [each["newest"] for each in body["laps"]] == [False, True, False]
    assert (body["day"], body["days"], body["tracks"]) == (DAY, [DAY, "2026-11-24"], ["Spa", "Monza"])


def test_the_laps_of_one_track_leave_the_tracks_of_the_day_to_choose_from() -> None:
    body = laps_body(DAY, [DAY], [make_record(1), make_record(2, track="Spa")], "Monza")

    assert [each["lap_number"] for each in body["laps"]] == [1]
    assert body["tracks"] == ["Spa", "Monza"]


def test_a_day_tells_at_most_a_thousand_laps() -> None:
    body = laps_body(DAY, [DAY], [make_record(n) for n in range(1, MOST_LAPS + 3)], None)

    assert len(body["laps"]) == 1000
    assert body["laps"][0]["lap_number"] == 1002


def test_a_lap_along_its_distance_has_columns_of_equal_length() -> None:
    lap = make_record(1, has_trace=True)

    body = lap_body(lap, [lap], make_trace(), make_columns())

    assert list(body)[:5] == ["lap", "length_m", "sector2_start_m", "sector3_start_m", "step_m"]
    assert (body["lap"]["newest"], body["length_m"], body["step_m"]) == (True, 1200, 4.0)
    columns = ("time_ms", "speed_kph", "throttle", "brake", "gear", "steer")
    assert {len(body[name]) for name in columns} == {301}


def test_a_map_is_its_line_and_where_sectors_begin() -> None:
    body = map_body(Outline("Monza", 20, None, None, (0.0, 10.0, 5.0), (0.0, 0.0, 5.0), True))

    assert body == {
        "track": "Monza",
        "length_m": 20,
        "step_m": 10.0,
        "x": (0.0, 10.0, 5.0),
        "z": (0.0, 0.0, 5.0),
        "sector2_start_m": None,
        "sector3_start_m": None,
    }
