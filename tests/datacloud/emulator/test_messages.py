from __future__ import annotations

import json

from app.datacloud.emulator.messages import Head, http_date, instant, problem


def test_a_target_is_taken_apart_into_decoded_parts_and_query() -> None:
    head = Head("POST", "/api/v1/ingest/sources/F1%20Rig/LapEvent/actions/test?ids=a,b&x=", {})

    assert head.path == "/api/v1/ingest/sources/F1%20Rig/LapEvent/actions/test"
    assert head.segments == ("api", "v1", "ingest", "sources", "F1 Rig", "LapEvent", "actions", "test")
    assert head.query == {"ids": ["a,b"], "x": [""]}
    assert head.object == "LapEvent"


def test_only_an_ingestion_request_is_about_an_object() -> None:
    assert Head("POST", "/services/oauth2/token", {}).object is None
    assert Head("POST", "/api/v1/ingest/jobs", {}).object is None
    assert Head("POST", "/api/v1/ingest/sources/F1Telemetry", {}).object is None


def test_a_target_that_is_no_url_harms_nobody() -> None:
    assert Head("GET", "//[::", {}).path == "//[::"


def test_the_media_type_has_neither_parameters_nor_case() -> None:
    assert Head("POST", "/", {"content-type": "Application/JSON; charset=utf-8"}).media_type == "application/json"
    assert Head("POST", "/", {}).media_type == ""


def test_a_problem_has_the_form_of_the_services_errors() -> None:
    head = Head("POST", "/api/v1/ingest/sources/F1Telemetry/LapEvent?secret", {})

    reply = problem(400, "no good", head, 1_772_359_200.0, details={"validationReport": []})

    assert json.loads(reply.body) == {
        "timestamp": "2026-03-01T10:00:00.000000Z",
        "error": "Bad Request",
        "message": "no good",
        "path": "uri=/api/v1/ingest/sources/F1Telemetry/LapEvent",
        "tenantId": "a360/emulator/0123456789abcdef",
        "internalErrorCode": "COMMON_ERROR_GENERIC",
        "details": {"validationReport": []},
    }


def test_times_are_told_in_two_forms() -> None:
    assert instant(1_772_359_200.1234) == "2026-03-01T10:00:00.123Z"
    assert http_date(1_772_359_200.9) == "Sun, 01 Mar 2026 10:00:00 GMT"
