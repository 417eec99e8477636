"""The one door to everything that is served [edge]: finds the route, has it judged, turns away or lets in.

An ASGI middleware, so it stands before HTTP and WebSockets alike, under any server. It looks the route up itself,
in the order in which the router will, so that what is judged is what is served. A body is cut off at its limit also
where no length was announced.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final, Protocol

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.publish.access import SAFE_METHODS, access_of
from app.publish.rules import MOST_BODY_BYTES, TOO_LONG, Asked, Refusal, Rules

BODY_S: Final = 10.0
"""How long a body may take to come; it is one datagram long."""
_CLOSE: Final = {"Connection": "close"}
"""Said to whoever sends too much: else the server would read the rest of it."""


class OperatorToken(Protocol):
    """Where the operator token comes from."""

    async def current(self) -> str:
        """The token as it is now: it may be changed while we run."""


class Door:
    """ASGI middleware that serves by the access table.

    Args:
        app: What is behind the door.
        routes: The router's own list.
        rules: Judge who is let in.
        token: The operator's.
        refused: Counts those who were turned away, by reason.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[BaseRoute],
        rules: Rules,
        token: OperatorToken,
        refused: Counter[str],
    ) -> None:
        self._app = app
        self._routes = routes
        self._rules = rules
        self._token = token
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = asked_of(scope, self._routes)
        refusal = self._rules.judge(asked, await self._token_for(asked), asyncio.get_running_loop().time())
        if refusal is not None:
            self._refused[refusal.reason] += 1
            await turn_away(scope, receive, send, refusal)
        elif asked.is_change:
            await self._serve_with_body(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _token_for(self, asked: Asked) -> str:
        """The operator token, where somebody shows one."""
        return "" if asked.authorization is None else await self._token.current()

    async def _serve_with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def receive_bounded() -> Message:
            nonlocal taken
            try:
                async with asyncio.timeout(BODY_S):
                    message = await receive()
            except TimeoutError:
                self._refused["body"] += 1
                raise HTTPException(408, "The body did not come in time", _CLOSE) from None
            taken += len(message.get("body", b""))
            if taken > MOST_BODY_BYTES:
                self._refused[TOO_LONG.reason] += 1
                raise HTTPException(TOO_LONG.status, TOO_LONG.sentence, _CLOSE)
            return message

        await self._app(scope, receive_bounded, send)


def asked_of(scope: Scope, routes: Sequence[BaseRoute]) -> Asked:
    """What is known of a request before it is served."""
    headers = Headers(scope=scope)
    is_socket = scope["type"] == "websocket"
    method = "GET" if is_socket else str(scope["method"])
    route = _route_of(scope, routes)
    access = access_of(getattr(route, "path", None), method)
    if is_socket and not isinstance(route, WebSocketRoute):
        access = None  # the files of the pages match every path, but speak no WebSocket
    client, server = scope.get("client"), scope.get("server")
    return Asked(
        access=access,
        is_socket=is_socket,
        is_change=method not in SAFE_METHODS,
        address=client[0] if client else "unknown",
        asked_at=server[0] if server else None,
        host=_only(headers, "host"),
        origin=_only(headers, "origin"),
        site=_only(headers, "sec-fetch-site"),
        authorization=_only(headers, "authorization"),
        content_type=_only(headers, "content-type"),
        content_length=_only(headers, "content-length"),
    )


async def turn_away(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Answer with the refusal; a WebSocket before it is accepted, by 403 alone where the server can say no more."""
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    await _answer_of(refusal)(scope, receive, send)


def _answer_of(refusal: Refusal) -> Response:
    headers: dict[str, str] = {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.status == 413:
        headers |= _CLOSE
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    return JSONResponse({"error": refusal.sentence}, refusal.status, headers)


def _route_of(scope: Scope, routes: Sequence[BaseRoute]) -> BaseRoute | None:
    """The route that the router will choose: the first that matches, else the first that does but for the method."""
    partly = None
    for route in routes:
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return route
        if match is Match.PARTIAL and partly is None:
            partly = route
    return partly


def _only(headers: Headers, name: str) -> str | None:
    """A header; several of one name are one that nothing matches."""
    values = headers.getlist(name)
    return ", ".join(values) if values else None
