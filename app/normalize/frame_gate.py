"""Which datagrams are news: late, doubled and rewound frames told apart, per session.

The game numbers frames twice. `frame_identifier` goes back on a flashback; `overall_frame_identifier`
never does, so it orders datagrams, and the difference of the two counts the frames undone so far: when it
grows, a flashback happened, even if the FLBK event was lost on the way.

F1 25 set to format 2023 sends 0 for the overall frame. There we count ourselves: a fall by more than any
network reorders (a second's worth) is a flashback, and what it undid is added on.

Frame ids of 0 in mid-session mark the packets around the session's end; they carry no order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Final, Literal, NamedTuple

from app.ingest.header import PacketHeader

REWIND_FRAMES: Final = 30
"""A fall of the frame counter that no reordering explains: only neighbours within one frame were seen swapped."""
STALE_RUN: Final = 60
"""So many stale datagrams in a row of one stream (a second at 60 Hz) mean that the counter was wrong: begin anew."""
REMEMBERED: Final = 512
"""Facts remembered against doubles: about a minute of the busiest event stream seen (52 BUTN in 21 s)."""

Verdict = Literal["fresh", "duplicate", "stale"]


class Placed(NamedTuple):
    """Where a datagram stands.

    Attributes:
        verdict: `fresh` is news; `duplicate` and `stale` must change nothing.
        overall_frame: The counter that never goes back; None where the datagram carries no frame.
        rewound: The first fresh datagram after a flashback.
    """

    verdict: Verdict
    overall_frame: int | None
    rewound: bool


class FrameGate:
    """The frames of one session of one rig."""

    def __init__(self) -> None:
        self._newest_of: dict[Hashable, int] = {}
        self._facts: deque[Hashable] = deque(maxlen=REMEMBERED)
        self._facts_seen: set[Hashable] = set()
        self._newest = 0
        self._undone: int | None = None
        self._counted_undone = 0
        self._newest_frame = 0
        self._stale_run_of: dict[Hashable, int] = {}

    def place(self, header: PacketHeader, stream: Hashable) -> Placed:
        """Judge one datagram.

        Args:
            header: Its header.
            stream: What may come once a frame: the packet id, with the car for packets about one car.
        """
        overall, undone = self._overall(header)
        if overall == 0 and self._newest > 0:
            return Placed("fresh", None, rewound=False)
        last = self._newest_of.get(stream, -1)
        if overall <= last:
            run = self._stale_run_of[stream] = self._stale_run_of.get(stream, 0) + 1
            if run > STALE_RUN:
                self._forget_order()
            return Placed("duplicate" if overall == last else "stale", overall, rewound=False)
        self._newest_of[stream] = overall
        if stream in self._stale_run_of:
            del self._stale_run_of[stream]
        rewound = self._undone is not None and undone > self._undone and overall >= self._newest
        if overall >= self._newest:
            self._newest = overall
            self._undone = undone
        return Placed("fresh", overall, rewound)

    def _forget_order(self) -> None:
        self._newest_of.clear()
        self._newest = 0
        self._undone = None
        self._stale_run_of.clear()

    def first_time(self, fact: Hashable) -> bool:
        """Whether this fact was not met among the last ones; facts may share a frame, and come late."""
        if fact in self._facts_seen:
            return False
        if len(self._facts) == REMEMBERED:
            self._facts_seen.discard(self._facts[0])
        self._facts.append(fact)
        self._facts_seen.add(fact)
        return True

    def frame_of_fact(self, header: PacketHeader) -> int | None:
        """The overall frame of an event packet; None where it carries none."""
        overall, _ = self._overall(header)
        return overall or None

    def _overall(self, header: PacketHeader) -> tuple[int, int]:
        """The overall frame and the frames undone so far, counted by ourselves where the game does not."""
        if header.overall_frame_identifier or not header.frame_identifier:
            return header.overall_frame_identifier, header.overall_frame_identifier - header.frame_identifier
        fall = self._newest_frame - header.frame_identifier
        if fall > REWIND_FRAMES:
            self._counted_undone += fall + 1  # the frame gone back to is the one after the newest, not the newest again
            self._newest_frame = header.frame_identifier
        self._newest_frame = max(self._newest_frame, header.frame_identifier)
        return header.frame_identifier + self._counted_undone, self._counted_undone
