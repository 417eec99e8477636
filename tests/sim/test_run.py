from __future__ import annotations

from hashlib import sha256

import pytest

from app.sim import Run, simulate


def digest(run: Run, rig: int = 0, packet_format: int = 2025) -> str:
    hashed = sha256()
    for at_s, datagram in run.stream(rig, packet_format):
        hashed.update(f"{at_s:.6f}".encode())
        hashed.update(datagram)
    return hashed.hexdigest()


@pytest.mark.parametrize("scenario", ["time_trial", "chequered_flag"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(scenario: str) -> None:
    first = digest(simulate(scenario, seed=5, rate_hz=10))

    assert digest(simulate(scenario, seed=5, rate_hz=10)) == first
    assert digest(simulate(scenario, seed=6, rate_hz=10)) != first


def test_the_order_in_which_formats_are_asked_for_changes_nothing() -> None:
    one, other = simulate("chequered_flag", rate_hz=10), simulate("chequered_flag", rate_hz=10)

    forwards = [digest(one, 0, packet_format) for packet_format in (2023, 2026)]
    backwards = [digest(other, 0, packet_format) for packet_format in (2026, 2023)]

    assert forwards == backwards[::-1]


def test_every_rig_can_have_a_scenario_of_its_own() -> None:
    run = simulate("invalid_lap", rigs=3)

    assert [rig.number for rig in run.rigs] == [0, 1, 2]
    assert len({session.session_uid for session in run.ledger.sessions}) == 3


def test_a_long_duel_has_laps_for_hours_on_a_long_track() -> None:
    run = simulate("duel", long=True, rate_hz=60)

    assert run.duration_s > 2 * 3_600
    assert len(run.ledger.own_laps(1)) == 99
    assert 75_000 < run.ledger.own_laps(0)[3].lap_time_ms < 90_000
    assert next(run.stream(0))[0] < 5.0


def test_the_track_can_be_chosen() -> None:
    run = simulate("duel", track_id=7)

    assert {session.track_id for session in run.ledger.sessions} == {7}


def test_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no scenario 'joust'"):
        simulate("joust")
    with pytest.raises(ValueError, match="not at 25"):
        simulate("duel", rate_hz=25)
    with pytest.raises(ValueError, match="no packet format 2022"):
        simulate("duel").stream(0, 2022)
