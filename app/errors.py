"""Every error of ours, and where it is caught.

TelemetryError
├─ DecodeError            a datagram we cannot read: `pipeline` counts it by `reason` and carries on
│  ├─ WrongLength         not exactly its layout's size, so not the game's
│  ├─ UnsupportedPacket   a format we do not speak, or a packet id the format does not have
│  └─ UnsupportedFormat   the game is set to a format we cannot read: the operator can mend that
├─ CaptureError           a capture file that is not what it says: the replay command prints it
├─ BadTarget              a place that a rig's datagrams cannot be passed on to: start-up ends with it
├─ PortUnavailable        a rig's UDP port cannot be opened: start-up ends with it
├─ OutboxUnavailable      the outbox cannot be opened: start-up ends with it
├─ TokenUnavailable       the operator token can be neither read nor made: start-up ends with it
├─ BadKey                 the private key cannot be used: start-up ends with it
└─ DataCloudError         no answer that can be used; the rows stay where they are
   ├─ AuthFailed          the org refused the login or the token exchange: `uploader` pauses and tells the operator
   └─ Unavailable         no answer, or none in time: `uploader` tries again
"""

from __future__ import annotations

from typing import ClassVar, Literal


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


class BadTarget(TelemetryError):
    """Datagrams cannot be passed on to what was given; the message says why, and goes on from the setting's name."""


class PortUnavailable(TelemetryError):
    """A UDP port that cannot be opened."""


class OutboxUnavailable(TelemetryError):
    """The outbox cannot be opened; the message says why and what to do."""


class TokenUnavailable(TelemetryError):
    """The operator token can be neither read nor made; the message says why and what to do, and holds nothing of it."""


class BadKey(TelemetryError):
    """The private key cannot be used; the message says why and what to do, and holds nothing of the key."""


class DataCloudError(TelemetryError):
    """No answer that can be used. The message is a sentence for the operator, without any secret."""


class AuthFailed(DataCloudError):
    """The org refused us.

    Attributes:
        patience: `slow` when waiting may mend it (a new app takes ten minutes), `config` when only somebody's hand can.
    """

    def __init__(self, sentence: str, patience: Literal["slow", "config"]) -> None:
        super().__init__(sentence)
        self.patience = patience


class Unavailable(DataCloudError):
    """Nobody answered, or nobody in time, or not in the service's words.

    Attributes:
        retry_after_s: How long the service asked us to wait, if it did.
    """

    def __init__(self, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s
