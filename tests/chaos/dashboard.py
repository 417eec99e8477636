"""A dashboard's ears: when each rig's frames came, and which laps were told."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple, Self

from websockets.asyncio.client import connect


class Frame(NamedTuple):
    """A state frame that came.

    Attributes:
        at_s: When; monotonic seconds.
        session: The session it tells of; None when the rig sends nothing just now.
    """

    at_s: float
    session: str | None


class Lap(NamedTuple):
    """A completed lap of a rig's own car.

    Attributes:
        key: Of its row in Data Cloud.
        at_s: When the dashboard heard of it; monotonic seconds.
    """

    key: str
    at_s: float


class Dashboard:
    """One client of `/ws` that listens to all rigs; an async context manager.

    Args:
        url: Of the WebSocket.
    """

    def __init__(self, url: str) -> None:
        self.frames: dict[str, list[Frame]] = defaultdict(list)
        """By rig."""
        self.laps: list[Lap] = []
        """Told for the first time."""
        self._url = url
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen(), name="dashboard")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _listen(self) -> None:
        async with connect(self._url) as socket:
            await socket.send(json.dumps({"type": "subscribe_rig", "rig_id": "all"}))
            async for text in socket:
                self._hear(json.loads(text), time.monotonic())

    def _hear(self, message: dict[str, object], now_s: float) -> None:
        match message:
            case {"type": "telemetry_update", "rig_id": str(rig), "data": {"link": link, "session_uid": session}}:
                self.frames[rig].append(Frame(now_s, str(session) if link == "live" and session else None))
            case {"type": "event", "replay": False, "event": {"kind": "LapCompleted", "own": True, **lap}}:
                if lap["status"] == "provisional":
                    self.laps.append(Lap(f"{lap['session_key']}:{lap['car_index']}:L{lap['lap_number']}", now_s))

    def gaps_ms(self, rig: str, from_s: float, until_s: float) -> list[float]:
        """The times between a rig's frames in a span, while one session went on; sorted, in milliseconds."""
        frames = [frame for frame in self.frames[rig] if from_s <= frame.at_s < until_s]
        return sorted(
            (later.at_s - earlier.at_s) * 1000
            for earlier, later in pairwise(frames)
            if earlier.session is not None and earlier.session == later.session
        )


def percentile(ordered: list[float], share: float) -> float:
    """The value that `share` of them do not exceed; infinite when there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")
