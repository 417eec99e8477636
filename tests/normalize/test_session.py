"""When a session begins and ends: the transition table, row by row, then whole stories."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.normalize.session import Change, Closed, Opened, SessionTracker, Signal

A: Final = 7
B: Final = 8
SIGNALS: Final[tuple[Signal, ...]] = ("session_packet", "send", "classification", "silence")

# How to reach each phase with uid A.
PHASES: Final[dict[str, tuple[Signal, ...]]] = {
    "none": (),
    "open": ("session_packet",),
    "ended": ("session_packet", "send"),
    "lapsed": ("session_packet", "silence"),
}
# (phase, signal, uid) -> what happens; what is not here changes nothing.
NEWS: Final[dict[tuple[str, Signal, int], list[Change]]] = {
    ("none", "session_packet", A): [Opened(A)],
    ("none", "session_packet", B): [Opened(B)],
    ("open", "session_packet", B): [Closed(A, "new_session"), Opened(B)],
    ("open", "send", A): [Closed(A, "send")],
    ("open", "classification", A): [Closed(A, "classification")],
    ("open", "silence", A): [Closed(A, "silence")],
    ("ended", "session_packet", B): [Opened(B)],
    ("lapsed", "session_packet", A): [Opened(A)],
    ("lapsed", "session_packet", B): [Opened(B)],
}
ROWS: Final = [(phase, signal, uid) for phase in PHASES for signal in SIGNALS for uid in (A, B)]


def tracker_in(phase: str) -> SessionTracker:
    tracker = SessionTracker()
    for signal in PHASES[phase]:
        tracker.feed(signal, A)
    return tracker


@pytest.mark.parametrize(("phase", "signal", "uid"), ROWS)
def test_each_row_of_the_table_does_what_it_says_and_no_other_does_anything(
    phase: str, signal: Signal, uid: int
) -> None:
    tracker = tracker_in(phase)

    assert tracker.feed(signal, uid) == NEWS.get((phase, signal, uid), [])


@pytest.mark.parametrize(("phase", "uid"), [("none", 0), ("open", A), ("ended", 0), ("lapsed", 0)])
def test_only_an_open_session_is_the_session_the_rig_is_in(phase: str, uid: int) -> None:
    assert tracker_in(phase).uid == uid


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("signal", SIGNALS)
def test_uid_0_is_a_menu_and_no_session(phase: str, signal: Signal) -> None:
    tracker = tracker_in(phase)
    uid_before = tracker.uid

    assert (tracker.feed(signal, 0), tracker.uid) == ([], uid_before)


def test_the_tail_after_the_end_changes_nothing() -> None:
    tracker = tracker_in("ended")
    tail: tuple[Signal, ...] = ("session_packet", "classification", "send", "silence", "session_packet")

    assert [tracker.feed(signal, A) for signal in tail] == [[]] * 5


def test_the_session_after_the_end_is_the_last_one() -> None:
    assert tracker_in("ended").last_uid == A


def test_a_pause_of_a_quarter_of_an_hour_ends_the_session_and_its_next_packet_opens_it_again() -> None:
    tracker = tracker_in("lapsed")

    assert [tracker.feed(signal, A) for signal in ("session_packet", "send")] == [[Opened(A)], [Closed(A, "send")]]


def test_an_open_session_has_not_ended_and_an_ended_one_has() -> None:
    assert [tracker_in(phase).has_ended(A) for phase in ("open", "ended", "lapsed")] == [False, True, True]


def test_a_session_that_another_one_followed_is_not_the_one_that_ended() -> None:
    tracker = tracker_in("ended")
    tracker.feed("session_packet", B)

    assert (tracker.has_ended(A), tracker.has_ended(B)) == (False, False)


def test_the_end_of_an_unopened_session_ends_no_other() -> None:
    tracker = tracker_in("open")

    assert (tracker.feed("send", B), tracker.uid) == ([], A)


@given(st.lists(st.tuples(st.sampled_from(SIGNALS), st.integers(0, 4))))
def test_openings_and_closings_alternate_and_name_the_same_session(told: list[tuple[Signal, int]]) -> None:
    tracker = SessionTracker()
    changes = [change for signal, uid in told for change in tracker.feed(signal, uid)]

    open_uid = 0
    for change in changes:
        assert isinstance(change, Opened) == (open_uid == 0)
        assert isinstance(change, Opened) or change.session_uid == open_uid
        open_uid = change.session_uid if isinstance(change, Opened) else 0
    assert tracker.uid == open_uid
