"""Which datagrams are news: order, doubles, flashbacks, and counters that lie."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.header import PacketHeader
from app.normalize.frame_gate import REMEMBERED, STALE_RUN, FrameGate, Placed
from tests.builders import make_header

LAP_DATA, TELEMETRY = 2, 6
GIANT: Final = 4_000_000_000


def at(frame: int, *, undone: int = 0) -> PacketHeader:
    """A header of the `frame`-th frame sent, `undone` frames after flashbacks."""
    return make_header(LAP_DATA, frame_identifier=frame - undone, overall_frame_identifier=frame)


def in_2023(frame: int) -> PacketHeader:
    """A header of F1 25 set to format 2023, which sends no overall frame."""
    return make_header(LAP_DATA, 2023, frame_identifier=frame, overall_frame_identifier=0)


def placed(*headers: PacketHeader, gate: FrameGate | None = None, stream: int = LAP_DATA) -> list[Placed]:
    gate = gate or FrameGate()
    return [gate.place(header, stream) for header in headers]


def verdicts(*headers: PacketHeader, gate: FrameGate | None = None) -> list[str]:
    return [place.verdict for place in placed(*headers, gate=gate)]


# --- order ----------------------------------------------------------------------------------------


def test_frames_in_order_are_fresh() -> None:
    assert verdicts(at(1), at(2), at(7)) == ["fresh"] * 3


def test_a_datagram_sent_twice_is_a_duplicate() -> None:
    assert verdicts(at(1), at(1)) == ["fresh", "duplicate"]


def test_a_datagram_older_than_its_stream_is_stale() -> None:
    assert verdicts(at(1), at(3), at(2)) == ["fresh", "fresh", "stale"]


def test_neighbours_swapped_within_a_frame_are_both_fresh() -> None:
    gate = FrameGate()
    order = [(1, LAP_DATA), (1, TELEMETRY), (2, TELEMETRY), (2, LAP_DATA), (3, LAP_DATA), (3, TELEMETRY)]

    assert [gate.place(at(frame), stream).verdict for frame, stream in order] == ["fresh"] * 6


def test_a_stream_that_lags_a_frame_behind_the_others_is_fresh() -> None:
    gate = FrameGate()
    gate.place(at(9), TELEMETRY)

    assert gate.place(at(8), LAP_DATA).verdict == "fresh"


def test_histories_of_two_cars_in_one_frame_are_both_fresh() -> None:
    gate = FrameGate()

    assert [gate.place(at(5), (11, car)).verdict for car in (0, 1, 1)] == ["fresh", "fresh", "duplicate"]


def test_a_datagram_is_placed_at_its_overall_frame() -> None:
    assert [place.overall_frame for place in placed(at(5), at(6, undone=4))] == [5, 6]


# --- frame 0 --------------------------------------------------------------------------------------


def test_the_first_frame_of_a_session_is_frame_0_and_comes_once() -> None:
    assert [(p.verdict, p.overall_frame) for p in placed(at(0), at(0), at(1))] == [
        ("fresh", 0),
        ("duplicate", 0),
        ("fresh", 1),
    ]


def test_frame_ids_of_0_at_the_end_carry_no_order() -> None:
    assert placed(at(900), at(0), at(0))[1:] == [Placed("fresh", None, rewound=False)] * 2


def test_a_packet_of_the_end_does_not_disturb_the_order() -> None:
    assert verdicts(at(900), at(0), at(899), at(901)) == ["fresh", "fresh", "stale", "fresh"]


# --- flashbacks -----------------------------------------------------------------------------------


def test_a_flashback_is_fresh_though_its_frame_is_lower() -> None:
    assert verdicts(at(500), at(501, undone=300)) == ["fresh", "fresh"]


def test_a_flashback_is_told_once() -> None:
    gate = FrameGate()
    gate.place(at(500), LAP_DATA)

    told = [gate.place(at(frame, undone=300), stream).rewound for frame in (501, 502) for stream in (2, 6)]

    assert told == [True, False, False, False]


def test_flashbacks_in_a_chain_are_each_told() -> None:
    assert [p.rewound for p in placed(at(500), at(501, undone=100), at(502, undone=250))] == [False, True, True]


def test_a_datagram_from_before_the_flashback_that_comes_late_changes_nothing() -> None:
    assert verdicts(at(500), at(502, undone=300), at(501)) == ["fresh", "fresh", "stale"]


def test_a_late_datagram_of_another_stream_from_before_the_flashback_is_no_second_flashback() -> None:
    gate = FrameGate()
    gate.place(at(500), LAP_DATA)
    gate.place(at(501, undone=300), LAP_DATA)

    told = [gate.place(header, TELEMETRY).rewound for header in (at(500), at(501, undone=300), at(502, undone=300))]

    assert told == [False, False, False]


def test_a_session_joined_after_a_flashback_has_none_to_tell() -> None:
    assert not placed(at(501, undone=300))[0].rewound


# --- format 2023: no overall frame ----------------------------------------------------------------


def test_without_an_overall_frame_the_frame_orders() -> None:
    assert verdicts(in_2023(600), in_2023(602), in_2023(601), in_2023(602)) == ["fresh", "fresh", "stale", "duplicate"]


def test_without_an_overall_frame_a_fall_of_the_counter_is_a_flashback() -> None:
    assert [p.rewound for p in placed(in_2023(600), in_2023(300), in_2023(301))] == [False, True, False]


def test_without_an_overall_frame_ours_keeps_rising_over_flashbacks() -> None:
    frames = (600, 601, 300, 301, 100, 101)

    assert [p.overall_frame for p in placed(*map(in_2023, frames))] == [600, 601, 602, 603, 604, 605]


def test_without_an_overall_frame_the_end_still_carries_no_order() -> None:
    assert placed(in_2023(600), in_2023(0))[1] == Placed("fresh", None, rewound=False)


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(31, 400)), max_size=6))
def test_without_an_overall_frame_no_frame_is_lost_and_each_flashback_is_told_once(
    drives: list[tuple[int, int]],
) -> None:
    frames, flashbacks = [5000], 0
    for driven, back in drives:
        frames += range(frames[-1] + 1, frames[-1] + 1 + driven)
        frames.append(frames[-1] - back)
        flashbacks += 1

    places = placed(*map(in_2023, frames))

    assert {place.verdict for place in places} == {"fresh"}
    assert sum(place.rewound for place in places) == flashbacks


# --- counters that lie ----------------------------------------------------------------------------


def test_a_wrong_giant_frame_heals_after_a_second_of_traffic() -> None:
    frames = [at(1), at(GIANT), *(at(frame) for frame in range(2, 2 + STALE_RUN + 2))]

    assert verdicts(*frames)[-1] == "fresh"


def test_a_wrong_giant_frame_in_one_stream_heals_while_the_others_run_on() -> None:
    gate = FrameGate()
    gate.place(at(GIANT), LAP_DATA)

    for frame in range(1, STALE_RUN + 3):
        gate.place(at(frame), TELEMETRY)
        last = gate.place(at(frame), LAP_DATA)

    assert last.verdict == "fresh"


def test_after_a_wrong_giant_frame_flashbacks_are_told_again() -> None:
    gate = FrameGate()
    placed(at(GIANT), *(at(frame) for frame in range(1, STALE_RUN + 3)), gate=gate)

    assert gate.place(at(500, undone=200), LAP_DATA).rewound


def test_every_datagram_sent_twice_is_not_taken_for_a_wrong_counter() -> None:
    twice = [at(frame) for frame in range(1, 400) for _ in range(2)]

    assert verdicts(*twice) == ["fresh", "duplicate"] * 399


def test_without_an_overall_frame_a_wrong_giant_frame_heals_at_once() -> None:
    assert verdicts(in_2023(600), in_2023(GIANT), in_2023(601), in_2023(602))[-1] == "fresh"


# --- facts ----------------------------------------------------------------------------------------


def test_a_fact_met_again_is_not_new() -> None:
    gate = FrameGate()

    assert [gate.first_time(fact) for fact in ("a", "b", "a")] == [True, True, False]


def test_facts_are_remembered_up_to_a_bound() -> None:
    gate = FrameGate()
    for fact in range(REMEMBERED + 1):
        gate.first_time(fact)

    assert [gate.first_time(REMEMBERED), gate.first_time(1), gate.first_time(0)] == [False, False, True]


@given(st.lists(st.integers(0, 900), max_size=1500))
def test_of_the_last_facts_none_is_new_twice(facts: list[int]) -> None:
    gate = FrameGate()
    new = [fact for fact in facts if gate.first_time(fact)]

    assert all(len(set(new[at : at + REMEMBERED])) == len(new[at : at + REMEMBERED]) for at in range(len(new)))


@pytest.mark.parametrize(("header", "frame"), [(at(7), 7), (at(0), None), (in_2023(7), 7)])
def test_a_fact_has_the_overall_frame_or_none(header: PacketHeader, frame: int | None) -> None:
    assert FrameGate().frame_of_fact(header) == frame


# --- laws -----------------------------------------------------------------------------------------

STREAMS: Final[tuple[Hashable, ...]] = (0, 2, 6, (11, 0), (11, 1))


@st.composite
def _sent(draw: st.DrawFn) -> list[tuple[PacketHeader, Hashable]]:
    """What a game sends in a few frames, flashbacks among them."""
    undone = 0
    sent: list[tuple[PacketHeader, Hashable]] = []
    for frame in range(100, 100 + draw(st.integers(1, 10))):
        undone += draw(st.sampled_from((0, 0, 0, 40)))
        sent += [(at(frame, undone=undone), stream) for stream in STREAMS]
    return sent


@given(_sent(), st.data())
def test_whatever_the_network_does_each_stream_is_fresh_in_strictly_rising_frames(
    sent: list[tuple[PacketHeader, Hashable]], data: st.DataObject
) -> None:
    received = data.draw(st.lists(st.sampled_from(sent), max_size=STALE_RUN))
    gate = FrameGate()

    fresh: dict[Hashable, list[int]] = {}
    for header, stream in received:
        if gate.place(header, stream).verdict == "fresh":
            fresh.setdefault(stream, []).append(header.overall_frame_identifier)

    assert all(earlier < later for frames in fresh.values() for earlier, later in pairwise(frames))


@given(_sent())
def test_in_order_nothing_is_lost_and_each_flashback_is_told_once(sent: list[tuple[PacketHeader, Hashable]]) -> None:
    gate = FrameGate()

    places = [gate.place(header, stream) for header, stream in sent]

    undone = sorted({h.overall_frame_identifier - h.frame_identifier for h, _ in sent})
    assert {place.verdict for place in places} == {"fresh"}
    assert sum(place.rewound for place in places) == len(undone) - 1
