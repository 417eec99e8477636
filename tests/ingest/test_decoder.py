"""From bytes to packets and back: every format, every packet, every event code."""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import DecodeError, UnsupportedFormat, UnsupportedPacket, WrongLength
from app.ingest.capture import read_capture
from app.ingest.decoder import decode, encode
from app.ingest.event_details import UnknownDetails
from app.ingest.header import HEADER_SIZE, write_header
from app.ingest.layouts import FORMATS, LAYOUTS, SPECS
from app.ingest.packets import CarTelemetryPacket, EventPacket, Packet, ParticipantsPacket
from tests.builders import make_event_packet, make_header, make_packet
from tests.ingest.strategies import HEADERS, any_datagrams, packet_changes, record_changes

CAPTURES = Path(__file__).resolve().parents[1] / "captures"
PACKETS = sorted(key for key in LAYOUTS if key[1] != 3)
EVENTS = sorted((packet_format, code) for packet_format, spec in SPECS.items() for code in spec.events)


# --- any bytes ------------------------------------------------------------------------------------


@given(any_datagrams())
def test_any_bytes_decode_or_raise_a_decode_error(datagram: bytes) -> None:
    try:
        packet = decode(datagram)
    except DecodeError:
        return

    _read_everything(packet)


@given(st.sampled_from(sorted(LAYOUTS)), st.data())
def test_any_body_of_the_right_length_decodes_to_the_last_field(key: tuple[int, int], data: st.DataObject) -> None:
    size = LAYOUTS[key].size - HEADER_SIZE
    body = data.draw(st.binary(min_size=size, max_size=size))

    packet = decode(write_header(make_header(packet_format=key[0], packet_id=key[1])) + body)

    _read_everything(packet)


# --- what is refused ------------------------------------------------------------------------------


@cache
def _one_real_datagram_of_each_packet() -> dict[tuple[int, int], bytes]:
    found: dict[tuple[int, int], bytes] = {}
    for path in sorted(CAPTURES.glob("*.pcap.gz")):
        for datagram in read_capture(path):
            header = decode(datagram.payload).header
            found.setdefault((header.packet_format, header.packet_id), datagram.payload)
    return found


def test_a_real_datagram_cut_at_any_length_is_refused() -> None:
    for datagram in _one_real_datagram_of_each_packet().values():
        for size in range(len(datagram)):
            with pytest.raises(WrongLength):
                decode(datagram[:size])


def test_a_real_datagram_with_a_byte_too_many_is_refused() -> None:
    for datagram in _one_real_datagram_of_each_packet().values():
        with pytest.raises(WrongLength):
            decode(datagram + b"\0")


def test_a_datagram_cut_short_is_reported_with_both_sizes() -> None:
    with pytest.raises(WrongLength, match="car_telemetry: 30 of 1352 bytes"):
        decode((b"\xe9\x07" + bytes(4) + b"\x06").ljust(30, b"\0"))


def test_a_packet_id_the_format_does_not_have_is_named_with_its_format() -> None:
    with pytest.raises(UnsupportedPacket, match="format 2025 has no packet 16"):
        decode(write_header(make_header(packet_id=16)))


def test_a_format_without_layouts_is_named() -> None:
    with pytest.raises(UnsupportedFormat, match="format 2022, packet 6"):
        decode(write_header(make_header(packet_id=6, packet_format=2022)))


def test_the_formats_of_four_years_are_read() -> None:
    assert FORMATS == {2023, 2024, 2025, 2026}


# --- there and back -------------------------------------------------------------------------------


def test_every_real_datagram_encodes_to_the_bytes_it_came_from() -> None:
    for path in sorted(CAPTURES.glob("*.pcap.gz")):
        for datagram in read_capture(path):
            packet = decode(datagram.payload)
            if not isinstance(packet, EventPacket):
                assert encode(packet) == datagram.payload


def test_every_real_event_encodes_to_the_bytes_its_code_gives_meaning_to() -> None:
    for path in sorted(CAPTURES.glob("*.pcap.gz")):
        for datagram in read_capture(path):
            packet = decode(datagram.payload)
            if isinstance(packet, EventPacket):
                encoded = encode(packet)
                used = HEADER_SIZE + 4 + _event_size(packet)
                assert (encoded[:used], encoded[used:].strip(b"\0")) == (datagram.payload[:used], b"")


@pytest.mark.parametrize(("packet_format", "packet_id"), PACKETS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_decode_gives_back_any_packet_that_was_encoded(packet_format: int, packet_id: int, data: st.DataObject) -> None:
    packet = make_packet(
        packet_id,
        packet_format,
        header=data.draw(HEADERS)._replace(packet_format=packet_format),
        **data.draw(packet_changes(packet_format, packet_id)),
    )

    decoded = decode(encode(packet))

    assert decoded == packet


@pytest.mark.parametrize(("packet_format", "code"), EVENTS)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_decode_gives_back_any_event_that_was_encoded(packet_format: int, code: str, data: st.DataObject) -> None:
    details = data.draw(record_changes(SPECS[packet_format].events[code], cars=0))
    packet = make_event_packet(code, packet_format, **details)

    decoded = decode(encode(packet))

    assert decoded == packet


@given(st.binary(min_size=12, max_size=12))
def test_an_event_code_that_no_document_lists_keeps_its_bytes(raw: bytes) -> None:
    packet = make_event_packet("OVEN", 2026, raw=raw)

    decoded = decode(encode(packet))

    assert isinstance(decoded, EventPacket)
    assert decoded.details == UnknownDetails(raw)
    assert decoded == packet


def test_a_code_that_came_with_a_later_format_is_unknown_to_the_earlier() -> None:
    collision = decode(encode(make_event_packet("COLL", 2023, raw=bytes(12))))

    assert isinstance(collision, EventPacket)
    assert isinstance(collision.details, UnknownDetails)


def test_a_name_is_read_up_to_its_terminator() -> None:
    datagram = bytearray(encode(make_packet(4, participants={0: {"name": "RUSSELL"}})))
    at = datagram.index(b"RUSSELL")

    datagram[at : at + 10] = b"OCON\0LL\0\0\0"

    assert _name_of_first(bytes(datagram)) == "OCON"


def test_a_name_that_is_no_utf_8_is_read_with_replacement_characters() -> None:
    datagram = encode(make_packet(4, participants={0: {"name": "P?REZ"}}))

    latin = datagram.replace(b"P?REZ", b"P\xc9REZ")

    assert _name_of_first(latin) == "P\ufffdREZ"


def test_a_car_is_decoded_from_its_own_place() -> None:
    datagram = encode(make_packet(6, cars={3: {"speed": 301, "brakes_temperature": (1, 2, 3, 4)}}))

    packet = decode(datagram)

    assert isinstance(packet, CarTelemetryPacket)
    assert packet.cars[3].brakes_temperature == (1, 2, 3, 4)
    assert [car.speed for car in packet.cars] == [0, 0, 0, 301, *[0] * 18]


# --- what cannot be encoded -----------------------------------------------------------------------


def test_an_array_with_a_car_too_few_is_not_encoded() -> None:
    packet = make_packet(6)

    with pytest.raises(ValueError, match=r"car_telemetry.cars: 21 of 22 records"):
        encode(packet._replace(cars=packet.cars[:-1]))


def test_a_number_that_its_field_cannot_hold_is_not_encoded() -> None:
    with pytest.raises(struct.error):
        encode(make_packet(6, cars={0: {"clutch": 256}}))


def test_a_name_longer_than_its_field_is_not_cut_but_refused() -> None:
    with pytest.raises(struct.error, match="name: 33 bytes of text in a field of 32"):
        encode(make_packet(4, participants={0: {"name": "é" * 16 + "x"}}))


def test_a_packet_the_format_does_not_have_is_not_encoded() -> None:
    with pytest.raises(UnsupportedPacket, match="format 2023, packet 15"):
        encode(make_packet(15)._replace(header=make_header(15, 2023)))


# --- helpers --------------------------------------------------------------------------------------


def _read_everything(packet: Packet) -> None:
    """Decodes the lazy arrays too."""
    assert repr(packet)


def _event_size(packet: EventPacket) -> int:
    rows = SPECS[packet.header.packet_format].events[packet.event_string_code]
    return struct.calcsize("<" + "".join(row.type for row in rows))


def _name_of_first(datagram: bytes) -> str:
    packet = decode(datagram)
    assert isinstance(packet, ParticipantsPacket)
    return packet.participants[0].name
