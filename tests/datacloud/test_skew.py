"""How far this machine's clock is off the org's."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from app.datacloud.skew import OrgClock, skew_sentence

NOW_S = 1_795_348_800.0


def learned(date_s: float, asked_s: float = 100.0, answered_s: float = 100.0) -> OrgClock:
    clock = OrgClock()
    clock.note(formatdate(date_s, usegmt=True), asked_s, answered_s)
    return clock


def test_without_an_answer_nobody_knows_and_our_own_time_is_signed_with() -> None:
    clock = OrgClock()

    assert clock.offset_s(NOW_S, 100) is None
    assert clock.signing_time_s(NOW_S, 100) == NOW_S


@pytest.mark.parametrize("off_s", [-600, -61, 0, 3, 600])
def test_the_offset_is_known_to_a_second(off_s: float) -> None:
    assert learned(NOW_S + off_s).offset_s(NOW_S, 100) == pytest.approx(off_s, abs=1)


@pytest.mark.parametrize(("off_s", "counts"), [(59, False), (-59, False), (62, True), (-62, True)])
def test_the_orgs_time_is_signed_with_when_ours_is_a_minute_off(off_s: float, counts: bool) -> None:
    signed_s = learned(NOW_S + off_s).signing_time_s(NOW_S, 100)

    assert signed_s == pytest.approx(NOW_S + off_s if counts else NOW_S, abs=1)


def test_a_clock_that_the_operator_has_set_right_is_believed_at_once() -> None:
    clock = learned(NOW_S)

    assert clock.offset_s(NOW_S - 600, 100) == pytest.approx(600, abs=1)
    assert clock.offset_s(NOW_S + 5, 105) == pytest.approx(0, abs=1)


def test_an_answer_is_dated_in_the_middle_of_its_journey() -> None:
    assert learned(NOW_S, asked_s=100, answered_s=104).offset_s(NOW_S, 102) == pytest.approx(0, abs=1)


def test_an_answer_that_took_long_tells_no_time() -> None:
    assert learned(NOW_S, asked_s=100, answered_s=120).offset_s(NOW_S, 120) is None


@pytest.mark.parametrize("date", [None, "", "yesterday", "Sun, 99 Nov 2026 12:00:00 GMT"])
def test_a_date_that_is_none_changes_nothing(date: str | None) -> None:
    clock = learned(NOW_S + 600)

    clock.note(date, 100, 100)

    assert clock.offset_s(NOW_S, 100) == pytest.approx(600, abs=1)


@pytest.mark.parametrize(
    ("offset_s", "sentence"),
    [
        (600.0, "this machine's clock is 600 s behind the org's; set it"),
        (-600.4, "this machine's clock is 600 s ahead of the org's; set it"),
        (30.0, None),
        (-29.0, None),
        (None, None),
    ],
)
def test_the_operator_is_told_above_half_a_minute(offset_s: float | None, sentence: str | None) -> None:
    assert skew_sentence(offset_s) == sentence
