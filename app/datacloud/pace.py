"""When the next request may leave, for all objects together: rate, requests in flight, and trouble.

Told the time, never asks for it. Three things that each can say no:

    Rate     requests a second; halves on a 429, grows back by a tenth a minute
    Slots    requests in flight, 1 to 4; halves on trouble, one more after ten good answers
    Circuit  after trouble: nobody before an instant, and then one probe at a time until an answer comes
"""

from __future__ import annotations

from typing import Final

MOST_IN_FLIGHT: Final = 4
_GOOD_FOR_ONE_MORE: Final = 10
_LEAST_SHARE: Final = 1 / 16
_SHARE_A_MINUTE: Final = 0.1
_OPEN_AFTER: Final = 5
"""So many requests in a row without a useful answer are no hiccup."""


class Rate:
    """Spaces requests: never more than `per_second` in any second.

    Args:
        per_second: What the operator allows.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._share = 1.0
        self._changed_s: float | None = None
        self._last_s: float | None = None

    def share(self, now_s: float) -> float:
        """The part of the rate that is in use; 1 when the service has not complained for a while."""
        if self._changed_s is None:
            return 1.0
        return min(1.0, self._share + _SHARE_A_MINUTE * (now_s - self._changed_s) / 60)

    def halve(self, now_s: float) -> None:
        """The service says that it is too much."""
        self._share, self._changed_s = max(_LEAST_SHARE, self.share(now_s) / 2), now_s

    def ready_s(self, now_s: float) -> float:
        """The instant from which the next request may leave."""
        if self._last_s is None:
            return now_s
        return self._last_s + 1 / (self._per_second * self.share(now_s))

    def taken(self, now_s: float) -> None:
        """A request leaves."""
        self._last_s = now_s


class Slots:
    """How many requests may be in flight."""

    def __init__(self, most: int = MOST_IN_FLIGHT) -> None:
        self.limit = 1
        self._most = most
        self._good = 0

    def good(self) -> None:
        """A useful answer came."""
        self._good += 1
        if self._good >= _GOOD_FOR_ONE_MORE:
            self._good, self.limit = 0, min(self._most, self.limit + 1)

    def bad(self) -> None:
        """A 429, or no answer in time."""
        self._good, self.limit = 0, max(1, self.limit // 2)


class Circuit:
    """Trouble, and how it is got through."""

    def __init__(self) -> None:
        self.failures = 0
        """Requests in a row that got no useful answer."""
        self.not_before_s = float("-inf")
        """Nothing leaves before this instant."""

    @property
    def troubled(self) -> bool:
        """Whether the last request failed: then one probe at a time goes."""
        return self.failures > 0

    @property
    def is_open(self) -> bool:
        """Whether the service counts as gone."""
        return self.failures >= _OPEN_AFTER

    def failed(self, until_s: float) -> None:
        """No useful answer; nobody before `until_s`."""
        self.failures += 1
        self.hold(until_s)

    def hold(self, until_s: float) -> None:
        """Nobody before `until_s`, whoever is to blame."""
        self.not_before_s = max(self.not_before_s, until_s)

    def release(self) -> None:
        """Whoever had to mend something has done so: nobody need wait any more."""
        self.not_before_s = float("-inf")

    def answered(self) -> None:
        """The service lives."""
        self.failures = 0
