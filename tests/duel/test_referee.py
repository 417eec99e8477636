"""The referee on the bus."""

from __future__ import annotations

from app.bus import Bus, KeepInOrder
from app.duel.referee import Referee
from app.normalize.events import DuelState, Event, LapDisputed, SharedRace
from tests.duel.builders import make_flashback, make_invalidation, make_lap, make_progress, make_sector, make_start


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


def test_the_state_of_the_duel_carries_the_sectors_of_the_rigs_own_laps() -> None:
    referee = make_referee()
    referee.derive(make_lap(sector1_time_ms=30_000, sector2_time_ms=25_000, sector3_time_ms=25_000), 0.0)
    referee.derive(make_sector(1, 29_000, car_index=5, own=False), 0.0)
    referee.derive(make_lap(rig_id="RIG_B", sector1_time_ms=20_000), 0.0)

    (state,) = referee.derive(make_progress(lap_number=2, laps_known="all"), 0.1)

    assert isinstance(state, DuelState)
    assert (state.sectors_lap_number, state.sector_times_ms) == (1, (30_000, 25_000, 25_000))
    assert state.sector_marks == ("personal_best", "session_best", "session_best")


async def test_it_hears_of_everything_that_its_state_is_made_of() -> None:
    bus: Bus[Event] = Bus()
    referee = Referee(["RIG_A"], bus)
    heard = bus.subscribe("test", KeepInOrder(10), of=(DuelState,))
    rival = {"car_index": 5, "own": False}

    bus.publish([make_sector(1, 20_000, **rival), make_sector(1, 29_000, lap_number=2, **rival)])
    bus.publish([make_invalidation(**rival), make_lap(), make_start(lap_number=2)])
    bus.publish([make_progress(lap_number=2, sector=2, sector1_time_ms=30_000, laps_known="all"), make_flashback(1.0)])
    referee.close()
    await referee.run()

    assert [state.sector_marks[0] for state in await heard.get()] == ["personal_best"]


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
