from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from app.datacloud.emulator.faults import Fault
from tests.datacloud.emulator.caller import LAPS, Caller, calling
from tests.datacloud.emulator.records import body_of, make_record


@pytest.fixture
async def caller(tmp_path: Path) -> AsyncIterator[Caller]:
    async with calling(tmp_path) as caller:
        yield caller


def _received(caller: Caller) -> int:
    return caller.emulator.counters("LapEvent").received


def _head(caller: Caller, *lines: str) -> bytes:
    """The head of a request for a lap, as it goes over the wire."""
    usual = ["Host: x", f"Authorization: Bearer {caller.token}", "Content-Type: application/json", *lines]
    return "\r\n".join([f"POST {LAPS} HTTP/1.1", *usual, "", ""]).encode()


class TestHttp:
    async def test_a_connection_is_kept_for_the_next_request(self, caller: Caller) -> None:
        for _ in range(3):
            assert (await caller.send()).status_code == 202

        assert {seen.connection for seen in caller.emulator.requests()} == {1}

    async def test_a_refused_request_leaves_the_connection_usable(self, caller: Caller) -> None:
        body = body_of(make_record(device_id="x" * 1_000_000))

        statuses = [
            (await caller.send(body=body)).status_code,
            (await caller.send(body=body, Authorization="none")).status_code,
            (await caller.send()).status_code,
        ]

        assert statuses == [413, 401, 202]
        assert {seen.connection for seen in caller.emulator.requests()} == {1}
        assert [seen.body_bytes for seen in caller.emulator.requests(path=LAPS)][:2] == [len(body)] * 2

    async def test_a_body_in_chunks_is_counted_while_it_is_read(self, caller: Caller) -> None:
        caller.emulator.configure(max_body_bytes=1000)

        async def chunks(text: bytes) -> AsyncIterator[bytes]:
            for start in range(0, len(text), 100):
                yield text[start : start + 100]

        headers = {"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"}
        small, large = body_of(make_record()), body_of(make_record(device_id="x" * 1000))
        answers = [await caller.http.post(LAPS, content=chunks(body), headers=headers) for body in (small, large)]

        assert [answer.status_code for answer in answers] == [202, 413]

    async def test_the_date_is_the_orgs(self, tmp_path: Path) -> None:
        async with calling(tmp_path, clock=lambda: 1_772_359_200.9) as caller:
            answer = await caller.send()

        assert answer.headers["date"] == "Sun, 01 Mar 2026 10:00:00 GMT"

    async def test_a_head_request_is_405_without_a_body(self, caller: Caller) -> None:
        answer = await caller.send(method="HEAD", body=b"")

        assert (answer.status_code, answer.content) == (405, b"")
        assert (await caller.send()).status_code == 202

    async def test_who_waits_for_100_is_told_to_go_on(self, caller: Caller) -> None:
        body = body_of(make_record())

        reader, writer = await asyncio.open_connection("127.0.0.1", caller.emulator.port)

        writer.write(_head(caller, f"Content-Length: {len(body)}", "Expect: 100-continue"))
        go_on = await reader.readuntil(b"\r\n\r\n")
        writer.write(body)
        answer = await reader.readuntil(b"}")
        writer.close()

        assert go_on.startswith(b"HTTP/1.1 100")
        assert answer.startswith(b"HTTP/1.1 202")

    async def test_what_is_not_http_is_400_and_harms_nobody_else(self, caller: Caller) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", caller.emulator.port)
        writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")

        answer = await reader.read()
        writer.close()

        assert answer.startswith(b"HTTP/1.1 400")
        assert (await caller.send()).status_code == 202

    async def test_a_client_that_leaves_in_the_middle_of_a_body_stores_nothing(self, caller: Caller) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", caller.emulator.port)
        writer.write(_head(caller, "Content-Length: 1000") + b'{"data":[')
        await writer.drain()
        writer.close()
        await writer.wait_closed()

        assert (await caller.send()).status_code == 202
        assert _received(caller) == 1

    async def test_many_clients_are_answered_at_once(self, caller: Caller) -> None:
        answers = await asyncio.gather(*(caller.send(make_record(event_id=str(n))) for n in range(50)))

        assert {answer.status_code for answer in answers} == {202}
        caller.emulator.process()
        assert len(caller.emulator.rows("LapEvent")) == 50


class TestFaults:
    async def test_status_answers_for_the_org(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("status", code=503, headers={"Retry-After": "banana"}, body="<b>no</b>")])

        answer = await caller.send()

        assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (503, "<b>no</b>", "banana")
        assert answer.headers["content-type"] == "text/html"
        assert _received(caller) == 0

    async def test_status_may_have_no_body_or_a_date_of_its_own(self, caller: Caller) -> None:
        date = "Sun, 01 Mar 2026 10:00:00 GMT"
        caller.emulator.set_faults(
            [Fault("status", code=204, times=1), Fault("status", code=500, headers={"Date": date})]
        )

        answers = [await caller.send(), await caller.send()]

        assert [(answer.status_code, answer.content) for answer in answers] == [(204, b""), (500, b"")]
        assert answers[1].headers.get_list("date") == [date]

    async def test_login_and_exchange_can_fail_too(self, caller: Caller) -> None:
        caller.emulator.set_faults(
            [
                Fault("status", code=500, path_regex="^/services/oauth2/token$", times=1),
                Fault("status", code=200, body="<html>", path_regex="^/services/a360/token$", times=1),
            ]
        )

        login = await caller.login()
        core = (await caller.login()).json()["access_token"]
        exchange = await caller.exchange(core)

        assert (login.status_code, exchange.status_code, exchange.text) == (500, 200, "<html>")
        assert (await caller.exchange(core)).json()["token_type"] == "Bearer"

    async def test_delay_answers_later(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("delay", seconds=0.2)])
        began_s = time.monotonic()

        answer = await caller.send()

        assert answer.status_code == 202
        assert time.monotonic() - began_s >= 0.2

    @pytest.mark.parametrize(
        ("action", "stored"), [("reset_before", 0), ("reset_mid_body", 0), ("commit_then_reset", 1)]
    )
    async def test_a_reset_is_one_and_stores_or_not(self, caller: Caller, action: str, stored: int) -> None:
        caller.emulator.set_faults([{"action": action, "times": 1}])

        with pytest.raises((httpx.ReadError, httpx.WriteError)) as broken:
            await caller.send(body=body_of(make_record(device_id="x" * 100_000)))

        assert "ConnectionReset" in repr(_causes(broken.value)) or "BrokenPipe" in repr(_causes(broken.value))
        assert _received(caller) == stored
        seen = caller.emulator.requests(object="LapEvent")[-1]
        assert (seen.fault, seen.status) == (action, None)
        assert (await caller.send()).status_code == 202

    async def test_a_reset_in_the_middle_has_read_a_half(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("reset_mid_body")])

        with pytest.raises((httpx.ReadError, httpx.WriteError)):
            await caller.send(body=bytes(100_000))

        assert caller.emulator.requests(object="LapEvent")[-1].body_bytes == 50_000

    async def test_commit_then_delay_stores_though_the_client_has_given_up(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("commit_then_delay", seconds=60, times=1)])
        caller.http.timeout = httpx.Timeout(5, read=0.2)

        with pytest.raises(httpx.ReadTimeout):
            await caller.send()

        caller.http.timeout = httpx.Timeout(5)
        assert _received(caller) == 1
        assert (await caller.send()).status_code == 202

    async def test_commit_then_delay_answers_at_last(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("commit_then_delay", seconds=0.1)])

        assert (await caller.send()).status_code == 202

    async def test_truncate_response_ends_half_way(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("truncate_response", times=1)])

        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await caller.send()

        assert _received(caller) == 1
        assert (await caller.send()).status_code == 202

    async def test_slow_drip_sends_byte_by_byte(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("slow_drip", seconds=0.002)])
        began_s = time.monotonic()

        answer = await caller.send()

        assert answer.json() == {"accepted": True}
        assert time.monotonic() - began_s >= 100 * 0.002

    @pytest.mark.parametrize("action", ["expire_tokens", "revoke_tokens"])
    async def test_tokens_can_end_mid_flight(self, caller: Caller, action: str) -> None:
        caller.emulator.set_faults([{"action": action, "match": {"nth": 2}}])

        statuses = [(await caller.send()).status_code for _ in range(3)]
        await caller.sign_in()

        assert statuses == [202, 401, 401]
        assert (await caller.send()).status_code == 202

    async def test_the_clock_can_jump(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("clock_jump", seconds=7200, times=1)])

        answer = await caller.send()

        assert answer.status_code == 401
        ahead_s = parsedate_to_datetime(answer.headers["date"]).timestamp() - time.time()
        assert ahead_s == pytest.approx(7200, abs=5)

    async def test_accepted_false_stores_nothing(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("accepted_false")])

        answer = await caller.send()

        assert (answer.status_code, answer.json()) == (202, {"accepted": False})
        assert _received(caller) == 0

    async def test_refuse_closes_the_listener_and_comes_back_on_the_same_port(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("refuse", seconds=1.0, times=1)])
        port = caller.emulator.port

        with pytest.raises((httpx.ReadError, httpx.WriteError)):
            await caller.send()
        with pytest.raises(httpx.ConnectError):
            await caller.send()

        await _until_it_answers(caller)
        assert caller.emulator.port == port

    async def test_it_comes_back_though_the_port_was_taken_meanwhile(self, caller: Caller) -> None:
        caller.emulator.set_faults([Fault("refuse", seconds=0.05, times=1)])
        with pytest.raises((httpx.ReadError, httpx.WriteError)):
            await caller.send()

        with socket.create_server(("127.0.0.1", caller.emulator.port)):
            await asyncio.sleep(0.2)

        await _until_it_answers(caller)


async def _until_it_answers(caller: Caller) -> None:
    async with asyncio.timeout(10):
        while not await _is_answered(caller):  # noqa: ASYNC110  # whether a port is open, nobody calls
            await asyncio.sleep(0.05)


async def _is_answered(caller: Caller) -> bool:
    try:
        return (await caller.send()).status_code == 202
    except httpx.ConnectError:
        return False


def _causes(error: BaseException) -> list[BaseException]:
    found = [error]
    while (error := error.__cause__ or error.__context__) is not None:  # type: ignore[assignment]  # ends with None
        found.append(error)
    return found
