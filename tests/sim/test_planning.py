from __future__ import annotations

from itertools import pairwise

import pytest

from app.sim.drives import Course, Order, Slow, Style
from app.sim.planning import branched, plan_drive
from app.sim.tracks import short_track
from tests.sim.runs import TRACK


def course(orders: dict[int, Order] | None = None, *, laps: int = 3, track_id: int = 4, race: bool = True) -> Course:
    track = short_track(track_id)
    return Course(track, Style(0.99, 0.006, "test"), laps, start_m=-40.0, race=race, orders=orders or {})


def test_laps_follow_each_other_to_the_millisecond_and_sectors_sum() -> None:
    drive = plan_drive(course())

    assert [lap.number for lap in drive.laps] == [1, 2, 3, 3]
    assert all(lap.end_ms == after.start_ms for lap, after in pairwise(drive.laps))
    for lap in drive.laps[:3]:
        assert lap.sector1_ms is not None
        assert lap.sector2_ms is not None
        assert lap.sector3_ms is not None
        assert min(lap.sector1_ms, lap.sector2_ms, lap.sector3_ms) > 0
        assert lap.time_ms == lap.sector1_ms + lap.sector2_ms + lap.sector3_ms


def test_speed_hardly_changes_at_the_line() -> None:
    drive = plan_drive(course())

    for before, after in pairwise(drive.laps):
        assert before.leg.speeds_mps[-1] == pytest.approx(after.leg.speeds_mps[0], rel=0.001)


def test_an_out_lap_leads_to_lap_1_without_a_time() -> None:
    drive = plan_drive(course(race=False))

    assert [(lap.number, lap.timed) for lap in drive.laps[:2]] == [(1, False), (1, True)]
    assert drive.laps[0].leg.distances_m[0] == -40.0
    assert drive.laps[0].time_ms is None


def test_a_cut_makes_the_lap_invalid_from_there() -> None:
    lap = plan_drive(course({2: Order(cut_m=600.0)})).laps[1]

    assert not lap.valid
    assert lap.cut_ms is not None
    assert lap.leg.at(lap.cut_ms / 1000).distance_m == pytest.approx(600.0, abs=0.1)


@pytest.mark.parametrize(("track_id", "stopping_lap"), [(4, 3), (0, 2)])
def test_the_stop_lies_behind_the_line_or_before_it(track_id: int, stopping_lap: int) -> None:
    drive = plan_drive(course({2: Order(pit=True)}, track_id=track_id))
    in_lap, out_lap = drive.laps[1:3]

    assert in_lap.pit_from_ms is not None
    assert out_lap.pit_from_ms == 0
    assert [lap.number for lap in drive.laps if lap.stop_from_ms is not None] == [stopping_lap]
    assert len(drive.stints) == 2
    assert drive.stints[1].from_lap == 3


def test_a_retirement_ends_the_drive_at_rest() -> None:
    drive = plan_drive(course({2: Order(retire_m=700.0)}))

    assert drive.retired_ms is not None
    assert drive.laps[-1].time_ms is None
    assert drive.laps[-1].leg.at(1_000.0) == (700.0, 0.0, 0.0)


def test_a_restarted_lap_keeps_its_number_and_counts_once() -> None:
    drive = plan_drive(course({2: Order(restart_ms=9_000, restart_from_m=-100.0)}, race=False))
    second = [lap for lap in drive.laps if lap.number == 2]

    assert [(lap.timed, lap.time_ms is None) for lap in second] == [(True, True), (False, True), (True, False)]
    assert second[0].end_ms == second[0].start_ms + 9_000


def test_slow_phases_make_laps_longer_and_end() -> None:
    quick = plan_drive(course())
    slow = plan_drive(Course(TRACK, Style(0.99, 0.006, "test"), 3, -40.0, race=True, slow=(Slow(30_000, 55_000, 0.6),)))

    assert (slow.laps[1].time_ms or 0) > (quick.laps[1].time_ms or 0) + 3_000
    assert slow.laps[0].time_ms == quick.laps[0].time_ms


def test_under_a_red_flag_the_car_waits_until_it_is_over() -> None:
    red = Slow(30_000, 80_000, 0.55, stop_m=TRACK.length_m - 60.0)

    lap = plan_drive(Course(TRACK, Style(1.0, 0.0, "test"), 3, -40.0, race=True, slow=(red,))).laps[1]

    assert lap.leg.at((79_500 - lap.start_ms) / 1000).speed_mps == 0.0
    assert lap.end_ms is not None
    assert lap.end_ms > 80_000


def test_a_branch_shares_the_past_and_has_another_future() -> None:
    before = course()
    drive = plan_drive(before)
    at_ms = drive.laps[1].start_ms + 9_000

    _, other = branched(before, drive, at_ms, 0.9, "again")

    assert other.laps[0] is drive.laps[0]
    assert other.laps[1].start_ms == drive.laps[1].start_ms
    assert other.laps[1].sector1_ms == drive.laps[1].sector1_ms
    assert (other.laps[1].time_ms or 0) > (drive.laps[1].time_ms or 0)


def test_a_branch_forgets_a_cut_that_has_not_happened_yet() -> None:
    before = course({2: Order(cut_m=900.0)})
    drive = plan_drive(before)

    _, early = branched(before, drive, drive.laps[1].start_ms + 5_000, 1.0, "again")
    _, late = branched(before, drive, drive.laps[1].start_ms + 19_000, 1.0, "again")

    assert early.laps[1].valid
    assert not late.laps[1].valid
