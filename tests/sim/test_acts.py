from __future__ import annotations

import pytest

from app.ingest import event_details as details
from app.sim.acts import Act, Card, Director, Rig
from tests.sim.runs import small_race, small_trial

RACE = small_race()
CARD = Card(uid=77)


def started(hold_s: float = 2.0, lights: bool = False) -> Director:
    director = Director(Rig(0, 0, 0))
    director.begin(CARD, RACE, hold_s=hold_s, lights=lights)
    return director


def codes(act: Act) -> list[str]:
    return [cue.code for cue in act.cues]


def test_session_time_stands_at_zero_while_frames_count_until_lights_out() -> None:
    director = started(4.0, lights=True)
    hold = director.acts[0]

    assert {hold.session_ms(tick) for tick in range(hold.ticks)} == {0.0}
    assert codes(hold) == ["SSTA", *["STLG"] * 5, "LGOT"]
    assert hold.cues[-1].tick == hold.ticks - 1
    assert (hold.frame, hold.overall, hold.ticks) == (0, 0, 240)


def test_driving_goes_on_from_tick_to_tick_without_a_gap() -> None:
    director = started()
    director.drive_to(10.0)
    director.drive_to(20.0)
    first, second = director.acts[1:]

    assert second.session_ms(0) == pytest.approx(first.last_ms + 1000 / 60)
    assert second.frame == first.frame + first.ticks
    assert first.last_ms == pytest.approx(10_000.0)
    assert second.at_s == pytest.approx(first.at_s + first.ticks / 60)


def test_a_fastest_lap_is_stamped_one_frame_before_the_states_of_its_frame() -> None:
    director = started()
    director.drive_to(30.0)
    act = director.acts[1]

    cue = next(cue for cue in act.cues if cue.code == "FTLP")

    assert cue.session_time_s == pytest.approx((act.session_ms(cue.tick) - 1000 / 60) / 1000)


def test_a_flashback_rewinds_the_frame_and_not_the_overall_frame() -> None:
    director = started()
    director.drive_to(26.0)
    last = director.acts[-1]
    director.flashback(20.0, RACE.with_branch(0, 20_000, 0.9, "b"))
    director.resume_after_flashback(25.0)
    told, stale, landed = director.acts[2:]

    flbk = told.cues[0]
    assert isinstance(flbk.details, details.FlashbackDetails)
    assert flbk.details.flashback_session_time == pytest.approx(20.0, abs=0.01)
    assert flbk.frames == (last.frame + last.ticks - 1, last.overall + last.ticks - 1)
    assert landed.frame == flbk.details.flashback_frame_identifier
    assert landed.overall == last.overall + last.ticks
    assert landed.session_ms(0) == pytest.approx(20_000.0)
    assert stale.cues[0].frames == (landed.frame, landed.overall - 1)
    assert stale.cues[0].session_time_s == pytest.approx(26.0)
    assert landed.rewound


def test_a_flashback_may_land_before_the_frame_it_names() -> None:
    director = started()
    director.drive_to(26.0)
    director.flashback(20.0, RACE, early_ticks=30)
    director.resume_after_flashback(21.0)

    named = director.acts[2].cues[0].details
    assert isinstance(named, details.FlashbackDetails)
    assert director.acts[-1].frame == named.flashback_frame_identifier - 30
    assert director.acts[-1].session_ms(0) == pytest.approx(19_500.0)


def test_a_pause_sends_buttons_only_and_stops_the_session_clock() -> None:
    director = started()
    director.drive_to(10.0)
    director.pause(60.0)
    director.drive_to(11.0)
    before, silence, after = director.acts[1:]

    assert set(codes(silence)) == {"BUTN"}
    assert not silence.states
    assert after.at_s == pytest.approx(silence.at_s + 60.0)
    assert after.session_ms(0) == pytest.approx(before.last_ms + 1000 / 60)
    assert after.clock == before.clock + before.ticks


def test_the_end_carries_frame_ids_zero_and_the_last_session_time() -> None:
    director = started()
    director.drive_to(10.0)
    director.end(paused=True, burst="both", classify_after_s=2.0, repeats=2)
    end = director.acts[-1]
    closing = [cue for cue in end.cues if cue.packet != "session"]

    assert end.cues[0].packet == "session"
    assert {cue.frames for cue in closing} == {(0, 0)}
    assert {round(cue.session_time_s or 0.0, 6) for cue in closing} == {10.0}
    assert [cue.packet for cue in closing].count("classification") == 2
    assert [cue.packet for cue in closing].count("history") == 2 * len(RACE.cars)
    assert end.ending == "send"


def test_the_next_session_may_announce_itself_before_the_classification() -> None:
    director = started()
    director.drive_to(5.0)
    director.end(classify_after_s=3.0, next_uid=99)
    cues = director.acts[-1].cues

    assert [cue.code or cue.packet for cue in cues] == ["SEND", "SSTA", "classification"]
    assert cues[1].uid == 99


def test_the_menu_has_uid_zero_and_a_stale_time() -> None:
    director = started()
    director.drive_to(10.0)
    director.menu(3.0)

    assert {(cue.uid, cue.frames, cue.code) for cue in director.acts[-1].cues} == {(0, (0, 0), "BUTN")}


def test_a_loaded_save_begins_at_frame_zero_in_the_middle_of_the_session() -> None:
    director = Director(Rig(0, 0, 0))
    director.begin(CARD, RACE, hold_s=1.0, from_s=33.0)
    director.drive_to(34.0)
    hold, driven = director.acts

    assert (hold.frame, hold.session_ms(0), hold.session_ms(59)) == (0, 33_000.0, 33_000.0)
    assert driven.session_ms(0) == pytest.approx(33_000.0)


def test_two_machines_of_one_race_reach_each_session_time_together_but_on_other_frames() -> None:
    machines = []
    for at_s in (0.0, 0.4321):
        director = Director(Rig(0, 0, 0), at_s=at_s)
        director.begin(CARD, RACE, hold_s=1.0, zero_at_s=3.0)
        director.drive_to(5.0)
        machines.append(director.acts[1])
    zeros = [act.at_s - act.session_ms(0) / 1000 for act in machines]

    assert zeros == pytest.approx([3.0, 3.0])
    assert machines[0].session_ms(0) != machines[1].session_ms(0)


def test_waiting_in_a_lobby_has_no_session() -> None:
    director = Director(Rig(0, 0, 0))
    director.lobby(2.0, small_trial())

    assert {(cue.packet, cue.uid) for cue in director.acts[0].cues} == {("lobby", 0)}
    assert len(director.acts[0].cues) == 4


def test_while_away_only_wall_time_passes() -> None:
    director = started()
    director.drive_to(1.0)
    director.away(5.0)
    director.drive_to(2.0)

    assert director.acts[-1].at_s == pytest.approx(director.acts[-2].at_s + director.acts[-2].ticks / 60 + 5.0)
