from __future__ import annotations

from itertools import pairwise

import pytest

from app.ingest.packets import SessionPacket
from tests.sim.runs import events, of_type, played, sent


def test_a_restart_has_send_from_the_pause_menu_and_none_from_the_main_menu() -> None:
    packets = sent("restart")
    uids = [session.session_uid for session in played("restart").ledger.sessions]

    assert [event.header.session_uid for event in events(packets, "SSTA")] == uids
    assert [event.header.session_uid for event in events(packets, "SEND")] == [uids[0], uids[2]]


def test_leaving_through_the_pause_menu_shows_a_paused_session_last() -> None:
    packets = of_type(sent("restart"), SessionPacket)
    paused = [n for n, packet in enumerate(packets) if packet.game_paused]

    assert len(paused) == 2
    assert packets[paused[0] + 1].header.session_uid != packets[paused[0]].header.session_uid


def test_a_loaded_save_has_a_new_uid_frame_zero_and_the_time_of_the_save() -> None:
    packets = sent("save_load")
    left, loaded = played("save_load").ledger.sessions
    headers = [packet.header for packet in packets]
    first = next(header for header in headers if header.session_uid == loaded.session_uid)
    last = [header for header in headers if header.session_uid == left.session_uid][-1]
    between = [h for h in headers[headers.index(last) : headers.index(first)] if h.session_uid == 0]

    assert first.frame_identifier == 0
    assert 0.0 < first.session_time < last.session_time
    assert between


def test_a_pause_is_two_minutes_of_buttons() -> None:
    times = [packet.at_s for packet in sent("pause") if packet.header.packet_id == 2]
    begins, ends = max(pairwise(times), key=lambda pair: pair[1] - pair[0])
    codes = {getattr(s.packet, "event_string_code", "") for s in sent("pause") if begins + 0.1 < s.at_s < ends - 0.1}

    assert ends - begins == pytest.approx(120.0, abs=0.2)
    assert codes == {"BUTN"}


def test_a_lost_network_leaves_a_hole_and_the_session_goes_on_behind_it() -> None:
    headers = [(packet.at_s, packet.header) for packet in sent("disconnect")]
    (left_s, left), (back_s, back) = max(pairwise(headers), key=lambda pair: pair[1][0] - pair[0][0])

    assert back_s - left_s > 30.0
    assert left.session_uid == back.session_uid
    assert back.session_time - left.session_time == pytest.approx(back_s - left_s, abs=0.01)
