"""The time of departure inside a CarTelemetry datagram, so that whoever sees the state can tell how old it is.

It stands in two values of the own car that a state shows as they are: `engine_rpm` counts tens of microseconds,
`speed_kph` what does not fit there. All is plausible to the gateway, and repeats after two minutes. Sender and client
read the same clock, which on Linux is one for all processes.
"""

from __future__ import annotations

import re
import struct
import time
from typing import Any, Final

from app.ingest.decoder import decode, encode
from app.ingest.packets import CarTelemetryPacket

UNIT_S: Final = 1e-5
_LOWEST_RPM: Final = 1_000
_RPMS: Final = 20_000
_SPEEDS: Final = 600
_ROUND: Final = _RPMS * _SPEEDS
_RPM: Final = re.compile(rb'"engine_rpm":(\d+)')
_SPEED: Final = re.compile(rb'"speed_kph":(\d+)')
_U16: Final = struct.Struct("<H")


class Slots:
    """Where the two values of the own car lie in datagrams like this one.

    Args:
        datagram: CarTelemetry of format 2023 or later.
    """

    def __init__(self, datagram: bytes) -> None:
        self._speed_at = _differing(datagram, "speed")
        self._rpm_at = _differing(datagram, "engine_rpm")

    def stamp(self, datagram: bytearray, now_s: float) -> None:
        """Write the time into it."""
        speed, rpm = divmod(int(now_s / UNIT_S) % _ROUND, _RPMS)
        _U16.pack_into(datagram, self._speed_at, speed)
        _U16.pack_into(datagram, self._rpm_at, _LOWEST_RPM + rpm)


def age_s(text: bytes, now_s: float) -> float | None:
    """How long ago the telemetry that a state shows was sent; None when it shows none."""
    speed, rpm = _SPEED.search(text), _RPM.search(text)
    if speed is None or rpm is None:
        return None
    sent = int(speed[1]) * _RPMS + int(rpm[1]) - _LOWEST_RPM
    return (int(now_s / UNIT_S) - sent) % _ROUND * UNIT_S


def now_s() -> float:
    """The clock of both sides."""
    return time.monotonic()


def _differing(datagram: bytes, field: str) -> int:
    """Where the bytes of a field of the own car are: those that differ when it does."""
    packet = decode(datagram)
    if not isinstance(packet, CarTelemetryPacket):
        raise ValueError("no CarTelemetry")
    own = packet.header.player_car_index
    written = []
    for value in (0x0101, 0x0202):
        cars = list(packet.cars)
        changes: dict[str, Any] = {field: value}
        cars[own] = cars[own]._replace(**changes)
        written.append(encode(packet._replace(cars=cars)))
    return next(at for at, (one, other) in enumerate(zip(*written, strict=True)) if one != other)
