"""Rows as JSON: what is written is what comes back, at the digits that count."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.encode import decode, encode, envelope, envelope_bytes
from app.datacloud.schema import TELEMETRY

IDS = {"event_id": "SIM_A:1:600:3", "event_time": "2026-03-01T10:00:00.123Z"}


def test_every_field_of_the_schema_stands_in_the_row_in_its_order() -> None:
    row = decode(encode(TELEMETRY, IDS))

    assert list(row) == [field.name for field in TELEMETRY.fields]


def test_what_is_not_known_is_null_and_never_0() -> None:
    assert decode(encode(TELEMETRY, IDS))["speed_kph"] is None


def test_numbers_keep_the_digits_that_the_schema_grants() -> None:
    row = decode(
        encode(TELEMETRY, {**IDS, "throttle": 0.123456789, "lap_distance_m": 4321.98765, "engine_rpm": 10454.6})
    )

    assert (row["throttle"], row["lap_distance_m"], row["engine_rpm"]) == (0.123, 4321.99, 10455)


def test_a_steering_wheel_that_stands_straight_has_no_minus() -> None:
    assert b'"steer":0.0' in encode(TELEMETRY, {**IDS, "steer": -0.0001})


def test_what_is_no_finite_number_is_null() -> None:
    assert decode(encode(TELEMETRY, {**IDS, "speed_kph": float("nan")}))["speed_kph"] is None


@given(st.lists(st.dictionaries(st.text(), st.text(), min_size=1).map(orjson.dumps), min_size=1))
def test_the_length_of_an_envelope_is_known_before_it_is_made(rows: list[bytes]) -> None:
    body = envelope(rows)

    assert len(body) == envelope_bytes(rows)
    assert [orjson.dumps(row) for row in orjson.loads(body)["data"]] == rows
