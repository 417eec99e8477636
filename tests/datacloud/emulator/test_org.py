from __future__ import annotations

import random
from typing import Any

import pytest

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.faults import Fault
from app.datacloud.emulator.messages import Head
from app.datacloud.emulator.org import Org
from app.datacloud.emulator.tokens import Login
from app.datacloud.schema import LAP
from tests.datacloud.emulator.caller import LAPS
from tests.datacloud.emulator.records import body_of, make_record, parsed


class Clock:
    """A clock that is set by hand."""

    now_s = 1_772_359_200.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _org(clock: Clock, **config: Any) -> Org:
    return Org(EmulatorConfig(**config), random.Random(0), clock, lambda object_name, records: None)


def _send(org: Org, body: bytes | None = None) -> int:
    token = org.tokens.give_datacloud(Login("c", "u"), frozenset(), org.now_s(), 60)
    head = Head("POST", LAPS, {"authorization": f"Bearer {token}", "content-type": "application/json"})
    body = body_of(make_record()) if body is None else body
    reply = org.early(head) or org.answer(head, body)
    org.note(head, reply, body, len(body), None)
    return reply.status


def test_each_path_has_somebody_who_answers(clock: Clock) -> None:
    org = _org(clock)

    assert _send(org) == 202
    assert org.early(Head("POST", "/services/oauth2/token", {})) is None
    assert org.answer(Head("POST", "/services/oauth2/token", {}), b"").status == 400
    assert org.answer(Head("GET", "/__emulator__/state", {}), b"").status == 200
    for path in ("/", "/api/v2/query", "/services/oauth2/authorize"):
        assert (reply := org.early(Head("POST", path, {}))) is not None
        assert reply.status == 404


def test_a_form_without_end_is_413(clock: Clock) -> None:
    assert _org(clock).answer(Head("POST", "/services/oauth2/token", {}), bytes(1_048_577)).status == 413


def test_the_control_plane_is_for_this_machine_only(clock: Clock) -> None:
    reply = _org(clock).early(Head("GET", "/__emulator__/state", {}, is_local=False))

    assert reply is not None
    assert reply.status == 403


def test_a_request_is_remembered_with_the_token_s_name_and_without_the_token(clock: Clock) -> None:
    org = _org(clock)

    _send(org)

    (seen,) = org.seen
    assert (seen.method, seen.path, seen.object, seen.status, seen.records) == ("POST", LAPS, "LapEvent", 202, 1)
    assert (seen.token_id, seen.at_s, seen.body) == ("dc-1", clock.now_s, None)


def test_bodies_are_remembered_where_wanted(clock: Clock) -> None:
    org = _org(clock, keep_bodies=True)

    _send(org, b"{}")

    assert org.seen[0].body == b"{}"


def test_the_state_tells_tokens_by_age_and_no_secret(clock: Clock) -> None:
    org = _org(clock)
    token = org.tokens.give_core(Login("c", "u"), org.now_s(), 7200)
    _send(org)
    org.process()
    clock.now_s += 10

    state = org.state()

    assert state["tokens"][0] == {
        "id": "core-1",
        "kind": "core",
        "username": "u",
        "age_s": 10.0,
        "expires_in_s": 7190.0,
        "revoked": False,
    }
    assert state["objects"]["LapEvent"]["inserted"] == 1
    assert state["credits"] == {"streaming": 0.005, "batch": 0.0}
    assert token not in str(state)


class TestEffects:
    def test_the_clock_can_jump(self, clock: Clock) -> None:
        org = _org(clock)
        org.set_faults([Fault("clock_jump", seconds=-600, times=1)])

        assert org.met(Head("POST", LAPS, {})) is None

        assert org.now_s() == clock.now_s - 600

    @pytest.mark.parametrize("action", ["expire_tokens", "revoke_tokens"])
    def test_tokens_can_end(self, clock: Clock, action: Any) -> None:
        org = _org(clock)
        token = org.tokens.give_core(Login("c", "u"), org.now_s(), 7200)
        org.set_faults([Fault(action), Fault("status", code=500)])

        fault = org.met(Head("POST", LAPS, {}))

        issued = org.tokens.find(token)
        assert issued is not None
        assert issued.revoked or issued.expires_s <= org.now_s()
        assert fault == Fault("status", code=500)

    def test_the_control_plane_meets_no_faults(self, clock: Clock) -> None:
        org = _org(clock)
        org.set_faults([Fault("status")])

        assert org.met(Head("GET", "/__emulator__/state", {})) is None


class TestFaultyReplies:
    def test_a_status_has_the_body_and_headers_of_its_rule(self, clock: Clock) -> None:
        fault = Fault("status", code=502, headers={"X": "1"}, body="<html>")

        reply = _org(clock).faulty(Head("POST", LAPS, {}), fault)

        assert (reply.status, reply.body) == (502, b"<html>")
        assert reply.headers == (("X", "1"), ("Content-Type", "text/html"))

    @pytest.mark.parametrize(("code", "told"), [(429, "7"), (503, "7"), (500, None)])
    def test_retry_after_goes_with_429_and_503(self, clock: Clock, code: int, told: str | None) -> None:
        reply = _org(clock, retry_after_s=7).faulty(Head("POST", LAPS, {}), Fault("status", code=code))

        assert dict(reply.headers).get("Retry-After") == told

    def test_a_rule_s_own_retry_after_wins(self, clock: Clock) -> None:
        fault = Fault("status", headers={"retry-after": "banana"})

        assert _org(clock, retry_after_s=7).faulty(Head("POST", LAPS, {}), fault).headers == (
            ("retry-after", "banana"),
        )

    def test_some_statuses_have_no_body(self, clock: Clock) -> None:
        assert _org(clock).faulty(Head("POST", LAPS, {}), Fault("status", code=204, body="x")).body == b""


class TestProcessing:
    def test_it_is_due_when_the_interval_has_passed_since_the_last(self, clock: Clock) -> None:
        org = _org(clock, process_interval_s=180)

        clock.now_s += 179
        assert not org.is_processing_due()
        clock.now_s += 1
        assert org.is_processing_due()
        org.process()
        assert not org.is_processing_due()

    def test_it_stays_due_while_something_is_left(self, clock: Clock) -> None:
        org = _org(clock, process_interval_s=180)
        org.lake.accept(LAP, parsed(make_record(event_id="1"), make_record(event_id="2")), org.config, 0.0)
        clock.now_s += 180

        assert org.process(most=1)
        assert org.is_processing_due()

    def test_without_an_interval_it_is_never_due(self, clock: Clock) -> None:
        org = _org(clock, process_interval_s=None)
        clock.now_s += 1e6

        assert not org.is_processing_due()


def test_a_reset_forgets_everything_but_configuration_and_tokens(clock: Clock) -> None:
    org = _org(clock, max_body_bytes=50_000)
    org.set_faults([Fault("clock_jump", seconds=5)])
    org.met(Head("POST", LAPS, {}))
    _send(org)

    org.reset()

    assert (org.lake.objects(), list(org.seen), org.plan.state(), org.jump_s) == ([], [], [], 0.0)
    assert (org.config.max_body_bytes, len(list(org.tokens))) == (50_000, 1)


def test_a_plan_that_cannot_be_understood_leaves_the_old_one(clock: Clock) -> None:
    org = _org(clock)
    org.set_faults([{"action": "delay"}])

    with pytest.raises(ValueError, match="action"):
        org.set_faults([{"action": "explode"}])

    assert org.plan.state() == [{"action": "delay", "seen": 0, "fired": 0}]
