"""An org that says what a test wants: login, exchange and ingest on one raw loopback server, byte by byte.

It knows no rule of the real service and checks nothing but that a token is one it gave; for rules there is the
emulator. Here a test can break HTTP and TLS themselves.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate
from functools import cache
from types import TracebackType
from typing import Any, NamedTuple, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.datacloud.client import DataCloud
from app.datacloud.config import CloudConfig
from app.datacloud.endpoints import Destination
from app.datacloud.keys import load_key
from app.datacloud.login import EXCHANGE_PATH, LOGIN_PATH

CLIENT_ID = "3MVG9.canary-client-id"
USERNAME = "rig@acme.example"
LAPS = Destination("F1Telemetry", "LapEvent")
BODY = b'{"data":[{"event_id":"1"}]}'


class Request(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


_NOW = "the time when it is sent"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Answers a request in its own way; when it returns, the connection is closed."""


def reply(
    status: int, body: object = None, headers: Mapping[str, str] = {}, date_s: float | None = None, kind: str = "json"
) -> bytes:
    """A whole HTTP answer. A body that is text goes as it is, anything else as JSON."""
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    payload = text.encode()
    date = _NOW if date_s is None else formatdate(date_s, usegmt=True)
    all_headers = {"Date": date, "Content-Type": f"application/{kind}", "Content-Length": len(payload), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + payload


class ScriptedOrg:
    """The server; `async with` starts and stops it.

    Args:
        context: TLS of the server; plain http without it.
        now: Seconds since 1970, for its Date headers.
        talk: What it does with a connection, instead of HTTP.
    """

    def __init__(
        self, context: ssl.SSLContext | None = None, now: Callable[[], float] = time.time, talk: Talk | None = None
    ) -> None:
        self.logins: list[bytes | Talk] = []
        """What it says to the next logins; usual answers after that."""
        self.exchanges: list[bytes | Talk] = []
        self.uploads: list[bytes | Talk] = []
        self.expires_in_s: object = 7191
        self.latency_s = 0.0
        self.revoked: set[str] = set()
        """Tokens that are not good any more."""
        self.requests: list[Request] = []
        self.connections = 0
        self.bytes_seen = 0
        self._context, self._now, self._talk = context, now, talk
        self._tokens = 0
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0, ssl=self._context)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # transports are closed a turn later

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def host(self) -> str:
        """Host and port, as an org would name its tenant."""
        return f"127.0.0.1:{self.port}"

    def asked(self, path: str) -> list[Request]:
        """The requests whose path begins so."""
        return [request for request in self.requests if request.path.startswith(path)]

    async def wait_for(self, path: str) -> None:
        """Return when somebody has asked for a path that begins so."""
        async with self._news:
            await self._news.wait_for(lambda: self.asked(path))

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if self._talk is not None:
                    await self._talk(reader, writer)
                while self._talk is None and await self._serve(reader, writer):
                    pass
        except asyncio.CancelledError:  # asyncio's server would report it; it is how a test ends
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort() if self._talk else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.bytes_seen += len(head) + len(body)
        request = Request(method, path, headers, body)
        self.requests.append(request)
        async with self._news:
            self._news.notify_all()
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        answer = self._answer(request)
        if not isinstance(answer, bytes):
            await answer(reader, writer)
            return False
        writer.write(answer.replace(_NOW.encode(), formatdate(self._now(), usegmt=True).encode()))
        await writer.drain()
        return True

    def _answer(self, request: Request) -> bytes | Talk:
        if request.path == LOGIN_PATH:
            return self.logins.pop(0) if self.logins else self.login_reply()
        if request.path == EXCHANGE_PATH:
            return self.exchanges.pop(0) if self.exchanges else self.exchange_reply()
        if not request.path.startswith("/api/"):
            return reply(404)
        if request.headers.get("authorization", "").removeprefix("Bearer ") in self.revoked:
            return reply(401, {"error": "Unauthorized"})
        return self.uploads.pop(0) if self.uploads else reply(202, {"accepted": True})

    def login_reply(self, **changes: object) -> bytes:
        """The usual answer to a login."""
        usual = {"access_token": "00D!core", "instance_url": f"http://{self.host}", "token_type": "Bearer"}
        return reply(200, usual | changes)

    def exchange_reply(self, **changes: object) -> bytes:
        """The usual answer to an exchange, with a token that was never given before; None leaves a field out."""
        self._tokens += 1
        usual: dict[str, object] = {
            "access_token": f"token-{self._tokens}",
            "instance_url": self.host,
            "expires_in": self.expires_in_s,
        }
        body = {name: value for name, value in (usual | changes).items() if value is not None}
        return reply(200, body)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes without a word."""


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Breaks the connection off with a TCP reset."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def says(raw: bytes) -> Talk:
    """Sends these bytes and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        with suppress(OSError):
            await writer.drain()

    return talk


@cache
def _made(number: int) -> RSAPrivateKey:
    return generate_private_key(65_537, 2048)


def rsa_key(number: int = 0) -> RSAPrivateKey:
    """A key; the same number gives the same one."""
    return _made(number)


def pem(number: int = 0) -> bytes:
    """The same as PKCS#8 text."""
    return rsa_key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def config_for(login_url: str, **changes: Any) -> CloudConfig:
    """The configuration for an org on this machine."""
    usual = CloudConfig(
        login_url=login_url,
        audience="https://login.salesforce.com",
        client_id=CLIENT_ID,
        username=USERNAME,
        key=load_key(None, pem().decode(), None),
        destinations={"LapEvent": LAPS},
        allow_insecure_loopback=True,
    )
    return replace(usual, **changes)


class Clock:
    """Time that only a test moves: UTC and monotonic at once."""

    def __init__(self, now_s: float = 1_795_348_800.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


class Connection:
    """`async with Connection(...) as (org, cloud)`: a scripted org and a client of it.

    Args:
        clock: Time of both, where a test moves it.
        deadline_s: Of the client's calls.
        changes: To the client's configuration.
    """

    def __init__(self, clock: Clock | None = None, deadline_s: float = 5.0, **changes: Any) -> None:
        self._clock, self._deadline_s, self._changes = clock, deadline_s, changes

    async def __aenter__(self) -> tuple[ScriptedOrg, DataCloud]:
        self._org = await ScriptedOrg(now=self._clock or time.time).__aenter__()
        config = config_for(f"http://{self._org.host}", **self._changes)
        wall, monotonic = (self._clock, self._clock) if self._clock else (time.time, time.monotonic)
        self._cloud = DataCloud(config, self._deadline_s, wall, monotonic, draw=lambda: 0.0)
        return self._org, self._cloud

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._cloud.close()
        await self._org.__aexit__(kind, error, trace)
