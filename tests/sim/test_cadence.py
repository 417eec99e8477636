from __future__ import annotations

from collections import defaultdict

import pytest

from app.sim import cadence
from tests.sim.runs import beginning, sent

FIXED = {
    cadence.SESSION: 0.5,
    cadence.CAR_SETUPS: 0.5,
    cadence.PARTICIPANTS: 5.0,
    cadence.CAR_DAMAGE: 0.1,
    cadence.HISTORY: 0.05,
    cadence.TYRE_SETS: 0.05,
    cadence.TIME_TRIAL: 1.0,
    cadence.LAP_POSITIONS: 1.0,
}


@pytest.mark.parametrize("rate_hz", [10, 60])
def test_every_packet_type_keeps_its_own_rate(rate_hz: int) -> None:
    times = defaultdict(list)
    for packet in sent("time_trial", rate_hz=rate_hz):
        if 10.0 < packet.at_s < 30.0:
            times[packet.header.packet_id].append(packet.at_s)
    expected = FIXED | dict.fromkeys(cadence.MENU_RATE - {cadence.CAR_TELEMETRY_2}, 1 / rate_hz)

    for packet_id, every_s in expected.items():
        steps = [b - a for a, b in zip(times[packet_id], times[packet_id][1:], strict=False)]
        assert min(steps) == pytest.approx(every_s, abs=1e-6), packet_id
        assert max(steps) == pytest.approx(every_s, abs=1e-6), packet_id


def test_the_first_frame_has_all_but_the_history() -> None:
    table = cadence.timetable(2025, 20, time_trial=True)

    assert cadence.due(table, 0) == tuple(i for i in cadence.ORDER[1:-1] if i != cadence.HISTORY)
    assert cadence.HISTORY in cadence.due(table, cadence.HISTORY_STARTS)


@pytest.mark.parametrize("packet_format", [2023, 2024, 2025, 2026])
def test_packets_of_one_frame_come_in_the_documented_order(packet_format: int) -> None:
    frames = defaultdict(list)
    for packet in beginning("lobby", packet_format):
        header = packet.header
        if header.frame_identifier and header.session_uid:
            frames[packet.at_s, header.overall_frame_identifier].append(header.packet_id)
    ranks = {packet_id: rank for rank, packet_id in enumerate(cadence.ORDER)}

    assert len(frames) > 200
    for packet_ids in frames.values():
        assert packet_ids == sorted(packet_ids, key=ranks.__getitem__)


def test_only_formats_that_have_a_packet_send_it() -> None:
    due_2023 = cadence.due(cadence.timetable(2023, 20, time_trial=True), 0)
    due_2026 = cadence.due(cadence.timetable(2026, 20, time_trial=False), 0)

    assert not {cadence.TIME_TRIAL, cadence.LAP_POSITIONS, cadence.CAR_TELEMETRY_2} & set(due_2023)
    assert due_2026[-1] == cadence.CAR_TELEMETRY_2
    assert cadence.TIME_TRIAL not in due_2026


def test_a_rate_the_game_does_not_offer_is_refused() -> None:
    with pytest.raises(ValueError, match="not at 25"):
        cadence.menu_ticks(25)


def test_state_packets_of_one_frame_share_time_and_frame_ids() -> None:
    frames = defaultdict(set)
    for packet in beginning("race_retirements"):
        header = packet.header
        if header.packet_id != cadence.EVENT and header.frame_identifier:
            frames[packet.at_s].add((header.session_time, header.frame_identifier, header.overall_frame_identifier))

    assert {len(ids) for ids in frames.values()} == {1}
