from __future__ import annotations

import pytest

from app.ingest.packets import (
    CarDamagePacket,
    CarSetupsPacket,
    CarStatusPacket,
    CarTelemetryPacket,
    LapDataPacket,
    ParticipantsPacket,
    TyreSetsPacket,
)
from app.ingest.records import CarDamageData, CarStatusData
from app.sim.cars import guest_car
from app.sim.privacy import RESTRICTED, restricted_slots, setup_slots, shown_name
from tests.sim.runs import beginning, of_type, played, small_race

FORMATS = pytest.mark.parametrize("packet_format", [2023, 2024, 2025, 2026])


def hidden_slots(packet_format: int) -> tuple[int, set[int]]:
    """The own slot and the restricted others, as Participants says."""
    own = played("restricted").rigs[0].car_index
    seats = of_type(beginning("restricted", packet_format), ParticipantsPacket)[0].participants
    assert own is not None
    return own, {n for n, s in enumerate(seats) if s.name and not s.ai_controlled and not s.your_telemetry} - {own}


def is_zero(value: object) -> bool:
    return value is None or value == 0 or (isinstance(value, tuple) and not any(value))


@FORMATS
def test_exactly_the_listed_fields_of_restricted_rivals_are_zero(packet_format: int) -> None:
    own, hidden = hidden_slots(packet_format)
    packets = beginning("restricted", packet_format)
    status, damage = of_type(packets, CarStatusPacket)[130].cars, of_type(packets, CarDamagePacket)[130].cars

    assert len(hidden) == 4
    for slot in hidden:
        for record, mine, rival in (
            ("car_status", status[own]._asdict(), status[slot]._asdict()),
            ("car_damage", damage[own]._asdict(), damage[slot]._asdict()),
        ):
            assert all(is_zero(rival[name]) for name in RESTRICTED[record])
            free = {name for name, value in mine.items() if not is_zero(value)} - RESTRICTED[record]
            assert {name for name in free if is_zero(rival[name])} <= {"drs_allowed", "drs_activation_distance"}


@FORMATS
def test_the_own_car_is_complete_although_it_is_restricted(packet_format: int) -> None:
    own, _ = hidden_slots(packet_format)
    packets = beginning("restricted", packet_format)
    status = of_type(packets, CarStatusPacket)[130].cars[own]

    assert not of_type(packets, ParticipantsPacket)[0].participants[own].your_telemetry
    assert min(status.fuel_in_tank, status.ers_store_energy, status.front_brake_bias) > 0
    assert of_type(packets, CarDamagePacket)[130].cars[own].tyres_wear[0] > 0.0


def test_timing_and_telemetry_of_restricted_rivals_stay_visible() -> None:
    _, hidden = hidden_slots(2025)
    packets = beginning("restricted")

    for slot in hidden:
        assert of_type(packets, CarTelemetryPacket)[130].cars[slot].speed > 0
        assert of_type(packets, LapDataPacket)[130].cars[slot].lap_distance > 0.0
        assert of_type(packets, CarStatusPacket)[130].cars[slot].visual_tyre_compound > 0


def test_tyre_sets_of_restricted_rivals_are_empty() -> None:
    _, hidden = hidden_slots(2025)

    for packet in of_type(beginning("restricted"), TyreSetsPacket):
        empty = not any(any(tyre_set) for tyre_set in packet.sets)
        assert empty == (packet.car_idx in hidden)


def test_online_nobody_sees_another_persons_setup() -> None:
    own, _ = hidden_slots(2025)
    packets = beginning("restricted")
    people = {n for n, s in enumerate(of_type(packets, ParticipantsPacket)[0].participants) if not s.ai_controlled}
    setups = of_type(packets, CarSetupsPacket)[10].cars

    assert any(setups[own])
    assert not any(any(setups[slot]) for slot in people - {own})


def test_hidden_names_are_player_and_the_own_name_is_not() -> None:
    own, _ = hidden_slots(2025)
    seats = of_type(beginning("restricted"), ParticipantsPacket)[0].participants

    assert [seat.name for seat in seats].count("Player") == 4
    assert seats[own].name == "Ada"
    assert not seats[own].show_online_names


def test_the_published_lists_have_twelve_and_eighteen_fields_that_exist() -> None:
    status, damage = RESTRICTED["car_status"], RESTRICTED["car_damage"]

    assert (len(status), len(damage)) == (12, 18)
    assert status <= set(CarStatusData._fields)
    assert damage <= set(CarDamageData._fields)
    assert not damage & {"tyre_blisters", "ers_fault", "engine_blown", "engine_seized"}


def test_a_machine_is_restricted_only_towards_others() -> None:
    people = (guest_car(0, 0, 1, online=True, public=False), guest_car(1, 1, 2, online=True, public=False))
    world = small_race(cars=2)
    online = type(world)(world.track, world.kind, 2, people, world.courses, world.drives)

    assert restricted_slots(online, 0) == {1}
    assert setup_slots(online, 0, network_game=True) == {0}
    assert setup_slots(online, None, network_game=True) == set()
    assert setup_slots(online, 0, network_game=False) == {0, 1}


def test_a_renamed_ghost_changes_its_name_at_its_time() -> None:
    rival = guest_car(1, 1, 1, online=False)._replace(renamed=("Other", 12))

    assert [shown_name(rival, 0, t) for t in (11.9, 12.0)] == [rival.name, "Other"]
