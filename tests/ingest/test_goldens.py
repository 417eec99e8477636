"""Everything we decode, against what an independent decoder read in the same bytes.

`tests/goldens/write_goldens.py` defines the canonical text; here our packets are put into the same form, in the
other decoder's names, so that every field of every datagram is compared.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.ingest.capture import read_capture
from app.ingest.decoder import decode
from app.ingest.layouts import LAYOUTS, SPECS
from app.ingest.layouts.table import Field
from app.ingest.packets import EventPacket, MotionPacket, Packet
from app.ingest.records import CarMotionData, ParticipantData
from tests.goldens.write_goldens import EVENT_ID, MADE_UP, canonical, digest, made_up_datagram

TESTS = Path(__file__).resolve().parents[1]
FORMATS = (2025, 2026)


class Renamed(NamedTuple):
    """A field that both decoders read alike and call differently."""

    packet_or_record: str
    ours: str
    theirs: str
    reason: str


RENAMED = (
    *(
        Renamed(packet, ours, theirs, "the listing calls the array after its record; we say what it holds")
        for packet, ours, theirs in (
            ("MotionPacket", "cars", "car_motion_data"),
            ("LapDataPacket", "cars", "lap_data"),
            ("CarSetupsPacket", "cars", "car_setup_data"),
            ("CarTelemetryPacket", "cars", "car_telemetry_data"),
            ("CarStatusPacket", "cars", "car_status_data"),
            ("FinalClassificationPacket", "cars", "classification_data"),
            ("LobbyInfoPacket", "players", "lobby_players"),
            ("CarDamagePacket", "cars", "car_damage_data"),
            ("SessionHistoryPacket", "laps", "lap_history_data"),
            ("SessionHistoryPacket", "tyre_stints", "tyre_stints_history_data"),
            ("TyreSetsPacket", "sets", "tyre_set_data"),
            ("TimeTrialPacket", "player_session_best", "player_session_best_data_set"),
            ("TimeTrialPacket", "personal_best", "personal_best_data_set"),
            ("TimeTrialPacket", "rival", "rival_data_set"),
            ("CarTelemetry2Packet", "cars", "car_telemetry2_data"),
            ("EventPacket", "details", "event_details"),
        )
    ),
    Renamed("CarTelemetry2Data", "regulations_2026", "2026_regulations", "no Python name begins with a digit"),
)


class Difference(NamedTuple):
    """A datagram that the two decoders read differently, and who is right."""

    packet_format: int
    datagram: int
    reason: str


DIFFERENCES: tuple[Difference, ...] = ()  # none is known: all 19 093 real and all made-up datagrams are read alike


@pytest.mark.parametrize("packet_format", FORMATS)
def test_every_field_of_every_datagram_is_read_as_the_independent_decoder_reads_it(packet_format: int) -> None:
    golden = _golden(packet_format)

    ours = [digest(canonical(_values(packet))) for packet in _packets(golden)]

    assert len(ours) == len(golden["digests"])
    pairs = enumerate(zip(ours, golden["digests"], strict=True))
    assert [index for index, (our, their) in pairs if our != their] == [
        difference.datagram for difference in DIFFERENCES if difference.packet_format == packet_format
    ]


@pytest.mark.parametrize("packet_format", FORMATS)
def test_noise_in_every_packet_and_event_is_read_as_the_independent_decoder_reads_it(packet_format: int) -> None:
    golden = _golden(packet_format)

    ours = {
        f"{packet_id}, {code}, {number}": digest(canonical(_values(decode(payload))))
        for packet_id, code, number, payload in _made_up(packet_format)
    }

    assert ours == golden["made_up"]


@pytest.mark.parametrize("packet_format", FORMATS)
def test_the_readable_goldens_equal_our_values_field_by_field(packet_format: int) -> None:
    golden = _golden(packet_format)
    packets = _packets(golden)

    ours = {entry["index"]: json.loads(json.dumps(_values(packets[entry["index"]]))) for entry in golden["readable"]}

    for entry in golden["readable"]:
        assert ours[entry["index"]] == entry["values"], f"datagram {entry['index']}"


@pytest.mark.parametrize("packet_format", FORMATS)
def test_the_readable_goldens_show_every_packet_type_and_event_code_of_the_capture(packet_format: int) -> None:
    golden = _golden(packet_format)
    packets = _packets(golden)

    shown = {_kind(packets[entry["index"]]) for entry in golden["readable"]}

    assert shown == {_kind(packet) for packet in packets}


@pytest.mark.parametrize("name", ["world_position_x", "world_right_dir_z", "g_force_vertical", "roll"])
def test_a_single_value_of_a_single_car_changes_the_digest(name: str) -> None:
    golden = _golden(2026)
    index, packet = next(
        (index, packet) for index, packet in enumerate(_packets(golden)) if isinstance(packet, MotionPacket)
    )
    cars = list(packet.cars)

    cars[-1] = cars[-1]._replace(**{name: 0.125})

    assert digest(canonical(_values(packet))) == golden["digests"][index]
    assert digest(canonical(_values(packet._replace(cars=cars)))) != golden["digests"][index]


def _golden(packet_format: int) -> Any:
    return json.loads(gzip.decompress((TESTS / "goldens" / f"format{packet_format}.json.gz").read_bytes()))


def _packets(golden: Any) -> list[Packet]:
    return [decode(datagram.payload) for datagram in read_capture(TESTS / "captures" / golden["capture"])]


def _made_up(packet_format: int) -> Iterator[tuple[int, str, int, bytes]]:
    """Packet id, event code, number and datagram."""
    for (of_format, packet_id), layout in LAYOUTS.items():
        if of_format == packet_format:
            for code in SPECS[packet_format].events if packet_id == EVENT_ID else ("",):
                for number in range(MADE_UP):
                    payload = made_up_datagram(packet_format, packet_id, code, number, layout.size)
                    yield packet_id, code, number, payload


def _kind(packet: Packet) -> tuple[int, str]:
    return packet.header.packet_id, packet.event_string_code if isinstance(packet, EventPacket) else ""


# --- our packets in the canonical form --------------------------------------------------------------


def _values(packet: Packet) -> dict[str, Any]:
    """The packet as `write_goldens.packet_values` gives it."""
    packet_format = packet.header.packet_format
    values: dict[str, Any] = {}
    value: Any  # of any field's type
    for name, value in zip(packet._fields, packet, strict=True):
        if value is None:
            continue
        if name == "event_string_code":
            value = tuple(value.encode("latin-1"))
        elif name == "position_for_vehicle_idx":
            value = tuple(chain.from_iterable(value))
        elif hasattr(value, "_fields"):
            value = _record_values(value, packet_format)
        elif isinstance(value, Sequence) and hasattr(value[0], "_fields"):
            value = [_record_values(record, packet_format) for record in value]
        values[_THEIR_NAMES.get((type(packet).__name__, name), name)] = value
    return values


def _record_values(record: Any, packet_format: int) -> dict[str, Any]:
    values = dict(zip(_names(type(record).__name__, record._fields), record, strict=True))
    if isinstance(record, CarMotionData):
        values |= {name: round(values[name] * by) for name, by in _divisors(packet_format).items()}
    elif isinstance(record, ParticipantData) and record.livery_colours is not None:
        values["livery_colours"] = [
            dict(zip(("red", "green", "blue"), rgb, strict=True)) for rgb in record.livery_colours
        ]
    return {name: value for name, value in values.items() if value is not None} if None in record else values


_THEIR_NAMES = {(renamed.packet_or_record, renamed.ours): renamed.theirs for renamed in RENAMED}


@cache
def _names(record: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Their names of the fields of a record type of ours."""
    return tuple(_THEIR_NAMES.get((record, name), name) for name in fields)


@cache
def _divisors(packet_format: int) -> dict[str, int]:
    """What the wire's integers of a car's motion are divided by; nothing else is scaled."""
    spec = SPECS[packet_format]
    scaled = {name: {row.name: row.divide_by for row in rows if row.divide_by} for name, rows in spec.records.items()}
    assert [name for name, divisors in scaled.items() if divisors] == ["car_motion"]
    rows = [row for packet in spec.packets for row in packet.rows]
    assert not [row for row in rows if isinstance(row, Field) and row.divide_by]
    return scaled["car_motion"]
