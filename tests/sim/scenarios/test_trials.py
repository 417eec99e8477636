from __future__ import annotations

from itertools import pairwise

import pytest

from app.ingest.packets import LapDataPacket
from tests.sim.runs import events, of_type, played, sent


def test_a_duel_is_two_sessions_on_one_track() -> None:
    sessions = played("duel").ledger.sessions

    assert [session.rig for session in sessions] == [0, 1]
    assert len({session.session_uid for session in sessions}) == 2
    assert len({session.track_id for session in sessions}) == 1


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_one_lap_is_invalid_and_its_penalty_names_it(seed: int) -> None:
    laps = played("invalid_lap", seed).ledger.own_laps(0)
    penalties = [event.details for event in events(sent("invalid_lap", seed), "PENA")]

    assert [lap.valid for lap in laps] == [True, False, True]
    assert [getattr(penalty, "lap_num", None) for penalty in penalties] == [2]


def test_two_laps_take_the_same_time_to_the_millisecond() -> None:
    laps = played("timer_jitter").ledger.own_laps(0)

    assert laps[0].lap_time_ms == laps[1].lap_time_ms != laps[2].lap_time_ms


def test_a_restarted_practice_lap_keeps_its_number_while_timer_and_distance_begin_again() -> None:
    cars = [packet.cars[0] for packet in of_type(sent("practice_restart"), LapDataPacket)]
    again = [
        (a, b)
        for a, b in pairwise(cars)
        if b.current_lap_time_in_ms < a.current_lap_time_in_ms and b.current_lap_num == a.current_lap_num
    ]

    assert [b.current_lap_num for _, b in again] == [2]
    assert again[0][1].lap_distance < again[0][0].lap_distance - 100.0
    assert again[0][1].last_lap_time_in_ms == again[0][0].last_lap_time_in_ms


def test_the_ghosts_name_changes_while_the_guest_drives() -> None:
    assert played("time_trial").ledger.own_laps(0)[0].completed_session_time_s > 12.0
