"""Headers, packets and datagrams for tests: valid by default, changed by keyword.

    make_header(packet_id=2, session_time=12.5)
    make_packet(6, cars={3: {"speed": 100}})
    make_packet(4, 2026, frame_identifier=7, participants={0: {"name": "RUSSELL", "team_id": 476}})
    make_packet(14, rival={"lap_time_in_ms": 74_142})
    make_event_packet("SPTP", vehicle_idx=3, speed=312.5, session_uid=9)
    encode(make_packet(1))  # its datagram

A fresh packet is what the game sends about an empty track: every array has the format's full length, all
numbers are 0, all texts empty, and whatever has a word for "none" (255, or 65535 in format 2026) says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.ingest.decoder import decode
from app.ingest.event_details import UnknownDetails
from app.ingest.header import PacketHeader, write_header
from app.ingest.layouts import LAYOUTS
from app.ingest.layouts.table import EVENT_UNION_SIZE
from app.ingest.packets import EventPacket

EVENT_ID: Final = 3
NO_CAR: Final = 255

_NONE: Final[Mapping[int, Mapping[str, Any]]] = {
    1: {"spectator_car_index": NO_CAR},
    2: {"time_trial_pb_car_idx": NO_CAR, "time_trial_rival_car_idx": NO_CAR},
    6: {"mfd_panel_index": 255, "mfd_panel_index_secondary_player": 255},
}
_WIDE_NONE: Final = 65535  # format 2026 made the three ids of a participant 16 bits wide


def make_header(packet_id: int = 1, packet_format: int = 2025, **changes: Any) -> PacketHeader:
    """A header of the first car's game, mid-session; `changes` are its fields."""
    header = PacketHeader(
        packet_format=packet_format,
        game_year=min(packet_format % 100, 25),  # the 2026 Season Pack is still F1 25
        game_major_version=1,
        game_minor_version=0,
        packet_version=1,
        packet_id=packet_id,
        session_uid=0x5EED,
        session_time=10.0,
        frame_identifier=600,
        overall_frame_identifier=600,
        player_car_index=0,
        secondary_player_car_index=NO_CAR,
    )
    return header._replace(**changes)


def make_packet(packet_id: int, packet_format: int = 2025, **changes: Any) -> Any:
    """A packet of the id; Any, since the id decides which NamedTuple it is.

    Args:
        packet_id: 0 to 16, but for 3: see `make_event_packet`.
        packet_format: 2023 to 2026; a whole `header` brings its own.
        changes: Fields of the packet or of its header, or a whole `header`. For an array of records a
            mapping from index to record or to the fields that differ, or the whole array; for a single
            record (Time Trial) a record or the fields that differ.

    Raises:
        ValueError: No such field, in this packet or in this format; `encode` would lose it.
        KeyError: The format has no such packet.
        IndexError: A record beyond the format's array.
    """
    if packet_id == EVENT_ID:
        raise ValueError("an event needs its code: make_event_packet")
    header, changes = _split_header(packet_id, packet_format, changes)
    size = LAYOUTS[header.packet_format, header.packet_id].size
    packet: Any = decode(write_header(header).ljust(size, b"\0"))
    packet = packet._replace(**{name: _eager(value) for name, value in packet._asdict().items()})
    packet = _replaced(packet, _NONE.get(packet_id, {}))
    if packet_id == 4:
        slots = tuple(_empty_slot(car, header.packet_format) for car in packet.participants)
        packet = packet._replace(participants=slots)
    return _replaced(packet, changes)


def make_event_packet(code: str, packet_format: int = 2025, **changes: Any) -> EventPacket:
    """An Event packet; `changes` are fields of its details or of its header.

    A code that the format does not list takes `raw=` (12 bytes).
    """
    header, changes = _split_header(EVENT_ID, packet_format, changes)
    packet = decode(write_header(header) + code.encode("latin-1") + bytes(EVENT_UNION_SIZE))
    assert isinstance(packet, EventPacket)
    if isinstance(packet.details, UnknownDetails) and not changes.keys() <= {"raw"}:
        raise ValueError(f"format {packet_format} has no event {code}: give it raw=, not {sorted(changes)}")
    return packet._replace(details=_replaced(packet.details, changes))


def _split_header(
    packet_id: int, packet_format: int, changes: Mapping[str, Any]
) -> tuple[PacketHeader, dict[str, Any]]:
    """The header, and the changes that are left for the packet."""
    own = {name: value for name, value in changes.items() if name in PacketHeader._fields}
    rest = {name: value for name, value in changes.items() if name not in own}
    header = rest.pop("header", None) or make_header(packet_id, packet_format)
    return header._replace(packet_id=packet_id, **own), rest


def _eager(value: Any) -> Any:
    """Lazy record arrays as tuples; all else as it is."""
    return tuple(value) if hasattr(value, "__getitem__") and not isinstance(value, (tuple, str)) else value


def _empty_slot(car: Any, packet_format: int) -> Any:
    nobody = _WIDE_NONE if packet_format >= 2026 else 255
    return car._replace(driver_id=nobody, network_id=nobody, team_id=nobody, nationality=255)


def _replaced(record: Any, changes: Mapping[str, Any]) -> Any:
    """The NamedTuple with fields changed; a mapping reaches into records and arrays of them."""
    values = {}
    for name, change in changes.items():
        if name not in record._fields:
            raise ValueError(f"{type(record).__name__} has no {name}")
        old = getattr(record, name)
        if old is None and change is not None:
            raise ValueError(f"{type(record).__name__} has no {name} in this format")
        values[name] = _merged(old, change)
    return record._replace(**values)


def _merged(old: Any, change: Any) -> Any:
    if not isinstance(change, Mapping):
        return change
    if hasattr(old, "_fields"):
        return _replaced(old, change)
    records = list(old)
    for index, record in change.items():
        if not 0 <= index < len(records):
            raise IndexError(f"record {index} of {len(records)}")
        records[index] = _merged(records[index], record)
    return tuple(records)
