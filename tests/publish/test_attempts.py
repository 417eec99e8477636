"""Guessing at tokens: counted by address, blocked after five, forgotten in the end."""

from __future__ import annotations

import pytest

from app.publish.attempts import BLOCK_S, MOST_ADDRESSES, MOST_FAILURES, WINDOW_S, Attempts


def guessed(attempts: Attempts, address: str, times: int, now_s: float) -> float:
    for _ in range(times):
        attempts.failed(address, now_s)
    return attempts.blocked_for_s(address, now_s)


def test_five_wrong_tokens_within_a_minute_shut_an_address_out_for_a_minute() -> None:
    attempts = Attempts()

    assert guessed(attempts, "10.0.0.9", MOST_FAILURES - 1, 0.0) == 0
    assert guessed(attempts, "10.0.0.9", 1, 59.0) == BLOCK_S == 60
    assert attempts.blocked_for_s("10.0.0.9", 59.0 + 30) == 30
    assert attempts.blocked_for_s("10.0.0.9", 59.0 + 60) == 0


def test_four_wrong_ones_a_minute_shut_nobody_out() -> None:
    attempts = Attempts()

    for minute in range(10):
        assert guessed(attempts, "10.0.0.9", MOST_FAILURES - 1, minute * WINDOW_S) == 0


def test_after_the_block_five_more_are_needed_for_the_next() -> None:
    attempts = Attempts()
    guessed(attempts, "10.0.0.9", MOST_FAILURES, 0.0)

    assert guessed(attempts, "10.0.0.9", MOST_FAILURES - 1, BLOCK_S) == 0
    assert guessed(attempts, "10.0.0.9", 1, BLOCK_S) == BLOCK_S


def test_one_address_does_not_suffer_for_another() -> None:
    attempts = Attempts()

    guessed(attempts, "10.0.0.9", MOST_FAILURES, 0.0)

    assert attempts.blocked_for_s("10.0.0.8", 0.0) == 0


def test_a_host_cannot_guess_from_each_of_its_many_ipv6_addresses() -> None:
    attempts = Attempts()

    for number in range(MOST_FAILURES):
        attempts.failed(f"fd00:1:2:3::{number:x}", 0.0)

    assert attempts.blocked_for_s("fd00:1:2:3:4:5:6:7", 0.0) == BLOCK_S
    assert attempts.blocked_for_s("fd00:1:2:4::1", 0.0) == 0


@pytest.mark.parametrize("address", ["unknown", "fe80::1%eth0", "::ffff:10.0.0.9"])
def test_whatever_is_told_of_an_address_can_be_counted(address: str) -> None:
    assert guessed(Attempts(), address, MOST_FAILURES, 0.0) == BLOCK_S


def test_the_table_forgets_who_guessed_longest_ago_rather_than_grow() -> None:
    attempts = Attempts()

    for number in range(MOST_ADDRESSES + 10):
        guessed(attempts, f"10.0.{number // 256}.{number % 256}", MOST_FAILURES, float(number) / 1000)

    assert len(attempts) == MOST_ADDRESSES
    assert attempts.blocked_for_s("10.0.0.0", 1.0) == 0
    assert attempts.blocked_for_s("10.0.4.9", 1.0) > 0
