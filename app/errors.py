"""Every error of ours, and where it is caught.

TelemetryError
├─ DecodeError            a datagram we cannot read: `pipeline` counts it by `reason` and carries on
│  ├─ WrongLength         not exactly its layout's size, so not the game's
│  ├─ UnsupportedPacket   a format we do not speak, or a packet id the format does not have
│  └─ UnsupportedFormat   the game is set to a format we cannot read: the operator can mend that
├─ CaptureError           a capture file that is not what it says: the replay command prints it
└─ PortUnavailable        a rig's UDP port cannot be opened: start-up ends with it
"""

from __future__ import annotations

from typing import ClassVar


class TelemetryError(Exception):
    """The root; nobody raises it itself."""


class DecodeError(TelemetryError):
    """A datagram we cannot read. `reason` is a label from a closed list."""

    reason: ClassVar[str] = "malformed"


class WrongLength(DecodeError):
    """Not exactly its layout's size."""

    reason = "wrong_length"


class UnsupportedPacket(DecodeError):
    """A packet id that this format does not have."""

    reason = "unknown_packet"


class UnsupportedFormat(DecodeError):
    """A packet format we have no layouts for."""

    reason = "unknown_format"

    def __init__(self, packet_format: int, packet_id: int) -> None:
        super().__init__(f"format {packet_format}, packet {packet_id}")
        self.packet_format = packet_format


class CaptureError(TelemetryError):
    """Not a capture we can read."""


class PortUnavailable(TelemetryError):
    """A UDP port that cannot be opened."""
