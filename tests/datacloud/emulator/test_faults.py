from __future__ import annotations

import random
from typing import Any

import pytest

from app.datacloud.emulator.faults import Fault, Plan, fault_of
from app.datacloud.emulator.messages import Head

LAPS = Head("POST", "/api/v1/ingest/sources/F1Telemetry/LapEvent", {})
RACES = Head("POST", "/api/v1/ingest/sources/F1Telemetry/RaceEvent", {})
LOGIN = Head("POST", "/services/oauth2/token", {})


def _plan(*faults: Fault, seed: int = 1) -> Plan:
    return Plan(faults, random.Random(seed), 1000.0)


def _met(plan: Plan, *heads: Head, now_s: float = 1000.0) -> list[list[str]]:
    return [[fault.action for fault in plan.decide(head, now_s)] for head in heads]


def test_a_rule_without_conditions_meets_every_request() -> None:
    assert _met(_plan(Fault("status")), LAPS, LOGIN) == [["status"], ["status"]]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"object": "LapEvent"}, [True, False, False]),
        ({"path_regex": "/oauth2/"}, [False, False, True]),
        ({"path_regex": "^/api/v1"}, [True, True, False]),
        ({"method": "DELETE"}, [False, False, False]),
        ({"method": "POST", "object": "RaceEvent"}, [False, True, False]),
    ],
)
def test_a_rule_meets_only_what_it_is_about(conditions: dict[str, Any], expected: list[bool]) -> None:
    assert [bool(met) for met in _met(_plan(Fault("status", **conditions)), LAPS, RACES, LOGIN)] == expected


def test_the_nth_is_counted_among_the_requests_that_the_rule_is_about() -> None:
    plan = _plan(Fault("status", object="LapEvent", nth=2))

    assert [bool(met) for met in _met(plan, LAPS, RACES, LAPS, LAPS)] == [False, False, True, False]


def test_every_third_is_met_and_only_so_often() -> None:
    plan = _plan(Fault("status", every=3, times=2))

    assert [number for number, met in enumerate(_met(plan, *[LAPS] * 12), 1) if met] == [3, 6]


def test_a_rule_has_its_time() -> None:
    plan = _plan(Fault("status", from_s=10, until_s=20))

    assert [bool(_met(plan, LAPS, now_s=1000.0 + age_s)[0]) for age_s in (9.9, 10, 19.9, 20)] == [
        False,
        True,
        True,
        False,
    ]


def test_chance_is_the_same_for_the_same_seed() -> None:
    runs = [
        [bool(met) for met in _met(_plan(Fault("status", probability=0.1), seed=seed), *[LAPS] * 1000)]
        for seed in (7, 7, 8)
    ]

    assert runs[0] == runs[1] != runs[2]
    assert 70 <= sum(runs[0]) <= 130


def test_the_first_rule_that_ends_a_request_is_the_last_to_see_it() -> None:
    plan = _plan(Fault("delay", times=1), Fault("status"))

    assert _met(plan, LAPS, LAPS) == [["delay"], ["status"]]
    assert [rule["seen"] for rule in plan.state()] == [1, 1]


def test_effects_let_the_request_go_on_to_later_rules() -> None:
    plan = _plan(Fault("expire_tokens", times=1), Fault("clock_jump"), Fault("status"))

    assert _met(plan, LAPS) == [["expire_tokens", "clock_jump", "status"]]


class TestJson:
    def test_a_rule_in_the_documented_form(self) -> None:
        fault = fault_of(
            {
                "match": {"object": "LapEvent", "every": 2},
                "times": 3,
                "action": {"kind": "status", "code": 429, "headers": {"Retry-After": "banana"}, "body": "<p>"},
            }
        )

        assert fault == Fault(
            "status", times=3, object="LapEvent", every=2, code=429, headers={"Retry-After": "banana"}, body="<p>"
        )

    def test_the_name_of_the_action_will_do(self) -> None:
        assert fault_of({"action": "reset_before"}) == Fault("reset_before")
        assert fault_of({"action": "delay", "seconds": 2}) == Fault("delay", seconds=2)

    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            ({}, "action: "),
            ({"action": "explode"}, "action: "),
            ({"action": "delay", "wings": 1}, "wings: is nothing"),
            ({"action": "delay", "match": 3}, "match: must be an object"),
            ({"action": "delay", "match": {"path_regex": "("}}, "path_regex: "),
            ({"action": {"kind": "status", "code": 99}}, "code: 99"),
            ({"action": "delay", "match": {"every": 0}}, "every: "),
        ],
    )
    def test_a_rule_that_cannot_be_understood_is_refused_by_name(self, rule: dict[str, Any], sentence: str) -> None:
        with pytest.raises(ValueError, match=sentence):
            fault_of(rule)
