"""When a replayed capture sends what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.capture import CapturedDatagram
from app.ingest.decoder import encode
from app.ingest.header import parse_header
from app.ingest.schedule import (
    BURST,
    BURST_PAUSE_S,
    PASS_GAP_S,
    Due,
    EmptyWindow,
    schedule,
    session_uid_of_pass,
    with_session_of_pass,
)
from tests.builders import make_header, make_packet

UIDS = st.integers(1, 2**64 - 1)
EPOCH_S = 1_700_000_000.0


def _captured(*offsets_s: float) -> list[CapturedDatagram]:
    """Datagrams at these seconds of a capture; each payload is its own number."""
    return [
        CapturedDatagram(EPOCH_S + offset_s, bytes([number]), ("192.0.2.1", 1), 20_777)
        for number, offset_s in enumerate(offsets_s)
    ]


def _times(due: Iterator[Due] | Sequence[Due]) -> list[float]:
    return [item.at_s for item in due]


class TestTiming:
    def test_datagrams_keep_their_distances(self) -> None:
        due = schedule([_captured(0.0, 0.25, 1.0)])

        assert _times(due) == pytest.approx([0.0, 0.25, 1.0])

    def test_twice_the_speed_takes_half_the_time(self) -> None:
        due = schedule([_captured(0.0, 0.5, 2.0)], speed=2)

        assert _times(due) == pytest.approx([0.0, 0.25, 1.0])

    def test_every_instant_is_exact_however_long_the_capture(self) -> None:
        due = schedule([_captured(*(number / 64 for number in range(200)))], speed=4)

        assert _times(due) == [number / 256 for number in range(200)]

    def test_payloads_keep_their_order(self) -> None:
        due = schedule([_captured(0.0, 0.1, 0.2)])

        assert [item.payload for item in due] == [b"\0", b"\1", b"\2"]

    def test_a_clock_that_went_back_holds_the_replay_and_never_reorders_it(self) -> None:
        due = schedule([_captured(0.0, 0.5, 0.25, 1.0)])

        assert _times(due) == [0.0, 0.5, 0.5, 1.0]

    @given(st.lists(st.floats(0, 1e6)), st.sampled_from([0.0, 0.5, 1.0, 7.0]))
    def test_no_datagram_is_due_before_the_one_before_it(self, offsets_s: list[float], speed: float) -> None:
        due = _times(schedule([_captured(0.0, *sorted(offsets_s)[:200])], speed=speed))

        assert all(earlier <= later for earlier, later in pairwise(due))


class TestSpeedZero:
    def test_a_burst_goes_at_once_and_the_next_after_a_pause(self) -> None:
        due = _times(schedule([_captured(*range(2 * BURST + 1))], speed=0))

        assert due == [0.0] * BURST + [BURST_PAUSE_S] * BURST + [2 * BURST_PAUSE_S]


class TestWindow:
    CAPTURE = _captured(0.0, 1.0, 2.0, 3.0)

    def test_the_replay_does_not_wait_for_the_start_of_the_window(self) -> None:
        due = list(schedule([self.CAPTURE], from_s=1.5))

        assert due == [Due(0.0, b"\2"), Due(1.0, b"\3")]

    def test_both_ends_of_the_window_are_sent(self) -> None:
        due = schedule([self.CAPTURE], from_s=1.0, until_s=2.0)

        assert [item.payload for item in due] == [b"\1", b"\2"]

    @pytest.mark.parametrize(
        ("from_s", "until_s", "message"),
        [(1.25, 1.75, "between 1.25 s and 1.75 s"), (3.5, float("inf"), "after 3.5 s")],
    )
    def test_a_window_with_nothing_in_it_is_named(self, from_s: float, until_s: float, message: str) -> None:
        with pytest.raises(EmptyWindow, match=message):
            list(schedule([self.CAPTURE], from_s=from_s, until_s=until_s))

    def test_an_endless_replay_of_nothing_ends(self) -> None:
        with pytest.raises(EmptyWindow):
            next(schedule([] for _ in count()))


class TestPasses:
    CAPTURE = _captured(0.0, 1.0)

    def test_a_pass_begins_a_gap_after_the_end_of_the_one_before(self) -> None:
        due = islice(schedule(self.CAPTURE for _ in count()), 6)

        assert _times(due) == [
            0.0, 1.0, 1.0 + PASS_GAP_S, 2.0 + PASS_GAP_S, 2.0 + 2 * PASS_GAP_S, 3.0 + 2 * PASS_GAP_S
        ]  # fmt: skip

    def test_every_pass_is_a_session_of_its_own(self) -> None:
        datagram = self.CAPTURE[0]._replace(payload=encode(make_packet(1, session_uid=7)))

        due = schedule([datagram] for _ in range(50))

        uids = [parse_header(item.payload).session_uid for item in due]
        assert uids[0] == 7
        assert len(set(uids)) == 50


class TestSessionUid:
    @given(UIDS)
    def test_the_first_pass_is_as_captured(self, uid: int) -> None:
        datagram = encode(make_packet(12, session_uid=uid))

        assert with_session_of_pass(datagram, 0) == datagram

    @given(UIDS, st.integers(1, 1000))
    def test_a_later_pass_differs_in_its_uid_and_in_nothing_else(self, uid: int, pass_number: int) -> None:
        before = make_packet(12, header=make_header(12, session_uid=uid), car_idx=3, fitted_idx=4)

        after = with_session_of_pass(encode(before), pass_number)

        new_uid = session_uid_of_pass(uid, pass_number)
        assert after == encode(before._replace(header=before.header._replace(session_uid=new_uid)))

    @given(UIDS, st.integers(0, 10**9))
    def test_a_uid_is_never_zero_and_fits_its_field(self, uid: int, pass_number: int) -> None:
        assert 0 < session_uid_of_pass(uid, pass_number) < 2**64

    @given(UIDS, UIDS, st.integers(0, 10**9))
    def test_different_sessions_stay_different(self, one: int, other: int, pass_number: int) -> None:
        same = session_uid_of_pass(one, pass_number) == session_uid_of_pass(other, pass_number)

        assert same == (one == other)

    @given(UIDS, st.integers(0, 10**6), st.integers(0, 10**6))
    def test_different_passes_of_a_session_are_different(self, uid: int, one: int, other: int) -> None:
        same = session_uid_of_pass(uid, one) == session_uid_of_pass(uid, other)

        assert same == (one == other)

    def test_no_session_stays_no_session(self) -> None:
        datagram = encode(make_packet(9, session_uid=0))

        assert with_session_of_pass(datagram, 3) == datagram

    @pytest.mark.parametrize("size", [0, 7, 15, 28])
    def test_what_is_shorter_than_a_header_stays(self, size: int) -> None:
        assert with_session_of_pass(b"\x01" * size, 3) == b"\x01" * size
