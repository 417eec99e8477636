"""What README.md says of the bundled captures is true."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from app.ingest.capture import CapturedDatagram, read_capture
from app.ingest.decoder import decode
from app.ingest.packets import (
    EventPacket,
    FinalClassificationPacket,
    LapDataPacket,
    LapPositionsPacket,
    Packet,
    ParticipantsPacket,
    TimeTrialPacket,
)

HERE = Path(__file__).parent
CATALUNYA = "f1_25-format2025-timetrial-catalunya.pcap.gz"
MELBOURNE = "f1_25-format2026-race-melbourne.pcap.gz"
SAMPLES = "f1_23-format2023-online-samples.pcap.gz"
CEILING_BYTES = 3_000_000

DATAGRAMS_PER_PACKET_ID = {
    CATALUNYA: {
        0: 1000, 1: 1000, 2: 1000, 3: 688, 4: 118, 5: 1000, 6: 1000, 7: 1000, 8: 1,
        10: 1000, 11: 1000, 12: 1000, 13: 1000, 14: 581, 15: 581,
    },
    MELBOURNE: {
        0: 1000, 1: 40, 2: 1000, 3: 78, 4: 5, 5: 40, 6: 1000, 7: 1000,
        10: 196, 11: 379, 12: 368, 13: 1000, 15: 18, 16: 1000,
    },
    SAMPLES: {0: 1, 1: 1, 2: 2, 3: 15, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 10: 1, 11: 1, 12: 2, 13: 2},
}  # fmt: skip
EVENTS = {
    CATALUNYA: {"SSTA": 1, "BUTN": 674, "SPTP": 7, "PENA": 5, "SEND": 1},
    MELBOURNE: {"FTLP": 1, "SPTP": 20, "OVTK": 5, "BUTN": 52},
    SAMPLES: {
        "SSTA": 1, "STLG": 1, "LGOT": 1, "DRSE": 1, "DRSD": 1, "RCWN": 1, "CHQF": 1, "SEND": 2,
        "SPTP": 1, "PENA": 2, "OVTK": 2, "BUTN": 1,
    },
}  # fmt: skip


@cache
def _datagrams(name: str) -> list[CapturedDatagram]:
    return list(read_capture(HERE / name, strict=True))


@cache
def _packets(name: str) -> list[Packet]:
    return [decode(datagram.payload) for datagram in _datagrams(name)]


def test_the_bundled_captures_are_the_described_ones_and_small() -> None:
    files = {path.name: path.stat().st_size for path in HERE.glob("*.pcap*")}

    assert set(files) == {CATALUNYA, MELBOURNE, SAMPLES}
    assert sum(files.values()) <= CEILING_BYTES


@pytest.mark.parametrize("name", [CATALUNYA, MELBOURNE, SAMPLES])
def test_a_capture_is_described_by_name_in_the_readme(name: str) -> None:
    assert name in (HERE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [CATALUNYA, MELBOURNE, SAMPLES])
def test_a_capture_has_as_many_datagrams_of_each_packet_as_described(name: str) -> None:
    assert Counter(packet.header.packet_id for packet in _packets(name)) == DATAGRAMS_PER_PACKET_ID[name]


@pytest.mark.parametrize("name", [CATALUNYA, MELBOURNE, SAMPLES])
def test_a_capture_has_the_described_events(name: str) -> None:
    codes = Counter(packet.event_string_code for packet in _packets(name) if isinstance(packet, EventPacket))

    assert codes == EVENTS[name]


@pytest.mark.parametrize(("name", "seconds"), [(CATALUNYA, 580), (MELBOURNE, 21)])
def test_a_capture_lasts_as_long_as_described(name: str, seconds: int) -> None:
    datagrams = _datagrams(name)

    assert round(datagrams[-1].at_s - datagrams[0].at_s) == seconds


@pytest.mark.parametrize("name", [CATALUNYA, MELBOURNE, SAMPLES])
def test_datagrams_come_in_order_of_time_from_one_sender_to_the_game_s_port(name: str) -> None:
    datagrams = _datagrams(name)

    assert [datagram.at_s for datagram in datagrams] == sorted(datagram.at_s for datagram in datagrams)
    assert len({datagram.source for datagram in datagrams}) == 1
    assert {datagram.destination_port for datagram in datagrams} == {20_777}


class TestCatalunya:
    def test_it_is_one_session_and_the_menu_behind_it(self) -> None:
        uids = [packet.header.session_uid for packet in _packets(CATALUNYA)]

        assert len(set(uids)) == 2
        assert [uid == 0 for uid in uids] == [False] * (len(uids) - 12) + [True] * 12

    def test_the_rival_s_name_changes_once_in_mid_session(self) -> None:
        rivals = [
            packet.participants[3].name for packet in _packets(CATALUNYA) if isinstance(packet, ParticipantsPacket)
        ]

        assert rivals == ["Player 0001"] * 3 + ["Player 2"] * 115

    def test_the_player_is_restricted_and_still_has_a_name(self) -> None:
        player = next(packet for packet in _packets(CATALUNYA) if isinstance(packet, ParticipantsPacket)).participants[
            0
        ]

        assert (player.name, player.your_telemetry) == ("Player 0001", 0)

    def test_seven_laps_are_driven_an_eighth_begun_and_the_best_is_the_older_personal_best(self) -> None:
        classified = next(packet for packet in _packets(CATALUNYA) if isinstance(packet, FinalClassificationPacket))
        begun = [
            sum(position_of_car[0] > 0 for position_of_car in packet.position_for_vehicle_idx)
            for packet in _packets(CATALUNYA)
            if isinstance(packet, LapPositionsPacket)
        ]

        assert classified.cars[0].num_laps == 7
        assert classified.cars[0].best_lap_time_in_ms == 73_783
        assert (begun[0], begun[-1]) == (1, 8)

    def test_laps_show_in_the_time_trial_packets(self) -> None:
        bests = {
            packet.player_session_best.lap_time_in_ms
            for packet in _packets(CATALUNYA)
            if isinstance(packet, TimeTrialPacket)
        }

        assert {74_859, 74_142} <= bests

    def test_lap_data_dries_up_after_nineteen_seconds_of_session_time(self) -> None:
        times = [packet.header.session_time for packet in _packets(CATALUNYA) if isinstance(packet, LapDataPacket)]

        assert times[0] == 0.0
        assert round(times[-1]) == 19


class TestMelbourne:
    def test_it_is_one_race_cut_out_of_the_middle(self) -> None:
        packets = _packets(MELBOURNE)

        assert len({packet.header.session_uid for packet in packets}) == 1
        assert round(packets[0].header.session_time) == 82

    def test_twenty_cars_finish_their_first_lap(self) -> None:
        laps = [
            [car.current_lap_num for car in packet.cars]
            for packet in _packets(MELBOURNE)
            if isinstance(packet, LapDataPacket)
        ]

        assert sum((first, last) == (1, 2) for first, last in zip(laps[0], laps[-1], strict=True)) == 20

    def test_the_last_two_cars_are_empty_slots(self) -> None:
        packet = next(packet for packet in _packets(MELBOURNE) if isinstance(packet, ParticipantsPacket))

        assert [index for index, car in enumerate(packet.participants) if not car.name] == [22, 23]

    def test_one_driver_s_name_is_accented(self) -> None:
        packet = next(packet for packet in _packets(MELBOURNE) if isinstance(packet, ParticipantsPacket))

        assert [car.name for car in packet.participants if not car.name.isascii()] == ["PÉREZ"]

    def test_the_format_is_2026_and_the_game_f1_25(self) -> None:
        assert {packet.header[:2] for packet in _packets(MELBOURNE)} == {(2026, 25)}

    def test_frames_are_missing_and_incomplete_as_described(self) -> None:
        datagrams_of_frame: dict[int, set[int]] = {}
        for packet in _packets(MELBOURNE):
            datagrams_of_frame.setdefault(packet.header.frame_identifier, set()).add(packet.header.packet_id)

        every_frame = {0, 2, 6, 7, 13, 16}
        frames = [datagrams_of_frame.get(frame, set()) & every_frame for frame in range(4869, 5979)]
        complete, missing = frames.count(every_frame), frames.count(set())
        assert (complete, len(frames) - complete - missing, missing) == (903, 97, 110)


class TestSamples:
    def test_they_come_from_five_sessions(self) -> None:
        assert len({packet.header.session_uid for packet in _packets(SAMPLES)}) == 5

    def test_sixteen_of_them_are_of_one_online_session(self) -> None:
        uids = [packet.header.session_uid for packet in _packets(SAMPLES)]

        assert uids.count(0xB949A74D0981F418) == 16

    def test_a_spectator_s_lap_data_has_no_own_car(self) -> None:
        lap_data = [packet for packet in _packets(SAMPLES) if isinstance(packet, LapDataPacket)]

        assert 255 in [packet.header.player_car_index for packet in lap_data]

    def test_players_who_hide_their_names_are_all_called_player(self) -> None:
        packet = next(packet for packet in _packets(SAMPLES) if isinstance(packet, ParticipantsPacket))

        assert [car.name for car in packet.participants if car.name] == [
            "Player",
            "Player",
            "P00001",
            "Player",
            "Player",
        ]
