"""Does a session's clock go on as time does? A jump without a flashback is a sign of somebody else's datagrams.

UDP has no sender that could be believed: whoever is on the network can send in a rig's name. A single forged datagram
looks like the game's, but it hardly knows what time it is in the session. So each datagram is held against the one
before it: the session clock may stand (a pause) and may advance as far as real time did, some seconds more where
datagrams were held up. Only a flashback sets it back.

A jump is counted, not refused: a machine that was held up or a session skipped ahead in the garage looks the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

JUMP_S: Final = 10.0
_LATE_FRAMES: Final = 120
"""Two seconds at 60 frames/s: what lies so little behind the newest is late, and its clock may be that before a
flashback."""


class Continuity:
    """The clock of one session of one rig."""

    def __init__(self) -> None:
        self._session_s: float | None = None
        self._frame = 0
        self._at: datetime | None = None
        self._beyond_s: float | None = None

    def jump_s(self, session_s: float, overall_frame: int, received_at: datetime, *, rewound: bool) -> float | None:
        """How far a datagram's session time is from where it should be; None when it goes on, or after a flashback.

        Where the next datagram goes on from the one that jumped, the clock itself was moved: from there on it is
        followed.

        Args:
            session_s: The session clock in the datagram.
            overall_frame: Its frame, on the counter that never goes back.
            received_at: When it arrived, UTC.
            rewound: Whether it is the first after a flashback.
        """
        if self._goes_on(session_s, overall_frame, received_at, rewound=rewound):
            self._session_s, self._frame, self._at, self._beyond_s = session_s, overall_frame, received_at, None
        elif not 0 < self._frame - overall_frame <= _LATE_FRAMES:
            self._beyond_s = session_s
            return session_s - (self._session_s or 0.0)
        return None

    def _goes_on(self, session_s: float, overall_frame: int, received_at: datetime, *, rewound: bool) -> bool:
        """Whether the clock is to be followed."""
        if self._session_s is None or self._at is None or rewound:
            return True
        if 0 < self._frame - overall_frame <= _LATE_FRAMES:
            return False
        jump_s = session_s - self._session_s
        if -JUMP_S <= jump_s <= JUMP_S or (self._beyond_s is not None and abs(session_s - self._beyond_s) <= JUMP_S):
            return True
        passed_s = max(0.0, (received_at - self._at).total_seconds())  # our own clock may be set back
        return 0 < jump_s <= JUMP_S + passed_s
