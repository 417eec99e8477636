"""Sessions as rows: told at the beginning, at the end, and seldom in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.datacloud.book import Book
from app.datacloud.encode import decode
from app.datacloud.row import Row
from app.datacloud.schema import SESSION
from app.datacloud.sessions import Sessions
from app.datacloud.validation import complaints
from app.normalize.events import SessionEnded, SessionStarted, SessionState
from tests.normalize.make_events import RECEIVED_AT, make_event


def started(**changes: Any) -> Any:
    return make_event(SessionStarted, **{"track": "Spa", "session_type": "Race", "total_laps": 5} | changes)


def state(**changes: Any) -> Any:
    fields = {"mode": "driving", "track": "Spa", "session_type": "Race", "weather": "clear", "driver_name": "Ada"}
    return make_event(SessionState, **fields | {"individual_id": "003xx", "total_laps": 5} | changes)


def values(rows: list[Row]) -> dict[str, Any]:
    (row,) = rows
    assert complaints(SESSION, decode(row.body)) == []
    return decode(row.body)


def test_a_session_is_told_when_it_begins_with_words_and_numbers() -> None:
    row = values(Sessions("SIM_A", Book({})).feed(started(), 0.0))

    assert (row["session_key"], row["device_id"]) == ("SIM_A:24301", "SIM_A")
    assert (row["track_id"], row["track_name"]) == (10, "Spa")
    assert (row["session_type"], row["session_type_name"]) == (15, "Race")
    assert (row["started_at"], row["ended_at"]) == ("2026-03-01T10:00:00.123Z", None)


def test_a_change_waits_until_the_last_telling_is_five_seconds_old() -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)

    at_once = sessions.feed(state(), 0.5)
    too_early = sessions.tick(4.9)
    row = values(sessions.tick(5.0))

    assert (at_once, too_early) == ([], [])
    assert (row["weather"], row["weather_name"], row["driver_name"]) == (0, "clear", "Ada")


def test_a_session_that_does_not_change_is_not_told_again() -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)
    sessions.feed(state(), 6.0)

    assert [sessions.feed(state(), 6.0 + n) for n in range(1, 60)] == [[]] * 59


def test_the_end_is_told_at_once_with_its_reason_and_all_that_was_known() -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)
    sessions.feed(state(), 0.1)

    row = values(sessions.feed(make_event(SessionEnded, reason="send"), 0.2))

    assert (row["ended_at"], row["end_reason"]) == ("2026-03-01T10:00:00.123Z", "send")
    assert (row["track_name"], row["driver_name"]) == ("Spa", "Ada")


def test_a_session_that_comes_back_after_a_silence_runs_again_since_its_first_beginning() -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)
    sessions.feed(make_event(SessionEnded, reason="silence"), 30.0)

    row = values(sessions.feed(started(received_at=RECEIVED_AT + timedelta(minutes=5)), 300.0))

    assert (row["ended_at"], row["end_reason"]) == (None, None)
    assert row["started_at"] == "2026-03-01T10:00:00.123Z"


def test_after_a_restart_of_the_gateway_the_session_is_the_same_row() -> None:
    first = Sessions("SIM_A", Book({})).feed(started(), 0.0)[0]
    assert first.memory is not None
    later = started(received_at=RECEIVED_AT + timedelta(minutes=5))

    assert Sessions("SIM_A", Book({f"SessionEvent:{first.key}": first.memory})).feed(later, 0.0) == []


def test_two_sessions_do_not_mix() -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)
    sessions.feed(state(), 0.1)

    old, new = sessions.feed(started(session_uid="5", session_key="SIM_A:5", track="Monza"), 1.0)

    assert values([old])["weather_name"] == "clear"  # what waited for its five seconds is told before
    row = values([new])
    assert (row["track_name"], row["weather"], row["driver_name"]) == ("Monza", None, None)


def test_a_menu_is_no_session() -> None:
    assert Sessions("SIM_A", Book({})).feed(state(mode="menu", session_key=None, session_uid=None), 0.0) == []


def test_what_waits_when_the_gateway_ends_is_told() -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)
    sessions.feed(state(), 0.5)

    assert values(sessions.flush(0.6))["driver_name"] == "Ada"
    assert sessions.flush(0.7) == []


def test_a_guests_name_never_stands_with_another_guests_id() -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)
    sessions.feed(state(), 6.0)

    row = values(sessions.feed(state(driver_name="Bob", individual_id=None), 12.0))

    assert (row["driver_name"], row["driver_individual_id"]) == ("Bob", None)


@pytest.mark.parametrize("reason", ["send", "classification"])
def test_results_heard_once_more_after_a_restart_do_not_take_back_the_end(reason: str) -> None:
    sessions = Sessions("SIM_A", Book({}))
    sessions.feed(started(), 0.0)
    sessions.feed(make_event(SessionEnded, reason=reason), 60.0)
    later = {"received_at": RECEIVED_AT + timedelta(minutes=5)}

    again = sessions.feed(started(**later), 300.0)
    ended_again = sessions.feed(make_event(SessionEnded, reason="classification", **later), 301.0)

    assert (again, ended_again) == ([], [])
