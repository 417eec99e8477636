"""The throttle's laws: spacing, no starvation, rate, freshness."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.publish.throttle import Throttle

SPACING_S = 0.05
PERIOD_S = 1 / 60


@dataclass
class Run:
    """What left when, and how old it was."""

    sent_s: list[float] = field(default_factory=list)
    ages_s: list[float] = field(default_factory=list)

    @property
    def rate_hz(self) -> float:
        return (len(self.sent_s) - 1) / (self.sent_s[-1] - self.sent_s[0])

    def age_s(self, share: float) -> float:
        return sorted(self.ages_s)[int(len(self.ages_s) * share)]


def play(offers_s: Iterable[float], late_s: Callable[[], float] = lambda: 0.0) -> Run:
    """Drive a throttle as the pacer does, with timers late by `late_s()`."""
    throttle, run = Throttle(20), Run()
    timer_s, newest_s = None, 0.0

    def send(now_s: float) -> None:
        throttle.sent(now_s)
        run.sent_s.append(now_s)
        run.ages_s.append(now_s - newest_s)

    for now_s in offers_s:
        if timer_s is not None and timer_s <= now_s:
            send(timer_s)
            timer_s = None
        newest_s = now_s
        due_s = throttle.offer(now_s)
        timer_s = None
        if due_s <= now_s:
            send(now_s)
        else:
            timer_s = due_s + late_s()
    if timer_s is not None:
        send(timer_s)
    return run


def source(
    seconds: float, seed: int, jitter_s: float = 0.0, period_s: float = PERIOD_S, loss: float = 0.0
) -> list[float]:
    """Instants of a source's frames, each off by a gaussian jitter, never overtaking each other."""
    chance = random.Random(seed)
    frames = range(int(seconds / period_s))
    return [
        instant
        for instant in accumulate((n * period_s + chance.gauss(0, jitter_s) for n in frames), max)
        if chance.random() >= loss
    ]


def late_timers(sigma_s: float, seed: int = 7) -> Callable[[], float]:
    chance = random.Random(seed)
    return lambda: abs(chance.gauss(0, sigma_s))


def test_the_first_frame_leaves_at_once() -> None:
    throttle = Throttle(20)

    assert throttle.offer(5.0) == 5.0


def test_a_frame_that_comes_too_soon_waits_for_its_instant() -> None:
    throttle = Throttle(20)
    throttle.offer(5.0)
    throttle.sent(5.0)

    assert throttle.offer(5.02) == pytest.approx(5.05)
    assert throttle.due_s == pytest.approx(5.05)


def test_nothing_is_due_when_everything_offered_was_sent() -> None:
    throttle = Throttle(20)
    throttle.offer(5.0)

    throttle.sent(5.0)

    assert throttle.due_s is None


def test_a_frame_after_a_silence_leaves_at_once() -> None:
    throttle = Throttle(20)
    throttle.offer(5.0)
    throttle.sent(5.0)

    assert throttle.offer(9.0) == 9.0


def test_an_even_source_is_followed_frame_by_frame() -> None:
    run = play(source(10, seed=1))

    assert run.rate_hz == pytest.approx(20, abs=0.01)
    assert max(run.ages_s[2:-1]) <= 1e-6  # before, its period is not known yet; after, it has stopped


def test_a_frame_about_to_come_is_waited_for_rather_than_an_old_one_sent() -> None:
    throttle = Throttle(20)
    for n in range(10):
        throttle.offer(n * PERIOD_S)
    throttle.sent(9 * PERIOD_S - 0.001)  # the third frame from here comes 1 ms after its instant

    due_s = [throttle.offer((9 + n) * PERIOD_S) for n in (1, 2)][-1]

    assert due_s > 12 * PERIOD_S
    assert throttle.offer(12 * PERIOD_S) == 12 * PERIOD_S


def test_when_the_source_stops_the_last_frame_still_leaves() -> None:
    run = play([n * PERIOD_S for n in range(20)])

    assert run.sent_s[-1] >= 19 * PERIOD_S


def test_data_stays_fresh_for_a_minute_of_late_timers_and_jitter() -> None:
    run = play(source(60, seed=3, jitter_s=0.0003), late_timers(0.0003))

    assert run.age_s(0.5) <= 0.0015
    assert run.age_s(0.99) <= 0.004
    assert run.rate_hz >= 19.2


def test_a_source_a_little_off_sixty_hertz_stays_fresh_too() -> None:
    run = play(source(60, seed=3, jitter_s=0.0003, period_s=1 / 59.94), late_timers(0.0003))

    assert run.age_s(0.99) <= 0.004
    assert run.rate_hz >= 19.2


@given(seed=st.integers(0, 2**32), jitter_ms=st.floats(0, 5), late_ms=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_jittered_sixty_hertz_source_gives_nineteen_to_twenty(seed: int, jitter_ms: float, late_ms: float) -> None:
    run = play(source(20, seed, jitter_ms / 1e3), late_timers(late_ms / 1e3, seed))

    assert run.rate_hz >= 19
    assert all(later - earlier >= SPACING_S - 1e-9 for earlier, later in pairwise(run.sent_s))


@given(seed=st.integers(0, 2**32), period_ms=st.floats(4, 200), loss=st.floats(0, 0.5))
@settings(max_examples=60, deadline=None)
def test_whatever_the_source_its_newest_frame_is_never_held_for_long(seed: int, period_ms: float, loss: float) -> None:
    offers_s = source(5, seed, 0.001, period_ms / 1e3, loss)
    throttle = Throttle(20)

    for now_s in offers_s:
        due_s = throttle.offer(now_s)
        assert due_s <= now_s + SPACING_S + min(throttle.source_period_s or 0.0, SPACING_S) + 1e-9
        if due_s <= now_s:
            throttle.sent(now_s)


@given(st.lists(st.floats(0, 10)).map(sorted), st.integers(0, 2**32))
@settings(deadline=None)
def test_no_two_frames_leave_closer_than_fifty_milliseconds(instants: list[float], seed: int) -> None:
    run = play(instants, late_timers(0.01, seed))

    assert all(later - earlier >= SPACING_S - 1e-9 for earlier, later in pairwise(run.sent_s))


@given(st.lists(st.floats(0, 10), min_size=1).map(sorted), st.integers(0, 2**32))
@settings(deadline=None)
def test_the_last_frame_always_leaves(instants: list[float], seed: int) -> None:
    run = play(instants, late_timers(0.01, seed))

    assert run.sent_s[-1] >= instants[-1]
    assert run.sent_s[-1] - run.ages_s[-1] == pytest.approx(instants[-1])
