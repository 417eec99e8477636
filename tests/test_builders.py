"""The builders give valid packets, change what they are told to, and refuse what would be lost."""

from __future__ import annotations

from typing import Any

import pytest

from app.ingest.decoder import decode, encode
from app.ingest.layouts import LAYOUTS, SPECS
from tests.builders import make_event_packet, make_header, make_packet

EVENTS = sorted((packet_format, code) for packet_format, spec in SPECS.items() for code in spec.events)


@pytest.mark.parametrize("key", sorted(key for key in LAYOUTS if key[1] != 3))
def test_a_fresh_packet_survives_the_wire(key: tuple[int, int]) -> None:
    packet = make_packet(key[1], key[0])

    assert decode(encode(packet)) == packet


@pytest.mark.parametrize(("packet_format", "code"), EVENTS)
def test_a_fresh_event_survives_the_wire(packet_format: int, code: str) -> None:
    packet = make_event_packet(code, packet_format)

    assert decode(encode(packet)) == packet


def test_a_car_is_changed_by_its_index_and_field() -> None:
    cars = make_packet(6, cars={3: {"speed": 100}}).cars

    assert [car.speed for car in cars] == [0, 0, 0, 100, *[0] * 18]


def test_a_single_record_is_changed_by_its_fields() -> None:
    assert make_packet(14, rival={"lap_time_in_ms": 74_142}).rival.lap_time_in_ms == 74_142


def test_a_whole_record_takes_a_place() -> None:
    car = make_packet(6).cars[0]._replace(gear=7)

    assert make_packet(6, cars={21: car}).cars[21] is car


def test_header_fields_are_given_beside_the_packet_s() -> None:
    packet = make_packet(2, session_time=12.5, player_car_index=4, time_trial_pb_car_idx=1)

    assert (packet.header.session_time, packet.header.player_car_index, packet.time_trial_pb_car_idx) == (12.5, 4, 1)


def test_a_whole_header_brings_its_format() -> None:
    packet = make_packet(0, header=make_header(packet_format=2026))

    assert (packet.header.packet_id, packet.header.packet_format, len(packet.cars)) == (0, 2026, 24)


def test_details_and_header_of_an_event_are_given_together() -> None:
    packet: Any = make_event_packet("SPTP", vehicle_idx=3, session_uid=9)

    assert (packet.details.vehicle_idx, packet.header.session_uid) == (3, 9)


@pytest.mark.parametrize(("packet_format", "nobody"), [(2025, 255), (2026, 65_535)])
def test_an_empty_slot_says_nobody_in_its_format_s_word(packet_format: int, nobody: int) -> None:
    slot = make_packet(4, packet_format).participants[0]

    assert (slot.driver_id, slot.network_id, slot.team_id, slot.nationality) == (nobody, nobody, nobody, 255)


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ValueError, match="CarTelemetryData has no pace"):
        make_packet(6, cars={0: {"pace": 1}})


def test_a_field_that_the_format_would_lose_is_named() -> None:
    with pytest.raises(ValueError, match="ParticipantData has no tech_level in this format"):
        make_packet(4, 2023, participants={0: {"tech_level": 1}})


def test_a_car_beyond_the_format_s_array_is_named() -> None:
    with pytest.raises(IndexError, match="record 22 of 22"):
        make_packet(6, cars={22: {"speed": 1}})


def test_an_event_is_not_made_without_its_code() -> None:
    with pytest.raises(ValueError, match="make_event_packet"):
        make_packet(3)


def test_an_event_the_format_does_not_list_takes_its_bytes_only() -> None:
    with pytest.raises(ValueError, match=r"format 2023 has no event COLL: give it raw=, not \['severity'\]"):
        make_event_packet("COLL", 2023, severity=1)
