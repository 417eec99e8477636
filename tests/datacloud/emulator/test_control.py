from __future__ import annotations

import json
import random
import time

import pytest

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.control import answer
from app.datacloud.emulator.messages import Head
from app.datacloud.emulator.org import Org
from app.datacloud.schema import LAP
from tests.datacloud.emulator.caller import LAPS
from tests.datacloud.emulator.records import make_record, parsed


@pytest.fixture
def org() -> Org:
    org = Org(EmulatorConfig(), random.Random(0), time.time, lambda object_name, records: None)
    org.lake.accept(LAP, parsed(make_record(), {"nope": 1}, make_record(lap_number="x")), org.config, org.now_s())
    return org


def _ask(org: Org, method: str, name: str, value: object = None) -> tuple[int, object]:
    reply = answer(Head(method, f"/__emulator__/{name}", {}), json.dumps(value).encode(), org)
    return reply.status, json.loads(reply.body)


def test_rows_and_problems_can_be_seen_once_processed(org: Org) -> None:
    status, state = _ask(org, "POST", "process")

    assert (status, isinstance(state, dict)) == (200, True)
    assert _ask(org, "GET", "rows/LapEvent") == (
        200,
        [
            {"key": ["x", "2026-03-01"], "record": make_record()},
            {"key": None, "record": dict.fromkeys(LAP.types)},
        ],
    )
    status, problems = _ask(org, "GET", "problems/LapEvent")
    assert isinstance(problems, list)
    assert problems[0]["error_fields"] == ["lap_number"]


def test_deliveries_can_be_seen_as_they_came(org: Org) -> None:
    status, deliveries = _ask(org, "GET", "deliveries/LapEvent")

    assert (status, isinstance(deliveries, list)) == (200, True)
    assert [(one["key"], json.loads(one["raw"])) for one in deliveries][:2] == [  # type: ignore[attr-defined]  # a list
        ("x", make_record()),
        (None, {"nope": 1}),
    ]


def test_the_state_counts(org: Org) -> None:
    _, state = _ask(org, "GET", "state")

    assert isinstance(state, dict)
    assert state["objects"]["LapEvent"]["waiting"] == 3


@pytest.mark.parametrize(("keep", "told"), [(False, None), (True, "body")])
def test_requests_can_be_seen(org: Org, keep: bool, told: str | None) -> None:
    org.configure({"keep_bodies": keep})
    org.note(Head("POST", LAPS, {}), None, b"body", 4, None)

    _, requests = _ask(org, "GET", "requests")

    assert isinstance(requests, list)
    assert (requests[0]["path"], requests[0]["status"], requests[0]["body"]) == (LAPS, None, told)


def test_faults_and_settings_can_be_put(org: Org) -> None:
    assert _ask(org, "PUT", "faults", [{"match": {"nth": 1}, "action": {"kind": "delay", "seconds": 1}}])[0] == 200
    assert _ask(org, "PUT", "config", {"max_body_bytes": 50_000})[0] == 200

    assert org.plan.state() == [{"action": "delay", "seen": 0, "fired": 0}]
    assert org.config.max_body_bytes == 50_000


def test_a_reset_can_be_posted(org: Org) -> None:
    assert _ask(org, "POST", "reset")[0] == 200

    assert org.lake.objects() == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("faults", {"action": "delay"}),
        ("faults", [{"action": "explode"}]),
        ("faults", [3]),
        ("config", []),
        ("config", {"wings": 1}),
        ("config", {"burst": "many"}),
    ],
)
def test_nonsense_is_400_with_a_sentence(org: Org, name: str, value: object) -> None:
    status, told = _ask(org, "PUT", name, value)

    assert status == 400
    assert isinstance(told, dict)
    assert told["error"]


def test_what_is_not_json_is_400(org: Org) -> None:
    assert answer(Head("PUT", "/__emulator__/faults", {}), b"{", org).status == 400


def test_an_unknown_control_is_404(org: Org) -> None:
    assert _ask(org, "GET", "wings")[0] == 404
    assert _ask(org, "POST", "state")[0] == 404
