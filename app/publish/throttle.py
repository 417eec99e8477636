"""When a rig's next frame may leave: at most `rate_hz` a second, and as fresh as that allows.

Pure: it is told the time, never asks for it, and sends nothing itself. `offer` says when to send,
`sent` tells it that this was done; `pacer.py` owns the timer in between.

Theory. Two frames leave at least one spacing (1 / rate) apart, always. The source has frames of its
own, say 60 a second, and three of those last exactly one spacing: the frame we want is complete
just at the instant at which we may send again. Timers fire late, never early, and a frame that came
late pushes the next instant back, so the schedule can only slip later against the source, until the
data sent is one source period (16.7 ms) old. The one way back is to let the instant pass and send
on the next source frame, which lengthens one gap.

That costs rate, so it is paid from an allowance: a send earns what its gap stayed below the mean gap
of `FLOOR`, a longer gap spends. So the mean rate stays above `FLOOR` whatever timers and jitter do
(if the source itself delivers), and the schedule is put right as often as that permits: each eighth
send when timers are bad, hardly ever when they are good. Simulated for 60 s with timers late by
|N(0, 0.3 ms)| and frames jittered by as much: 19.3 Hz, data 0.9 ms old, 2.7 ms at the 99th
percentile. Rejected: a free-running ticker (14-17 ms at p99), never putting it right (17 ms), and a
fixed count of sends between two corrections (it corrects too often or too seldom).
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

TOLERANCE_S = 1e-9
"""Instants nearer than this are one: sums of floats must not cost a frame."""

FLOOR = 0.9625
"""The lowest mean rate as a share of `rate_hz`: 19.25 Hz of 20. A dashboard is promised 19."""

FRESH_S = 0.0015
"""Data no older than this is not worth a wait: an epoll timer alone is up to 1 ms late."""

SLACK = 0.3
"""How far off the expected instant a source frame may come, as a share of the source's period."""

INTERVALS = 8
"""Source intervals looked back on; their median shrugs off losses, bursts and pauses."""

FEWEST_INTERVALS = 4
"""Fewer say nothing about the source: then no frame is waited for."""


class Throttle:
    """Spaces the frames of one rig.

    Args:
        rate_hz: The most frames a second.
    """

    def __init__(self, rate_hz: float) -> None:
        self.spacing_s = 1.0 / rate_hz
        self._mean_gap_s = self.spacing_s / FLOOR
        self._offers: deque[float] = deque(maxlen=INTERVALS + 1)
        self._period_s: float | None = None
        self._sent_at_s: float | None = None
        self._due_s: float | None = None
        self._allowance_s = 0.0

    @property
    def source_period_s(self) -> float | None:
        """Seconds between the source's frames; None until some came."""
        return self._period_s

    @property
    def due_s(self) -> float | None:
        """The instant at which to send what is newest then; None when nothing waits to be sent."""
        return self._due_s

    def offer(self, now_s: float) -> float:
        """Note that a source frame is complete, and say when to send.

        Returns:
            The instant at which to send what is newest then; not later than `now_s` means now. At
            most one spacing and one source period away. The next offer may change it.
        """
        self._offers.append(now_s)
        self._period_s = _median_interval(self._offers)
        self._due_s = self._instant_after(now_s)
        return self._due_s

    def sent(self, now_s: float) -> None:
        """Note that the newest frame left at `now_s`."""
        if self._sent_at_s is not None:
            most_s = self._period_s or 0.0
            earned_s = self._mean_gap_s - (now_s - self._sent_at_s)
            # Bounded on both sides: neither a fast nor a silent source casts a long shadow.
            self._allowance_s = min(max(self._allowance_s + earned_s, -most_s), most_s)
        self._sent_at_s = now_s
        self._due_s = None

    def _instant_after(self, now_s: float) -> float:
        if self._sent_at_s is None:
            return now_s
        earliest_s = self._sent_at_s + self.spacing_s
        if now_s >= earliest_s - TOLERANCE_S:
            return now_s
        age_s = earliest_s - now_s
        period_s = self._period_s
        if age_s <= FRESH_S or period_s is None or period_s > self.spacing_s:
            return earliest_s
        slack_s = SLACK * period_s
        give_up_s = now_s + period_s + slack_s
        if give_up_s <= earliest_s or not self._can_afford(period_s - age_s, slack_s):
            return earliest_s
        # The next frame is waited for; should it not come, this one leaves a little later.
        return min(give_up_s, earliest_s + period_s)

    def _can_afford(self, wait_s: float, slack_s: float) -> bool:
        # A frame that is just about to come may be had on credit: sending a moment before it would
        # show data a whole period old, and every correction begins with such moments.
        credit_s = slack_s if wait_s <= slack_s else 0.0
        return self._allowance_s + credit_s >= wait_s


def _median_interval(instants: deque[float]) -> float | None:
    if len(instants) <= FEWEST_INTERVALS:
        return None
    intervals = sorted(later - earlier for earlier, later in pairwise(instants))
    return intervals[len(intervals) // 2]
