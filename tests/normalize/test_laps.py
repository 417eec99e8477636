"""Laps out of lap data: what completes one, what never does, and what history and flashbacks change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.decoder import decode
from app.ingest.packets import LapDataPacket, SessionHistoryPacket
from app.ingest.records import CarLapData
from app.normalize.laps import (
    LIVE,
    LapBegun,
    LapDone,
    LapFact,
    LapTracker,
    LapVoid,
    LapWithdrawn,
    SectorDone,
)
from app.sim.run import simulate
from tests.normalize.lap_records import (
    ACTIVE,
    FINISHED,
    FLYING_LAP,
    IN_GARAGE,
    OUT_LAP,
    Row,
    empty_slot,
    history,
    on_lap,
    timing,
    told,
)

RETIRED, DISQUALIFIED = 7, 5


def tracker(*, from_start: bool = True) -> LapTracker:
    return LapTracker(from_start=from_start)


def done(facts: list[LapFact]) -> list[LapDone]:
    return [fact for fact in facts if isinstance(fact, LapDone)]


def times(facts: list[LapFact]) -> list[tuple[int, int]]:
    """Number and time of the laps completed."""
    return [(lap.lap_number, lap.lap_time_ms) for lap in done(facts)]


def withdrawn(facts: list[LapFact]) -> list[LapWithdrawn]:
    return [fact for fact in facts if isinstance(fact, LapWithdrawn)]


# --- a lap completes at the line -------------------------------------------------------------------


def test_a_lap_completes_when_the_number_rises_and_the_last_time_is_new() -> None:
    facts = told(tracker(), on_lap(1, 85_600), on_lap(2, 0, 85_636))

    assert times(facts) == [(1, 85_636)]


def test_a_lap_completes_once_however_often_the_line_is_told() -> None:
    line = on_lap(2, 0, 85_636)

    assert times(told(tracker(), on_lap(1, 85_600), line, line, on_lap(2, 16, 85_636))) == [(1, 85_636)]


def test_the_first_record_of_a_car_completes_nothing() -> None:
    assert told(tracker(), on_lap(7, 300, 85_636)) == []


def test_every_lap_of_a_race_completes_in_order() -> None:
    records = [on_lap(1, 85_000)]
    for lap in range(1, 6):
        records += [on_lap(lap + 1, 0, 85_000 + lap), on_lap(lap + 1, 85_000, 85_000 + lap)]

    assert times(told(tracker(), *records)) == [(lap, 85_000 + lap) for lap in range(1, 6)]


def test_equal_times_of_consecutive_laps_complete_both() -> None:
    laps = [on_lap(1, 84_990), on_lap(2, 0, 85_000), on_lap(2, 84_990, 85_000), on_lap(3, 0, 85_000)]

    assert times(told(tracker(), *laps)) == [(1, 85_000), (2, 85_000)]


def test_a_lap_begins_at_the_line() -> None:
    facts = told(tracker(), on_lap(1, 85_600), on_lap(2, 0, 85_636))

    assert facts[-1] == LapBegun(0, 2, 0)


def test_a_lap_says_at_which_position_it_ended() -> None:
    (lap,) = done(told(tracker(), on_lap(1, 85_600), on_lap(2, 0, 85_636, car_position=5)))

    assert lap.position == 5


def test_a_position_of_0_is_unknown() -> None:
    (lap,) = done(told(tracker(), on_lap(1, 85_600), on_lap(2, 0, 85_636, car_position=0)))

    assert lap.position is None


def test_each_car_has_laps_of_its_own() -> None:
    laps = tracker()
    laps.feed(timing(on_lap(1, 85_600), on_lap(1, 84_000)))

    facts = laps.feed(timing(on_lap(2, 0, 85_636), on_lap(1, 84_016)))

    assert [(lap.car_index, lap.lap_number) for lap in done(facts)] == [(0, 1)]


# --- what never completes a lap --------------------------------------------------------------------


def test_an_out_lap_without_a_time_completes_nothing() -> None:
    out = on_lap(1, 0, lap_distance=-900.0, driver_status=OUT_LAP)

    assert done(told(tracker(), out, on_lap(2, 0))) == []


def test_an_out_lap_after_a_timed_lap_completes_nothing() -> None:
    out = on_lap(2, 0, 85_636, driver_status=OUT_LAP)

    assert done(told(tracker(), out, on_lap(3, 0, 85_636))) == []


def test_a_return_to_the_garage_near_the_time_of_the_lap_before_completes_nothing() -> None:
    garage = on_lap(3, 0, 85_636, driver_status=IN_GARAGE, pit_status=1)

    assert done(told(tracker(), on_lap(2, 85_000, 85_636), garage)) == []


def test_a_restart_where_the_number_stays_completes_nothing() -> None:
    assert done(told(tracker(), on_lap(1, 60_000), on_lap(1, 0), on_lap(1, 60_000))) == []


def test_a_restart_at_the_very_end_of_a_lap_completes_nothing() -> None:
    assert done(told(tracker(), on_lap(2, 85_600, 85_636), on_lap(2, 0, 85_636))) == []


def test_a_new_last_time_without_a_risen_number_completes_nothing() -> None:
    assert done(told(tracker(), on_lap(2, 40_000, 85_636), on_lap(2, 40_016, 99_999))) == []


def test_a_timer_that_steps_back_a_few_milliseconds_is_no_restart() -> None:
    records = [on_lap(1, 70_000, sector1_ms=30_000, sector2_ms=30_000), on_lap(1, 69_984, 0, 30_000, 30_000)]

    (lap,) = done(told(tracker(), *records, on_lap(2, 0, 85_636)))

    assert (lap.sector1_time_ms, lap.sector2_time_ms) == (30_000, 30_000)


@pytest.mark.parametrize("status", [0, 1])
def test_a_ghost_or_an_empty_slot_never_completes_a_lap(status: int) -> None:
    ghost = [on_lap(1, 85_600, result_status=status), on_lap(2, 0, 85_636, result_status=status)]

    assert told(tracker(), *ghost) == []


def test_the_history_of_a_ghost_completes_no_lap() -> None:
    laps = tracker()
    told(laps, on_lap(1, 85_600, result_status=0), on_lap(2, 0, 85_636, result_status=0))

    assert laps.confirm(history(Row(85_636))) == []


def test_a_car_that_drops_out_for_a_moment_completes_its_lap_once() -> None:
    facts = told(tracker(), on_lap(1, 85_600), empty_slot(), on_lap(2, 0, 85_636), empty_slot(), on_lap(2, 16, 85_636))

    assert times(facts) == [(1, 85_636)]


def test_there_is_no_lap_0() -> None:
    assert times(told(tracker(), on_lap(0, 5_000), on_lap(1, 0, 85_636))) == []


def test_a_car_that_retires_on_a_lap_does_not_complete_it() -> None:
    assert done(told(tracker(), on_lap(2, 40_000, 85_636), on_lap(2, 40_016, 85_636, result_status=RETIRED))) == []


# --- valid, pits, sectors --------------------------------------------------------------------------


def test_an_invalid_lap_completes_as_invalid() -> None:
    (lap,) = done(told(tracker(), on_lap(1, 85_600, current_lap_invalid=1), on_lap(2, 0, 85_636)))

    assert not lap.valid


def test_a_lap_that_becomes_invalid_is_told_once() -> None:
    records = [on_lap(1, 100), *(on_lap(1, timer, current_lap_invalid=1) for timer in (200, 300, 400))]

    assert told(tracker(), *records) == [LapVoid(0, 1, 0)]


def test_an_invalid_lap_does_not_make_the_next_one_invalid() -> None:
    records = [on_lap(1, 85_600, current_lap_invalid=1), on_lap(2, 0, 85_636), on_lap(2, 85_600, 85_636)]

    assert [lap.valid for lap in done(told(tracker(), *records, on_lap(3, 0, 85_700)))] == [False, True]


def test_an_invalid_lap_is_no_best() -> None:
    laps = tracker()

    (lap,) = done(told(laps, on_lap(1, 85_600, current_lap_invalid=1), on_lap(2, 0, 85_636)))

    assert (lap.personal_best, lap.session_best, laps.best_ms(0)) == (False, False, None)


def test_a_lap_through_the_pits_is_a_pit_lap_and_the_next_is_not() -> None:
    records = [on_lap(1, 80_000, pit_status=1), on_lap(1, 99_000), on_lap(2, 0, 99_636), on_lap(2, 85_000, 99_636)]

    assert [lap.pit_lap for lap in done(told(tracker(), *records, on_lap(3, 0, 85_636)))] == [True, False]


def test_a_pit_stop_across_the_line_makes_both_laps_pit_laps() -> None:
    records = [on_lap(1, 84_000, pit_status=1), on_lap(2, 16, 85_636, pit_status=2), on_lap(2, 90_000, 85_636)]

    assert [lap.pit_lap for lap in done(told(tracker(), *records, on_lap(3, 0, 99_000)))] == [True, True]


def test_the_garage_before_the_first_lap_is_no_part_of_that_lap() -> None:
    garage = on_lap(1, 0, lap_distance=76.9, driver_status=IN_GARAGE, pit_status=1)
    run_up = on_lap(1, 0, lap_distance=-1374.8, driver_status=FLYING_LAP)

    (lap,) = done(told(tracker(), garage, run_up, on_lap(1, 85_600, driver_status=FLYING_LAP), on_lap(2, 0, 85_636)))

    assert not lap.pit_lap


def test_a_sector_completes_once() -> None:
    records = [on_lap(1, 30_100), *(on_lap(1, timer, 0, 30_200) for timer in (30_216, 30_232, 30_248))]

    assert told(tracker(), *records) == [SectorDone(0, 1, 0, 1, 30_200, lap_valid=True)]


def test_a_sector_beyond_a_minute_keeps_its_minute() -> None:
    facts = told(tracker(), on_lap(1, 61_000), on_lap(1, 61_216, 0, 61_200))

    assert facts == [SectorDone(0, 1, 0, 1, 61_200, lap_valid=True)]


def test_the_third_sector_is_what_the_others_leave() -> None:
    facts = told(tracker(), on_lap(1, 85_600, 0, 30_000, 25_000), on_lap(2, 0, 85_636))

    assert SectorDone(0, 1, 0, 3, 30_636, lap_valid=True) in facts
    assert done(facts)[0].sector3_time_ms == 30_636


def test_a_sector_says_whether_its_lap_still_counted() -> None:
    cut = on_lap(1, 55_100, 0, 30_000, 25_000, current_lap_invalid=1)

    facts = told(tracker(), on_lap(1, 29_900), on_lap(1, 30_100, 0, 30_000), cut, on_lap(2, 0, 85_636))

    sectors = [(fact.sector, fact.lap_valid) for fact in facts if isinstance(fact, SectorDone)]
    assert sectors == [(1, True), (2, False), (3, False)]


def test_sectors_that_were_driven_before_the_gateway_came_are_told_once() -> None:
    facts = told(
        tracker(from_start=False), on_lap(4, 60_000, 85_000, 30_000, 25_000), on_lap(4, 60_016, 85_000, 30_000, 25_000)
    )

    assert facts == [SectorDone(0, 4, 0, 1, 30_000, lap_valid=True), SectorDone(0, 4, 0, 2, 25_000, lap_valid=True)]


def test_what_a_car_shows_after_the_flag_is_no_sector_when_the_gateway_comes_then() -> None:
    assert told(tracker(from_start=False), on_lap(4, 60_000, 85_000, 30_000, 25_000, result_status=FINISHED)) == []


def test_without_a_first_sector_there_is_no_third() -> None:
    (lap,) = done(told(tracker(), on_lap(1, 85_600), on_lap(2, 0, 85_636)))

    assert (lap.sector1_time_ms, lap.sector2_time_ms, lap.sector3_time_ms) == (None, None, None)


def test_sectors_that_do_not_fit_the_lap_leave_no_third() -> None:
    (lap,) = done(told(tracker(), on_lap(1, 85_600, 0, 50_000, 40_000), on_lap(2, 0, 85_636)))

    assert lap.sector3_time_ms is None


def test_a_timer_that_steps_back_a_few_milliseconds_in_the_pits_does_not_forget_them() -> None:
    records = [on_lap(1, 40_000, pit_status=1), on_lap(1, 39_984), on_lap(1, 85_600)]

    assert [lap.pit_lap for lap in done(told(tracker(), *records, on_lap(2, 0, 85_636)))] == [True]


def test_a_restarted_lap_forgets_its_sectors_and_its_pits() -> None:
    before = on_lap(1, 70_000, 0, 30_000, 25_000, pit_status=1)

    (lap,) = done(told(tracker(), before, on_lap(1, 0), on_lap(1, 85_600), on_lap(2, 0, 85_636)))

    assert (lap.sector1_time_ms, lap.pit_lap) == (None, False)


def test_sectors_of_one_lap_are_none_of_the_next() -> None:
    records = [on_lap(1, 85_600, 0, 30_000, 25_000), on_lap(2, 0, 85_636), on_lap(2, 85_600, 85_636)]

    assert done(told(tracker(), *records, on_lap(3, 0, 85_700)))[1].sector1_time_ms is None


# --- bests ----------------------------------------------------------------------------------------


def lap_of(laps: LapTracker, number: int, lap_ms: int, last_ms: int = 0) -> LapDone:
    """The car drives lap `number` in `lap_ms`."""
    (lap,) = done(told(laps, on_lap(number, lap_ms - 10, last_ms), on_lap(number + 1, 0, lap_ms)))
    return lap


def test_the_first_timed_lap_is_the_best() -> None:
    lap = lap_of(tracker(), 1, 85_636)

    assert (lap.personal_best, lap.session_best) == (True, True)


@pytest.mark.parametrize(("second_ms", "best"), [(85_635, True), (85_636, False), (85_637, False)])
def test_only_a_faster_lap_is_a_better_one(second_ms: int, best: bool) -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)

    assert lap_of(laps, 2, second_ms, 85_636).personal_best is best


def test_a_personal_best_is_no_session_best_while_another_car_is_faster() -> None:
    laps = tracker()
    laps.feed(timing(on_lap(1, 85_000), on_lap(1, 84_000)))
    laps.feed(timing(on_lap(1, 85_016), on_lap(2, 0, 84_500)))

    (lap,) = done(laps.feed(timing(on_lap(2, 0, 85_636), on_lap(2, 16, 84_500))))

    assert (lap.personal_best, lap.session_best) == (True, False)


def test_a_withdrawn_lap_is_the_best_no_longer() -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)
    told(laps, on_lap(1, 80_000))

    assert laps.best_ms(0) is None


def test_after_a_withdrawn_best_the_best_before_it_stands() -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)
    lap_of(laps, 2, 84_000, 85_636)
    told(laps, on_lap(2, 70_000, 85_636))

    assert (laps.best_ms(0), lap_of(laps, 2, 85_000, 85_636).session_best) == (85_636, True)


def test_a_best_that_history_calls_invalid_is_the_best_no_longer() -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)

    laps.confirm(history(Row(85_636, valid=False)))

    assert laps.best_ms(0) is None


def test_an_unknown_car_has_no_best() -> None:
    assert tracker().best_ms(5) is None


# --- flashbacks -----------------------------------------------------------------------------------


def test_a_flashback_over_the_line_withdraws_the_lap() -> None:
    facts = told(tracker(), on_lap(1, 85_600), on_lap(2, 0, 85_636), on_lap(1, 80_000))

    assert facts[-2:] == [LapWithdrawn(0, 1, 1), LapBegun(0, 1, 1)]


def test_a_lap_driven_again_after_a_flashback_completes_again() -> None:
    records = [on_lap(1, 85_600), on_lap(2, 0, 85_636), on_lap(1, 80_000), on_lap(1, 84_990), on_lap(2, 0, 85_000)]

    assert times(told(tracker(), *records)) == [(1, 85_636), (1, 85_000)]


def test_a_lap_driven_again_in_the_very_same_time_completes_again() -> None:
    records = [on_lap(1, 85_600), on_lap(2, 0, 85_636), on_lap(1, 80_000), on_lap(1, 85_600), on_lap(2, 0, 85_636)]

    assert times(told(tracker(), *records)) == [(1, 85_636), (1, 85_636)]


def test_each_flashback_over_the_line_counts_an_attempt() -> None:
    back_and_forth = [on_lap(2, 0, 85_636), on_lap(1, 80_000)] * 2

    facts = told(tracker(), on_lap(1, 85_600), *back_and_forth)

    assert [(fact.lap_number, fact.attempt) for fact in withdrawn(facts)] == [(1, 1), (1, 2)]


def test_a_flashback_over_two_lines_withdraws_both_laps() -> None:
    records = [on_lap(1, 85_600), on_lap(2, 0, 85_636), on_lap(2, 84_000, 85_636), on_lap(3, 0, 84_016)]

    facts = told(tracker(), *records, on_lap(1, 80_000))

    assert sorted(fact.lap_number for fact in withdrawn(facts)) == [1, 2]


def test_a_flashback_within_a_lap_withdraws_nothing() -> None:
    records = [on_lap(1, 85_600), on_lap(2, 0, 85_636), on_lap(2, 40_000, 85_636), on_lap(2, 20_000, 85_636)]

    assert withdrawn(told(tracker(), *records)) == []


def test_a_flashback_to_before_a_mistake_makes_the_lap_valid_again() -> None:
    records = [on_lap(1, 40_000, current_lap_invalid=1), on_lap(1, 30_000), on_lap(1, 85_600)]

    (lap,) = done(told(tracker(), *records, on_lap(2, 0, 85_636)))

    assert lap.valid


def test_a_lap_gone_back_into_keeps_no_sector_of_the_undone_one() -> None:
    records = [on_lap(1, 85_600, 0, 30_000, 25_000), on_lap(2, 0, 85_636), on_lap(1, 20_000), on_lap(1, 85_600)]

    assert done(told(tracker(), *records, on_lap(2, 0, 85_700)))[1].sector1_time_ms is None


def test_an_undone_lap_does_not_come_back_out_of_a_history_that_lags() -> None:
    laps = tracker()
    told(laps, on_lap(1, 85_600), on_lap(2, 0, 85_636), on_lap(1, 80_000))

    assert laps.confirm(history(Row(85_636), Row(0))) == []


# --- the chequered flag ---------------------------------------------------------------------------


def test_the_last_lap_completes_at_the_flag_though_the_number_stays() -> None:
    facts = told(tracker(), on_lap(5, 85_600, 86_000), on_lap(5, 85_636, 85_636, result_status=FINISHED))

    assert times(facts) == [(5, 85_636)]


def test_the_last_lap_completes_once() -> None:
    finished = on_lap(5, 0, 85_636, result_status=FINISHED)

    assert times(told(tracker(), on_lap(5, 85_600, 86_000), finished, finished, finished)) == [(5, 85_636)]


def test_the_last_lap_has_its_sectors() -> None:
    finished = on_lap(5, 0, 85_636, result_status=FINISHED)

    (lap,) = done(told(tracker(), on_lap(5, 85_600, 86_000, 30_000, 25_000), finished))

    assert (lap.sector1_time_ms, lap.sector2_time_ms, lap.sector3_time_ms) == (30_000, 25_000, 30_636)


@pytest.mark.parametrize("timer_ms", [0, 85_636])
def test_where_the_number_rises_after_the_flag_the_lap_is_not_told_twice(timer_ms: int) -> None:
    records = [on_lap(5, 85_600, 86_000), on_lap(5, timer_ms, 85_636, result_status=FINISHED)]

    facts = told(tracker(), *records, on_lap(6, 16, 85_636, result_status=FINISHED))

    assert times(facts) == [(5, 85_636)]


def test_a_last_lap_as_long_as_the_one_before_comes_from_the_history() -> None:
    laps = tracker()

    at_the_flag = told(laps, on_lap(2, 85_000, 85_016), on_lap(2, 0, 85_016, result_status=FINISHED))
    later = laps.confirm(history(Row(0), Row(85_016)))

    assert (times(at_the_flag), times(later)) == ([], [(2, 85_016)])


def test_a_session_that_runs_out_in_mid_lap_completes_no_lap() -> None:
    timed_out = on_lap(3, 40_016, 85_636, result_status=FINISHED)

    assert done(told(tracker(), on_lap(3, 40_000, 85_636), timed_out)) == []


def test_a_session_that_runs_out_just_below_the_time_of_the_lap_before_completes_no_lap() -> None:
    timed_out = on_lap(3, 84_516, 85_636, result_status=FINISHED)

    assert done(told(tracker(), on_lap(3, 84_500, 85_636), timed_out)) == []


def test_a_last_lap_that_was_lost_whole_does_not_lend_its_time_to_the_lap_before() -> None:
    laps = tracker()

    at_the_flag = told(laps, on_lap(4, 84_000, 86_000), on_lap(5, 0, 85_000, result_status=FINISHED))
    later = laps.confirm(history(Row(0), Row(0), Row(0), Row(84_636), Row(85_000)))

    assert (times(at_the_flag), times(later)) == ([], [(4, 84_636), (5, 85_000)])


def test_a_last_lap_missed_at_the_flag_comes_from_the_history_of_the_end() -> None:
    laps = tracker()
    told(laps, on_lap(2, 85_500, 86_000))

    facts = laps.confirm(history(Row(86_000), Row(85_636), frame_identifier=0, overall_frame_identifier=0))

    assert (2, 85_636) in times(facts)


def test_a_lap_in_progress_at_the_end_is_not_in_the_history() -> None:
    laps = tracker()
    told(laps, on_lap(2, 40_000, 86_000))

    facts = laps.confirm(history(Row(86_000), Row(0, 30_000), frame_identifier=0, overall_frame_identifier=0))

    assert 2 not in dict(times(facts))


def test_a_flashback_over_the_flag_withdraws_the_last_lap() -> None:
    records = [on_lap(5, 85_600, 86_000), on_lap(5, 0, 85_636, result_status=FINISHED), on_lap(5, 80_000, 86_000)]

    facts = told(tracker(), *records)

    assert [(fact.lap_number, fact.attempt) for fact in withdrawn(facts)] == [(5, 1)]


def test_a_last_lap_driven_again_after_a_flashback_over_the_flag_completes_again() -> None:
    finish = [on_lap(5, 85_600, 86_000), on_lap(5, 0, 85_636, result_status=FINISHED), on_lap(5, 80_000, 86_000)]

    facts = told(tracker(), *finish, on_lap(5, 0, 85_000, result_status=FINISHED))

    assert times(facts) == [(5, 85_636), (5, 85_000)]


def test_a_disqualification_after_the_flag_withdraws_no_lap() -> None:
    records = [on_lap(5, 85_600, 86_000), on_lap(5, 0, 85_636, result_status=FINISHED)]

    facts = told(tracker(), *records, on_lap(5, 0, 85_636, result_status=DISQUALIFIED))

    assert withdrawn(facts) == []


# --- lost packets and the history -----------------------------------------------------------------


def test_packets_lost_at_the_line_cost_no_lap() -> None:
    assert times(told(tracker(), on_lap(1, 60_000), on_lap(2, 20_000, 85_636))) == [(1, 85_636)]


def test_after_a_whole_lap_was_lost_nothing_is_guessed() -> None:
    assert done(told(tracker(), on_lap(1, 60_000), on_lap(3, 20_000, 85_636))) == []


def test_laps_that_were_lost_come_from_the_history() -> None:
    laps = tracker()
    told(laps, on_lap(1, 60_000), on_lap(3, 20_000, 85_636))

    facts = laps.confirm(history(Row(86_000, 30_000, 25_000, 31_000, valid=False), Row(85_636), Row(0)))

    assert times(facts) == [(1, 86_000), (2, 85_636)]
    assert [(lap.valid, lap.status) for lap in done(facts)] == [(False, "confirmed"), (True, "confirmed")]


def test_a_lap_that_the_history_confirms_is_confirmed_once() -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)
    row = history(Row(85_636), Row(0))

    assert [[lap.status for lap in done(laps.confirm(row))] for _ in range(3)] == [["confirmed"], [], []]


def test_a_confirmed_lap_keeps_what_only_the_line_told() -> None:
    laps = tracker()
    told(laps, on_lap(1, 85_600, pit_status=1), on_lap(2, 0, 85_636, car_position=9))

    (lap,) = done(laps.confirm(history(Row(85_636), Row(0))))

    assert (lap.position, lap.pit_lap, lap.personal_best) == (9, True, True)


@pytest.mark.parametrize("row", [Row(85_637), Row(85_636, valid=False)])
def test_where_the_history_differs_it_wins(row: Row) -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)

    (lap,) = done(laps.confirm(history(row, Row(0))))

    assert (lap.lap_time_ms, lap.valid, lap.status) == (row.lap_ms, row.valid, "corrected")


def test_sectors_missed_at_the_line_come_from_the_history() -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)

    (lap,) = done(laps.confirm(history(Row(85_636, 30_000, 25_000, 30_635), Row(0))))

    assert (lap.sector1_time_ms, lap.sector2_time_ms, lap.status) == (30_000, 25_000, "confirmed")


def test_a_third_sector_that_the_history_rounds_differently_corrects_nothing() -> None:
    laps = tracker()
    told(laps, on_lap(1, 86_600, 0, 34_419, 18_229), on_lap(2, 0, 86_664))

    (lap,) = done(laps.confirm(history(Row(86_664, 34_419, 18_229, 34_014), Row(0))))

    assert (lap.sector3_time_ms, lap.status) == (34_016, "confirmed")


def test_a_lap_told_by_the_history_is_not_told_again_at_the_line() -> None:
    laps = tracker()
    told(laps, on_lap(1, 60_000), on_lap(3, 20_000, 85_636))
    laps.confirm(history(Row(86_000), Row(85_636), Row(0)))

    assert done(told(laps, on_lap(3, 20_016, 85_636))) == []


def test_a_history_that_lags_behind_the_line_changes_nothing() -> None:
    laps = tracker()
    lap_of(laps, 1, 85_636)

    assert laps.confirm(history(Row(0, 30_000, 25_000))) == []


def test_a_history_ahead_of_the_line_waits() -> None:
    laps = tracker()
    told(laps, on_lap(1, 85_600))

    assert laps.confirm(history(Row(85_636), Row(0))) == []


def test_the_history_of_a_car_never_seen_is_ignored() -> None:
    assert tracker().confirm(history(Row(85_636), car=4)) == []


def test_laps_from_before_a_loaded_save_are_not_this_sessions() -> None:
    laps = tracker(from_start=True)
    told(laps, on_lap(4, 10_000, 86_000))

    assert laps.confirm(history(Row(88_000), Row(87_000), Row(86_000), Row(0))) == []


def test_laps_after_a_loaded_save_are() -> None:
    laps = tracker(from_start=True)
    told(laps, on_lap(4, 10_000, 86_000), on_lap(6, 10_000, 85_000))

    facts = laps.confirm(history(Row(88_000), Row(87_000), Row(86_000), Row(85_500), Row(85_000), Row(0)))

    assert times(facts) == [(4, 85_500), (5, 85_000)]


def test_laps_from_before_the_gateway_started_are_told_by_the_history() -> None:
    laps = tracker(from_start=False)
    told(laps, on_lap(4, 10_000, 86_000))

    assert times(laps.confirm(history(Row(88_000), Row(87_000), Row(86_000), Row(0)))) == [
        (1, 88_000),
        (2, 87_000),
        (3, 86_000),
    ]


def test_a_history_that_claims_more_laps_than_it_has_rows_is_read_to_its_last_row() -> None:
    laps = tracker(from_start=False)
    told(laps, on_lap(4, 10_000, 86_000))

    facts = laps.confirm(history(Row(88_000))._replace(num_laps=255))

    assert times(facts) == [(1, 88_000)]


@pytest.mark.parametrize("status", range(10))
def test_the_cars_that_take_part_are_listed(status: int) -> None:
    laps = tracker()
    laps.feed(timing(on_lap(1, 0), on_lap(1, 0, result_status=status), empty_slot()))

    assert laps.live == ((0, 1) if status in LIVE else (0,))


# --- laws: a game that drives at random, a network that loses at random -----------------------------


@dataclass(frozen=True)
class Moment:
    """What the game knows at one instant; a flashback goes back to an earlier one."""

    number: int = 1
    timer_ms: int = 0
    invalid: bool = False
    result_status: int = ACTIVE
    book: dict[int, Row] = field(default_factory=dict)

    @property
    def record(self) -> CarLapData:
        last_lap = self.number if self.result_status == FINISHED else self.number - 1
        last_ms = self.book[last_lap].lap_ms if last_lap in self.book else 0
        sector1_ms = 3_000 if self.timer_ms > 3_000 else 0
        sector2_ms = 2_500 if self.timer_ms > 5_500 else 0
        return on_lap(
            self.number,
            self.timer_ms,
            last_ms,
            sector1_ms,
            sector2_ms,
            current_lap_invalid=int(self.invalid),
            result_status=self.result_status,
        )

    @property
    def rows(self) -> list[Row]:
        return [self.book.get(lap, Row(0)) for lap in range(1, self.number + 1)]


LAP_TIMES: Final = st.sampled_from((8_000, 8_000, 8_500, 9_001))
ACTIONS: Final = st.one_of(
    st.tuples(st.just("drive"), st.integers(1, 12)),
    st.tuples(st.just("drive"), st.just(9)),
    st.tuples(st.just("flashback"), st.integers(1, 25)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("invalidate"), st.just(0)),
    st.tuples(st.just("flag"), st.just(0)),
)


@st.composite
def _drives(draw: st.DrawFn) -> list[Moment]:
    """Every instant of a session, a second apart: laps, flashbacks, restarts, mistakes, the flag."""
    past = [Moment()]  # the present timeline: what a flashback can go back to
    sent = [past[0]]
    lap_ms = draw(LAP_TIMES)
    flag = False
    for action, amount in draw(st.lists(ACTIONS, max_size=12)):
        if action == "flashback":
            past = past[: max(1, len(past) - amount)]
            flag = False
            sent.append(past[-1])
        for _ in range(amount if action == "drive" else 0):
            now = past[-1]
            if now.result_status == FINISHED:
                break
            if now.timer_ms + 1_000 < lap_ms:
                past.append(replace(now, timer_ms=now.timer_ms + 1_000))
            else:
                book = {**now.book, now.number: Row(lap_ms, 3_000, 2_500, lap_ms - 5_501, valid=not now.invalid)}
                over: dict[str, Any] = {"timer_ms": 0, "invalid": False, "book": book}
                ended: dict[str, Any] = {"result_status": FINISHED} if flag else {"number": now.number + 1}
                past.append(replace(now, **over, **ended))
                lap_ms = draw(LAP_TIMES)
            sent.append(past[-1])
        if action == "restart" and past[-1].result_status == ACTIVE:
            past.append(replace(past[-1], timer_ms=0, invalid=False))
            sent.append(past[-1])
        if action == "invalidate" and past[-1].result_status == ACTIVE:
            past.append(replace(past[-1], invalid=True))
            sent.append(past[-1])
        flag = flag or action == "flag"
    return sent


@dataclass
class Standing:
    """The laps told and not withdrawn; `take` holds each fact against the game's own book."""

    laps: dict[int, LapDone] = field(default_factory=dict)

    def take(self, facts: list[LapFact], book: dict[int, Row]) -> None:
        for fact in facts:
            if isinstance(fact, LapWithdrawn):
                assert fact.lap_number in self.laps, f"{fact} withdraws what was never told"
                del self.laps[fact.lap_number]
            if isinstance(fact, LapDone):
                new = fact.lap_number not in self.laps
                assert new or fact.status != "provisional", f"{fact} completes a second time"
                assert new or fact.status != "confirmed" or self.laps[fact.lap_number].status == "provisional"
                assert fact.lap_time_ms == book[fact.lap_number].lap_ms, f"{fact} is not true"
                assert _sectors_sum(fact)
                self.laps[fact.lap_number] = fact


def _sectors_sum(lap: LapDone) -> bool:
    sectors = (lap.sector1_time_ms, lap.sector2_time_ms, lap.sector3_time_ms)
    known = [sector for sector in sectors if sector is not None]
    return len(known) < 3 or sum(known) == lap.lap_time_ms


@given(_drives())
def test_without_loss_the_laps_told_are_at_every_instant_those_of_the_game(sent: list[Moment]) -> None:
    laps, standing = tracker(), Standing()

    for moment in sent:
        standing.take(laps.feed(timing(moment.record)), moment.book)
        if moment.result_status == FINISHED:  # a time equal to the lap before is new only to the history
            standing.take(laps.confirm(history(*moment.rows)), moment.book)

        assert {n: (lap.lap_time_ms, lap.valid) for n, lap in standing.laps.items()} == {
            n: (row.lap_ms, row.valid) for n, row in moment.book.items()
        }


@given(_drives(), st.randoms(use_true_random=False), st.sampled_from((0.1, 0.5, 0.9)))
def test_whatever_is_lost_or_doubled_no_lap_is_told_twice_or_with_a_false_time(
    sent: list[Moment], chance: Any, loss: float
) -> None:
    laps, standing = tracker(), Standing()

    for moment in sent:
        if chance.random() > loss:
            for _ in range(1 + (chance.random() < 0.3)):
                standing.take(laps.feed(timing(moment.record)), moment.book)
        if chance.random() < 0.2:
            standing.take(laps.confirm(history(*moment.rows)), moment.book)


@given(_drives(), st.randoms(use_true_random=False), st.sampled_from((0.1, 0.5, 0.9)))
def test_whatever_was_lost_the_history_of_the_end_brings_the_truth(
    sent: list[Moment], chance: Any, loss: float
) -> None:
    laps, standing = tracker(), Standing()
    standing.take(laps.feed(timing(sent[0].record)), sent[0].book)
    for moment in sent:
        if chance.random() > loss:
            standing.take(laps.feed(timing(moment.record)), moment.book)
    last = sent[-1]
    standing.take(laps.feed(timing(last.record)), last.book)

    standing.take(laps.confirm(history(*last.rows, frame_identifier=0)), last.book)

    assert {n: (lap.lap_time_ms, lap.valid) for n, lap in standing.laps.items()} == {
        n: (row.lap_ms, row.valid) for n, row in last.book.items()
    }


@given(_drives())
def test_the_best_lap_is_the_fastest_valid_one_that_stands(sent: list[Moment]) -> None:
    laps = tracker()

    for moment in sent:
        laps.feed(timing(moment.record))
        if moment.result_status == FINISHED:  # as above
            laps.confirm(history(*moment.rows))

    valid = [row.lap_ms for row in sent[-1].book.values() if row.valid]
    assert laps.best_ms(0) == min(valid, default=None)


def test_a_flashback_within_the_lap_keeps_a_pit_stop_that_came_before_it_and_forgets_one_after() -> None:
    before = [on_lap(1, 9_000, pit_status=1), on_lap(1, 50_000), on_lap(1, 40_000), on_lap(1, 85_000)]
    after = [on_lap(1, 45_000, pit_status=1), on_lap(1, 50_000), on_lap(1, 40_000), on_lap(1, 85_000)]

    told_before = done(told(tracker(), *before, on_lap(2, 0, 85_636)))
    told_after = done(told(tracker(), *after, on_lap(2, 0, 85_636)))

    assert ([lap.pit_lap for lap in told_before], [lap.pit_lap for lap in told_after]) == ([True], [False])


def test_whether_the_last_lap_counts_is_told_with_it_and_unknown_before_any() -> None:
    laps = tracker()
    told(laps, on_lap(1, 85_600, current_lap_invalid=1))
    before = laps.last_valid(0)

    told(laps, on_lap(2, 0, 85_636))

    assert (before, laps.last_valid(0), laps.last_valid(9)) == (None, False, None)


def test_a_gateway_that_came_late_calls_no_lap_the_session_best_before_it_has_heard_every_history() -> None:
    late = LapTracker(from_start=False)
    told(late, on_lap(3, 85_600))

    (lap,) = done(told(late, on_lap(4, 0, 85_636)))

    assert (lap.personal_best, lap.session_best) == (True, False)


# --- of whom all laps are known --------------------------------------------------------------------


def test_of_a_session_that_was_seen_to_begin_all_laps_are_known() -> None:
    laps = tracker()
    laps.feed(timing(on_lap(1, 0), on_lap(1, 0)))

    assert laps.laps_known(0) == "all"


def test_a_gateway_that_came_late_knows_the_laps_of_the_cars_whose_histories_it_has_heard() -> None:
    late = tracker(from_start=False)
    late.feed(timing(on_lap(3, 100), on_lap(3, 100)))

    known = [late.laps_known(0)]
    for car in (1, 0):
        late.confirm(history(Row(85_000), Row(85_000), car=car))
        known.append(late.laps_known(0))

    assert known == [None, None, "all"]


def test_a_gateway_that_came_late_knows_the_own_laps_first_when_the_own_history_comes_first() -> None:
    late = tracker(from_start=False)
    late.feed(timing(on_lap(3, 100), on_lap(3, 100)))

    late.confirm(history(Row(85_000), Row(85_000), car=0))

    assert (late.laps_known(0), late.laps_known(1)) == ("own", None)


def test_after_a_whole_lap_was_lost_the_laps_of_that_car_are_unknown_until_its_history_comes() -> None:
    laps = tracker()
    laps.feed(timing(on_lap(1, 80_000), on_lap(1, 80_000)))
    laps.feed(timing(on_lap(3, 100, 84_000), on_lap(2, 100, 85_000)))
    lost = (laps.laps_known(0), laps.laps_known(1))

    laps.confirm(history(Row(85_000), Row(84_000), car=0))

    assert (lost, laps.laps_known(0)) == ((None, "own"), "all")


def test_while_a_lost_lap_is_unheard_no_lap_is_called_the_session_best() -> None:
    laps = tracker()
    laps.feed(timing(on_lap(1, 80_000), on_lap(1, 80_000)))
    laps.feed(timing(on_lap(3, 100, 84_000), on_lap(1, 85_990)))

    (lap,) = done(laps.feed(timing(on_lap(3, 116, 84_000), on_lap(2, 0, 86_000))))

    assert (lap.car_index, lap.personal_best, lap.session_best) == (1, True, False)


# --- records that tell nothing are not read --------------------------------------------------------


class _Thorough(LapTracker):
    """Reads every record as a whole."""

    def feed(self, packet: LapDataPacket) -> list[LapFact]:
        for car in self._cars.values():
            car.steady = False
        return super().feed(packet)


@pytest.mark.parametrize("scenario", ["flashback_over_line", "pit_stop", "chequered_flag", "race_retirements"])
def test_reading_only_the_records_that_decide_tells_the_same(scenario: str) -> None:
    quick, thorough = tracker(), _Thorough(from_start=True)
    told_by_quick: list[LapFact] = []
    told_by_thorough: list[LapFact] = []

    for _, datagram in simulate(scenario, rate_hz=10).stream(0):
        if datagram[6] not in (2, 11):
            continue
        packet = decode(datagram)
        if isinstance(packet, LapDataPacket):
            told_by_quick += quick.feed(packet)
            told_by_thorough += thorough.feed(packet)
            cars = range(len(packet.cars))
            assert [quick.last_valid(car) for car in cars] == [thorough.last_valid(car) for car in cars]
            assert quick.live == thorough.live
        elif isinstance(packet, SessionHistoryPacket):
            told_by_quick += quick.confirm(packet)
            told_by_thorough += thorough.confirm(packet)

    assert len(told_by_quick) > 5
    assert told_by_quick == told_by_thorough
