from __future__ import annotations

from itertools import pairwise

import pytest

from app.ingest.packets import (
    LapDataPacket,
    LobbyInfoPacket,
    ParticipantsPacket,
    SessionPacket,
    TimeTrialPacket,
    TyreSetsPacket,
)
from tests.sim.runs import beginning, events, of_type, sent

FORMATS = pytest.mark.parametrize("packet_format", [2023, 2024, 2025, 2026])


@FORMATS
def test_the_first_session_packets_are_half_filled(packet_format: int) -> None:
    first, *_, last = of_type(beginning("duel", packet_format), SessionPacket)

    assert (first.track_id, first.track_length, first.session_type) == (last.track_id, 1_200, last.session_type)
    assert (first.num_marshal_zones, last.num_marshal_zones) == (0, 15)
    assert (first.speed_units_lead_player, last.speed_units_lead_player) == (0, 1)
    assert first.track_temperature != last.track_temperature


@FORMATS
def test_empty_slots_are_as_documented(packet_format: int) -> None:
    nobody = 65_535 if packet_format == 2026 else 255
    participants = of_type(beginning("race_retirements", packet_format), ParticipantsPacket)[0].participants

    for seat in participants[20:]:
        assert (seat.driver_id, seat.team_id, seat.network_id, seat.nationality) == (nobody, nobody, nobody, 255)
        assert (seat.name, seat.platform, seat.ai_controlled) == ("", 0, 0)
    assert len(participants) == (24 if packet_format == 2026 else 22)


def test_retirements_bring_the_count_below_the_own_index() -> None:
    packets = of_type(sent("race_retirements"), ParticipantsPacket)
    counts = [packet.num_active_cars for packet in packets]

    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 20
    assert counts[-1] <= packets[0].header.player_car_index == 19


def test_the_rivals_name_changes_in_mid_session() -> None:
    packets = of_type(sent("time_trial"), ParticipantsPacket)
    names = list(dict.fromkeys(packet.participants[2].name for packet in packets))

    assert names == ["slower_rival", "FasterRival"]
    assert {packet.participants[1].name for packet in packets} == {"Personal Best"}
    assert {packet.num_active_cars for packet in packets} == {1}


def test_the_best_of_the_session_is_told_in_time_trial() -> None:
    packets = of_type(sent("invalid_lap"), TimeTrialPacket)
    best = [packet.player_session_best.lap_time_in_ms for packet in packets]
    shown = packets[-1].player_session_best

    assert best[0] == 0
    assert all(after == before or before == 0 or after < before for before, after in pairwise(best))
    assert shown.sector1_time_in_ms + shown.sector2_time_in_ms + shown.sector3_time_in_ms == shown.lap_time_in_ms
    assert packets[-1].personal_best.car_idx == 1


def test_people_wait_in_the_lobby_without_a_session() -> None:
    packets = of_type(beginning("lobby"), LobbyInfoPacket)

    assert {(p.header.session_uid, p.num_players) for p in packets} == {(0, 2)}
    assert len(packets) == 4


def test_a_spectator_is_told_whom_it_watches() -> None:
    packets = of_type(beginning("spectator"), SessionPacket)

    assert {(p.is_spectating, p.header.player_car_index) for p in packets} == {(1, 255)}
    assert all(p.spectator_car_index < 20 for p in packets)


def test_the_safety_car_is_out_between_its_events() -> None:
    packets = sent("safety_car")
    told = events(packets, "SCAR")
    status = {p.header.session_time: p.safety_car_status for p in of_type(packets, SessionPacket)}
    begins, ends = told[0].header.session_time, told[-1].header.session_time

    assert [getattr(event.details, "event_type", None) for event in told] == [0, 1, 2, 3]
    assert all((value > 0) == (begins <= time < ends) for time, value in status.items())


def test_exactly_one_tyre_set_is_fitted() -> None:
    for packet in of_type(beginning("pit_stop"), TyreSetsPacket)[::50]:
        assert [n for n, tyres in enumerate(packet.sets) if tyres.fitted] == [packet.fitted_idx]


def test_time_trial_ghosts_are_named_in_lap_data() -> None:
    packets = of_type(beginning("duel"), LapDataPacket)

    assert {(p.time_trial_pb_car_idx, p.time_trial_rival_car_idx) for p in packets} == {(1, 2)}
    assert {car.result_status for p in packets for car in list(p.cars)[1:]} == {0}
    assert packets[-1].cars[1].total_distance > packets[100].cars[1].total_distance
