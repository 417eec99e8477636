from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.emulator.limiter import TokenBucket


def test_a_burst_may_come_at_once_and_no_more() -> None:
    bucket = TokenBucket()

    assert [bucket.take(1000.0, 10, 3) for _ in range(5)] == [True, True, True, False, False]


def test_tokens_come_back_with_time() -> None:
    bucket = TokenBucket()
    for _ in range(3):
        bucket.take(1000.0, 10, 3)

    assert [bucket.take(1000.1, 10, 3), bucket.take(1000.1, 10, 3)] == [True, False]


def test_a_clock_that_jumps_back_gives_nothing() -> None:
    bucket = TokenBucket()
    bucket.take(1000.0, 10, 1)

    assert not bucket.take(500.0, 10, 1)
    assert bucket.take(500.2, 10, 1)


@given(st.lists(st.floats(0, 0.2), max_size=200))
def test_no_window_holds_more_than_burst_and_rate_allow(gaps_s: list[float]) -> None:
    bucket, now_s, taken = TokenBucket(), 0.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        if bucket.take(now_s, 10, 5):
            taken.append(now_s)

    for place, begin_s in enumerate(taken):
        for more, end_s in enumerate(taken[place:], 1):
            assert more <= 5 + (end_s - begin_s) * 10 + 1e-6
