"""What an answer means, row by row, and how long a failure makes us wait."""

from __future__ import annotations

import json
import random
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.retry import (
    WORDS,
    Answer,
    Backoff,
    Outcome,
    is_html,
    judge,
    names_size,
    retry_after_s,
    server_words,
)

NOW_S = 1_795_348_800.0
PAGE = "<!DOCTYPE html><html><title>Sign in to Hotel WiFi</title></html>"


def outcome(status: int | None, text: str = "") -> Outcome:
    return judge(Answer(status, {}, text), NOW_S, {}).outcome


class TestOutcome:
    @pytest.mark.parametrize("text", ['{"accepted": true}', "", "  \n", "{}", "[]", '"ok"', '{"accepted": null}'])
    @pytest.mark.parametrize("status", [200, 201, 202, 204])
    def test_a_welcome_in_the_services_words_or_without_any_is_delivered(self, status: int, text: str) -> None:
        assert outcome(status, text) is Outcome.DELIVERED

    @pytest.mark.parametrize("text", ['{"accepted": false}', PAGE, "  <html>", '{"accep', "Welcome!"])
    def test_a_welcome_in_other_words_is_not(self, text: str) -> None:
        assert outcome(200, text) is Outcome.TRANSIENT

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (None, Outcome.TRANSIENT),
            (301, Outcome.CONFIG),
            (302, Outcome.CONFIG),
            (307, Outcome.CONFIG),
            (400, Outcome.RECORD),
            (401, Outcome.AUTH),
            (402, Outcome.SUSPECT),
            (403, Outcome.FORBIDDEN),
            (404, Outcome.CONFIG),
            (405, Outcome.PROGRAM),
            (407, Outcome.CONFIG),
            (408, Outcome.TRANSIENT),
            (409, Outcome.SUSPECT),
            (410, Outcome.SUSPECT),
            (413, Outcome.SIZE),
            (415, Outcome.PROGRAM),
            (422, Outcome.RECORD),
            (425, Outcome.TRANSIENT),
            (429, Outcome.THROTTLED),
            (451, Outcome.SUSPECT),
            (500, Outcome.TRANSIENT),
            (502, Outcome.TRANSIENT),
            (503, Outcome.TRANSIENT),
            (504, Outcome.TRANSIENT),
            (599, Outcome.TRANSIENT),
        ],
    )
    @pytest.mark.parametrize("text", ["", PAGE, '{"accepted": true}', '{"message": "no"}'])
    @pytest.mark.row("U7")
    def test_u7_every_other_status_means_the_same_whatever_its_body_says(
        self, status: int | None, expected: Outcome, text: str
    ) -> None:
        assert outcome(status, text) is expected

    @pytest.mark.parametrize(
        "text",
        ['{"message": "Request payload exceeds 200 KB"}', "Request Entity Too Large", '{"error": "size limit"}'],
    )
    def test_a_400_that_names_the_size_is_about_the_size(self, text: str) -> None:
        assert outcome(400, text) is Outcome.SIZE

    @pytest.mark.parametrize(
        "text",
        [
            PAGE + "large",
            '{"message": "Oversized", "details": {"large": 1}}',
            json.dumps(
                {
                    "message": "Bad Request",
                    "details": {
                        "validationReport": [
                            {"record": '{"detail": "large payload"}', "causingExceptions": ["#/detail: wrong size"]}
                        ]
                    },
                }
            ),
        ],
    )
    def test_a_400_that_only_holds_such_a_word_is_about_the_rows(self, text: str) -> None:
        assert outcome(400, text) is Outcome.RECORD

    def test_the_operator_can_say_that_a_status_means_something_else(self) -> None:
        verdict = judge(Answer(409, {"retry-after": "7"}, "busy"), NOW_S, {409: Outcome.TRANSIENT})

        assert (verdict.outcome, verdict.retry_after_s) == (Outcome.TRANSIENT, 7)
        assert "DATACLOUD_STATUS_OVERRIDES" in verdict.reason

    @given(st.one_of(st.none(), st.integers(100, 999)), st.text(max_size=200))
    def test_any_answer_has_a_meaning(self, status: int | None, text: str) -> None:
        verdict = judge(Answer(status, {"retry-after": text, "date": text}, text), NOW_S, {})

        assert verdict.reason
        assert len(verdict.reason) <= WORDS + 200


class TestReason:
    def test_it_is_the_status_and_the_services_own_words(self) -> None:
        reason = judge(Answer(503, {}, '{"message": "down for\\n maintenance"}'), NOW_S, {}).reason

        assert reason == "503 Service Unavailable: down for maintenance"

    def test_without_an_answer_it_is_what_went_wrong(self) -> None:
        reason = judge(Answer(None, {}, "", "refused", "acme: nobody listens there"), NOW_S, {}).reason

        assert reason == "acme: nobody listens there"

    def test_words_are_cut(self) -> None:
        assert len(server_words("x" * 10_000)) == WORDS

    def test_a_report_tells_each_complaint_once_and_no_record(self) -> None:
        entry = {"record": '{"driver_name":"Ada"}', "causingExceptions": ["#/gear: expected type: Number"]}
        body = {"message": "mismatch with Schema.", "details": {"validationReport": [entry, entry, {}, None]}}

        assert server_words(json.dumps(body)) == "mismatch with Schema.; #/gear: expected type: Number"

    @pytest.mark.parametrize("body", [{"details": None}, {"details": {"validationReport": 3}}, {"message": 3}])
    def test_any_level_of_a_report_may_be_missing(self, body: dict[str, object]) -> None:
        assert server_words(json.dumps(body)) == f"JSON with {next(iter(body))}"

    def test_a_web_page_is_not_quoted(self) -> None:
        assert is_html(PAGE)
        assert server_words(PAGE) == "a web page (HTML)"
        assert not names_size(PAGE + "large")

    @pytest.mark.parametrize(("status", "hint"), [(403, "cdp_ingest_api"), (404, "data stream"), (302, "redirect")])
    def test_what_somebody_must_mend_comes_with_a_hint(self, status: int, hint: str) -> None:
        assert hint in judge(Answer(status), NOW_S, {}).reason


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("text", "expected_s"),
        [
            ("30", 30.0),
            (" 1.5 ", 1.5),
            ("0", 0.0),
            ("86400", 900.0),
            (formatdate(NOW_S + 30, usegmt=True), 30.0),
            (formatdate(NOW_S + 86_400, usegmt=True), 900.0),
            (formatdate(NOW_S - 30, usegmt=True), 0.0),
            ("banana", None),
            ("-5", None),
            ("nan", None),
            ("inf", None),
            ("1e3", None),
            ("", None),
            ("9" * 400, None),
        ],
    )
    @pytest.mark.row("U5")
    def test_u5_seconds_and_dates_count_and_nonsense_does_not(self, text: str, expected_s: float | None) -> None:
        assert retry_after_s(text, NOW_S) == expected_s

    def test_u5_a_date_is_held_against_the_answers_own_clock(self) -> None:
        headers = {"retry-after": formatdate(NOW_S + 40), "date": formatdate(NOW_S)}

        assert judge(Answer(429, headers), NOW_S + 10_000, {}).retry_after_s == 40

    @pytest.mark.parametrize("status", [202, 400, 401, 404, 413])
    def test_it_counts_only_where_the_same_bytes_are_sent_again(self, status: int) -> None:
        assert judge(Answer(status, {"retry-after": "30"}), NOW_S, {}).retry_after_s is None


class TestBackoff:
    def test_the_ceiling_doubles_from_a_second_to_a_minute(self) -> None:
        backoff = Backoff(lambda: 1.0)

        assert [backoff.failed() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]

    def test_the_whole_wait_is_random(self) -> None:
        assert [Backoff(lambda: 0.0).failed(), Backoff(lambda: 0.25).failed()] == [0, 0.25]

    def test_nobody_comes_back_earlier_than_asked(self) -> None:
        backoff = Backoff(lambda: 0.5)

        assert [backoff.failed(30), backoff.failed(0.1)] == [30, 1]

    def test_a_success_takes_a_tenth_of_the_ceiling_rather_than_none(self) -> None:
        backoff = Backoff(lambda: 1.0)
        for _ in range(7):
            backoff.failed()

        backoff.succeeded()

        assert backoff.ceiling_s == 6
        assert backoff.failed() == 12
        for _ in range(3):
            backoff.succeeded()
        assert backoff.failed() == 1

    @pytest.mark.row("U6")
    def test_u6_ten_minutes_of_failures_are_at_most_forty_attempts(self) -> None:
        def attempts(seed: int) -> int:
            backoff, now_s, count = Backoff(random.Random(seed).random), 0.0, 0
            while now_s < 600:
                count += 1
                now_s += backoff.failed()
            return count

        counts = sorted(attempts(seed) for seed in range(1000))

        assert counts[-1] <= 40
        assert 20 <= counts[500] <= 30


def test_a_report_without_words_is_not_repeated_with_the_rows_in_it() -> None:
    body = '{"details":{"validationReport":[{"record":"{\\"driver_name\\":\\"Jane Roe\\"}"}]}}'

    assert server_words(body) == "JSON with details"
