"""Whose datagrams are the rig's: the session uid that holds the port, and when another one takes over.

A game sends one session at a time. So while the holder's datagrams keep coming, those of another uid are not the
rig's (a third machine that sends to this port, or the tail of a session before) and change nothing. When the holder
has ended, another uid takes over at once; when it just stopped, as after a restart from the main menu, it does so
after half a second without the holder. What came meanwhile was kept and is then told, in order.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Final

from app.ingest.packets import Packet

SILENT_S: Final = 0.5
"""Five frames at the slowest send rate (10 Hz). Frames of two senders on one port interleave faster than that."""
MOST_KEPT: Final = 1024
"""Datagrams kept of a uid that may take over: at 60 Hz some 200 come in half a second. Full, the oldest loses."""

Arrival = tuple[Packet, datetime]


class Holder:
    """The uid that holds one rig's port."""

    def __init__(self) -> None:
        self.uid = 0
        """The holder; 0 before the first."""
        self.refused = 0
        """Datagrams of other uids that changed nothing."""
        self._heard_at: datetime | None = None
        self._kept: deque[Arrival] = deque()

    def offer(self, packet: Packet, received_at: datetime, *, over: bool) -> list[Arrival]:
        """Judge a datagram with a uid.

        Args:
            packet: What arrived.
            received_at: When.
            over: Whether the holder's session has ended.

        Returns:
            The datagrams to be told now, in order: this one, this one behind kept ones, or none.
        """
        uid = packet.header.session_uid
        if uid == self.uid or over or self._heard_at is None:
            self._refuse_kept()
            return self._hold(uid, [(packet, received_at)])
        if self._kept and self._kept[0][0].header.session_uid != uid:
            self._refuse_kept()
        if len(self._kept) == MOST_KEPT:
            self._kept.popleft()
            self.refused += 1
        self._kept.append((packet, received_at))
        silent_s = (received_at - self._heard_at).total_seconds()
        if 0 <= silent_s < SILENT_S:  # below 0 the clock was set back: nothing can be said, so nobody is held up
            return []
        kept = list(self._kept)
        self._kept.clear()
        return self._hold(uid, kept)

    def _hold(self, uid: int, arrivals: list[Arrival]) -> list[Arrival]:
        self.uid = uid
        self._heard_at = arrivals[-1][1]
        return arrivals

    def _refuse_kept(self) -> None:
        self.refused += len(self._kept)
        self._kept.clear()
