"""When a rig's session begins and ends: a transition table.

A session is `(rig, session_uid)`. It opens on the first Session packet of a non-zero uid (a skipped
career session has a uid and events, but no Session packet). It ends when the game says SEND, sends the
classification, opens another uid, or is silent for long; pause is silence too, so long means minutes.

SSTA opens nothing: a known bug of the game sends it shortly before the classification of the same
session. After the end a tail follows (events with uid 0, late packets): it opens and ends nothing.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

LONG_SILENCE_S: Final = 900.0
"""A pause may last minutes; a guest who walked off is gone after a quarter of an hour."""

SEEN_FROM_START_FRAMES: Final = 300
"""A session whose first datagram has a lower frame was seen to begin (5 s at 60 frames/s)."""

EndReason = Literal["send", "classification", "new_session", "silence"]
Phase = Literal["none", "open", "ended", "lapsed"]
Signal = Literal["session_packet", "send", "classification", "silence"]


class Opened(NamedTuple):
    """A session began."""

    session_uid: int


class Closed(NamedTuple):
    """A session ended."""

    session_uid: int
    reason: EndReason


Change = Opened | Closed

# (phase, signal, same uid as the last session?) -> (next phase, what happened).
# A key that is not there changes nothing.
_TABLE: Final[dict[tuple[Phase, Signal, bool], tuple[Phase, tuple[str, ...]]]] = {
    ("none", "session_packet", False): ("open", ("open",)),
    ("open", "session_packet", False): ("open", ("close:new_session", "open")),
    ("ended", "session_packet", False): ("open", ("open",)),
    ("lapsed", "session_packet", False): ("open", ("open",)),
    ("lapsed", "session_packet", True): ("open", ("open",)),  # the pause was only very long
    ("open", "send", True): ("ended", ("close:send",)),
    ("open", "classification", True): ("ended", ("close:classification",)),
    ("open", "silence", True): ("lapsed", ("close:silence",)),
}


class SessionTracker:
    """The session a rig is in, by uid."""

    def __init__(self) -> None:
        self._phase: Phase = "none"
        self._uid = 0

    @property
    def uid(self) -> int:
        """The uid of the open session; 0 when none is."""
        return self._uid if self._phase == "open" else 0

    @property
    def last_uid(self) -> int:
        """The uid of the open session, or of the one that ended last; 0 before the first."""
        return self._uid

    def has_ended(self, uid: int) -> bool:
        """Whether the session of this uid is the last one, and over."""
        return uid == self._uid and self._phase in ("ended", "lapsed")

    def feed(self, signal: Signal, uid: int) -> list[Change]:
        """Tell what arrived for which uid, get what that changed, in order."""
        if uid == 0:
            return []
        row = _TABLE.get((self._phase, signal, uid == self._uid))
        if row is None:
            return []
        phase, actions = row
        changes: list[Change] = []
        for action in actions:
            if action == "open":
                self._uid = uid
                changes.append(Opened(uid))
            else:
                changes.append(Closed(self._uid, _reason(action)))
        self._phase = phase
        return changes


def _reason(action: str) -> EndReason:
    reasons: dict[str, EndReason] = {
        "close:send": "send",
        "close:classification": "classification",
        "close:new_session": "new_session",
        "close:silence": "silence",
    }
    return reasons[action]
