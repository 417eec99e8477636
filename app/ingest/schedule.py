"""When a replayed capture sends what: pure, told nothing but the capture.

A replay follows the capture's own clock, divided by the speed. Every instant is counted from the start of the
replay and none from the one before, so lateness never adds up. Speed 0 has no clock to follow: it sends in bursts
with a pause between them, because a receiver's socket buffer holds only some ninety datagrams.

A capture played again gets another session uid: within one session no game goes back to the first frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from app.errors import CaptureError
from app.ingest.header import HEADER_SIZE

if TYPE_CHECKING:
    from app.ingest.capture import CapturedDatagram

PASS_GAP_S: Final = 1.0  # between the end of a capture and its next pass; about the game's pause at a restart
BURST: Final = 32  # datagrams; a third of what Linux's default socket buffer (212 992 bytes) holds
BURST_PAUSE_S: Final = 0.004  # makes 8000 datagrams a second, some twenty games' worth

_UID_AT: Final = 7  # offset of session_uid in the header
_UID = struct.Struct("<Q")
_UIDS: Final = 2**64 - 1  # how many there are, 0 being none
_UID_STEP: Final = 0x9E3779B97F4A7C15  # 2**64 / golden ratio: passes lie far apart. Shares no factor with _UIDS


class EmptyWindow(CaptureError):
    """Nothing of the capture lies in the part that is asked for."""


class Due(NamedTuple):
    """One datagram and when to send it, in seconds since the replay began."""

    at_s: float
    payload: bytes


def schedule(
    passes: Iterable[Iterable[CapturedDatagram]], *, speed: float = 1.0, from_s: float = 0.0, until_s: float = inf
) -> Iterator[Due]:
    """What to send when, in order; as endless as `passes`.

    Args:
        passes: The capture's datagrams, once per pass.
        speed: 2 is twice as fast as it happened; 0 is as fast as bursts allow.
        from_s: Where in the capture to begin, in seconds since its first datagram. The replay does not wait for it.
        until_s: Where in the capture to end; that instant is still sent.

    Raises:
        EmptyWindow: A pass has nothing between `from_s` and `until_s`.
    """
    pass_starts_s = 0.0
    for pass_number, datagrams in enumerate(passes):
        at_s, began_s, count = pass_starts_s, 0.0, 0
        for offset_s, payload in _window(datagrams, from_s, until_s):
            if count == 0:
                began_s = offset_s
            if speed:
                at_s = max(at_s, pass_starts_s + (offset_s - began_s) / speed)
            else:
                at_s = pass_starts_s + count // BURST * BURST_PAUSE_S
            yield Due(at_s, with_session_of_pass(payload, pass_number))
            count += 1
        if count == 0:
            raise EmptyWindow(
                f"no datagram between {from_s:g} s and {until_s:g} s"
                if until_s < inf
                else f"no datagram after {from_s:g} s"
            )
        pass_starts_s = at_s + (PASS_GAP_S if speed else BURST_PAUSE_S)


def _window(datagrams: Iterable[CapturedDatagram], from_s: float, until_s: float) -> Iterator[tuple[float, bytes]]:
    """Offset since the first datagram, and payload, of those in the window."""
    first_s: float | None = None
    for datagram in datagrams:
        if first_s is None:
            first_s = datagram.at_s
        offset_s = datagram.at_s - first_s
        if offset_s > until_s:
            return
        if offset_s >= from_s:
            yield offset_s, datagram.payload


def with_session_of_pass(payload: bytes, pass_number: int) -> bytes:
    """The datagram as the game would send it in another session; everything else stays.

    Pass 0 is as captured. A uid of 0 (no session) and what is shorter than a header stay as they are.
    """
    if pass_number == 0 or len(payload) < HEADER_SIZE:
        return payload
    (uid,) = _UID.unpack_from(payload, _UID_AT)
    if uid == 0:
        return payload
    return payload[:_UID_AT] + _UID.pack(session_uid_of_pass(uid, pass_number)) + payload[_UID_AT + _UID.size :]


def session_uid_of_pass(uid: int, pass_number: int) -> int:
    """The uid of a later pass: the same for the same arguments, different for different ones, never 0."""
    return (uid - 1 + pass_number * _UID_STEP) % _UIDS + 1
