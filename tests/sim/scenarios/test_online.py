from __future__ import annotations

import pytest

from app.ingest.packets import EventPacket, FinalClassificationPacket, LapDataPacket
from tests.sim.runs import beginning, of_type, played, sent


def test_a_lobby_is_one_session_seen_by_two_machines() -> None:
    first, second = played("lobby").ledger.sessions

    assert first.session_uid == second.session_uid
    assert first.own_car != second.own_car
    assert (first.rig, second.rig) == (0, 1)


def test_frames_of_the_two_machines_do_not_coincide_but_tell_one_race() -> None:
    ours, theirs = (of_type(sent("lobby", rig=rig), LapDataPacket) for rig in (0, 1))
    times = [{round(p.header.session_time, 4) for p in packets if p.header.session_time} for packets in (ours, theirs)]

    assert not times[0] & times[1]
    for a, b in zip(ours[100:600:50], theirs[100:600:50], strict=True):
        near = min(theirs, key=lambda p: abs(p.header.session_time - a.header.session_time))
        assert near.cars[3].total_distance == pytest.approx(a.cars[3].total_distance, abs=10.0)
        assert b.header.frame_identifier > 0


def test_a_lobby_can_have_more_machines() -> None:
    from app.sim import simulate

    run = simulate("lobby", rigs=3)

    assert len({rig.car_index for rig in run.rigs}) == 3
    assert len({session.session_uid for session in run.ledger.sessions}) == 1


def test_a_spectator_has_no_car() -> None:
    rig = played("spectator").rigs[0]

    assert (rig.car_index, rig.header_index) == (None, 255)
    assert played("spectator").ledger.own_laps(0) == []


@pytest.mark.parametrize("packet_format", [2025, 2026])
def test_a_wrong_index_names_a_slot_without_data(packet_format: int) -> None:
    for packet in of_type(beginning("wrong_index", packet_format), LapDataPacket)[::40]:
        assert packet.header.player_car_index == 21
        assert not any(packet.cars[21])


def test_ssta_of_the_next_session_comes_before_the_classification_of_the_last() -> None:
    packets = sent("ssta_before_classification")
    old, new = (session.session_uid for session in played("ssta_before_classification").ledger.sessions)
    told = [
        (getattr(packet, "event_string_code", "classified"), packet.header.session_uid)
        for packet in (s.packet for s in packets if s.header.packet_id in (3, 8))
        if not isinstance(packet, EventPacket) or packet.event_string_code in ("SSTA", "SEND")
    ]

    assert told == [
        ("SSTA", old),
        ("SEND", old),
        ("SSTA", new),
        ("classified", old),
        ("SEND", new),
        ("classified", new),
    ]
    assert len(of_type(packets, FinalClassificationPacket)) == 2
