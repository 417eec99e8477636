from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.ingest import answer, early_refusal
from app.datacloud.emulator.lake import Lake
from app.datacloud.emulator.limiter import TokenBucket
from app.datacloud.emulator.messages import Head, Reply
from app.datacloud.emulator.tokens import Login, TokenBook
from tests.datacloud.emulator.caller import LAPS
from tests.datacloud.emulator.records import body_of, make_record

NOW_S = 1_772_359_200.0
LOGIN = Login("c", "u")


class Api:
    """The Ingestion API of an org, strict by default."""

    def __init__(self, **config: Any) -> None:
        self.config = EmulatorConfig(**{"validation": "strict", **config})
        self.tokens, self.bucket, self.lake, self.now_s = TokenBook(), TokenBucket(), Lake(), NOW_S
        self.token = self.tokens.give_datacloud(LOGIN, frozenset(), NOW_S, 60)

    def send(self, body: bytes | None = None, url: str = LAPS, method: str = "POST", **headers: str | None) -> Reply:
        """A valid lap, unless told otherwise."""
        usual: dict[str, str | None] = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        told = {**usual, **{name.replace("_", "-"): text for name, text in headers.items()}}
        head = Head(method, url, {name: text for name, text in told.items() if text is not None})
        early = early_refusal(head, self.config, self.bucket, self.tokens, self.now_s)
        body = body_of(make_record()) if body is None else body
        return early or answer(head, body, self.config, self.lake, self.now_s)


def _message(reply: Reply) -> str:
    return str(json.loads(reply.body)["message"])


def test_valid_records_are_accepted_and_wait() -> None:
    api = Api()

    reply = api.send(body_of(make_record(event_id="1"), make_record(event_id="2")))

    assert (reply.status, reply.body, reply.records) == (202, b'{"accepted":true}', 2)
    assert api.lake.counters("LapEvent").waiting == 2


class TestRate:
    def test_beyond_the_burst_it_is_429_before_anything_else(self) -> None:
        api = Api(burst=2, rate_limit_rps=1)

        replies = [api.send(authorization=None).status for _ in range(3)]

        assert replies == [401, 401, 429]

    @pytest.mark.parametrize(
        ("form", "told"), [("seconds", "30"), ("date", "Sun, 01 Mar 2026 10:00:30 GMT"), (None, None)]
    )
    def test_patience_is_asked_for_as_configured(self, form: str | None, told: str | None) -> None:
        given = {} if form is None else {"retry_after_s": 30.0, "retry_after_form": form}
        api = Api(burst=0, **given)

        assert dict(api.send().headers).get("Retry-After") == told


class TestToken:
    @pytest.mark.parametrize("authorization", [None, "Basic abc", "Bearer", "Bearer  ", "Bearer abc.def.ghi"])
    def test_without_a_good_one_it_is_401(self, authorization: str | None) -> None:
        reply = Api().send(authorization=authorization)

        told = json.loads(reply.body)
        assert (reply.status, told["error"]) == (401, "Unauthorized")
        assert ("WWW-Authenticate", "Bearer") in reply.headers
        assert {"timestamp", "message", "path"} <= set(told)

    def test_a_core_token_is_none(self) -> None:
        api = Api()

        assert api.send(authorization=f"Bearer {api.tokens.give_core(LOGIN, NOW_S, 60)}").status == 401

    def test_another_emulators_token_is_none(self) -> None:
        assert Api().send(authorization=f"Bearer {Api().token}").status == 401

    def test_it_ends(self) -> None:
        api = Api()

        api.now_s += 59.9
        assert api.send().status == 202
        api.now_s += 0.1
        assert (api.send().status, _message(api.send())) == (401, "The token has expired.")

    def test_it_can_be_taken_back(self) -> None:
        api = Api()
        api.tokens.revoke()

        assert _message(api.send()) == "The token was revoked."


class TestRoute:
    @pytest.mark.parametrize(
        "url",
        [
            "/api/v1/ingest/sources/F1Telemetry/lapevent",
            "/api/v1/ingest/sources/f1telemetry/LapEvent",
            "/api/v1/ingest/sources/F1Telemetry/LapEvent/actions/try",
            "/api/v1/ingest/sources/F1Telemetry/LapEvent/actions",
            "/api/v1/ingest/sources/F1Telemetry",
            "/api/v1/ingest/jobs",
        ],
    )
    def test_an_unknown_one_is_404(self, url: str) -> None:
        assert Api().send(url=url).status == 404

    def test_an_object_without_data_stream_is_404(self) -> None:
        assert Api(undeployed=frozenset({"LapEvent"})).send().status == 404

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH"])
    def test_another_method_is_405(self, method: str) -> None:
        assert Api().send(method=method).status == 405

    def test_a_test_can_only_be_posted(self) -> None:
        assert Api().send(url=LAPS + "/actions/test", method="DELETE").status == 405


class TestBody:
    @pytest.mark.parametrize("kind", [None, "text/csv", "application/x-www-form-urlencoded", "application/jsonp"])
    def test_another_content_type_is_415(self, kind: str | None) -> None:
        assert Api().send(content_type=kind).status == 415

    def test_a_charset_is_no_harm(self) -> None:
        assert Api().send(content_type="application/json; charset=UTF-8").status == 202

    @pytest.mark.parametrize(("size", "status"), [(199_999, 202), (200_000, 202), (200_001, 413)])
    def test_the_limit_is_exact(self, size: int, status: int) -> None:
        empty = body_of(make_record(tyre_compound=""))
        body = body_of(make_record(tyre_compound="x" * (size - len(empty))))

        assert len(body) == size
        assert Api().send(body).status == status

    def test_too_large_can_be_400_and_says_so(self) -> None:
        reply = Api(oversize_status=400, max_body_bytes=100).send()

        assert reply.status == 400
        assert "Payload too large" in _message(reply)

    def test_compression_is_415(self) -> None:
        assert Api().send(gzip.compress(body_of(make_record())), content_encoding="gzip").status == 415

    def test_compression_can_be_allowed_and_the_size_is_checked_before_and_after(self) -> None:
        api, body = Api(accept_gzip=True), body_of(make_record())

        assert api.send(gzip.compress(body), content_encoding="gzip").status == 202
        assert api.send(gzip.compress(bytes(1_000_000)), content_encoding="gzip").status == 413
        assert api.send(bytes(200_001), content_encoding="gzip").status == 413
        assert api.send(body, content_encoding="gzip").status == 400
        assert api.send(body, content_encoding="br").status == 415

    def test_what_is_no_list_of_flat_records_is_400(self) -> None:
        reply = Api().send(b'{"data":[{"a":[1]}]}')

        assert (reply.status, _message(reply)) == (400, "Bad Request: record 0 is nested; records are flat")


class TestRecords:
    def test_strict_refuses_all_for_one_and_reports_it(self) -> None:
        api, bad = Api(), make_record(lap_invalid=0)

        reply = api.send(body_of(make_record(), bad))

        told = json.loads(reply.body)
        assert (reply.status, reply.records) == (400, 2)
        assert told["message"] == "Bad Request: JSON is properly formatted but has a mismatch with Schema."
        (entry,) = told["details"]["validationReport"]
        assert json.loads(entry["record"]) == bad
        assert entry["causingExceptions"] == ["#/lap_invalid: expected type: Boolean, found: Integer"]
        assert api.lake.counters("LapEvent").received == 0

    def test_lenient_takes_them(self) -> None:
        assert Api(validation="lenient").send(body_of(make_record(lap_invalid=0))).status == 202

    def test_a_report_is_bounded(self) -> None:
        reply = Api().send(body_of(*[{"a": 1}] * 500))

        assert len(json.loads(reply.body)["details"]["validationReport"]) == 100

    def test_a_missing_field_is_wrong_unless_configured(self) -> None:
        body = body_of(make_record(pit_lap=...))

        assert Api().send(body).status == 400
        assert Api(require_all_fields=False).send(body).status == 202

    def test_an_unknown_field_is_ignored_unless_configured(self) -> None:
        api, body = Api(unknown_fields="reject"), body_of(make_record(wings=2))

        assert Api().send(body).status == 202
        assert b"extraneous key [wings]" in api.send(body).body

    @pytest.mark.parametrize("validation", ["strict", "lenient"])
    def test_a_test_reports_in_both_modes_and_stores_nothing(self, validation: str) -> None:
        api = Api(validation=validation)

        good = api.send(url=LAPS + "/actions/test")
        bad = api.send(body_of(make_record(lap_number="two")), url=LAPS + "/actions/test")

        assert (good.status, good.body) == (200, b'{"accepted":true}')
        assert bad.status == 400
        assert json.loads(bad.body)["path"] == f"uri={LAPS}/actions/test"
        assert api.lake.objects() == []


class TestDelete:
    @pytest.mark.parametrize(
        ("url", "body"),
        [(LAPS + "?ids=1,2", b""), (LAPS + "?ids=1&ids=2", b""), (LAPS, b'{"ids":["1","2"]}')],
    )
    def test_ids_come_by_query_or_body(self, url: str, body: bytes) -> None:
        api = Api()
        api.send(body_of(*(make_record(event_id=one) for one in "123")))

        reply = api.send(body, url=url, method="DELETE")
        api.lake.process(api.config, NOW_S + 60)

        assert (reply.status, reply.body) == (202, b'{"accepted":true}')
        assert list(api.lake.rows("LapEvent")) == [("3", "2026-03-01")]

    @pytest.mark.parametrize("ids", [[], [1], "1", None, [str(n) for n in range(201)]])
    def test_none_too_many_or_no_texts_are_400(self, ids: object) -> None:
        assert Api().send(json.dumps({"ids": ids}).encode(), method="DELETE").status == 400

    def test_two_hundred_are_taken(self) -> None:
        body = json.dumps({"ids": [str(n) for n in range(200)]}).encode()

        assert Api().send(body, method="DELETE").status == 202

    def test_without_ids_in_the_query_a_body_is_needed(self) -> None:
        assert Api().send(b"", method="DELETE", content_type=None).status == 415
        assert Api().send(b"", method="DELETE", url=LAPS + "?ids=", content_type=None).status == 400


def test_the_checks_come_in_the_services_order() -> None:
    api = Api(burst=1, rate_limit_rps=0)
    wrong: dict[str, Any] = {"url": LAPS + "x", "method": "PATCH", "body": bytes(300_000), "content_type": "text/csv"}

    statuses = [api.send(authorization="no", **wrong).status]  # takes the only request there is
    statuses.append(api.send(authorization="no", **wrong).status)
    api.config = replace(api.config, burst=100, rate_limit_rps=1e9)
    api.now_s += 1
    statuses.append(api.send(**wrong).status)
    wrong["url"] = LAPS
    statuses.append(api.send(**wrong).status)
    wrong["method"] = "POST"
    statuses.append(api.send(**wrong).status)
    wrong["content_type"] = "application/json"
    statuses.append(api.send(**wrong).status)
    wrong["body"] = b"\xff"
    statuses.append(api.send(**wrong).status)

    assert statuses == [401, 429, 404, 405, 415, 413, 400]
