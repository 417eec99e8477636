from __future__ import annotations

from tests.sim.runs import events, played, sent


def test_sessions_have_their_uid_their_own_car_and_their_end() -> None:
    names = ("restart", "save_load", "lobby")
    ends = [[session.end_reason for session in played(name).ledger.sessions] for name in names]

    assert ends == [["send", "new_session", "send"], ["send", "send"], ["send", "send"]]
    assert [s.own_car for s in played("spectator").ledger.sessions] == [None]
    assert [s.own_car for s in played("wrong_index").ledger.sessions] == [None]
    assert [s.restored for s in played("save_load").ledger.sessions] == [False, True]


def test_a_flashback_undoes_the_own_lap_and_what_stands_is_another() -> None:
    ledger, own = played("flashback_over_line").ledger, played("flashback_over_line").rigs[0].car_index
    undone = [lap for lap in ledger.undone_laps if lap.car_index == own]
    standing = ledger.own_laps(0)

    assert [lap.lap_number for lap in undone] == [1, 1]
    assert [lap.lap_number for lap in standing] == [1, 2]
    assert len({lap.lap_time_ms for lap in [*undone, standing[0]]}) == 3
    assert len(ledger.flashbacks) == 3


def test_penalties_and_overtakes_are_those_that_were_sent() -> None:
    ledger, packets = played("safety_car").ledger, sent("safety_car")

    assert len(ledger.overtakes) == len(events(packets, "OVTK")) > 0
    assert [penalty.seconds for penalty in ledger.penalties] == [5]


def test_laps_driven_before_a_save_are_inherited_and_not_driven_again() -> None:
    ledger, own = played("save_load").ledger, played("save_load").rigs[0].car_index
    first, second = ledger.sessions

    assert [lap.lap_number for lap in ledger.inherited_laps if lap.car_index == own] == [1]
    assert {lap.session_uid for lap in ledger.inherited_laps} == {second.session_uid}
    assert [lap.lap_number for lap in ledger.own_laps(0) if lap.session_uid == second.session_uid] == [2, 3]
    assert first.session_uid != second.session_uid


def test_lines_crossed_without_network_are_not_seen() -> None:
    laps = played("disconnect").ledger.own_laps(0)

    assert [(lap.lap_number, lap.line_seen, lap.whole_seen) for lap in laps] == [
        (1, True, True),
        (2, False, False),
        (3, False, False),
        (4, True, False),
    ]


def test_a_flag_right_before_the_end_is_not_seen() -> None:
    last = played("chequered_flag", seed=2).ledger.own_laps(0)[-1]

    assert not last.line_seen
    assert last.whole_seen
