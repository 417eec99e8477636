"""The connection to the org: the very bytes, one token for all, and no secret in any line."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.datacloud.client import DataCloud
from app.datacloud.config import cloud_config
from app.datacloud.doctor import body_of, sample
from app.datacloud.hints import ASSERTION, AUDIENCE
from app.datacloud.keys import load_key
from app.datacloud.login import EXCHANGE_PATH, LOGIN_PATH
from app.datacloud.retry import Outcome, judge
from app.datacloud.schema import LAP
from app.errors import AuthFailed, DataCloudError, Unavailable
from app.settings import Settings
from tests.datacloud.org import throwaway_org
from tests.datacloud.scripted_org import BODY, CLIENT_ID, LAPS, Clock, Connection, hang_up, pem, reply, reset

UNAUTHORISED = reply(401, {"error": "Unauthorized"})


async def test_rows_are_posted_as_the_very_bytes_with_the_token() -> None:
    async with Connection() as (org, cloud):
        answer = await cloud.upsert(LAPS, BODY)

        request = org.requests[-1]
        assert (answer.status, answer.text) == (202, '{"accepted": true}')
        assert (request.method, request.path) == ("POST", "/api/v1/ingest/sources/F1Telemetry/LapEvent")
        assert request.body == BODY
        assert request.headers["authorization"] == "Bearer token-1"
        assert request.headers["content-type"] == "application/json"


async def test_rows_are_validated_at_an_endpoint_of_its_own() -> None:
    async with Connection() as (org, cloud):
        await cloud.validate(LAPS, BODY)

        assert org.requests[-1].path == "/api/v1/ingest/sources/F1Telemetry/LapEvent/actions/test"


async def test_a_compressed_body_is_the_same_on_every_attempt() -> None:
    async with Connection(gzip=True) as (org, cloud):
        await cloud.upsert(LAPS, BODY)
        await cloud.upsert(LAPS, BODY)

        first, second = org.asked("/api/")
        assert first.headers["content-encoding"] == "gzip"
        assert first.body == second.body
        assert gzip.decompress(first.body) == BODY


async def test_requests_and_bytes_are_counted() -> None:
    async with Connection() as (org, cloud):
        org.uploads = [reply(202), reply(400), reply(503), reset, reset, UNAUTHORISED, reply(202)]

        for _ in range(5):
            await cloud.upsert(LAPS, BODY)

        assert cloud.requests == {"2xx": 2, "4xx": 2, "5xx": 1, "none": 1}
        assert cloud.bytes_sent == 6 * len(BODY)


async def test_without_a_token_there_is_an_exception_and_no_request() -> None:
    async with Connection() as (org, cloud):
        org.logins = [hang_up, reply(400, {"error": "invalid_grant"})]

        with pytest.raises(Unavailable):
            await cloud.upsert(LAPS, BODY)
        with pytest.raises(AuthFailed):
            await cloud.upsert(LAPS, BODY)

        assert org.asked("/api/") == []


@pytest.mark.row("U8")
async def test_u8_a_token_revoked_with_four_in_flight_is_renewed_once_and_loses_nothing() -> None:
    async with Connection() as (org, cloud):
        await cloud.upsert(LAPS, BODY)
        org.revoked = {"token-1"}
        org.latency_s = 0.02

        answers = await asyncio.gather(*(cloud.upsert(LAPS, BODY) for _ in range(4)))

        assert [answer.status for answer in answers] == [202] * 4
        assert len(org.asked(LOGIN_PATH)) == 2


@pytest.mark.row("U8")
async def test_u8_a_second_401_is_an_answer_and_then_nothing_is_sent_for_a_while() -> None:
    clock = Clock()
    async with Connection(clock) as (org, cloud):
        org.uploads = [UNAUTHORISED] * 2

        answer = await cloud.upsert(LAPS, BODY)
        with pytest.raises(AuthFailed, match="gives a token and then refuses it"):
            await cloud.upsert(LAPS, BODY)
        clock.now_s += 30
        following = await cloud.upsert(LAPS, BODY)

        assert (answer.status, following.status) == (401, 202)
        assert len(org.asked("/api/")) == 3
        assert cloud.state().logins == 3


async def test_acceptance_04_tokens_of_three_seconds_are_never_refused_in_fifteen() -> None:
    clock = Clock()
    async with Connection(clock) as (org, cloud):
        org.expires_in_s = 3
        given: dict[str, float] = {}

        for _ in range(150):
            await asyncio.gather(*(cloud.upsert(LAPS, BODY) for _ in range(2)))
            for request in org.asked("/api/")[-2:]:
                given.setdefault(request.headers["authorization"], clock.now_s)
                assert clock.now_s - given[request.headers["authorization"]] < 3
            clock.now_s += 0.1
            await asyncio.sleep(0.002)

        assert cloud.requests == {"2xx": 300}
        assert 6 <= len(org.asked(LOGIN_PATH)) <= 15


async def test_acceptance_04_fifty_senders_at_once_cause_one_refresh() -> None:
    async with Connection() as (org, cloud):
        answers = await asyncio.gather(*(cloud.upsert(LAPS, BODY) for _ in range(50)))

        assert {answer.status for answer in answers} == {202}
        assert (len(org.asked(LOGIN_PATH)), len(org.asked(EXCHANGE_PATH))) == (1, 1)
        assert org.connections <= 5


async def test_a_login_that_hangs_holds_a_sender_no_longer_than_the_deadline() -> None:
    async with Connection(deadline_s=0.1) as (org, cloud):
        org.latency_s = 10

        answer = await cloud.upsert(LAPS, BODY)

        assert (answer.fault, judge(answer, 0, {}).outcome) == ("timeout", Outcome.TRANSIENT)


def cloud_of(told: dict[str, str], wall: Callable[[], float] = time.time, **changes: Any) -> DataCloud:
    """A client of an emulated org, by the settings that point at it."""
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in told.items()})  # type: ignore[arg-type, call-arg]
    return DataCloud(replace(cloud_config(settings), **changes), wall=wall)


async def refusal(cloud: DataCloud) -> AuthFailed:
    """How the org refuses the login."""
    with pytest.raises(AuthFailed) as caught:
        await cloud.tokens.get()
    await cloud.close()
    return caught.value


async def test_acceptance_02_a_wrong_key_is_told_as_such(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (_, told):
        failure = await refusal(cloud_of(told, key=load_key(None, pem(3).decode(), None)))

        assert (failure.patience, ASSERTION.sentence in str(failure)) == ("config", True)


async def test_acceptance_02_a_wrong_audience_is_told_as_such(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (_, told):
        failure = await refusal(cloud_of(told, audience="https://wrong.example"))

        assert (failure.patience, AUDIENCE.sentence in str(failure)) == ("config", True)


@pytest.mark.parametrize(("off_s", "side"), [(600, "ahead of"), (-600, "behind")])
async def test_acceptance_02_u9_a_clock_ten_minutes_off_is_named_and_corrected(
    tmp_path: Path, off_s: int, side: str
) -> None:
    async with throwaway_org(tmp_path) as (_, told):
        cloud = cloud_of(told, wall=lambda: time.time() + off_s)

        with pytest.raises(AuthFailed) as caught:
            await cloud.tokens.get()
        cloud.tokens.retry_now()
        session = await cloud.tokens.get()

        named = re.search(rf"this machine's clock is (\d+) s {side} the org's; set it", str(caught.value))
        assert named is not None
        assert abs(int(named[1]) - 600) <= 5
        assert caught.value.patience == "slow"
        assert session.token
        await cloud.close()


async def test_acceptance_02_a_clock_in_milliseconds_is_named(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (_, told):
        failure = await refusal(cloud_of(told, wall=lambda: time.time() * 1000))

        assert "ahead of the org's; set it" in str(failure)


@pytest.mark.parametrize("form", ["bare", "url"])
@pytest.mark.parametrize("tell", [True, False])
async def test_acceptance_03_rows_arrive_however_the_exchange_tells_host_and_end(
    tmp_path: Path, form: str, tell: bool
) -> None:
    async with throwaway_org(tmp_path, instance_url_form=form, tell_expires_in=tell) as (emulator, told):
        cloud = cloud_of(told)

        answer = await cloud.upsert(LAPS, lap_body())

        expires_in_s = cloud.state().expires_in_s
        assert (answer.status, len(emulator.deliveries("LapEvent"))) == (202, 1)
        assert expires_in_s is not None
        assert expires_in_s == pytest.approx(7191, abs=3)
        await cloud.close()


async def test_acceptance_04_tokens_revoked_and_expired_under_way_lose_nothing(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, told):
        cloud = cloud_of(told)

        for number in range(40):
            if number % 10 == 5:
                emulator.revoke_tokens()
            if number % 10 == 8:
                emulator.expire_tokens()
            bodies = [lap_body(f"{number}-{sender}") for sender in range(4)]
            answers = await asyncio.gather(*(cloud.upsert(LAPS, body) for body in bodies))
            assert [answer.status for answer in answers] == [202] * 4

        assert len(emulator.deliveries("LapEvent")) == 160
        assert cloud.state().logins == 9
        await cloud.close()


def lap_body(event_id: str = "1") -> bytes:
    return body_of(sample(LAP, time.time()) | {"event_id": event_id})


async def everything_that_can_happen(cloud: DataCloud) -> list[str]:
    """Sends until the org has said all it was told to say; what was raised and answered, as text."""
    told: list[str] = []
    for _ in range(12):
        try:
            answer = await cloud.upsert(LAPS, BODY)
        except DataCloudError as failure:
            told += traceback.format_exception(failure)
        else:
            told += [repr(answer), repr(judge(answer, 0, {}))]
        cloud.tokens.retry_now()
        told += [repr(cloud.state()), repr(cloud.config), repr(cloud.tokens)]
    return told


@pytest.mark.row("L1")
async def test_l1_acceptance_13_no_secret_stands_in_any_line_error_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with Connection(revoke_core_token=True) as (org, cloud):
        core, token = "00D!canary-core", "canary-token"
        org.logins = [
            reply(400, {"error": "invalid_client_id", "error_description": f"no such app {CLIENT_ID}"}),
            reply(400, f"nobody knows {CLIENT_ID}"),
            hang_up,
            *[org.login_reply(access_token=core) for _ in range(8)],
        ]
        org.exchanges = [
            reply(400, {"error": "invalid_request", "error_description": f"invalid subject token {core}"}),
            reply(401, f"no {core}"),
            *[org.exchange_reply(access_token=f"{token}-{n}") for n in range(5)],
        ]
        org.uploads = [reply(400, {"message": f"bad {token}-0"}), reset, *[UNAUTHORISED] * 4, reply(500, "<html>")]

        told = await everything_that_can_happen(cloud)
        sent = [request.body.decode() for request in org.asked(LOGIN_PATH)]

    lines = [record.getMessage() + str(vars(record)) for record in caplog.records] + told
    assertions = [body.split("assertion=")[1] for body in sent]
    assert cloud.requests["4xx"] >= 3
    for secret in (CLIENT_ID, core, token, pem().decode().splitlines()[1], *assertions):
        assert [line for line in lines if secret in line] == []
