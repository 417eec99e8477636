"""The method: contenders take turns in rounds; medians of CPU time, and of the rounds' ratios.

A shared machine slows down for a while and recovers. Contenders that take turns are slowed alike, so the ratio of two
of them within a round holds where their figures do not; the median over rounds drops the rounds in which it does not.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Final, NamedTuple

Work = Callable[[], object]

_ON_WINDOWS: Final = sys.platform == "win32"
CLOCK_NAME: Final = "wall time" if _ON_WINDOWS else "thread CPU time"
_clock_ns: Final = time.perf_counter_ns if _ON_WINDOWS else time.thread_time_ns
"""Windows counts a thread's time in steps of 15.6 ms, too coarse for turns of a few milliseconds."""

TURN_S: Final = 0.004
"""What a turn should last: long against the clock's own cost, short against a machine's moods."""


class Contender(NamedTuple):
    """One of the things compared.

    Attributes:
        name: Its key in the result.
        units: How many things (datagrams) one piece of work does.
        prepare: Makes a piece of work; not timed, called anew for each piece.
    """

    name: str
    units: int
    prepare: Callable[[], Work]


class Measured:
    """What a comparison found: per contender the cost of one unit in every round."""

    def __init__(self, rounds: Mapping[str, Sequence[float]]) -> None:
        self._rounds = rounds

    def __contains__(self, name: str) -> bool:
        return name in self._rounds

    def us(self, name: str) -> float:
        """Microseconds of CPU per unit, the median round's."""
        return median(self._rounds[name])

    def ratio(self, name: str, to: str) -> float:
        """The cost of `name` as a multiple of that of `to`: the median of the rounds' ratios."""
        return median(own / other for own, other in zip(self._rounds[name], self._rounds[to], strict=True))


def ready(work: Work) -> Callable[[], Work]:
    """The `prepare` of work that needs no preparation."""
    return lambda: work


def compare(contenders: Sequence[Contender], rounds: int, turn_s: float = TURN_S) -> Measured:
    """Let the contenders take turns.

    Args:
        contenders: With different names.
        rounds: Turns of each; each round begins with another contender.
        turn_s: How long a turn should last; a contender whose one piece of work is longer does one piece.
    """
    pieces = {each.name: _pieces(each, turn_s) for each in contenders}
    found: dict[str, list[float]] = {each.name: [] for each in contenders}
    gc.collect()
    gc.freeze()  # as the gateway does after its start; collections of what is made here stay on, and are paid for
    try:
        for number in range(rounds):
            first = number % len(contenders)
            for each in (*contenders[first:], *contenders[:first]):
                found[each.name].append(_turn_us(each, pieces[each.name]))
    finally:
        gc.unfreeze()
    return Measured(found)


def _pieces(contender: Contender, turn_s: float) -> int:
    """How many pieces of work fill a turn; the first piece, which warms up, is not counted."""
    _turn_us(contender, 1)
    piece_s = _turn_us(contender, 1) * contender.units / 1e6
    return max(1, round(turn_s / piece_s)) if piece_s > 0 else 1


def _turn_us(contender: Contender, pieces: int) -> float:
    spent_ns = 0
    for _ in range(pieces):
        work = contender.prepare()
        before_ns = _clock_ns()
        work()
        spent_ns += _clock_ns() - before_ns
    return spent_ns / 1000 / (pieces * contender.units)
