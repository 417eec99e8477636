"""The ranking of the day."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.history.board import bests_of_rigs, boards, guest_laps, newest, ranked, stands_for
from app.history.record import LapRecord
from tests.history.builders import make_record


def numbers(laps: tuple[LapRecord, ...]) -> list[int]:
    return [lap.lap_number for lap in laps]


def test_the_fastest_is_first() -> None:
    laps = [make_record(1, lap_time_ms=82_000), make_record(2, lap_time_ms=80_000), make_record(3, lap_time_ms=81_000)]

    assert numbers(ranked(laps)) == [2, 3, 1]


def test_of_equal_time_the_earlier_is_first() -> None:
    assert numbers(ranked([make_record(2), make_record(1)])) == [1, 2]


def test_a_lap_that_does_not_count_is_on_no_board() -> None:
    assert ranked([make_record(1, valid=False)]) == ()


def test_a_guest_known_by_id_has_one_row_the_best() -> None:
    laps = [make_record(n, lap_time_ms=time_ms, individual_id="i-1") for n, time_ms in ((1, 82_000), (2, 80_000))]

    assert numbers(ranked(laps)) == [2]


def test_laps_of_nobody_known_by_id_stand_alone_even_under_one_name() -> None:
    assert numbers(ranked([make_record(1), make_record(2)])) == [1, 2]


def test_the_track_with_the_newest_lap_comes_first_and_says_how_many_were_driven() -> None:
    laps = [make_record(1), make_record(2, track="Spa", valid=False), make_record(3, track="Spa")]

    told = boards(laps)

    assert [(board.track, board.laps, numbers(board.rows)) for board in told] == [("Spa", 2, [3]), ("Monza", 1, [1])]


def test_a_lap_whose_track_is_not_known_is_on_no_board() -> None:
    assert boards([make_record(1, track=None)]) == ()


def test_the_valid_laps_of_a_guest_are_counted_over_all_tracks() -> None:
    laps = [
        make_record(1, individual_id="i-1"),
        make_record(2, individual_id="i-1", valid=False),
        make_record(3, individual_id="i-1", track="Spa"),
        make_record(4),
    ]

    assert guest_laps(laps) == {"i-1": 2}


def test_the_newest_lap_is_the_valid_one_that_was_completed_last() -> None:
    last = newest([make_record(2), make_record(1), make_record(3, valid=False)])

    assert last is not None
    assert last.lap_number == 2


def test_the_row_of_a_guest_stands_for_every_slower_lap_of_that_guest_on_that_track() -> None:
    best, slower = make_record(1, individual_id="i-1"), make_record(2, individual_id="i-1", lap_time_ms=90_000)

    assert stands_for(best, slower)
    assert not stands_for(best, best)
    assert not stands_for(best, slower._replace(track="Spa"))
    assert not stands_for(best, slower._replace(individual_id="i-2"))
    assert not stands_for(best._replace(individual_id=None), slower._replace(individual_id=None))
    assert not stands_for(best, None)


def test_each_rig_has_a_best_lap_whoever_drove_it() -> None:
    laps = [
        make_record(1, individual_id="i-1", lap_time_ms=80_000),
        make_record(2, individual_id="i-1", lap_time_ms=82_000, rig_id="RIG_B"),
        make_record(3, individual_id="i-1", lap_time_ms=81_000, rig_id="RIG_B"),
        make_record(4, lap_time_ms=70_000, rig_id="RIG_B", valid=False),
    ]

    assert [(lap.rig_id, lap.lap_number) for lap in bests_of_rigs(laps)] == [("RIG_A", 1), ("RIG_B", 3)]


LAPS = st.lists(
    st.builds(
        lambda number, time_ms, valid, guest, track: make_record(
            number, lap_time_ms=time_ms, valid=valid, individual_id=guest, track=track
        ),
        st.integers(1, 30),
        st.integers(80_000, 80_005),
        st.booleans(),
        st.sampled_from([None, None, "i-1", "i-2"]),
        st.sampled_from(["Monza", "Spa"]),
    ),
    unique_by=lambda lap: lap.lap_id,
)


@given(LAPS)
def test_exactly_one_row_of_all_boards_is_the_newest_lap_or_stands_for_it(laps: list[LapRecord]) -> None:
    last = newest(laps)

    held = [row for board in boards(laps) for row in board.rows if row == last or stands_for(row, last)]

    assert len(held) == (last is not None)


@given(LAPS)
def test_rows_are_in_order_and_no_valid_lap_is_faster_than_its_guests_row(laps: list[LapRecord]) -> None:
    for board in boards(laps):
        times = [row.lap_time_ms for row in board.rows]
        assert times == sorted(times)
        guests = [row.individual_id for row in board.rows if row.individual_id is not None]
        assert len(guests) == len(set(guests))
        for row in board.rows:
            mine = [lap for lap in laps if lap.valid and (lap == row or stands_for(row, lap))]
            assert row.lap_time_ms == min(lap.lap_time_ms for lap in mine)
