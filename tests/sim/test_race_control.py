from __future__ import annotations

from app.ingest import event_details as details
from app.sim.drives import Order
from app.sim.race_control import announcements, penalties_of
from tests.sim.runs import small_race, small_trial

WORLD = small_race({1: {1: Order(cut_m=400.0)}, 3: {2: Order(retire_m=500.0)}}, laps=3)
ALL = announcements(WORLD, 0.0, 80_000.0)


def of(code: str) -> list[details.EventDetails]:
    return [told.details for told in ALL if told.code == code]


def test_announcements_come_in_order_and_only_of_the_time_asked_for() -> None:
    some = announcements(WORLD, 20_000.0, 40_000.0)

    assert [told.session_ms for told in ALL] == sorted(told.session_ms for told in ALL)
    assert all(20_000.0 < told.session_ms <= 40_000.0 for told in some)


def test_each_fastest_lap_beats_the_one_before_and_is_valid() -> None:
    times = [told.lap_time for told in of("FTLP") if isinstance(told, details.FastestLapDetails)]

    assert times == sorted(times, reverse=True)
    assert round(times[-1] * 1000) == min(
        lap.time_ms for drive in WORLD.drives for lap in drive.laps if lap.time_ms is not None and lap.valid
    )


def test_a_cut_lap_is_announced_as_invalidated() -> None:
    penalty = penalties_of(WORLD)[0]

    assert (penalty.car_index, penalty.lap_number, penalty.penalty_type) == (1, 1, 12)
    assert of("PENA") == [details.PenaltyDetails(12, 26, 1, 255, 255, 1, 255)]


def test_a_retirement_a_flag_and_a_winner_are_announced_once() -> None:
    assert of("RTMT") == [details.RetirementDetails(3, 8)]
    assert len(of("CHQF")) == len(of("RCWN")) == 1
    assert of("RCWN")[0] == details.RaceWinnerDetails(min((ms, s) for s, ms in enumerate(WORLD.finish_ms) if ms)[1])


def test_an_overtake_is_told_when_two_cars_have_changed_places() -> None:
    world = small_race({0: {2: Order(pace=0.9)}}, laps=3)
    told = [(a.session_ms, a.details) for a in announcements(world, 0.0, 80_000.0) if a.code == "OVTK"]

    assert told
    for session_ms, overtake in told:
        assert isinstance(overtake, details.OvertakeDetails)
        before, after = world.positions(session_ms - 200), world.positions(session_ms)
        assert overtake.being_overtaken_vehicle_idx == 0
        assert before[overtake.overtaking_vehicle_idx] > before[0]
        assert after[overtake.overtaking_vehicle_idx] < after[0]


def test_ghosts_are_never_announced() -> None:
    told = announcements(small_trial(), 0.0, 80_000.0)

    assert {getattr(a.details, "vehicle_idx", 0) for a in told} == {0}
