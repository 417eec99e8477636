"""Format 2025, the table all others are told against; `test_sizes` and `test_goldens` hold its every row."""

from __future__ import annotations

import struct

import pytest

from app.ingest.layouts.f1_2025 import SPEC
from app.ingest.layouts.table import EVENT_UNION_SIZE, Block

WHEEL_ARRAYS = {
    "brakes_temperature", "tyres_surface_temperature", "tyres_inner_temperature", "tyres_pressure", "surface_type",
    "tyres_wear", "tyres_damage", "brakes_damage", "tyre_blisters",
    "suspension_position", "suspension_velocity", "suspension_acceleration", "wheel_speed", "wheel_slip_ratio",
    "wheel_slip_angle", "wheel_lat_force", "wheel_long_force", "wheel_vert_force", "wheel_camber", "wheel_camber_gain",
}  # fmt: skip


def test_a_race_has_22_cars() -> None:
    assert (SPEC.packet_format, SPEC.cars) == (2025, 22)


def test_every_packet_but_event_has_its_rows() -> None:
    assert [packet.packet_id for packet in SPEC.packets] == [0, 1, 2, *range(4, 16)]


def test_every_array_of_records_holds_a_record_of_the_table() -> None:
    blocks = [row for packet in SPEC.packets for row in packet.rows if isinstance(row, Block)]

    assert {block.record for block in blocks} == SPEC.records.keys()


def test_every_array_of_four_is_about_the_wheels() -> None:
    rows = [row for rows in SPEC.records.values() for row in rows]
    rows += [row for packet in SPEC.packets for row in packet.rows if not isinstance(row, Block)]

    assert {row.name for row in rows if row.shape == (4,)} == WHEEL_ARRAYS


@pytest.mark.parametrize("code", sorted(SPEC.events))
def test_an_event_s_details_fit_into_the_union(code: str) -> None:
    size = struct.calcsize("<" + "".join(row.type for row in SPEC.events[code]))

    assert len(code) == 4
    assert size <= EVENT_UNION_SIZE


def test_there_are_21_event_codes() -> None:
    assert len(SPEC.events) == 21


def test_no_row_stands_twice_in_a_record_or_packet() -> None:
    tables = [*SPEC.records.values(), *SPEC.events.values(), *(packet.rows for packet in SPEC.packets)]

    for rows in tables:
        names = [row.name for row in rows]
        assert len(names) == len(set(names)), names
