"""How a layout is written down and compiled."""

from __future__ import annotations

import struct
from typing import NamedTuple

import pytest

from app.ingest.layouts.table import (
    CARS,
    CHAR,
    F32,
    I16,
    U8,
    U16,
    Block,
    Codec,
    EventLayout,
    Field,
    PacketLayout,
    PacketSpec,
    Records,
    changed,
    columns,
    edited_packets,
    inserted,
    without,
)
from tests.builders import make_header


class Wheel(NamedTuple):
    """A record with one field of each kind."""

    grip: float
    label: str
    pressures: tuple[int, ...]
    grid: tuple[tuple[int, ...], ...]
    speed: int
    later: int | None


ROWS = (
    Field("speed", U16),
    Field("label", CHAR, (4,)),
    Field("grip", I16, divide_by=100),
    Field("pressures", U8, (2,)),
    Field("grid", U8, (2, CARS)),
)
WHEEL = Wheel(grip=-0.5, label="RL", pressures=(7, 8), grid=((1, 2, 3), (4, 5, 6)), speed=300, later=None)
RAW = struct.pack("<H4sh2B6B", 300, b"RL", -50, 7, 8, 1, 2, 3, 4, 5, 6)


class Pair(NamedTuple):
    """Two small numbers."""

    left: int
    right: int


PAIR = Codec(Pair, (Field("left", U8), Field("right", U8)), cars=3)


class TestCodec:
    def test_wire_order_becomes_the_order_of_the_named_tuple(self) -> None:
        assert Codec(Wheel, ROWS, cars=3).read(RAW, 0) == WHEEL

    def test_a_record_is_read_at_its_offset(self) -> None:
        assert Codec(Wheel, ROWS, cars=3).read(b"\xff" * 5 + RAW, 5) == WHEEL

    def test_a_record_is_written_back_to_its_bytes(self) -> None:
        assert Codec(Wheel, ROWS, cars=3).write(WHEEL) == RAW

    def test_the_size_is_the_sum_of_the_rows_without_padding(self) -> None:
        assert Codec(Wheel, ROWS, cars=3).size == len(RAW) == 16

    def test_a_field_without_a_row_is_none(self) -> None:
        assert Codec(Wheel, ROWS, cars=3).read(RAW, 0).later is None

    def test_padding_is_skipped_when_read_and_zero_when_written(self) -> None:
        codec = Codec(Pair, (Field("left", U8), Field("right", U8)), cars=0, pads={0: 1, 1: 2, 2: 3})

        assert codec.read(b"?\x01??\x02???", 0) == Pair(1, 2)
        assert codec.write(Pair(1, 2)) == b"\0\x01\0\0\x02\0\0\0"

    def test_all_records_of_an_array_are_read_in_order(self) -> None:
        assert list(PAIR.read_all(b"?\x01\x02\x03\x04?", 1, 2)) == [Pair(1, 2), Pair(3, 4)]

    def test_a_record_of_one_field_is_read(self) -> None:
        class Single(NamedTuple):
            only: int

        assert Codec(Single, (Field("only", U8),), cars=0).read(b"\x07", 0) == Single(7)

    def test_a_record_without_fields_is_read(self) -> None:
        class Nothing(NamedTuple):
            pass

        assert Codec(Nothing, (), cars=0).read(b"", 0) == Nothing()


class TestColumns:
    ROWS = (Field("left", U8), Field("pressures", U8, (2,)), Field("skipped", U16), Field("right", U8))
    BYTES = b"\x01\x07\x08??\x02\x03\x05\x06??\x04"

    class Four(NamedTuple):
        right: int
        skipped: int
        left: int
        pressures: tuple[int, ...]

    def records(self) -> Records[Four]:
        return Records(Codec(self.Four, self.ROWS, cars=3), self.BYTES, 0, 2)

    def test_only_the_fields_asked_for_are_read(self) -> None:
        assert list(columns(self.records(), ("left", "right"))) == [(1, 2), (3, 4)]

    def test_an_arrays_numbers_come_one_after_the_other(self) -> None:
        assert list(columns(self.records(), ("pressures", "right"))) == [(7, 8, 2), (5, 6, 4)]

    def test_records_that_were_made_already_give_the_same(self) -> None:
        names = ("left", "pressures", "right")

        assert list(columns(tuple(self.records()), names)) == list(columns(self.records(), names))

    def test_names_in_another_order_are_refused(self) -> None:
        with pytest.raises(ValueError, match="not in wire order: right, left"):
            columns(self.records(), ("right", "left"))

    def test_a_name_that_is_no_field_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no fields of plain numbers: middle"):
            columns(self.records(), ("middle",))

    def test_a_text_or_a_scaled_number_is_refused(self) -> None:
        wheels = Records(Codec(Wheel, ROWS, cars=3), RAW, 0, 1)

        with pytest.raises(ValueError, match="no fields of plain numbers: label, grip"):
            columns(wheels, ("label", "grip"))


class TestRecords:
    RECORDS = Records(PAIR, b"\x01\x02\x03\x04\x05\x06", 0, 3)

    def test_one_record_is_read_without_the_others(self) -> None:
        assert self.RECORDS[2] == Pair(5, 6)

    def test_a_slice_is_a_tuple_of_records(self) -> None:
        assert self.RECORDS[1:] == (Pair(3, 4), Pair(5, 6))

    def test_the_length_is_known_without_reading(self) -> None:
        assert len(self.RECORDS) == 3

    @pytest.mark.parametrize("index", [-1, 3, 255])
    def test_an_index_beyond_the_array_is_named(self, index: int) -> None:
        with pytest.raises(IndexError, match=f"record {index} of 3"):
            self.RECORDS[index]

    def test_it_equals_any_sequence_of_equal_records(self) -> None:
        assert self.RECORDS == [Pair(1, 2), Pair(3, 4), Pair(5, 6)]
        assert self.RECORDS != [Pair(1, 2)]
        assert self.RECORDS != 3

    def test_equal_arrays_have_equal_hashes(self) -> None:
        again = Records(PAIR, b"?\x01\x02\x03\x04\x05\x06", 1, 3)

        assert hash(again) == hash(self.RECORDS)

    def test_its_text_shows_the_records(self) -> None:
        assert "Pair(left=5, right=6)" in repr(self.RECORDS)


class TestPacketLayout:
    def test_rows_that_do_not_add_up_to_the_documented_size_are_refused(self) -> None:
        spec = PacketSpec(6, "telemetry", 40, (Field("left", U8),))

        with pytest.raises(ValueError, match="telemetry: rows make 30 bytes, documented are 40"):
            PacketLayout(spec, 3, Pair, {})

    def test_scalars_before_between_and_behind_arrays_are_read(self) -> None:
        class Mixed(NamedTuple):
            header: object
            first: int
            cars: object
            middle: float
            best: Pair
            last: int

        rows = (
            Field("first", U8),
            Block("cars", "pair", CARS),
            Field("middle", F32),
            Block("best", "pair"),
            Field("last", U8),
        )
        layout = PacketLayout(PacketSpec(6, "mixed", 43, rows), 3, Mixed, {"pair": PAIR})
        packet = Mixed(make_header(), 1, (Pair(2, 3), Pair(4, 5), Pair(6, 7)), 0.5, Pair(8, 9), 10)

        datagram = layout.pack(packet)

        assert datagram[29:] == bytes([1, 2, 3, 4, 5, 6, 7, *struct.pack("<f", 0.5), 8, 9, 10])
        assert layout.unpack(make_header(), datagram) == packet


class TestEventLayout:
    class Event(NamedTuple):
        """As EventPacket."""

        header: object
        event_string_code: str
        details: object

    def test_the_union_is_read_by_its_code(self) -> None:
        layout = EventLayout({"PAIR": PAIR}, self.Event, lambda raw: raw)

        event = layout.unpack(make_header(3), bytes(29) + b"PAIR\x01\x02" + bytes(10))

        assert event.details == Pair(1, 2)

    def test_a_code_not_listed_keeps_all_twelve_bytes(self) -> None:
        layout = EventLayout({}, self.Event, lambda raw: raw)

        event = layout.unpack(make_header(3), bytes(29) + b"NEW!" + bytes(range(12)))

        assert event.details == bytes(range(12))


class TestEdits:
    ROWS = (Field("a", U8), Field("b", U8), Field("c", U8))

    def test_rows_are_left_out_by_name(self) -> None:
        assert without(self.ROWS, "a", "c") == (Field("b", U8),)

    def test_leaving_out_what_is_not_there_is_an_error(self) -> None:
        with pytest.raises(KeyError, match="no rows \\['d'\\]"):
            without(self.ROWS, "d")

    def test_a_row_is_changed_in_its_place(self) -> None:
        assert changed(self.ROWS, Field("b", U16)) == (Field("a", U8), Field("b", U16), Field("c", U8))

    def test_changing_what_is_not_there_is_an_error(self) -> None:
        with pytest.raises(KeyError, match="no rows \\['d'\\]"):
            changed(self.ROWS, Field("d", U8))

    def test_rows_are_inserted_behind_a_named_one(self) -> None:
        assert [row.name for row in inserted(self.ROWS, "a", Field("x", U8), Field("y", U8))] == [
            "a",
            "x",
            "y",
            "b",
            "c",
        ]

    def test_inserting_behind_what_is_not_there_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="not in list"):
            inserted(self.ROWS, "d", Field("x", U8))

    def test_packets_are_resized_edited_and_those_without_a_size_dropped(self) -> None:
        packets = (
            PacketSpec(0, "kept", 30, self.ROWS),
            PacketSpec(1, "edited", 32, self.ROWS),
            PacketSpec(2, "gone", 32, ()),
        )

        edited = edited_packets(packets, {0: 32, 1: 30}, {1: lambda rows: without(rows, "a", "b")})

        assert edited == (PacketSpec(0, "kept", 32, self.ROWS), PacketSpec(1, "edited", 30, (Field("c", U8),)))
