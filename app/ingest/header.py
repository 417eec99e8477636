"""The 29 bytes that open every datagram; the same in all formats."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from app.errors import WrongLength

_HEADER = struct.Struct("<HBBBBBQfIIBB")
HEADER_SIZE = _HEADER.size


class PacketHeader(NamedTuple):
    """Who sent which packet, when in the game's time, about which own car."""

    packet_format: int
    game_year: int  # last two digits; 0 when F1 25 is set to format 2023
    game_major_version: int
    game_minor_version: int
    packet_version: int
    packet_id: int
    session_uid: int  # 0 outside sessions
    session_time: float  # s; goes back on a flashback
    frame_identifier: int  # goes back on a flashback
    overall_frame_identifier: int  # never goes back; always 0 when F1 25 is set to format 2023
    player_car_index: int  # 255 for a spectator
    secondary_player_car_index: int  # 255 without a second splitscreen player


_make: Callable[[tuple[Any, ...]], PacketHeader] = partial(tuple.__new__, PacketHeader)
"""Of as many values as it has fields; its own `_make` costs a Python frame for each datagram."""


def parse_header(datagram: bytes) -> PacketHeader:
    """Read the header; nothing beyond it is looked at.

    Raises:
        WrongLength: Shorter than a header.
    """
    if len(datagram) < HEADER_SIZE:
        raise WrongLength(f"header: {len(datagram)} of {HEADER_SIZE} bytes")
    return _make(_HEADER.unpack_from(datagram))


def write_header(header: PacketHeader) -> bytes:
    """The inverse of `parse_header`."""
    return _HEADER.pack(*header)
