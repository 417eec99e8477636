"""Rate, slots and trouble: who may go, and when."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.pace import Circuit, Rate, Slots


@given(st.floats(0.1, 250), st.lists(st.floats(0, 0.2), min_size=2, max_size=300))
def test_acceptance_06_no_second_sees_more_requests_than_allowed(per_second: float, pauses: list[float]) -> None:
    rate, now_s, taken = Rate(per_second), 0.0, []
    for pause in pauses:
        now_s = max(now_s + pause, rate.ready_s(now_s + pause))
        rate.taken(now_s)
        taken.append(now_s)

    assert all(later - earlier >= 1 / per_second - 1e-9 for earlier, later in pairwise(taken))


def test_a_complaint_halves_the_rate_and_it_grows_back_by_a_tenth_a_minute() -> None:
    rate = Rate(10)

    rate.halve(0.0)

    assert [round(rate.share(minutes * 60.0), 3) for minutes in (0, 1, 5, 9)] == [0.5, 0.6, 1.0, 1.0]


def test_many_complaints_leave_a_rest() -> None:
    rate = Rate(16)
    for _ in range(20):
        rate.halve(0.0)

    assert rate.share(0.0) == 1 / 16


def test_slots_grow_by_one_after_ten_good_answers_up_to_four() -> None:
    slots = Slots()
    limits = []
    for _ in range(50):
        slots.good()
        limits.append(slots.limit)

    assert [limits.index(wanted) + 1 for wanted in (2, 3, 4)] == [10, 20, 30]
    assert max(limits) == 4


def test_trouble_halves_the_slots_and_leaves_one() -> None:
    slots = Slots()
    for _ in range(30):
        slots.good()

    halved = []
    for _ in range(3):
        slots.bad()
        halved.append(slots.limit)

    assert halved == [2, 1, 1]


def test_five_failures_in_a_row_are_no_hiccup_and_one_answer_ends_them() -> None:
    circuit = Circuit()
    for number in range(5):
        assert not circuit.is_open
        circuit.failed(float(number))

    assert circuit.is_open
    circuit.answered()
    assert (circuit.is_open, circuit.troubled) == (False, False)


def test_nobody_goes_before_the_latest_instant_that_anybody_asked_for() -> None:
    circuit = Circuit()
    circuit.failed(30.0)
    circuit.failed(2.0)

    assert circuit.not_before_s == 30.0
