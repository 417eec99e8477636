"""Who sends without being a rig, how often, and how much of it is looked at."""

from __future__ import annotations

import random
from collections.abc import Mapping

from app.ingest.strangers import BUDGET_PER_S, EVERYTHING, LEAST_SHARE, MOST_LISTED, MOST_LOUD, STEP, Strangers

GAME, FLOODER = "192.168.1.9", "192.168.1.66"


def damped() -> Strangers:
    strangers = Strangers(0.0)
    strangers.can_damp = True
    return strangers


def play(strangers: Strangers, per_s: Mapping[str, int], from_s: int, until_s: int) -> int:
    """Let senders send through a kernel that heeds the shares; how many datagrams came through."""
    chance, through = random.Random(from_s), 0
    for second in range(from_s, until_s):
        for _ in range(50):
            for address, rate in per_s.items():
                for _ in range(rate // 50):
                    shares = strangers.shares
                    if chance.random() < (shares.of_loud if address in shares.loud else shares.of_others):
                        through += 1
                        strangers.note(address)
        strangers.roll(second + 1.0)
    return through


def test_a_second_game_is_measured_exactly_and_never_damped() -> None:
    strangers = damped()

    play(strangers, {GAME: 400}, 0, 3)

    assert [(row.address, row.per_s, row.heard_s) for row in strangers.listed()] == [(GAME, 400.0, 3.0)]
    assert strangers.shares == EVERYTHING


def test_a_flood_is_damped_before_a_budget_of_it_was_looked_at() -> None:
    strangers = damped()

    changed = [strangers.note(FLOODER) for _ in range(BUDGET_PER_S)]

    assert changed == [False] * (BUDGET_PER_S - 1) + [True]
    assert (strangers.shares.loud, strangers.shares.of_loud) == ((FLOODER,), 1 / STEP)


def test_of_a_flood_little_comes_through_and_its_rate_is_told_all_the_same() -> None:
    strangers = damped()

    through = play(strangers, {FLOODER: 100_000}, 0, 4)

    assert through < 4 * 2 * BUDGET_PER_S
    assert 60_000 < strangers.listed()[0].per_s < 150_000


def test_a_loud_sender_hides_no_quiet_one() -> None:
    strangers = damped()

    play(strangers, {FLOODER: 50_000, GAME: 350}, 0, 4)

    assert strangers.shares.of_others == 1.0
    assert {row.address: row.per_s for row in strangers.listed()}[GAME] == 350.0


def test_when_the_flood_is_over_everything_comes_through_again() -> None:
    strangers = damped()
    play(strangers, {FLOODER: 100_000}, 0, 3)

    play(strangers, {}, 3, 10)

    assert strangers.shares == EVERYTHING


def test_forged_addresses_without_number_lower_the_share_of_all_others() -> None:
    strangers = damped()

    for number in range(5 * BUDGET_PER_S):
        strangers.note(f"10.0.{number // 256}.{number % 256}")

    assert strangers.shares.loud == ()
    assert LEAST_SHARE <= strangers.shares.of_others < 1.0


def test_no_share_is_ever_nothing_so_that_a_new_address_of_a_rig_is_seen() -> None:
    strangers = damped()

    for _ in range(100 * BUDGET_PER_S):
        strangers.note(FLOODER)

    assert strangers.shares.of_loud == LEAST_SHARE


def test_the_list_of_loud_addresses_is_bounded() -> None:
    strangers = damped()

    for number in range(3 * MOST_LOUD):
        for _ in range(BUDGET_PER_S):
            strangers.note(f"10.0.0.{number}")

    assert len(strangers.shares.loud) == MOST_LOUD


def test_without_a_filter_the_share_stays_whole_and_rates_are_plain_counts() -> None:
    strangers = Strangers(0.0)

    play(strangers, {FLOODER: 5_000}, 0, 2)

    assert strangers.shares == EVERYTHING
    assert strangers.listed()[0].per_s == 5_000.0


def test_the_loudest_are_listed_and_the_rest_is_counted() -> None:
    strangers = Strangers(0.0)
    for number in range(100):
        for _ in range(number + 1):
            strangers.note(f"10.0.0.{number}")

    strangers.roll(1.0)

    assert len(strangers.listed()) == MOST_LISTED
    assert strangers.listed()[0].address == "10.0.0.99"
    assert strangers.unlisted == 100 - MOST_LISTED


def test_a_million_forged_addresses_need_no_more_room_than_a_few_hundred() -> None:
    strangers = Strangers(0.0)

    for number in range(100_000):
        strangers.note(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    strangers.roll(1.0)

    assert len(strangers.listed()) == MOST_LISTED
    assert strangers.unlisted > 0


def test_an_address_that_went_quiet_is_listed_with_no_rate_and_then_no_more() -> None:
    strangers = damped()
    play(strangers, {GAME: 100}, 0, 1)

    strangers.roll(2.0)
    quiet = strangers.listed()
    strangers.roll(40.0)

    assert [(row.per_s, row.heard_s) for row in quiet] == [(0.0, 1.0)]
    assert strangers.listed() == []


def test_an_address_that_became_a_rig_is_no_stranger() -> None:
    strangers = damped()
    play(strangers, {GAME: 50_000}, 0, 2)

    strangers.forget(GAME)

    assert strangers.listed() == []
    assert GAME not in strangers.shares.loud
