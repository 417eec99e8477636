"""The pacer, on an event loop whose clock jumps to the next timer instead of waiting for it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from app.publish.pacer import Pacer
from app.publish.throttle import FEWEST_INTERVALS, Throttle


class JumpingSelector(selectors.SelectSelector):
    """Reports nothing, at once, and moves the clock by the time it should have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 100.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # A turn of the loop takes a moment, or who yields until it is time would do so for ever.
        self.now_s += (timeout or 0.0) + 1e-5
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now_s


def play(story: Callable[[JumpingLoop], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, JumpingLoop)
        runner.run(story(loop))


def test_frames_are_spaced_and_the_last_one_gets_out() -> None:
    sent_s: list[float] = []

    async def story(loop: asyncio.AbstractEventLoop) -> None:
        pacer = Pacer(Throttle(20), lambda: sent_s.append(loop.time()), clock=loop.time)
        for _ in range(61):
            pacer.offer()
            last_offer_s = loop.time()
            await asyncio.sleep(1 / 60)
        await asyncio.sleep(1)
        assert sent_s[-1] >= last_offer_s

    play(story)

    assert len(sent_s) in range(20, 23)
    assert all(later - earlier >= 0.05 - 1e-9 for earlier, later in pairwise(sent_s))


def test_the_time_that_sending_takes_does_not_make_later_frames_older() -> None:
    ages_s: list[float] = []

    async def story(loop: JumpingLoop) -> None:
        offered_s = 0.0

        def send() -> None:
            ages_s.append(loop.time() - offered_s)
            loop.selector.now_s += 0.0003

        pacer = Pacer(Throttle(20), send, clock=loop.time)
        began_s = loop.time()
        for frame in range(120):
            await asyncio.sleep(began_s + frame / 60 - loop.time())
            offered_s = loop.time()
            pacer.offer()

    play(story)

    assert len(ages_s) in range(38, 41)
    assert max(ages_s[FEWEST_INTERVALS:]) < 0.0005  # by then the source's period is known


def test_a_lone_frame_is_sent_once() -> None:
    sent_s: list[float] = []

    async def story(loop: asyncio.AbstractEventLoop) -> None:
        pacer = Pacer(Throttle(20), lambda: sent_s.append(loop.time()), clock=loop.time)
        pacer.offer()
        await asyncio.sleep(1)

    play(story)

    assert sent_s == [pytest.approx(100.0, abs=0.001)]


def test_a_closed_pacer_sends_nothing_more() -> None:
    sent_s: list[float] = []

    async def story(loop: asyncio.AbstractEventLoop) -> None:
        pacer = Pacer(Throttle(20), lambda: sent_s.append(loop.time()), clock=loop.time)
        pacer.offer()
        pacer.offer()
        pacer.close()
        await asyncio.sleep(1)

    play(story)

    assert len(sent_s) == 1


def test_a_send_that_fails_is_not_tried_sooner_than_the_next_instant() -> None:
    tried_s: list[float] = []

    async def story(loop: asyncio.AbstractEventLoop) -> None:
        def fail() -> None:
            tried_s.append(loop.time())
            raise LookupError("no state")

        pacer = Pacer(Throttle(20), fail, clock=loop.time)
        with pytest.raises(LookupError):
            pacer.offer()
        pacer.offer()
        pacer.close()

    play(story)

    assert len(tried_s) == 1
