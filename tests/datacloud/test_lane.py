"""An object's rows: when they leave, and when the object is parked."""

from __future__ import annotations

from app.datacloud.endpoints import Destination
from app.datacloud.lane import Lane, Waiting

TARGET = 190_000
FLUSH_S = 0.5


def lane(most_leases: int = 1) -> Lane:
    return Lane("LapEvent", Destination("F1Telemetry", "LapEvent"), 1, most_leases)


def wants(one: Lane, rows: int, size: int, now_s: float) -> bool:
    return one.wants(Waiting(rows, size), TARGET, FLUSH_S, now_s)


def test_a_row_waits_for_company_and_then_leaves() -> None:
    one = lane()

    assert [wants(one, 1, 500, now_s) for now_s in (0.0, 0.49, 0.5)] == [False, False, True]
    assert one.wakes_s() == 0.5


def test_what_waits_at_the_start_leaves_at_once() -> None:
    one = lane()
    one.hurry()

    assert wants(one, 1, 500, 0.0)


def test_a_full_batch_leaves_at_once() -> None:
    assert wants(lane(), 400, TARGET, 0.0)


def test_what_is_under_way_does_not_wait_twice() -> None:
    one = lane()
    one.leased_one(400, TARGET)

    assert not wants(one, 400, TARGET, 10.0)
    assert one.wakes_s() is None


def test_one_batch_at_a_time_keeps_the_order_of_tellings() -> None:
    one = lane()
    one.leased_one(1, 500)

    assert not wants(one, 2, 1000, 10.0)
    one.returned(1, 500)
    assert wants(one, 1, 500, 10.5)


def test_a_parked_object_tries_again_later_and_later() -> None:
    one, now_s, waits = lane(), 0.0, []
    wants(one, 1, 1, now_s)
    for _ in range(6):
        one.park("404 Not Found", now_s)
        wakes_s = one.wakes_s()
        assert wakes_s is not None
        waits.append(wakes_s - now_s)
        now_s = wakes_s

    assert waits == [60, 120, 240, 480, 600, 600]


def test_what_waits_for_a_parked_object_is_not_leased() -> None:
    one = lane()
    one.park("404 Not Found", 0.0)

    assert not wants(one, 400, TARGET, 59.0)
    assert wants(one, 400, TARGET, 60.0)


def test_eight_single_rows_refused_in_a_row_make_the_schema_the_suspect() -> None:
    one = lane()

    assert [one.row_refused() for _ in range(9)] == [False] * 7 + [True] * 2


def test_one_accepted_row_clears_the_object_of_all_suspicion() -> None:
    one = lane()
    for _ in range(7):
        one.row_refused()
    one.park("schema rejected", 0.0)

    one.accepted()

    assert (one.parked, one.row_refused()) == (None, False)
    one.settled(39, 1)
    assert (one.rows["accepted"], one.rows["dead_lettered"]) == (39, 1)


def test_an_object_is_resumed_by_hand() -> None:
    one = lane()
    one.park("schema rejected", 0.0, 900.0)

    one.resume()

    assert wants(one, 400, TARGET, 1.0)


def test_at_the_end_nobody_waits_for_company_any_more() -> None:
    one = lane()
    wants(one, 1, 1, 0.0)

    assert not one.wants(Waiting(1, 1), TARGET, 60.0, 0.1)
    assert one.wants(Waiting(1, 1), TARGET, 0.0, 0.1)


def test_of_several_batches_that_park_an_object_the_first_counts() -> None:
    one = lane()
    for _ in range(4):
        one.park("404 Not Found", 0.0)

    assert one.rests(59.9)
    assert not one.rests(60.0)


def test_an_object_that_is_parked_for_a_year_is_parked_on() -> None:
    one = lane()
    for number in range(2_000):
        one.park("404 Not Found", number * 600.0)

    assert one.rests(2_000 * 600.0 - 1.0)
    assert not one.rests(2_000 * 600.0)
