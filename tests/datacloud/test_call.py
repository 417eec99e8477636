"""One HTTP call: whatever happens, there is an answer, in time, and of bounded size."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.datacloud.call import MOST_READ, Caller, http_client
from app.datacloud.skew import OrgClock
from tests.datacloud.scripted_org import ScriptedOrg, Talk, hang_up, reply, reset, says
from tests.gateway import free_port


@asynccontextmanager
async def calling() -> AsyncIterator[tuple[ScriptedOrg, Caller]]:
    async with ScriptedOrg() as org, http_client() as http:
        yield org, Caller(http, OrgClock())


def url(org: ScriptedOrg) -> str:
    return f"http://{org.host}/api/x"


async def test_an_answer_has_status_headers_in_lower_case_and_text() -> None:
    async with calling() as (org, caller):
        org.uploads = [reply(418, {"tea": "pot"}, {"X-Odd": "Yes"})]

        answer = await caller.call("POST", url(org), b"body", {"X-Mine": "1"})

        assert (answer.status, answer.headers["x-odd"], answer.text) == (418, "Yes", '{"tea": "pot"}')
        assert (answer.fault, answer.detail) == (None, "")
        assert (org.requests[0].body, org.requests[0].headers["x-mine"]) == (b"body", "1")


async def test_one_connection_serves_many_calls() -> None:
    async with calling() as (org, caller):
        for _ in range(5):
            await caller.call("POST", url(org), b"body")

        assert org.connections == 1


async def test_no_cookie_is_kept_and_no_redirect_followed() -> None:
    async with calling() as (org, caller):
        org.uploads = [
            reply(302, None, {"Set-Cookie": "sid=1; Path=/", "Location": f"http://{org.host}/api/elsewhere"})
        ]

        first = await caller.call("POST", url(org), b"body")
        await caller.call("POST", url(org), b"body")

        assert first.status == 302
        assert [request.path for request in org.requests] == ["/api/x", "/api/x"]
        assert "cookie" not in org.requests[1].headers


async def test_the_environments_proxy_is_used_but_not_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ScriptedOrg() as proxy, ScriptedOrg() as org:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.host}")
        async with http_client() as http:
            caller = Caller(http, OrgClock())

            await caller.call("GET", "http://org.invalid/x")
            await caller.call("GET", url(org))

        assert [request.path for request in proxy.requests] == ["http://org.invalid/x"]
        assert len(org.requests) == 1


async def test_an_answer_tells_the_orgs_time() -> None:
    async with calling() as (org, caller):
        org.uploads = [reply(202, None, date_s=1_000_000_000)]

        await caller.call("POST", url(org))

        assert caller.clock.offset_s(1_000_000_000, 0) is not None


@pytest.mark.parametrize(
    ("talk", "fault"),
    [
        (reset, "reset"),
        (hang_up, "broken"),
        (says(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{"), "broken"),
        (says(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "broken"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "broken"),
    ],
)
@pytest.mark.row("U15")
async def test_u15_a_broken_connection_is_no_answer(talk: Talk, fault: str) -> None:
    async with calling() as (org, caller):
        org.uploads = [talk]

        answer = await caller.call("POST", url(org), b"body", again=True)

        assert (answer.status, answer.fault) == (None, fault)
        assert answer.detail.startswith("127.0.0.1: ")
        assert len(org.requests) == 1


@pytest.mark.row("U15")
async def test_u15_a_refused_connection_is_told_as_such() -> None:
    async with http_client() as http:
        answer = await Caller(http, OrgClock()).call("POST", f"http://127.0.0.1:{free_port()}/")

    assert (answer.fault, answer.detail) == ("refused", "127.0.0.1: nobody listens there")


@pytest.mark.parametrize(("again", "fault", "requests"), [(True, None, 3), (False, "broken", 2)])
@pytest.mark.row("U15")
async def test_u15_a_kept_connection_that_the_server_has_closed_is_asked_once_more(
    again: bool, fault: str | None, requests: int
) -> None:
    async with calling() as (org, caller):
        await caller.call("POST", url(org), b"body")
        org.uploads = [hang_up]  # as a server does whose patience ends just as the request arrives

        answer = await caller.call("POST", url(org), b"body", again=again)

        assert answer.fault == fault
        assert len(org.requests) == requests


@pytest.mark.row("U15")
async def test_u15_it_is_asked_no_more_than_once_more() -> None:
    async with calling() as (org, caller):
        await caller.call("POST", url(org), b"body")
        org.uploads = [hang_up, hang_up, reply(202)]

        answer = await caller.call("POST", url(org), b"body", again=True)

        assert answer.fault == "broken"


@pytest.mark.row("U14")
async def test_u14_a_name_that_nobody_knows_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", nobody, raising=False)
    async with http_client() as http:
        answer = await Caller(http, OrgClock()).call("POST", "https://acme.invalid/")

    assert answer.fault == "dns"
    assert answer.detail == "acme.invalid: its name cannot be resolved (Name or service not known)"


@pytest.mark.row("U13")
async def test_u13_an_endless_body_is_left_after_64_kib() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with calling() as (org, caller):
        org.uploads = [flood]

        answer = await caller.call("POST", url(org), b"body", deadline_s=5)
        following = await caller.call("POST", url(org), b"body")

        assert (answer.status, len(answer.text)) == (202, MOST_READ)
        assert following.status == 202


@pytest.mark.row("U13")
async def test_u13_a_deadline_is_one() -> None:
    async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with calling() as (org, caller):
        org.uploads = [dribble]
        began_s = asyncio.get_running_loop().time()

        answer = await caller.call("POST", url(org), b"body", deadline_s=0.2)

        assert (answer.fault, answer.detail) == ("timeout", "127.0.0.1: no whole answer within 0.2 s")
        assert asyncio.get_running_loop().time() - began_s < 1


@pytest.mark.row("U13")
async def test_u13_deadlines_leave_no_connection_behind() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with calling() as (org, caller):
        org.uploads = [silence] * 12

        answers = [await caller.call("POST", url(org), b"body", deadline_s=0.02) for _ in range(12)]
        following = await caller.call("POST", url(org), b"body", deadline_s=5)

        assert {answer.fault for answer in answers} == {"timeout"}
        assert following.status == 202


async def test_who_cancels_a_call_is_obeyed() -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with calling() as (org, caller):
        org.uploads = [silence]
        call = asyncio.create_task(caller.call("POST", url(org), b"body"))
        await org.wait_for("/api/")

        call.cancel()

        with pytest.raises(asyncio.CancelledError):
            await call
