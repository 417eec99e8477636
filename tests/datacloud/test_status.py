"""What the page and the operator are told: the gravest first, and "connected" only with evidence."""

from __future__ import annotations

from typing import Any

import pytest

from app.datacloud.figures import LaneStats, OutboxStats
from app.datacloud.retry import Outcome, Verdict
from app.datacloud.schema import OBJECTS
from app.datacloud.status import Body, Cost, LatestLetter, Sending, body, problems, state_of

QUIET = Sending(None, 0.0, {}, None, None, None, None, False)
PROVEN = QUIET._replace(accepted_age_s=2.0, accepted_at="2026-03-01T10:00:00.123Z", accepted_object="LapEvent")
FREE = Cost(0, 0.0, None, None, False, None)


def stats(problem: str | None = None, alarms: tuple[str, ...] = (), **telemetry: Any) -> OutboxStats:
    lanes = {spec.name: LaneStats() for spec in OBJECTS} | {"TelemetryEvent": LaneStats(**telemetry)}
    return OutboxStats(lanes, problem=problem, alarms=alarms)


def trouble(outcome: Outcome, seconds: float = 120.0) -> Sending:
    return PROVEN._replace(trouble=Verdict(outcome, "503 Service Unavailable"), troubled_for_s=seconds)


def told(held: OutboxStats, sending: Sending, letter: LatestLetter | None = None) -> Body:
    return body(held, sending, FREE, letter, "acme.my.salesforce.com")


@pytest.mark.parametrize(
    ("held", "sending", "state"),
    [
        (stats(), QUIET, "starting"),
        (stats(), PROVEN, "connected"),
        (stats(), PROVEN._replace(accepted_age_s=61.0), "starting"),
        (stats(), PROVEN._replace(draining=True), "draining"),
        (stats(), PROVEN._replace(parked={"LapEvent": "404 Not Found"}), "parked"),
        (stats(), trouble(Outcome.TRANSIENT), "offline"),
        (stats(), trouble(Outcome.THROTTLED), "throttled"),
        (stats(), trouble(Outcome.AUTH), "auth_failed"),
        (stats(), trouble(Outcome.FORBIDDEN), "auth_failed"),
        (stats(problem="the disk is full"), trouble(Outcome.AUTH), "storage_failed"),
    ],
)
def test_one_word_for_how_it_stands(held: OutboxStats, sending: Sending, state: str) -> None:
    assert state_of(held, sending) == state


def test_it_is_safe_to_pack_up_only_when_nothing_waits() -> None:
    assert told(stats(), PROVEN)["safe_to_pack_up"] is True
    assert told(stats(rows=1, size=500), PROVEN)["safe_to_pack_up"] is False
    assert told(stats(queued=1), PROVEN)["safe_to_pack_up"] is False
    assert told(stats(problem="the disk is full"), PROVEN)["safe_to_pack_up"] is False


def test_what_was_refused_is_not_told_as_accepted() -> None:
    assert told(stats(), PROVEN)["pack_up_sentence"] == "Safe to pack up: every row has been accepted"
    assert "2 rows that the org refused are kept here" in told(stats(letters=2), PROVEN)["pack_up_sentence"]


@pytest.mark.parametrize("lost", ["evicted", "not_spooled", "damaged", "letters_lost"])
def test_what_was_lost_is_not_told_as_accepted(lost: str) -> None:
    lanes: dict[str, Any] = {lost: 5}

    assert "5 rows were lost" in told(stats(**lanes), PROVEN)["pack_up_sentence"]


def test_what_waits_is_told_with_its_age_and_how_long_it_will_take() -> None:
    said = told(stats(rows=4120, size=2_400_000, oldest_age_s=240.0), PROVEN._replace(rows_per_s=412.0))

    assert said["waiting"]["rows"] == said["waiting"]["by_object"]["TelemetryEvent"] == 4120
    assert (said["waiting"]["oldest_age_s"], said["drain_eta_s"]) == (240.0, 10.0)
    assert said["pack_up_sentence"] == "Not yet: what waits is on disk and survives a restart"


def test_nobody_knows_how_long_it_takes_while_nothing_is_accepted() -> None:
    said = told(stats(rows=5), trouble(Outcome.TRANSIENT)._replace(rows_per_s=100.0))

    assert said["drain_eta_s"] is None


def test_a_hiccup_is_no_problem_and_half_a_minute_is_one() -> None:
    assert problems(stats(), trouble(Outcome.TRANSIENT, 29.0), FREE) == []
    assert problems(stats(), trouble(Outcome.TRANSIENT, 31.0), FREE) == [
        "Nothing reaches Data Cloud for 31 s, rows are kept: 503 Service Unavailable"
    ]


def test_a_refused_login_is_a_problem_at_once() -> None:
    assert len(problems(stats(), trouble(Outcome.AUTH, 0.0), FREE)) == 1


def test_everything_that_somebody_can_mend_is_told_once() -> None:
    cost = FREE._replace(problem="500 rows for Data Cloud today; the warning was set at 500")

    found = problems(
        stats("the disk is full", ("the outbox was damaged",), letters=2),
        PROVEN._replace(parked={"LapEvent": "404 Not Found"}),
        cost,
    )

    assert [sentence.split(":")[0] for sentence in found] == [
        "Rows for Data Cloud cannot be stored",
        "LapEvent is not sent, its rows are kept",
        "the outbox was damaged",
        "500 rows for Data Cloud today; the warning was set at 500",
        "Data Cloud refused 2 rows; they are kept",
    ]


def test_dead_letters_and_losses_are_counted() -> None:
    letter = LatestLetter("TelemetryEvent", "#/gear: expected type: Number, found: String", "2026-03-01T10:00:00.000Z")

    said = told(stats(letters=1, evicted=7, not_spooled=3, damaged=2), PROVEN, letter)

    assert said["dead_letters"]["rows"] == 1
    assert said["dead_letters"]["latest"]["reason"] == letter.reason
    assert said["lost"] == {"evicted": 7, "not_stored": 3, "damaged": 2}


@pytest.mark.parametrize("sending", [QUIET, PROVEN, trouble(Outcome.AUTH), trouble(Outcome.THROTTLED)])
@pytest.mark.parametrize("held", [stats(), stats(rows=1), stats(problem="the disk is full")])
def test_there_is_always_a_sentence(held: OutboxStats, sending: Sending) -> None:
    said = told(held, sending)

    assert said["sentence"]
    assert "None" not in said["sentence"]
    assert ("Rows reach Data Cloud" in said["sentence"]) == (said["state"] == "connected")
