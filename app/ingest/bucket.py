"""How many datagrams a rig may send: a token bucket, so that a flood with a rig's own address costs only that rig.

Theory. Tokens are counted down by one a datagram and filled up only when they have run out, by the time that passed
since; so a datagram costs a subtraction and reads no clock. The price: a rig that was quiet may once send two
buckets at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.ingest.layouts import FORMATS
from app.ingest.linkmeter import expected_hz

_MENU_HZ: Final = 60
"""The fastest send rate in the game's menu."""
NOMINAL_PER_S: Final = max(
    round(sum(expected_hz(year, _MENU_HZ, kind, own_car=True).values())) for year in FORMATS for kind in ("Race", "TT")
)
"""Datagrams a second of a rig in a race at 60 Hz, of the format that sends most; from the packet mix in `linkmeter`."""
MOST_PER_S: Final = 4 * NOMINAL_PER_S
"""Events come on top of the mix, and a network that hesitates hands over what it held."""
DEPTH_S: Final = 2.0
"""A bucket holds so many seconds of it: what the kernel kept while we were held up is no flood."""


class Bucket:
    """The tokens of one rig.

    Args:
        per_s: Datagrams a second that pass in the long run.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(self, per_s: float, monotonic: Callable[[], float]) -> None:
        self._per_s = per_s
        self._depth = per_s * DEPTH_S
        self._monotonic = monotonic
        self._tokens = self._depth
        self._filled_s = monotonic()

    def take(self) -> bool:
        """Whether one more datagram passes."""
        self._tokens -= 1.0
        return self._tokens >= 0.0 or self._fill()

    def _fill(self) -> bool:
        now_s = self._monotonic()
        gained = (now_s - self._filled_s) * self._per_s
        if gained < 1.0:
            self._tokens = 0.0
            return False
        self._tokens = min(self._depth, gained) - 1.0
        self._filled_s = now_s
        return True
