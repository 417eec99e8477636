"""What a client is told of a fault of ours: a number, and nothing of what it was."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message

from app.publish.faults import Faults
from app.publish.headers import SecurityHeaders
from tests.chaos.verdict import exactly
from tests.conftest import Reached


async def broken(request: Request) -> Response:
    raise RuntimeError("/srv/secret/path of version 9.9.9")


async def half(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("in the midst")

    return StreamingResponse(pieces())


APP = Starlette(
    routes=[Route("/broken", broken), Route("/half", half)],
    middleware=[Middleware(SecurityHeaders), Middleware(Faults)],
)


@pytest.mark.row("W17")
async def test_a_fault_tells_its_number_alone_and_the_log_has_the_rest_under_it(
    caplog: pytest.LogCaptureFixture, reached: Reached
) -> None:
    transport = httpx.ASGITransport(APP, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get("/broken")

    fault = answer.json()["id"]
    told = [word for word in ("secret", "9.9.9", "RuntimeError", "Traceback", ".py") if word in answer.text]
    reached(exactly("paths, versions and tracebacks in a 500", len(told), 0))
    assert answer.status_code == 500
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert fault in line.getMessage()
    assert line.exc_info is not None


async def test_an_answer_that_breaks_off_in_the_midst_is_the_servers_to_end(caplog: pytest.LogCaptureFixture) -> None:
    transport = httpx.ASGITransport(APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        with pytest.raises(RuntimeError, match="in the midst"):
            await client.get("/half")

    assert "while /half was served" in caplog.text


async def test_a_socket_that_cannot_be_served_is_closed_with_the_number(caplog: pytest.LogCaptureFixture) -> None:
    told: list[Message] = []

    async def app(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("a fault of ours")

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        told.append(message)

    await Faults(app)({"type": "websocket", "path": "/ws"}, receive, send)

    assert told[0]["code"] == 1011
    assert told[0]["reason"].removeprefix("fault ") in caplog.text


async def test_the_lifespan_is_none_of_its_business() -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("a port is taken")

    async def nothing() -> Message:
        raise AssertionError("nobody asks")

    async def send(message: Message) -> None:
        raise AssertionError(message)

    with pytest.raises(RuntimeError, match="a port is taken"):
        await Faults(app)({"type": "lifespan"}, nothing, send)
