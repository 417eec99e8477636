from __future__ import annotations

from random import Random
from struct import pack, unpack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ingest import packets as game
from app.ingest import records
from app.ingest.decoder import decode, encode
from app.ingest.header import HEADER_SIZE, write_header
from app.ingest.layouts import SPECS
from app.ingest.layouts.table import Field
from app.sim import cadence, wire
from app.sim.dialects import dialect
from tests.sim.runs import beginning, of_type

RECORDS: dict[int, Any] = {  # Any: the classes of records and packets differ in their fields
    cadence.MOTION: records.CarMotionData,
    cadence.LAP_DATA: records.CarLapData,
    cadence.CAR_TELEMETRY: records.CarTelemetryData,
    cadence.CAR_STATUS: records.CarStatusData,
    cadence.CAR_DAMAGE: records.CarDamageData,
    cadence.CAR_TELEMETRY_2: records.CarTelemetry2Data,
}
PACKETS: dict[int, Any] = {
    cadence.MOTION: game.MotionPacket,
    cadence.LAP_DATA: game.LapDataPacket,
    cadence.CAR_TELEMETRY: game.CarTelemetryPacket,
    cadence.CAR_STATUS: game.CarStatusPacket,
    cadence.CAR_DAMAGE: game.CarDamagePacket,
    cadence.CAR_TELEMETRY_2: game.CarTelemetry2Packet,
}
TAILS = {cadence.LAP_DATA: (3, 255), cadence.CAR_TELEMETRY: (255, 255, 0)}
PAIRS = [
    (packet_format, packet_id)
    for packet_format, spec in SPECS.items()
    for packet_id in RECORDS
    if packet_id in {packet.packet_id for packet in spec.packets}
]
RANGES = {"B": (0, 255), "b": (-128, 127), "H": (0, 65_535), "h": (-32_767, 32_767), "I": (0, 2**32 - 1)}


def wide_row(rng: Random, record: str) -> list[float]:
    """Random wire values that fit every format: g-forces and the engine's temperature are narrower in 2026."""

    def value(field: Field) -> float:
        if field.name == "engine_temperature":
            return rng.randint(0, 255)
        return rng.randint(*RANGES[field.type]) if field.type in RANGES else as_f32(rng.randint(-220, 220) / 7)

    rows = wire.wide_rows(record)
    return [value(field) for field in rows for _ in wire.positions([field])[field.name]]


def as_f32(value: float) -> float:
    """What is left of a value on the wire."""
    return float(unpack("f", pack("f", value))[0])


def as_record(packet_id: int, record: str, row: list[float]) -> Any:
    """The record that a wide row stands for."""
    values: dict[str, Any] = dict.fromkeys(RECORDS[packet_id]._fields)
    for field, places in zip(wire.wide_rows(record), wire.positions(wire.wide_rows(record)).values(), strict=True):
        part = [row[place] / (field.divide_by or 1) if field.divide_by else row[place] for place in places]
        values[field.name] = tuple(part) if field.shape else part[0]
    return RECORDS[packet_id](**values)


@pytest.mark.parametrize(("packet_format", "packet_id"), PAIRS)
@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), cars=st.sampled_from([1, 3, 20, 22]))
def test_the_fast_encoder_writes_what_the_generic_one_writes(
    packet_format: int, packet_id: int, seed: int, cars: int
) -> None:
    compiled, rng = wire.cars_packet(packet_format, packet_id), Random(seed)
    rows = [wide_row(rng, compiled.record) for _ in range(cars)]
    wide = wire.wide_struct(compiled.record, cars).pack(*(value for row in rows for value in row))
    header = dialect(packet_format).header(packet_id, 1, 2.0, 3, 4, 0)
    empty = as_record(packet_id, compiled.record, [0] * len(rows[0]))
    slots = [as_record(packet_id, compiled.record, row) for row in rows] + [empty] * (compiled.cars - cars)

    fast = compiled.body(wide, cars, TAILS.get(packet_id, ()))

    assert fast == encode(PACKETS[packet_id](header, slots, *TAILS.get(packet_id, ())))[HEADER_SIZE:]


@pytest.mark.parametrize("packet_format", SPECS)
def test_a_packet_without_records_takes_what_its_format_has(packet_format: int) -> None:
    struct, select = wire.scalars_packet(packet_format, cadence.MOTION_EX)
    widest, _ = wire.scalars_packet(2025, cadence.MOTION_EX)
    header = dialect(packet_format).header(cadence.MOTION_EX, 1, 2.0, 3, 4, 0)

    packet = decode(write_header(header) + struct.pack(*select([float(n) for n in range(widest.size // 4)])))

    assert isinstance(packet, game.MotionExPacket)
    assert packet.suspension_position == (0.0, 1.0, 2.0, 3.0)
    assert packet.height_of_cog_above_ground == 32.0
    assert packet.wheel_camber == ((53.0, 54.0, 55.0, 56.0) if packet_format >= 2025 else None)


def test_packets_that_are_not_cars_and_scalars_are_refused() -> None:
    with pytest.raises(ValueError, match="participants is not cars"):
        wire.cars_packet(2025, cadence.PARTICIPANTS)


@pytest.mark.parametrize("packet_format", SPECS)
def test_sparse_packets_are_written_as_the_generic_encoder_writes_them(packet_format: int) -> None:
    packets = beginning("pit_stop", packet_format)
    kinds: tuple[Any, ...] = (game.SessionPacket, game.SessionHistoryPacket, game.TyreSetsPacket)

    for packet in (of_type(packets, kind)[-1] for kind in kinds):
        assert wire.sparse_body(packet) == encode(packet)[HEADER_SIZE:]
