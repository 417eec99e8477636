"""What clients may say, and how often."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.publish.commands import (
    BURST,
    PATIENCE,
    REFILL_PER_S,
    TOO_FAST,
    Command,
    CommandError,
    Pace,
    Verdict,
    Wishes,
    parse_command,
)


@pytest.mark.parametrize(("kind", "subscribe"), [("subscribe_rig", True), ("unsubscribe_rig", False)])
def test_a_wish_is_read(kind: str, subscribe: bool) -> None:
    assert parse_command(json.dumps({"type": kind, "rig_id": "RIG_A"})) == Command(subscribe, "RIG_A")


def test_keys_that_are_not_ours_are_passed_over() -> None:
    text = '{"type": "subscribe_rig", "rig_id": "all", "token": null}'

    assert parse_command(text) == Command(subscribe=True, rig_id="all")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad_json"),
        ("{", "bad_json"),
        ("[" * 4096, "bad_json"),
        ("[]", "bad_message"),
        ("null", "bad_message"),
        ("{}", "bad_message"),
        ('{"type": 7}', "bad_message"),
        ('{"type": "subscribe_rig"}', "bad_message"),
        ('{"type": "subscribe_rig", "rig_id": ["RIG_A"]}', "bad_message"),
        ('{"type": "ping"}', "unknown_type"),
    ],
)
def test_anything_else_is_refused_with_a_code(text: str, code: str) -> None:
    answer = parse_command(text)

    assert isinstance(answer, CommandError)
    assert answer.code == code


def test_an_answer_repeats_little_of_what_the_client_said() -> None:
    answer = parse_command(json.dumps({"type": "x" * 3000}))

    assert isinstance(answer, CommandError)
    assert len(answer.message) < 200


def test_an_error_is_sent_as_the_contract_says() -> None:
    assert json.loads(CommandError("unknown_rig", "no rig \ud800").text()) == {
        "type": "error",
        "code": "unknown_rig",
        "message": "no rig \ud800",
    }
    assert TOO_FAST.text().isascii()


@given(st.text(max_size=200) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_whatever_a_client_says_has_an_answer(text: str) -> None:
    answer = parse_command(text)

    if isinstance(answer, CommandError):
        answer.text().encode()


# Pace.


def test_a_burst_is_read_and_the_next_refused() -> None:
    pace = Pace(0.0)

    verdicts = [pace.judge(0.0) for _ in range(BURST + 1)]

    assert verdicts == [Verdict.READ] * BURST + [Verdict.REFUSE]


def test_two_a_second_may_go_on_for_ever() -> None:
    pace = Pace(0.0)

    assert {pace.judge(n / REFILL_PER_S) for n in range(500)} == {Verdict.READ}


def test_who_does_not_stop_is_warned_once_ignored_for_a_while_then_sent_away() -> None:
    pace = Pace(0.0)
    for _ in range(BURST):
        pace.judge(0.0)

    verdicts = [pace.judge(0.0) for _ in range(PATIENCE + 2)]

    assert verdicts == [Verdict.REFUSE] + [Verdict.IGNORE] * PATIENCE + [Verdict.LEAVE]


def test_who_pauses_is_forgiven() -> None:
    pace = Pace(0.0)
    for _ in range(BURST + PATIENCE):
        pace.judge(0.0)

    assert pace.judge(1.0) is Verdict.READ
    assert pace.judge(1.0) is Verdict.READ
    assert pace.judge(1.0) is Verdict.REFUSE


@given(st.lists(st.floats(0, 100)).map(sorted))
def test_no_more_is_read_than_the_bucket_holds(instants: list[float]) -> None:
    pace = Pace(0.0)

    read = [now_s for now_s in instants if pace.judge(now_s) is Verdict.READ]

    for first in range(len(read)):
        for last in range(first, len(read)):
            assert last - first + 1 <= BURST + (read[last] - read[first]) * REFILL_PER_S + 1e-6


# Wishes.

RIG_IDS = ("A", "B", "C")


@given(st.lists(st.builds(Command, st.booleans(), st.sampled_from(["all", *RIG_IDS]))))
def test_wishes_agree_with_a_plain_table(commands: list[Command]) -> None:
    wishes, table = Wishes(), dict.fromkeys(RIG_IDS, False)

    for command in commands:
        wishes.note(command)
        for rig_id in RIG_IDS if command.rig_id == "all" else (command.rig_id,):
            table[rig_id] = command.subscribe

    assert {rig_id: wishes.want(rig_id) for rig_id in RIG_IDS} == table


def test_all_means_rigs_added_later_too() -> None:
    wishes = Wishes()
    wishes.note(Command(subscribe=True, rig_id="all"))
    wishes.note(Command(subscribe=False, rig_id="A"))

    assert wishes.want("NEW")
    assert not wishes.want("A")
