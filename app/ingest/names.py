"""The names of people in datagrams: where they stand, which are the game's own, and neutral ones in their place.

Names stand in Participants and LobbyInfo. Kept are empty names, the game's own words ("Player", "Personal Best",
"Default Ghost") and its drivers, whose surnames come in capitals with a driver id or as AI. Everything else is taken
for somebody's online id, whether a human or a ghost carries it, and becomes "Player 1", "Player 2", ... in order of
appearance, zero-filled to the same number of UTF-8 bytes. What the game left behind a name's terminator (ends of
longer names that stood there before) becomes zero. Nothing else changes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterable
from typing import Final

from app.errors import DecodeError
from app.ingest.decoder import decode, encode
from app.ingest.header import HEADER_SIZE
from app.ingest.packets import LobbyInfoPacket, Packet, ParticipantsPacket
from app.ingest.records import LobbyPlayerData, ParticipantData

GAME_WORDS: Final = frozenset({"", "Player", "Personal Best", "Default Ghost"})
NO_DRIVER: Final = frozenset({255, 65535})
MOST_PEOPLE: Final = 4096
"""Whom `without_names` remembers; more than days of online lobbies bring, and less than a megabyte."""

_NEUTRAL = re.compile(r"(Player |P)0*[1-9][0-9]*")
_UNREADABLE: Final = "\N{REPLACEMENT CHARACTER}"  # what decoding makes of a byte that is no UTF-8


def is_of_the_game(record: ParticipantData | LobbyPlayerData) -> bool:
    """Whether the name is the game's, or neutral already, so that nobody is known by it."""
    if record.name in GAME_WORDS or _NEUTRAL.fullmatch(record.name):
        return True
    if isinstance(record, ParticipantData):
        is_driver = record.driver_id not in NO_DRIVER
    else:
        is_driver = record.ai_controlled == 1
    return is_driver and record.name == record.name.upper()


def named_records(packet: Packet) -> Iterable[ParticipantData | LobbyPlayerData]:
    """The parts of a packet that carry names."""
    if isinstance(packet, ParticipantsPacket):
        return packet.participants
    return packet.players if isinstance(packet, LobbyInfoPacket) else ()


class NeutralNames:
    """Takes people's names out of datagrams; a person keeps one neutral name while it lives."""

    def __init__(self) -> None:
        self._neutral: dict[str, str] = {}
        self._count = 0

    @property
    def replaced(self) -> Collection[str]:
        """The names of people met so far."""
        return self._neutral.keys()

    def renamed(self, payload: bytes) -> bytes:
        """The datagram with neutral names.

        Raises:
            DecodeError: It is not the game's; it could hide a name.
        """
        packet = decode(payload)
        if isinstance(packet, ParticipantsPacket):
            cars = [
                car if is_of_the_game(car) else car._replace(name=self._of(car.name)) for car in packet.participants
            ]
            return encode(packet._replace(participants=cars))
        if isinstance(packet, LobbyInfoPacket):
            players = [one if is_of_the_game(one) else one._replace(name=self._of(one.name)) for one in packet.players]
            return encode(packet._replace(players=players))
        return payload

    def without_names(self, payload: bytes) -> bytes:
        """The datagram with neutral names, whatever it is; never raises, and memory stays bounded.

        Of a datagram that cannot be read only the size and the bytes of a header are kept; the rest, which could hide
        a name, becomes zero.
        """
        if len(self._neutral) >= MOST_PEOPLE:
            self._neutral.clear()
        try:
            return self.renamed(payload)
        except (DecodeError, struct.error):  # struct: a text that is no UTF-8 and grew beyond its field
            return payload[:HEADER_SIZE].ljust(len(payload), b"\0")

    def _of(self, name: str) -> str:
        if name not in self._neutral:
            self._count += 1
            self._neutral[name] = _neutral_name(self._count, len(name.replace(_UNREADABLE, "?").encode()))
        return self._neutral[name]


def _neutral_name(number: int, size: int) -> str:
    prefix = next(prefix for prefix in ("Player ", "P", "") if len(prefix) + len(str(number)) <= size or not prefix)
    return prefix + str(number).zfill(size - len(prefix))
