"""A plain WebSocket server as peers have it: Starlette under uvicorn, a set of clients, no queues."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


class Clients:
    """The WebSockets that are connected."""

    def __init__(self) -> None:
        self.all: set[WebSocket] = set()

    async def serve(self, websocket: WebSocket) -> None:
        """Keep one until it goes; what it says is not listened to."""
        await websocket.accept()
        self.all.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            self.all.discard(websocket)


def plain_server(clients: Clients) -> uvicorn.Server:
    """A server of these clients on a free port, not compressing: as the gateway's own, but without its hub."""
    app = Starlette(routes=[WebSocketRoute("/ws", clients.serve)])
    return uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, ws_per_message_deflate=False))


async def serving(server: uvicorn.Server) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    """The server when it listens, and the task in which it does."""
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            raise RuntimeError("the server did not start")
        await asyncio.sleep(0.01)
    return server, task


def http_port(server: uvicorn.Server) -> int:
    """Where it listens."""
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


def loop_factory() -> Any:
    """Makes the loop that the gateway's own server would take."""
    return uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()
