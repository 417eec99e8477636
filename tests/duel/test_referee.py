"""The referee on the bus."""

from __future__ import annotations

from app.bus import Bus
from app.duel.referee import Referee
from app.normalize.events import DuelState, Event, LapDisputed, SharedRace
from tests.duel.builders import make_lap, make_progress


def make_referee() -> Referee:
    return Referee(["RIG_A", "RIG_B"], Bus())


async def test_it_ends_with_the_bus() -> None:
    bus: Bus[Event] = Bus()
    referee = Referee(["RIG_A"], bus)

    bus.publish([make_progress(lap_distance_m=10.0, current_lap_time_ms=200)])
    bus.close()
    await referee.run()

    assert bus.subscriptions == ()


def test_every_progress_brings_a_state_of_the_duel_with_the_same_identity() -> None:
    progress = make_progress(lap_distance_m=10.0, current_lap_time_ms=200, overall_frame=77)

    (state,) = make_referee().derive(progress, 0.0)

    assert isinstance(state, DuelState)
    assert (state.rig_id, state.session_uid, state.overall_frame) == ("RIG_A", "7", 77)
    assert (state.other_rig_id, state.same_race, state.delta_to_other_ms) == (None, False, None)


def test_two_rigs_in_one_session_are_told_as_a_shared_race() -> None:
    referee = make_referee()
    referee.derive(make_progress(car_index=3), 0.0)

    told = referee.derive(make_progress(rig_id="RIG_B", car_index=5), 0.1)

    (shared,) = [event for event in told if isinstance(event, SharedRace)]
    assert (shared.rig_id, shared.other_rig_id, shared.car_index, shared.other_car_index) == ("RIG_B", "RIG_A", 5, 3)


def test_a_lap_told_differently_by_two_rigs_is_disputed() -> None:
    referee = make_referee()
    referee.derive(make_lap(lap_time_ms=80_000, status="confirmed"), 0.0)

    (dispute,) = referee.derive(make_lap(rig_id="RIG_B", own=False, lap_time_ms=80_500, status="confirmed"), 0.1)

    assert isinstance(dispute, LapDisputed)
    assert (dispute.lap_time_ms, dispute.other_lap_time_ms) == (80_500, 80_000)
