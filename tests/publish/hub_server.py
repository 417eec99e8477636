"""A gateway's live view without the gateway: a real server around the hub, for its tests.

Two rigs, 20 states of 2 kB and 10 facts a second each; counts and floods by plain HTTP. Run it as
`uvicorn tests.publish.hub_server:app`.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket

from app.publish.connections import ConnectionsMiddleware
from app.publish.hub import Hub

RIGS = ("RIG_A", "RIG_B")
PADDING = random.Random(1).randbytes(1000).hex()  # deflate cannot hide it


class FakeView:
    """What the hub shows: numbered states and facts."""

    def __init__(self) -> None:
        self.seq: Counter[tuple[str, str]] = Counter()
        self.facts: dict[str, deque[str]] = {rig: deque(maxlen=200) for rig in RIGS}

    def hello(self) -> str:
        return json.dumps({"type": "connection_status", "rigs": [{"rig_id": rig} for rig in RIGS]})

    def rig_ids(self) -> Sequence[str]:
        return RIGS

    def snapshot(self, rig_id: str) -> Sequence[str]:
        replayed = [text.replace('"replay": false', '"replay": true') for text in self.facts[rig_id]]
        return [self.state(rig_id), *replayed]

    def state(self, rig_id: str) -> str:
        seq = self.seq["state", rig_id]
        return json.dumps({"type": "telemetry_update", "rig_id": rig_id, "seq": seq, "data": PADDING})

    def next_state(self, rig_id: str) -> str:
        self.seq["state", rig_id] += 1
        return self.state(rig_id)

    def next_fact(self, rig_id: str) -> str:
        self.seq["fact", rig_id] += 1
        seq = self.seq["fact", rig_id]
        text = json.dumps({"type": "event", "rig_id": rig_id, "seq": seq, "replay": False})
        self.facts[rig_id].append(text)
        return text


view = FakeView()
hub = Hub(view)


async def tick() -> None:
    while True:
        for rig in RIGS:
            hub.push_state(rig, view.next_state(rig))
            if view.seq["state", rig] % 2:
                hub.push_fact(rig, view.next_fact(rig))
        await asyncio.sleep(0.05)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    ticker = asyncio.create_task(tick(), name="ticker")
    yield
    ticker.cancel()
    await hub.close()


app = FastAPI(lifespan=lifespan)
app.add_middleware(ConnectionsMiddleware)


@app.websocket("/ws")
async def ws(websocket: WebSocket) -> None:
    await hub.serve(websocket)


@app.get("/counts")
async def counts() -> dict[str, int]:
    return {
        "clients": hub.clients,
        "cut": hub.clients_cut,
        "refused": hub.clients_refused,
        "overflowed": hub.clients_overflowed,
        "states_sent": hub.states_sent,
        "states_skipped": hub.states_skipped,
        "facts_sent": hub.facts_sent,
    }


@app.get("/flood/{facts}")
async def flood(facts: int) -> None:
    for _ in range(facts):
        hub.push_fact("RIG_B", view.next_fact("RIG_B"))
