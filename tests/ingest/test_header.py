"""The 29 bytes that open every datagram."""

from __future__ import annotations

import pytest
from hypothesis import given

from app.errors import WrongLength
from app.ingest.header import HEADER_SIZE, PacketHeader, parse_header, write_header
from tests.builders import make_header
from tests.ingest.strategies import HEADERS


def test_a_header_takes_29_bytes() -> None:
    assert len(write_header(make_header())) == HEADER_SIZE == 29


def test_each_field_is_read_from_its_documented_place() -> None:
    datagram = bytes.fromhex("ea07 19 01 14 01 06 0807060504030201 0000c03f 0a000000 0b000000 15 ff")

    header = parse_header(datagram)

    assert header == PacketHeader(2026, 25, 1, 20, 1, 6, 0x0102030405060708, 1.5, 10, 11, 21, 255)


@given(HEADERS)
def test_what_is_written_is_read_back(header: PacketHeader) -> None:
    assert parse_header(write_header(header)) == header


def test_nothing_beyond_the_header_is_looked_at() -> None:
    header = make_header(packet_id=99, packet_format=1)

    assert parse_header(write_header(header) + b"\xff" * 7) == header


@pytest.mark.parametrize("size", range(HEADER_SIZE))
def test_fewer_bytes_than_a_header_are_reported_with_both_sizes(size: int) -> None:
    with pytest.raises(WrongLength, match=f"header: {size} of 29 bytes"):
        parse_header(bytes(size))
