"""`python -m bench.broadcasting KIND`: a process that sends states to its WebSocket clients, two rigs at 20 Hz each.

Kinds: `product`, the gateway's own application and server, whose hub is handed the texts; `write`, one `os.write` a
client of a frame made once, the floor; `dumps`, which serialises for each client, on the same server as the product.
Told `{"seconds": 2}` it sends for so long, and says how many messages that were and its CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import os
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import uvicorn

from app.__main__ import server
from app.main import create_app
from app.settings import Settings
from bench.child import Answer, Child, child, obey, obey_on_loop
from bench.machine import GATEWAY_CORE
from bench.plain import Clients, http_port, loop_factory, plain_server, serving
from bench.states import Folded, driving

RIGS: Final = ("RIG_A", "RIG_B")
RATE_HZ: Final = 20
KINDS: Final = ("product", "write", "dumps")
_MAGIC: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT: Final = 0x81


class Broadcast(NamedTuple):
    """What a process sent in a while."""

    messages: int
    cpu_s: float

    @property
    def us(self) -> float:
        """CPU microseconds a message and client."""
        return self.cpu_s / max(1, self.messages) * 1e6


class Broadcasting:
    """The process, from its parent's side."""

    def __init__(self, process: Child) -> None:
        self._process = process
        self.port: int = process.ready["port"]

    def run(self, seconds: float) -> Broadcast:
        """Have it send for so long."""
        return Broadcast(**self._process.ask(seconds=seconds))


@contextmanager
def broadcasting(kind: str, core: int | None = GATEWAY_CORE) -> Iterator[Broadcasting]:
    """A process of that kind, until the block ends."""
    with child("bench.broadcasting", kind, core=core) as process:
        yield Broadcasting(process)


# --- the child's side -----------------------------------------------------------------------------


async def _tick(seconds: float, push: Callable[[Folded], object], rigs: list[Folded]) -> None:
    """Push each rig's state at its rate, the rigs in turns."""
    step_s = 1 / RATE_HZ / len(rigs)
    began_s = time.monotonic()
    for number in range(round(seconds / step_s)):
        await asyncio.sleep(max(0.0, began_s + number * step_s - time.monotonic()))
        pushed = push(rigs[number % len(rigs)])
        if asyncio.iscoroutine(pushed):
            await pushed


async def _product() -> None:
    with tempfile.TemporaryDirectory() as folder:
        told = [{"rig_id": rig_id, "udp_port": 0} for rig_id in RIGS]
        told_to = {"rigs": told, "port": 0, "http_host": "127.0.0.1", "udp_host": "127.0.0.1"}
        settings = Settings(_env_file=None, history_path=f"{folder}/history.sqlite3", **told_to)  # type: ignore[call-arg, arg-type]  # as from the environment
        app = create_app(settings)
        hub = app.state.gateway.hub

        async def work(command: dict[str, Any]) -> dict[str, Any]:
            before, cpu_s = _sent(), time.process_time()
            await _tick(command["seconds"], lambda rig: hub.push_state(rig.rig_id, rig.text()), driving_rigs)
            return {"messages": _sent() - before, "cpu_s": time.process_time() - cpu_s}

        def _sent() -> int:
            return int(hub.states_sent + hub.facts_sent)

        driving_rigs = driving(RIGS)
        await _obey(*await serving(server(app)), work)


async def _dumps() -> None:
    clients = Clients()
    rigs = driving(RIGS)

    async def work(command: dict[str, Any]) -> dict[str, Any]:
        cpu_s, messages = time.process_time(), 0

        async def push(rig: Folded) -> None:
            nonlocal messages
            state = {"type": "telemetry_update", "rig_id": rig.rig_id, "data": rig.data()}
            for client in clients.all:
                await client.send_text(json.dumps(state))
                messages += 1

        await _tick(command["seconds"], push, rigs)
        return {"messages": messages, "cpu_s": time.process_time() - cpu_s}

    await _obey(*await serving(plain_server(clients)), work)


async def _obey(running: uvicorn.Server, task: asyncio.Task[None], work: Callable[[Answer], Awaitable[Answer]]) -> None:
    await obey_on_loop(work, port=http_port(running))
    running.should_exit = True
    await task


def _write() -> None:
    """The floor: no event loop, no task, no queue; a thread takes clients and the sender writes to each."""
    clients: list[int] = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=200)
    threading.Thread(target=_accept, args=(listener, clients), daemon=True).start()
    frames = [_frame(rig.text().encode()) for rig in driving(RIGS)]
    step_s = 1 / RATE_HZ / len(frames)

    def work(command: dict[str, Any]) -> dict[str, Any]:
        cpu_s, messages, began_s = time.process_time(), 0, time.monotonic()
        for number in range(round(command["seconds"] / step_s)):
            time.sleep(max(0.0, began_s + number * step_s - time.monotonic()))
            frame = frames[number % len(frames)]
            for client in clients:
                os.write(client, frame)
            messages += len(clients)
        return {"messages": messages, "cpu_s": time.process_time() - cpu_s}

    obey(work, port=listener.getsockname()[1])


def _accept(listener: socket.socket, clients: list[int]) -> None:
    while True:
        sock, _ = listener.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            request += sock.recv(4096)
        key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest())
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )
        clients.append(sock.detach())


def _frame(text: bytes) -> bytes:
    return bytes((_TEXT, 126)) + struct.pack(">H", len(text)) + text


def main() -> None:
    """Send when told to."""
    parser = argparse.ArgumentParser(prog="python -m bench.broadcasting", description="Sends states, told by JSON.")
    parser.add_argument("kind", choices=KINDS)
    kind = parser.parse_args().kind
    if kind == "write":
        _write()
        return
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_product() if kind == "product" else _dumps())


if __name__ == "__main__":
    main()
