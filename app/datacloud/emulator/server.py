"""HTTP for the emulated org: connections that are kept alive, and the faults that have to do with them.

h11 reads and writes HTTP; the socket stays in our hands, since some faults are about the socket: a reset in the middle
of a body, an answer that ends half-way, a byte a second.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

import h11

from app.datacloud.emulator.faults import Fault
from app.datacloud.emulator.messages import Head, Reply, http_date
from app.datacloud.emulator.org import Org

logger = logging.getLogger(__name__)

_CHUNK: Final = 262_144
_MOST_DRAINED: Final = 64 * 1024 * 1024  # of a body that is refused anyway; then the connection is closed
_LINGER_0: Final = struct.pack("ii", 1, 0)
_REBIND_S: Final = 5.0


class Server:
    """A listener and its connections.

    Args:
        org: Says what is answered.
    """

    def __init__(self, org: Org) -> None:
        self.port = 0
        """Where it listens, or did."""
        self._org = org
        self._listener: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}
        self._opened = 0
        self._returning: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Begin to listen; the second time on the port of the first.

        Raises:
            OSError: The port is taken, or the address is none of this machine.
        """
        if self._listener is not None:
            return
        config = self._org.config
        self._listener = await asyncio.start_server(
            self._connected, config.host, self.port or config.port, limit=4 * _CHUNK, backlog=512
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    def hang_up(self) -> None:
        """Stop to listen, and reset every connection."""
        if self._returning is not None and self._returning is not asyncio.current_task():
            self._returning.cancel()
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for task, connection in tuple(self._connections.items()):
            connection.reset()
            if task is not asyncio.current_task():
                task.cancel()

    def be_gone(self, seconds: float) -> None:
        """Hang up, and listen again after a while."""
        self.hang_up()
        self._returning = asyncio.create_task(self._return(seconds), name="emulator returns")

    async def close(self) -> None:
        """Hang up for good."""
        tasks = [*self._connections, *([self._returning] if self._returning is not None else [])]
        self.hang_up()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close on the loop's next turn

    async def _return(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        deadline_s = asyncio.get_running_loop().time() + _REBIND_S
        while True:
            try:
                await self.listen()
                return
            except OSError:
                if asyncio.get_running_loop().time() > deadline_s:
                    logger.exception("the emulator cannot listen on port %d again", self.port)
                    return
                await asyncio.sleep(0.05)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._opened += 1
        connection = _Connection(self._org, reader, writer, self._opened, self.be_gone)
        task = asyncio.create_task(self._serve(connection, writer), name=f"emulator connection {self._opened}")
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    async def _serve(self, connection: _Connection, writer: asyncio.StreamWriter) -> None:
        try:
            await connection.serve()
        except (ConnectionError, TimeoutError):
            pass  # the client is gone; that is its business
        except Exception:
            logger.exception("the emulator failed by a fault of its own")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class _Gone(ConnectionError):
    """The connection was reset, or is not to be used any more."""


class _Connection:
    """One connection of one client."""

    def __init__(
        self,
        org: Org,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
        be_gone: Callable[[float], None],
    ) -> None:
        self._org, self._reader, self._writer, self._number, self._be_gone = org, reader, writer, number, be_gone
        self._http = h11.Connection(h11.SERVER)
        peer = writer.get_extra_info("peername")
        self._is_local = bool(peer) and ip_address(peer[0].partition("%")[0]).is_loopback

    async def serve(self) -> None:
        """Answer requests until the client or a fault ends the connection."""
        try:
            while (head := await self._head()) is not None:
                await self._exchange(head)
                if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    return
                self._http.start_next_cycle()
        except h11.RemoteProtocolError as wrong:
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                await self._send(Reply(wrong.error_status_hint, str(wrong).encode(), (("Connection", "close"),)), False)

    def reset(self) -> None:
        """End the connection with RST, at once."""
        with suppress(OSError):
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self._writer.transport.abort()

    # --- one request and its answer ------------------------------------------------------------------------

    async def _exchange(self, head: Head) -> None:
        fault = self._org.met(head)
        if fault is not None:
            await self._before_the_body(head, fault)
        is_decided = fault is not None and fault.action in ("status", "accepted_false")
        early = None if is_decided else self._org.early(head)
        keep = 0 if is_decided or early is not None else self._org.body_limit(head)
        if self._org.config.keep_bodies:
            keep = max(keep, self._org.body_limit(head))
        body, size = await self._body(keep)
        if fault is not None and is_decided:
            reply = self._org.faulty(head, fault)
        else:
            reply = early or self._org.answer(head, body)
        await self._after_the_answer(head, reply, body, size, fault)

    async def _before_the_body(self, head: Head, fault: Fault) -> None:
        match fault.action:
            case "delay":
                await asyncio.sleep(fault.seconds)
            case "reset_before":
                self._org.note(head, None, b"", 0, fault)
                self._drop()
            case "refuse":
                self._org.note(head, None, b"", 0, fault)
                self._be_gone(fault.seconds)
                self._drop()
            case "reset_mid_body":
                size = await self._part_of_the_body(head)
                self._org.note(head, None, b"", size, fault)
                self._drop()

    async def _after_the_answer(self, head: Head, reply: Reply, body: bytes, size: int, fault: Fault | None) -> None:
        action = None if fault is None else fault.action
        self._org.note(head, None if action == "commit_then_reset" else reply, body, size, fault)
        match action:
            case "commit_then_reset":
                self._drop()
            case "truncate_response":
                await self._send_half(reply)
            case "slow_drip" if fault is not None:
                await self._send_slowly(reply, head, fault.seconds)
            case "commit_then_delay" if fault is not None:
                await asyncio.sleep(fault.seconds)
                await self._send(reply, head.method == "HEAD")
            case _:
                await self._send(reply, head.method == "HEAD")

    def _drop(self) -> None:
        self.reset()
        raise _Gone

    # --- reading -------------------------------------------------------------------------------------------

    async def _head(self) -> Head | None:
        event = await self._event()
        if not isinstance(event, h11.Request):
            return None
        headers: dict[str, str] = {}
        for name, value in event.headers:
            headers[name.decode("ascii")] = value.decode("latin-1")
        return Head(event.method.decode("ascii"), event.target.decode("ascii"), headers, self._is_local, self._number)

    async def _body(self, keep: int) -> tuple[bytes, int]:
        """The body, or as much of it as is just more than `keep` bytes; and how long it is."""
        kept, kept_size, size = [], 0, 0
        while isinstance(event := await self._event(), h11.Data):
            size += len(event.data)
            if kept_size <= keep:
                kept.append(bytes(event.data))
                kept_size += len(event.data)
            if size > _MOST_DRAINED:
                self._drop()
        return b"".join(kept), size

    async def _part_of_the_body(self, head: Head) -> int:
        half = int(head.headers.get("content-length", "2")) // 2
        size = 0
        while size < half and isinstance(event := await self._event(at_most=max(1, half - size)), h11.Data):
            size += len(event.data)
        return min(size, half)

    async def _event(self, at_most: int = _CHUNK) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self._write(h11.InformationalResponse(status_code=100, headers=[]))
            data = await self._reader.read(at_most)
            if not data and self._http.their_state is h11.SEND_BODY:
                raise _Gone
            self._http.receive_data(data)
        return event

    # --- writing -------------------------------------------------------------------------------------------

    async def _send(self, reply: Reply, is_head: bool) -> None:
        self._write(self._response(reply))
        if reply.body and not is_head:
            self._write(h11.Data(data=reply.body))
        self._write(h11.EndOfMessage())
        await self._writer.drain()

    async def _send_half(self, reply: Reply) -> None:
        self._write(self._response(reply))
        self._write(h11.Data(data=reply.body[: len(reply.body) // 2]))
        await self._writer.drain()
        raise _Gone

    async def _send_slowly(self, reply: Reply, head: Head, seconds: float) -> None:
        whole = [self._http.send(self._response(reply))]
        if reply.body and head.method != "HEAD":
            whole.append(self._http.send(h11.Data(data=reply.body)))
        whole.append(self._http.send(h11.EndOfMessage()))
        for byte in b"".join(part for part in whole if part):
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(seconds)

    def _response(self, reply: Reply) -> h11.Response:
        usual = {"Date": http_date(self._org.now_s()), "Content-Length": str(len(reply.body))}
        told = {name.lower() for name, _ in reply.headers}  # a fault may tell a wrong time, or a wrong length
        named = [*((name, text) for name, text in usual.items() if name.lower() not in told), *reply.headers]
        return h11.Response(status_code=reply.status, headers=[(name.encode(), text.encode()) for name, text in named])

    def _write(self, event: h11.Event) -> None:
        if data := self._http.send(event):
            self._writer.write(data)
