"""Sends a rig's frames when its throttle says so [edge]: the timer between `offer` and `sent`.

When to send is decided in `throttle.py`; what to send, by whoever hands in `send`. The last state
always gets out: if no later source frame does it, the timer will.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.publish.throttle import Throttle

LEAD_S = 0.0005
"""How much too early a timer is set. epoll rounds waits up to whole milliseconds, so timers are late
by 0.5 ms on average, and that much older is the data, and the next, and the next. Half of the timers
then come early instead; those yield to the loop until it is time, for 0.13 ms on average."""


class Pacer:
    """Calls `send` for one rig, at its throttle's instants.

    Args:
        throttle: Decides when; nobody else may use it.
        send: Sends the newest state; called on the event loop, must not wait.
        clock: Seconds; the one that `offer`'s instants were read from.
    """

    def __init__(
        self, throttle: Throttle, send: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._throttle = throttle
        self._send = send
        self._clock = clock
        self._timer: asyncio.Handle | None = None

    def offer(self) -> None:
        """Note that a source frame is complete: it is sent now, or at the next instant allowed."""
        now_s = self._clock()
        self._arm(self._throttle.offer(now_s), now_s)

    def close(self) -> None:
        """Send nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, due_s: float, now_s: float) -> None:
        self.close()
        if due_s <= now_s:
            try:
                self._send()
            finally:
                # As decided, not as done: what it took to make this frame would push back the next instant, and
                # the one after, until the data sent is as old as all of that together.
                self._throttle.sent(now_s)
        elif due_s - now_s <= LEAD_S:
            self._timer = asyncio.get_running_loop().call_soon(self._fire)
        else:
            # Not call_at: the loop's clock need not be ours (uvloop's stands still within a turn).
            self._timer = asyncio.get_running_loop().call_later(due_s - now_s - LEAD_S, self._fire)

    def _fire(self) -> None:
        self._timer = None
        due_s = self._throttle.due_s
        if due_s is not None:
            self._arm(due_s, self._clock())
