"""A session's clock that jumps without a flashback is told from one that stands, is late or was set back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.normalize.continuity import JUMP_S, Continuity

START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


def judge(
    continuity: Continuity, session_s: float, at_s: float, frame: int | None = None, rewound: bool = False
) -> float | None:
    """A datagram whose frame goes with its session time, unless told otherwise."""
    frame = round(session_s * 60) if frame is None else frame
    return continuity.jump_s(session_s, frame, START + timedelta(seconds=at_s), rewound=rewound)


def test_a_clock_that_goes_as_time_does_never_jumps() -> None:
    continuity = Continuity()

    assert all(judge(continuity, 100 + frame / 60, frame / 60) is None for frame in range(6_000))


def test_a_single_datagram_from_elsewhere_is_told_and_the_rest_goes_on() -> None:
    continuity = Continuity()
    judge(continuity, 100.0, 0.0)

    forged = judge(continuity, 130.0, 0.1)
    own = [judge(continuity, 100 + frame / 60, 0.1 + frame / 60) for frame in range(1, 60)]

    assert forged == 30.0
    assert set(own) == {None}


def test_every_forged_datagram_among_the_rigs_own_is_told() -> None:
    continuity = Continuity()
    judge(continuity, 100.0, 0.0)

    told = []
    for frame in range(1, 38):
        judge(continuity, 100 + frame / 60, frame / 60)
        told.append(judge(continuity, 50 + frame, frame / 60, frame=10 + frame))

    assert None not in told


def test_a_clock_that_was_moved_is_told_once_and_then_followed() -> None:
    continuity = Continuity()
    judge(continuity, 100.0, 0.0)

    jumps = [judge(continuity, 400 + frame / 60, 0.1 + frame / 60) for frame in range(60)]

    assert jumps == [300.0] + [None] * 59


def test_a_pause_and_a_cable_that_was_out_are_no_jumps() -> None:
    continuity = Continuity()
    judge(continuity, 100.0, 0.0)

    paused = judge(continuity, 100.1, 600.0)
    cable_out = judge(continuity, 160.1, 660.0)

    assert (paused, cable_out) == (None, None)


def test_a_flashback_is_no_jump_and_what_comes_late_after_it_neither() -> None:
    continuity = Continuity()
    judge(continuity, 100.0, 0.0, frame=6_000)

    flashback = judge(continuity, 70.0, 0.1, frame=6_001, rewound=True)
    late = judge(continuity, 99.9, 0.12, frame=5_999)
    after = judge(continuity, 70.02, 0.13, frame=6_002)

    assert (flashback, late, after) == (None, None, None)


def test_our_own_clock_set_back_or_forth_makes_no_jump() -> None:
    continuity = Continuity()
    judge(continuity, 100.0, 0.0)

    assert [judge(continuity, 100.02, -7_200.0), judge(continuity, 100.04, 7_200.0)] == [None, None]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50), st.floats(0.0, 1.0))
def test_no_clock_that_runs_at_most_as_fast_as_time_ever_jumps(steps: list[float], pace: float) -> None:
    continuity = Continuity()
    at_s = [sum(steps[:count]) * 100 for count in range(len(steps) + 1)]

    assert all(judge(continuity, pace * later, later) is None for _, later in pairwise(at_s))
    assert JUMP_S > 0
