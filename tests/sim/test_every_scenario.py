"""Laws that hold in every scenario. Tests run scenario by scenario, so that few runs are kept at a time."""

from __future__ import annotations

import pytest

from app.ingest.decoder import decode
from app.ingest.layouts import SPECS
from app.sim import simulate
from app.sim.scenarios import SCENARIOS
from tests.sim.runs import as_history, events, laps_in_history, laps_in_lap_data, played, sent


@pytest.fixture(scope="module", params=SCENARIOS)
def scenario(request: pytest.FixtureRequest) -> str:
    """The name of a scenario."""
    return str(request.param)


def test_every_datagram_decodes(scenario: str) -> None:
    for rig in played(scenario).rigs:
        times = []
        for at_s, datagram in sent(scenario, rig=rig.number):
            decode(datagram)
            times.append(at_s)

        assert times == sorted(times)
        assert len(times) > 3_000


def test_every_datagram_decodes_in_another_format(scenario: str) -> None:
    # One of the three for each scenario: all of all would take longer than all other tests.
    packet_format = sorted(set(SPECS) - {2025})[list(SCENARIOS).index(scenario) % 3]

    for _, datagram in played(scenario).stream(0, packet_format):
        decode(datagram)


def test_laps_do_not_depend_on_the_rate(scenario: str) -> None:
    slow, quick = played(scenario), simulate(scenario, rate_hz=60)

    assert [lap[:9] for lap in slow.ledger.laps] == [lap[:9] for lap in quick.ledger.laps]


def test_the_ledger_says_what_the_stream_says(scenario: str) -> None:
    run = played(scenario)
    for rig in run.rigs:
        packets = sent(scenario, rig=rig.number)
        truth = {(lap.session_uid, lap.lap_number): lap for lap in run.ledger.own_laps(rig.number)}
        slot = rig.car_index if rig.car_index == rig.header_index else None
        if slot is None:
            assert truth == {}
            continue
        in_lap_data, in_history = laps_in_lap_data(packets, slot), laps_in_history(packets, slot)
        old = {(lap.session_uid, lap.lap_number) for lap in run.ledger.inherited_laps if lap.car_index == slot}

        assert truth
        assert in_lap_data == {key: lap.lap_time_ms for key, lap in truth.items() if lap.line_seen}
        assert {key: lap for key, lap in in_history.items() if key not in old} == {
            key: as_history(lap) for key, lap in truth.items()
        }


def test_the_laps_of_all_other_cars_are_true_as_well(scenario: str) -> None:
    run, packets = played(scenario), sent(scenario)

    for slot in (7, 19):
        laps = [lap for lap in run.ledger.laps if lap.rig == 0 and lap.car_index == slot]
        truth = {(lap.session_uid, lap.lap_number): lap for lap in laps}
        if truth:
            seen = {key: lap.lap_time_ms for key, lap in truth.items() if lap.line_seen}
            assert laps_in_lap_data(packets, slot) == seen
            assert truth.keys() <= laps_in_history(packets, slot).keys()


def test_all_laps_add_up(scenario: str) -> None:
    for lap in played(scenario).ledger.laps:
        assert lap.sector1_ms + lap.sector2_ms + lap.sector3_ms == lap.lap_time_ms
        assert min(lap.sector1_ms, lap.sector2_ms, lap.sector3_ms) > 0


def test_every_expected_event_is_sent_and_no_other(scenario: str) -> None:
    run = played(scenario)
    for rig in run.rigs:
        expected = [
            (e.session_uid, e.code, round(e.session_time_s, 3), e.details)
            for e in run.ledger.expected_events
            if e.rig == rig.number
        ]
        packets = sent(scenario, rig=rig.number)
        told = [
            (p.header.session_uid, p.event_string_code, round(p.header.session_time, 3))
            for p in events(packets, *{code for _, code, _, _ in expected})
        ]

        assert told == [row[:3] for row in expected]


def test_sessions_span_all_that_is_sent_with_their_uid(scenario: str) -> None:
    run = played(scenario)
    for session in run.ledger.sessions:
        times = [
            packet.at_s
            for packet, header in ((packet, packet.header) for packet in sent(scenario, rig=session.rig))
            if header.session_uid == session.session_uid and header.packet_id != 3
        ]
        assert session.started_at_s <= times[0]
        assert times[-1] <= session.ended_at_s
        assert times[0] - session.started_at_s < 0.1
