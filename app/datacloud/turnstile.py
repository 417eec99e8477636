"""Where requests wait for their turn [edge]: rare rows first, and only as fast as `pace` allows.

Every single call passes here, also those of a batch that is being taken apart for its bad row: a lap never waits
behind more than the calls that are on their way. In trouble it is whoever has waited longest, or an object that alone
is in trouble would be the probe again and again, and starve the others.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from app.datacloud.pace import Circuit, Rate, Slots


class _Waiter(NamedTuple):
    urgency: int
    number: int
    turn: asyncio.Future[None]


class Turnstile:
    """Lets calls through, one pass a call.

    Args:
        rate, slots, circuit: What decides; whoever changes them calls `look`.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(
        self, rate: Rate, slots: Slots, circuit: Circuit, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._slots = slots
        self._circuit = circuit
        self._monotonic = monotonic
        self._numbers = count()
        self._waiting: list[_Waiter] = []
        self._timer: asyncio.TimerHandle | None = None
        self.in_flight = 0
        """Calls that are on their way."""

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return len(self._waiting)

    async def enter(self, urgency: int) -> None:
        """Wait for a pass; a smaller `urgency` goes first. Every pass must be given back by `leave`."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiter(urgency, next(self._numbers), turn))
        self.look()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave()  # the pass was given in the moment in which nobody wanted it any more
            raise

    def leave(self) -> None:
        """Give a pass back."""
        self.in_flight -= 1
        self.look()

    def look(self) -> None:
        """Let through whoever may go now, and come back when the next one may."""
        now_s = self._monotonic()
        while self._waiting and self._has_room():
            not_before_s = max(self._circuit.not_before_s, self._rate.ready_s(now_s))
            if not_before_s > now_s:
                self._wake_in(not_before_s - now_s)
                return
            waiter = min(self._waiting, key=self._rank)
            self._waiting.remove(waiter)
            if not waiter.turn.done():
                self.in_flight += 1
                self._rate.taken(now_s)
                waiter.turn.set_result(None)

    def close(self) -> None:
        """Wake nobody any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _rank(self, waiter: _Waiter) -> tuple[int, int]:
        return (0 if self._circuit.troubled else waiter.urgency, waiter.number)

    def _has_room(self) -> bool:
        return self.in_flight < (1 if self._circuit.troubled else self._slots.limit)

    def _wake_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.look)
