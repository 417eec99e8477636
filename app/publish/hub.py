"""Keeps the WebSocket clients and fans out to them [edge]; a client that does not read harms only itself.

The hub gets ready texts and never looks into them. Pushing fills each client's outbox and wakes its
writer; nobody waits for anybody. Each client has two tasks: one reads what it says, one writes.

Who hangs is cut. A send that the peer's full buffers hold up for `SEND_DEADLINE_S` ends in an abort
of the TCP connection, because every polite close would queue behind the unsent bytes. One timer for
all clients looks for such sends, rather than a timeout around each: that costs nothing per message,
and it works where cancelling does not (uvicorn's older implementation swallows cancellation within
its own close). A peer whose system is gone as well is found by TCP_USER_TIMEOUT, see connections.py.

Shutdown: uvicorn tells each WebSocket to go (1012) and waits until all are gone, before it ends the
lifespan. So `serve` itself sees to it that a connection which the server is closing is gone within
`GRACE_S`; `close` does the same for whoever stops the hub by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect

from app.publish.commands import (
    ALL_RIGS,
    MAX_MESSAGE_BYTES,
    TOO_FAST,
    Command,
    CommandError,
    Pace,
    Verdict,
    Wishes,
    parse_command,
    shown,
)
from app.publish.connections import Connection, connection_of
from app.publish.outbox import Kind, Outbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Message
    from starlette.websockets import WebSocket

logger = logging.getLogger(__name__)

MAX_CLIENTS = 1000
"""Clients in all: what one core serves at 40 messages a second each."""

MAX_CLIENTS_PER_ADDRESS = 100
"""Clients of one address: a wall of browsers behind one host is fine, a runaway script is not."""

RETRY_AFTER_S = 10
"""What a refused client is told to wait."""

SEND_DEADLINE_S = 3.0
"""How long one send may be held up by a peer that does not read."""

GRACE_S = 1.0
"""How long a connection that is being closed may take to get rid of its unsent bytes."""

WATCH_EVERY_S = 0.25
"""How often deadlines are looked at, and so how late they may be kept."""

POLLS = 20
"""How often, within that, the unsent bytes are looked at."""


class Goodbye(NamedTuple):
    """Why we close: a WebSocket close code and words for it."""

    code: int
    reason: str


NOT_TEXT = Goodbye(1003, "text only")
TOO_MANY = Goodbye(1008, "too many messages")
TOO_BIG = Goodbye(1009, f"at most {MAX_MESSAGE_BYTES} bytes")
RESTART = Goodbye(1012, "the gateway restarts")
TOO_SLOW = Goodbye(1013, "too slow for the events; come back")


class Snapshots(Protocol):
    """What a client gets first.

    A text that is pushed must be in the snapshot by then, with no await in between: a subscriber
    gets the snapshot, then what is pushed later, and nothing may fall between the two.
    """

    def hello(self) -> str:
        """The first message on every connection."""
        ...

    def rig_ids(self) -> Sequence[str]:
        """Every rig there is."""
        ...

    def snapshot(self, rig_id: str) -> Sequence[str]:
        """A rig's current state, then its latest events, oldest first, marked as replayed."""
        ...


class ClientView(NamedTuple):
    """One connected dashboard, as an operator sees it.

    Attributes:
        address: Where it is.
        connected_s: For how long.
        rigs: Those it asked for, in the order they are configured.
        states_skipped: States that a newer one replaced before they were sent to it.
        waiting: Texts that wait to be sent to it.
    """

    address: str
    connected_s: float
    rigs: tuple[str, ...]
    states_skipped: int
    waiting: int


class Client:
    """One connected dashboard. Only its own writer task sends to it."""

    def __init__(self, websocket: WebSocket, address: str, now_s: float) -> None:
        self.websocket = websocket
        self.address = address
        self.since_s = now_s
        self.connection: Connection = connection_of(websocket.scope)
        self.outbox = Outbox()
        self.wishes = Wishes()
        self.pace = Pace(now_s)
        self.awake = asyncio.Event()
        self.goodbye: Goodbye | None = None
        self.held_up_since_s: float | None = None
        self.writer: asyncio.Task[None] | None = None

    def part(self, goodbye: Goodbye) -> None:
        """Have the writer close the connection next; what waits is not sent any more."""
        if self.goodbye is None:
            self.goodbye = goodbye
            self.awake.set()

    def overdue(self, now_s: float) -> bool:
        """Whether what is being sent should have been taken long ago."""
        if self.held_up_since_s is None:
            return False
        closing = self.goodbye is not None or self.connection.closing
        return now_s - self.held_up_since_s >= (GRACE_S if closing else SEND_DEADLINE_S)


class Hub:
    """Serves the live view to any number of clients.

    Attributes:
        states_sent: State texts sent, over all clients.
        facts_sent: Fact texts sent, over all clients.
        clients_cut: Clients aborted because they did not read.
        clients_refused: Clients turned away because there were too many.
        clients_overflowed: Clients closed because they fell too far behind with the facts.
    """

    def __init__(self, snapshots: Snapshots) -> None:
        self.states_sent = 0
        self.facts_sent = 0
        self.clients_cut = 0
        self.clients_refused = 0
        self.clients_overflowed = 0
        self._snapshots = snapshots
        self._clients: set[Client] = set()
        self._by_address: Counter[str] = Counter()
        self._skipped_by_gone = 0
        self._closed = False
        self._empty = asyncio.Event()
        self._empty.set()
        self._watch: asyncio.TimerHandle | None = None

    @property
    def clients(self) -> int:
        """Clients connected now."""
        return len(self._clients)

    @property
    def states_skipped(self) -> int:
        """State texts that a newer one replaced before they were sent, over all clients."""
        return self._skipped_by_gone + sum(client.outbox.skipped for client in self._clients)

    def client_views(self) -> list[ClientView]:
        """Every connected client, the one that came first in front."""
        now_s, rig_ids = asyncio.get_running_loop().time(), self._snapshots.rig_ids()
        return [
            ClientView(
                address=client.address,
                connected_s=now_s - client.since_s,
                rigs=tuple(rig_id for rig_id in rig_ids if client.wishes.want(rig_id)),
                states_skipped=client.outbox.skipped,
                waiting=len(client.outbox),
            )
            for client in sorted(self._clients, key=lambda client: client.since_s)
        ]

    def push_state(self, rig_id: str, text: str) -> None:
        """Send a rig's newest state to everyone who wants it; never waits."""
        for client in self._clients:
            if client.wishes.want(rig_id):
                client.outbox.push_state(rig_id, text)
                client.awake.set()

    def push_fact(self, rig_id: str, text: str) -> None:
        """Send a fact to everyone who wants its rig, in order; never waits."""
        for client in self._clients:
            if client.wishes.want(rig_id):
                client.outbox.push_fact(rig_id, text)
                self._after_keeping(client)

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one WebSocket from before it is accepted until it is gone."""
        address = websocket.client.host if websocket.client else "unknown"
        if self._closed or self._full(address):
            self.clients_refused += 1
            await _refuse(websocket)
            return
        client = Client(websocket, address, asyncio.get_running_loop().time())
        self._add(client)
        try:
            await websocket.accept()
            client.outbox.reply(self._snapshots.hello())
            client.awake.set()
            logger.info("a dashboard came", extra={"address": address, "clients": self.clients})
            await self._converse(client)
        except WebSocketDisconnect:
            logger.debug("a dashboard left while it was being accepted", extra={"address": address})
        finally:
            try:
                await self._let_go(client)
            finally:
                self._remove(client)
                logger.info("a dashboard left", extra={"address": address, "clients": self.clients})

    async def close(self) -> None:
        """Close every client (1012) and take no new ones; returns when all are gone, in a second or two."""
        self._closed = True
        for client in self._clients:
            client.part(RESTART)
        await self._empty.wait()

    async def _converse(self, client: Client) -> None:
        async with asyncio.TaskGroup() as group:
            client.writer = writer = group.create_task(self._write(client), name=f"ws-write {client.address}")
            reader = group.create_task(self._read(client), name=f"ws-read {client.address}")
            # Whichever ends first ends the other: there is nothing left to read or to write for.
            writer.add_done_callback(partial(_cancel, reader))
            reader.add_done_callback(partial(_cancel, writer))

    async def _read(self, client: Client) -> None:
        now_s = asyncio.get_running_loop().time
        while True:
            message = await client.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if client.goodbye is None:
                self._hear(client, message.get("text"), now_s())

    def _hear(self, client: Client, text: str | None, now_s: float) -> None:
        if text is None:
            client.part(NOT_TEXT)
        elif len(text) > MAX_MESSAGE_BYTES or len(text.encode()) > MAX_MESSAGE_BYTES:
            client.part(TOO_BIG)
        else:
            match client.pace.judge(now_s):
                case Verdict.READ:
                    command = parse_command(text)
                    self._reply(client, command if isinstance(command, CommandError) else self._obey(client, command))
                case Verdict.REFUSE:
                    self._reply(client, TOO_FAST)
                case Verdict.IGNORE:
                    pass
                case Verdict.LEAVE:
                    client.part(TOO_MANY)

    def _obey(self, client: Client, command: Command) -> CommandError | None:
        known = self._snapshots.rig_ids()
        if command.rig_id != ALL_RIGS and command.rig_id not in known:
            message = f"no rig {shown(command.rig_id)}; this gateway has {', '.join(known)}"
            return CommandError("unknown_rig", message)
        client.wishes.note(command)
        for rig_id in known if command.rig_id == ALL_RIGS else (command.rig_id,):
            if command.subscribe:
                client.outbox.greet(rig_id, self._snapshots.snapshot(rig_id))
            else:
                client.outbox.forget(rig_id)
        client.awake.set()
        return None

    def _reply(self, client: Client, error: CommandError | None) -> None:
        if error is not None:
            client.outbox.reply(error.text())
            self._after_keeping(client)

    def _after_keeping(self, client: Client) -> None:
        client.awake.set()
        if client.outbox.overflowed and client.goodbye is None:
            self.clients_overflowed += 1
            logger.info("a dashboard fell too far behind and is closed", extra={"address": client.address})
            client.part(TOO_SLOW)

    async def _write(self, client: Client) -> None:
        try:
            while client.goodbye is None:
                await client.awake.wait()
                client.awake.clear()
                await self._drain(client)
            code, reason = client.goodbye
            await self._send(client, {"type": "websocket.close", "code": code, "reason": reason})
        except WebSocketDisconnect:
            logger.debug("a dashboard went away while it was sent to", extra={"address": client.address})

    async def _drain(self, client: Client) -> None:
        while client.goodbye is None and (letter := client.outbox.take()) is not None:
            await self._send(client, {"type": "websocket.send", "text": letter.text})
            if letter.kind is Kind.STATE:
                self.states_sent += 1
                continue
            if letter.kind is Kind.FACT:
                self.facts_sent += 1
            if len(client.outbox):
                # A snapshot has up to 200 facts a rig. When 500 dashboards come back at once, a turn of all their
                # writers must not hold up the states of those that are there already.
                await asyncio.sleep(0)

    async def _send(self, client: Client, message: Message) -> None:
        client.held_up_since_s = asyncio.get_running_loop().time()
        try:
            await client.websocket.send(message)
        except RuntimeError as late:
            # So Starlette and uvicorn say that a close went out before this send: after the ping
            # timeout, or in answer to the peer's own close.
            raise WebSocketDisconnect(1006) from late
        finally:
            client.held_up_since_s = None

    async def _let_go(self, client: Client) -> None:
        """Wait until the peer took the last bytes, for a moment; then cut it."""
        connection = client.connection
        try:
            for _ in range(POLLS):
                if not connection.unsent_bytes:
                    break
                await asyncio.sleep(GRACE_S / POLLS)
        finally:
            # Also when this task is cancelled: then nobody else would.
            if connection.unsent_bytes:
                self._cut(client)

    def _full(self, address: str) -> bool:
        return len(self._clients) >= MAX_CLIENTS or self._by_address[address] >= MAX_CLIENTS_PER_ADDRESS

    def _add(self, client: Client) -> None:
        self._clients.add(client)
        self._by_address[client.address] += 1
        self._empty.clear()
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(WATCH_EVERY_S, self._look)

    def _remove(self, client: Client) -> None:
        self._clients.discard(client)
        self._skipped_by_gone += client.outbox.skipped
        self._by_address[client.address] -= 1
        if not self._by_address[client.address]:
            del self._by_address[client.address]
        if not self._clients:
            self._empty.set()
            if self._watch is not None:
                self._watch.cancel()
                self._watch = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(WATCH_EVERY_S, self._look)
        now_s = loop.time()
        for client in self._clients:
            if client.overdue(now_s):
                self._cut(client)

    def _cut(self, client: Client) -> None:
        client.held_up_since_s = None
        self.clients_cut += 1
        logger.info("a dashboard that does not read is cut", extra={"address": client.address})
        if not client.connection.abort() and client.writer is not None:
            client.writer.cancel()


def _cancel(task: asyncio.Task[None], _done: asyncio.Task[None]) -> None:
    task.cancel()


async def _refuse(websocket: WebSocket) -> None:
    """Turn a client away before it is accepted: 503, or 403 where the server can say nothing else."""
    if "websocket.http.response" not in websocket.scope.get("extensions", {}):
        await websocket.close(TOO_SLOW.code)
        return
    busy = PlainTextResponse("too many dashboards\n", 503, headers={"Retry-After": str(RETRY_AFTER_S)})
    await websocket.send_denial_response(busy)
