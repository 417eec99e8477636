"""`python -m bench.watchers URL COUNT`: dashboards that read everything, in a process of their own.

Prints `ready` when all are subscribed; at the end of standard input prints how many messages they got, and ends.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from websockets.asyncio.client import ClientConnection, connect

from bench.machine import ROOT

_END_S: Final = 5.0


class Watchers:
    """The running process; `messages` is known when it has ended."""

    def __init__(self) -> None:
        self.messages = 0


@contextmanager
def watching(url: str, count: int) -> Iterator[Watchers]:
    """So many dashboards on the URL, until the block ends."""
    watchers = Watchers()
    command = [sys.executable, "-m", "bench.watchers", url, str(count)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            if process.stdout is None or process.stdout.readline() != "ready\n":
                raise RuntimeError("the dashboards could not connect")
            yield watchers
            printed, _ = process.communicate(timeout=_END_S)
            watchers.messages = int(printed)
        finally:
            if process.poll() is None:
                process.kill()


async def _watch(url: str, count: int) -> None:
    connections = [await connect(url, compression=None, max_queue=None) for _ in range(count)]
    for connection in connections:
        await connection.send('{"type": "subscribe_rig", "rig_id": "all"}')
    readers = [asyncio.create_task(_count(connection)) for connection in connections]
    _say("ready")
    await asyncio.to_thread(sys.stdin.read)
    await asyncio.gather(*(connection.close() for connection in connections))
    _say(str(sum(await asyncio.gather(*readers))))


async def _count(connection: ClientConnection) -> int:
    read = 0
    async for _ in connection:
        read += 1
    return read


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_watch(sys.argv[1], int(sys.argv[2])))
