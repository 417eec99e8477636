from __future__ import annotations

from typing import Any

import orjson
import pytest

from app.datacloud.schema import BY_NAME, LAP, SESSION, TELEMETRY
from app.datacloud.validation import complaints, is_date_time, json_type
from tests.datacloud.emulator.records import make_record
from tests.datacloud.rows import make_rows


@pytest.mark.parametrize("object_name", BY_NAME)
def test_a_row_of_the_gateways_fits(object_name: str) -> None:
    for row in make_rows(3, object_name):
        assert complaints(BY_NAME[object_name], orjson.loads(row.body), unknown_fields=False) == []


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (True, "Boolean"),
        ("287", "String"),
        ("", "String"),
        ({}, "JSONObject"),
        ([], "JSONArray"),
        (float("nan"), "Null"),
        (float("inf"), "Null"),
    ],
)
def test_what_is_no_number(value: Any, found: str) -> None:
    record = make_record("TelemetryEvent", speed_kph=value)

    assert complaints(TELEMETRY, record) == [f"#/speed_kph: expected type: Number, found: {found}"]


@pytest.mark.parametrize("value", [0, 287, -1, 287.5, 1e300, None])
def test_what_is_a_number(value: Any) -> None:
    assert complaints(TELEMETRY, make_record("TelemetryEvent", speed_kph=value)) == []


@pytest.mark.parametrize(
    ("value", "found"), [(0, "Integer"), (1, "Integer"), (1.0, "Number"), ("true", "String"), ("", "String")]
)
def test_what_is_no_boolean(value: Any, found: str) -> None:
    assert complaints(LAP, make_record(pit_lap=value)) == [f"#/pit_lap: expected type: Boolean, found: {found}"]


@pytest.mark.parametrize(("value", "found"), [(1, "Integer"), (1.5, "Number"), (False, "Boolean")])
def test_what_is_no_text(value: Any, found: str) -> None:
    assert complaints(LAP, make_record(device_id=value)) == [f"#/device_id: expected type: String, found: {found}"]


def test_empty_text_and_null_are_valid_outside_of_keys() -> None:
    assert complaints(LAP, make_record(device_id="", tyre_compound=None, recordModified=None, pit_lap=None)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2026-03-01T10:00:00.123",
        "2026-03-01T10:00:00.123+00:00",
        "2026-03-01T10:00:00.1Z",
        "2026-03-01T10:00:00.123456Z",
        "2026-03-01 10:00:00.123Z",
        "2026-03-01T10:00:00.123z",
        "2026-02-29T10:00:00.123Z",
        "2026-13-01T10:00:00.123Z",
        "2026-03-01T24:00:00.000Z",
        "2026-03-01T10:00:60.000Z",
        "2026-03-01T10:00:00.123Z\n",
        "２０２６-03-01T10:00:00.123Z",
    ],
)
def test_what_is_no_date_time(text: str) -> None:
    assert not is_date_time(text)
    assert complaints(LAP, make_record(recordModified=text)) == [
        f"#/recordModified: [{text}] is not a valid date-time. Expected yyyy-MM-dd'T'HH:mm:ss[.SSS]'Z'"
    ]


@pytest.mark.parametrize(
    "text", ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.123Z", "2028-02-29T23:59:59.999Z", "1970-01-01T00:00:00Z"]
)
def test_what_is_a_date_time(text: str) -> None:
    assert is_date_time(text)


def test_a_number_is_no_date_time() -> None:
    assert complaints(LAP, make_record(recordModified=1)) == ["#/recordModified: expected type: String, found: Integer"]


def test_a_missing_field_counts_unless_partial() -> None:
    record = make_record("TelemetryEvent", gear=...)

    assert complaints(TELEMETRY, record) == ["#: required key [gear] not found"]
    assert complaints(TELEMETRY, record, all_fields=False) == []


def test_an_unknown_name_counts_where_asked() -> None:
    record = make_record(wings=2)

    assert complaints(LAP, record) == []
    assert complaints(LAP, record, unknown_fields=False) == ["#: extraneous key [wings] is not permitted"]


@pytest.mark.parametrize("value", [None, ""])
def test_a_key_must_say_something(value: str | None) -> None:
    assert complaints(LAP, make_record(event_id=value)) == ["#/event_id: required value missing"]
    assert complaints(SESSION, make_record("SessionEvent", session_key=value)) == [
        "#/session_key: required value missing"
    ]


def test_an_event_time_must_say_something() -> None:
    assert complaints(LAP, make_record(event_time=None)) == ["#/event_time: required value missing"]


def test_a_key_is_required_also_where_fields_may_be_missing() -> None:
    found = complaints(LAP, make_record(event_id=..., event_time=...), all_fields=False)

    assert found == ["#/event_id: required value missing", "#/event_time: required value missing"]


def test_everything_that_is_wrong_is_told() -> None:
    found = complaints(LAP, make_record(lap_number="1", pit_lap=0, lap_status=..., event_id=None))

    assert len(found) == 4


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "Null"),
        (True, "Boolean"),
        (1, "Integer"),
        (1.5, "Number"),
        ("", "String"),
        ({}, "JSONObject"),
        ([], "JSONArray"),
    ],
)
def test_types_have_the_reports_names(value: Any, name: str) -> None:
    assert json_type(value) == name
