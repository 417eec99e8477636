"""The sectors of the lap that is shown, and their marks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.duel.sectors import Sectors, Shown
from app.normalize.events import Event
from tests.duel.builders import (
    make_flashback,
    make_invalidation,
    make_lap,
    make_progress,
    make_sector,
    make_session,
    make_start,
    make_withdrawal,
)

OWN, RIVAL = 0, 5
NOTHING = Shown(None, (None, None, None), (None, None, None))


def at(lap_number: int, *times_ms: int, **changes: Any) -> Event:
    """Progress of the own car: on this lap, with these sectors of it driven."""
    first, second, *_ = (*times_ms, None, None)
    told = {
        "car_index": OWN,
        "lap_number": lap_number,
        "sector": len(times_ms) + 1,
        "sector1_time_ms": first,
        "sector2_time_ms": second,
        "lap_invalid": False,
        "laps_known": "all",
        "result_status": "active",
    }
    return make_progress(**{**told, **changes})


def lap(number: int, *times_ms: int, car: int = OWN, **changes: Any) -> Event:
    """A completed lap with its three sectors."""
    first, second, third = times_ms
    sectors = {"sector1_time_ms": first, "sector2_time_ms": second, "sector3_time_ms": third}
    return make_lap(
        **{
            "car_index": car,
            "own": car == OWN,
            "lap_number": number,
            "lap_time_ms": sum(times_ms),
            **sectors,
            **changes,
        }
    )


def sector(number: int, time_ms: int, *, car: int = RIVAL, **changes: Any) -> Event:
    return make_sector(number, time_ms, **{"car_index": car, "own": car == OWN, **changes})


def fed(*events: Event) -> Sectors:
    sectors = Sectors()
    for event in events:
        sectors.feed(event)
    return sectors


def after(*events: Event) -> Shown:
    return fed(*events).shown()


# --- which lap ------------------------------------------------------------------------------------


def test_before_anything_is_driven_no_lap_is_shown() -> None:
    assert (Sectors().shown(), after(at(1))) == (NOTHING, NOTHING)


def test_the_running_lap_is_shown_once_its_first_sector_is_done() -> None:
    shown = after(at(1), at(1, 30_000))

    assert (shown.lap_number, shown.times_ms) == (1, (30_000, None, None))


def test_before_its_first_sector_the_last_completed_lap_is_shown() -> None:
    shown = after(at(1, 30_000, 25_000), lap(1, 30_000, 25_000, 31_000), at(2))

    assert (shown.lap_number, shown.times_ms) == (1, (30_000, 25_000, 31_000))


def test_after_the_flag_the_last_lap_stays() -> None:
    flag = at(1, result_status="finished", sector=1)

    shown = after(at(1, 30_000, 25_000), lap(1, 30_000, 25_000, 31_000), flag)

    assert (shown.lap_number, shown.times_ms) == (1, (30_000, 25_000, 31_000))


def test_a_lap_that_only_the_history_tells_is_shown_as_the_last_one() -> None:
    shown = after(at(4), lap(3, 30_000, 25_000, 31_000, status="confirmed"))

    assert (shown.lap_number, shown.times_ms) == (3, (30_000, 25_000, 31_000))


def test_a_sector_that_nobody_saw_is_unknown() -> None:
    shown = after(lap(1, 30_000, 25_000, 31_000, sector1_time_ms=None, sector3_time_ms=None), at(2))

    assert (shown.times_ms, shown.marks) == ((None, 25_000, None), (None, "session_best", None))


def test_the_sectors_of_another_car_are_not_shown() -> None:
    assert after(at(1), sector(1, 30_000), lap(1, 30_000, 25_000, 31_000, car=RIVAL)) == NOTHING


def test_a_new_session_shows_nothing_of_the_one_before() -> None:
    assert after(at(1, 30_000), at(1, session_uid="8")) == NOTHING


def test_what_says_nothing_of_sectors_changes_nothing() -> None:
    sectors = fed(at(1, 30_000))

    sectors.feed(make_session(session_uid=None, mode="menu"))

    assert sectors.shown().lap_number == 1


# --- marks ----------------------------------------------------------------------------------------


def test_the_first_lap_of_a_car_alone_is_the_session_best() -> None:
    assert after(at(1, 30_000, 25_000)).marks == ("session_best", "session_best", None)


def test_a_mark_says_how_the_sector_stands_beside_the_own_laps_and_everybodys() -> None:
    rivals = lap(1, 29_000, 25_000, 29_000, car=RIVAL)
    first = lap(1, 31_000, 24_000, 30_000)

    shown = after(rivals, first, at(2, 30_000, 24_500), lap(2, 30_000, 24_500, 28_000), at(3))

    assert (shown.lap_number, shown.marks) == (2, ("personal_best", "slower", "session_best"))


def test_a_session_best_that_another_car_beats_is_a_personal_best_from_then_on() -> None:
    sectors = fed(at(1, 30_000))
    before = sectors.shown().marks

    sectors.feed(sector(1, 29_999))

    assert (before[0], sectors.shown().marks[0]) == ("session_best", "personal_best")


def test_nobody_is_faster_than_who_is_equally_fast() -> None:
    assert after(sector(1, 30_000), lap(1, 30_000, 25_000, 31_000), at(2, 30_000)).marks[0] == "session_best"


def test_the_running_lap_of_another_car_counts_as_long_as_it_is_valid() -> None:
    faster = sector(1, 29_000)

    assert after(at(1, 30_000), faster).marks[0] == "personal_best"
    assert after(at(1, 30_000), faster, make_invalidation(car_index=RIVAL, own=False)).marks[0] == "session_best"
    assert after(at(1, 30_000), sector(1, 29_000, lap_valid=False)).marks[0] == "session_best"


def test_a_lap_of_another_car_that_does_not_count_is_no_ones_best() -> None:
    assert after(lap(1, 20_000, 20_000, 20_000, car=RIVAL, valid=False), at(1, 30_000)).marks[0] == "session_best"


def test_a_lap_that_does_not_count_has_times_and_no_marks() -> None:
    shown = after(at(1, 30_000), make_invalidation(), at(1, 30_000, 25_000, lap_invalid=True))

    assert (shown.times_ms, shown.marks) == ((30_000, 25_000, None), (None, None, None))


def test_the_sectors_of_an_own_lap_that_does_not_count_are_no_bests() -> None:
    shown = after(lap(1, 20_000, 20_000, 20_000, valid=False), at(2, 30_000))

    assert shown.marks[0] == "session_best"


def test_a_lap_that_turns_out_not_to_count_gives_its_bests_back() -> None:
    told = (at(1), lap(1, 30_000, 25_000, 31_000, car=RIVAL), lap(1, 31_000, 26_000, 32_000), at(2))

    corrected = lap(1, 30_000, 25_000, 31_000, car=RIVAL, valid=False, status="corrected")

    assert after(*told).marks == ("personal_best",) * 3
    assert after(*told, corrected).marks == ("session_best",) * 3


def test_a_lap_that_turns_out_to_count_gets_its_marks_back() -> None:
    told = (lap(1, 30_000, 25_000, 31_000, valid=False), at(2))

    assert after(*told).marks == (None,) * 3
    assert after(*told, lap(1, 30_000, 25_000, 31_000, status="corrected")).marks == ("session_best",) * 3


# --- what was driven unheard -----------------------------------------------------------------------


@pytest.mark.parametrize(("known", "mark"), [("all", "session_best"), ("own", "personal_best"), (None, None)])
def test_a_best_is_only_as_good_as_what_is_known(known: str | None, mark: str | None) -> None:
    assert after(at(5, 30_000, laps_known=known)).marks[0] == mark


def test_what_is_slower_than_one_own_lap_is_slower_whatever_is_unknown() -> None:
    assert after(lap(1, 30_000, 25_000, 31_000), at(2, 30_001, laps_known=None)).marks[0] == "slower"


def test_a_mark_comes_when_the_last_history_does() -> None:
    sectors = fed(at(5, 30_000, laps_known=None))
    before = sectors.shown().marks[0]

    sectors.feed(at(5, 30_000, laps_known="all"))

    assert (before, sectors.shown().marks[0]) == (None, "session_best")


# --- what is taken back ----------------------------------------------------------------------------


def test_after_a_flashback_to_before_its_end_the_first_sector_is_unknown_again() -> None:
    told = (lap(1, 31_000, 26_000, 32_000), at(2, session_time_s=90.0), at(2, 30_000, session_time_s=120.0))

    shown = after(*told, make_flashback(100.0))

    assert (after(*told).lap_number, shown.lap_number, shown.times_ms) == (2, 1, (31_000, 26_000, 32_000))


def test_a_flashback_to_after_its_end_keeps_the_first_sector_and_takes_the_second() -> None:
    told = (at(1, 30_000, session_time_s=31.0), at(1, 30_000, 25_000, session_time_s=56.0))

    shown = after(*told, make_flashback(40.0), at(1, 30_000, session_time_s=40.0))

    assert (shown.times_ms, shown.marks) == ((30_000, None, None), ("session_best", None, None))


def test_a_flashback_that_lands_before_the_moment_it_names_takes_back_what_lies_between() -> None:
    told = (at(1, 30_000, session_time_s=31.0), sector(1, 29_000, session_time_s=31.5))

    shown = after(*told, make_flashback(32.0), at(1, session_time_s=30.5), at(1, 30_000, session_time_s=31.2))

    assert shown.marks[0] == "session_best"


def test_a_flashback_whose_event_says_no_time_is_seen_on_the_clock() -> None:
    told = (at(1, session_time_s=20.0), sector(1, 29_000, session_time_s=31.5), at(1, 30_000, session_time_s=32.0))

    shown = after(*told, make_flashback(None), at(1, session_time_s=25.0), at(1, 30_000, session_time_s=32.0))

    assert shown.marks[0] == "session_best"


def test_a_sector_that_was_told_late_stands_after_a_flashback_if_the_game_still_shows_it() -> None:
    shown = after(at(1, 30_000, session_time_s=100.0), at(1, 30_000, session_time_s=95.0))

    assert shown.times_ms == (30_000, None, None)


def test_a_flashback_undoes_what_a_rival_has_driven_since() -> None:
    told = (at(1, 30_000, session_time_s=31.0), sector(1, 29_000, session_time_s=35.0))

    assert after(*told).marks[0] == "personal_best"
    assert after(*told, make_flashback(34.0)).marks[0] == "session_best"
    assert after(*told, make_flashback(36.0)).marks[0] == "personal_best"


def test_a_flashback_to_before_a_mistake_gives_the_marks_back() -> None:
    void = make_invalidation(session_time_s=40.0)
    told = (at(1, 30_000, session_time_s=31.0), void, at(1, 30_000, lap_invalid=True, session_time_s=40.0))

    assert after(*told).marks[0] is None
    assert after(*told, make_flashback(35.0)).marks[0] == "session_best"


def test_a_flashback_to_before_a_rivals_mistake_makes_his_sector_count_again() -> None:
    void = make_invalidation(car_index=RIVAL, own=False, session_time_s=40.0)
    told = (at(1, 30_000, session_time_s=31.0), sector(1, 29_000, session_time_s=31.0), void)

    assert after(*told).marks[0] == "session_best"
    assert after(*told, make_flashback(35.0)).marks[0] == "personal_best"


def test_a_flashback_over_the_line_takes_the_lap_back_up_where_it_lands() -> None:
    told = (
        lap(1, 31_000, 26_000, 32_000),
        at(2, 30_000, 25_000, session_time_s=160.0),
        lap(2, 30_000, 25_000, 31_000, session_time_s=170.0),
        at(3, session_time_s=171.0),
    )
    landed = (make_withdrawal(lap_number=2), make_start(lap_number=2, attempt=1), at(2, 30_000, session_time_s=130.0))

    shown = after(*told, make_flashback(130.0), *landed)

    assert after(*told).times_ms == (30_000, 25_000, 31_000)
    assert (shown.lap_number, shown.times_ms) == (2, (30_000, None, None))


def test_a_rivals_lap_that_is_withdrawn_is_no_best_any_more() -> None:
    told = (at(1, 30_000), lap(1, 29_000, 25_000, 31_000, car=RIVAL))

    assert after(*told, make_withdrawal(car_index=RIVAL, own=False)).marks[0] == "session_best"


def test_a_completed_lap_that_the_history_told_late_stands_through_a_flashback() -> None:
    late = lap(1, 31_000, 26_000, 32_000, session_time_s=95.0, status="confirmed")

    shown = after(at(2, session_time_s=90.0), late, at(2, session_time_s=96.0), make_flashback(92.0))

    assert (shown.lap_number, shown.marks) == (1, ("session_best",) * 3)


def test_a_lap_given_up_and_begun_again_leaves_no_sector_behind() -> None:
    shown = after(at(1, 29_000, session_time_s=31.0), at(1, session_time_s=50.0), at(1, 30_000, session_time_s=80.0))

    assert (shown.times_ms, shown.marks[0]) == ((30_000, None, None), "session_best")


def test_a_rival_who_drives_a_first_sector_again_has_yet_to_drive_the_second() -> None:
    given_up = (sector(1, 31_000), sector(2, 20_000), sector(1, 30_500))

    assert after(at(1, 30_000, 25_000), *given_up).marks == ("session_best", "session_best", None)


def test_a_lap_completed_twice_is_one_lap() -> None:
    told = (lap(1, 30_000, 25_000, 31_000), at(2))

    assert after(*told, lap(1, 30_000, 25_000, 31_000, status="confirmed")) == after(*told)


# --- laws -----------------------------------------------------------------------------------------

_TIMES = st.integers(20_000, 20_010)
_CARS = st.integers(0, 2)


def plain_mark(
    place: int, times_ms: tuple[int, int, int], own_ms: list[tuple[int, int, int]], all_ms: list[tuple[int, int, int]]
) -> str:
    if times_ms[place] > min(each[place] for each in own_ms):
        return "slower"
    return "session_best" if times_ms[place] == min(each[place] for each in all_ms) else "personal_best"


@given(st.lists(st.tuples(_CARS, st.tuples(_TIMES, _TIMES, _TIMES), st.booleans()), min_size=1, max_size=20))
def test_whatever_laps_are_driven_the_marks_are_those_of_a_plain_list_of_them(
    driven: list[tuple[int, tuple[int, int, int], bool]],
) -> None:
    numbers = [0, 0, 0]
    sectors = fed(at(1))
    for car, times_ms, valid in driven:
        numbers[car] += 1
        sectors.feed(lap(numbers[car], *times_ms, car=car, valid=valid))
    sectors.feed(at(numbers[OWN] + 1))
    mine = [(times_ms, valid) for car, times_ms, valid in driven if car == OWN]

    shown = sectors.shown()

    if not mine:
        assert shown == NOTHING
        return
    times_ms, valid = mine[-1]
    all_ms = [each for _, each, counts in driven if counts]
    own_ms = [each for each, counts in mine if counts]
    expected = [plain_mark(place, times_ms, own_ms, all_ms) if valid else None for place in range(3)]
    assert shown == Shown(numbers[OWN], times_ms, tuple(expected))  # type: ignore[arg-type]  # three of three
