"""How many requests may come: a token bucket that is told the time."""

from __future__ import annotations


class TokenBucket:
    """Full at first."""

    def __init__(self) -> None:
        self._tokens: float | None = None
        self._at_s = 0.0

    def take(self, now_s: float, rate: float, burst: float) -> bool:
        """Whether one more request may come now; if so, it has.

        Args:
            now_s: Seconds, on a clock that may jump; a jump back gives nothing.
            rate: Requests a second in the long run.
            burst: Requests at once, at most.
        """
        had = burst if self._tokens is None else self._tokens
        has = min(burst, had + max(0.0, now_s - self._at_s) * rate) if self._tokens is not None else had
        self._at_s = now_s
        self._tokens = has - 1 if has >= 1 else has
        return has >= 1
