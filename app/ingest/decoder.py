"""From bytes to a packet, by table; the only door into the game's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import UnsupportedFormat, UnsupportedPacket, WrongLength
from app.ingest.header import parse_header
from app.ingest.layouts import FORMATS, LAYOUTS

if TYPE_CHECKING:
    from app.ingest.packets import Packet


def decode(datagram: bytes) -> Packet:
    """Turn one UDP datagram into one typed packet.

    Args:
        datagram: The payload exactly as received: little-endian, packed.

    Returns:
        The packet in the game's own names, units and wheel order (RL, RR, FL, FR). Its record arrays
        are decoded when read, out of this datagram.

    Raises:
        UnsupportedFormat: No layouts for this packet_format.
        UnsupportedPacket: The format has no such packet_id.
        WrongLength: Not exactly its layout's size, so not the game's; nothing was read.

    Source:
        EA, "Data Output from F1 25", v3: Packet Header, Packet IDs.
    """
    header = parse_header(datagram)
    layout = LAYOUTS.get((header.packet_format, header.packet_id))
    if layout is None:
        if header.packet_format in FORMATS:
            raise UnsupportedPacket(f"format {header.packet_format} has no packet {header.packet_id}")
        raise UnsupportedFormat(header.packet_format, header.packet_id)
    if len(datagram) != layout.size:
        raise WrongLength(f"{layout.name}: {len(datagram)} of {layout.size} bytes")
    packet: Packet = layout.unpack(header, datagram)
    return packet


def encode(packet: Packet) -> bytes:
    """The datagram of a packet, by the same tables: `decode(encode(packet)) == packet`.

    Raises:
        UnsupportedPacket: No layout for the header's (packet_format, packet_id).
        struct.error: A value does not fit its field.
        ValueError: An array has not as many records as the format.
    """
    header = packet.header
    layout = LAYOUTS.get((header.packet_format, header.packet_id))
    if layout is None:
        raise UnsupportedPacket(f"format {header.packet_format}, packet {header.packet_id}")
    return layout.pack(packet)
