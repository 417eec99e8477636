"""`python -m bench.dashboards HTTP_PORT`: any number of dashboards in one process, which read and count all they get.

Raw sockets and as little work a message as can be, so that a thousand of them leave the core to the measured: headers
are hopped over, and of every n-th client the states' ages are taken (`stamps`). They come from several addresses of
127.0.0.0/8, since the gateway takes a hundred of each. Commands: `add` clients, `mark` the begin of a window, `tell`.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from bench.child import Child, child, say
from bench.machine import LOAD_CORE
from bench.stamps import age_s, now_s

PER_ADDRESS: Final = 90
_CONNECT_S: Final = 10.0
_READ_BYTES: Final = 262_144
_STATE: Final = b'{"type":"telemetry_update"'
_NO_MASK: Final = bytes(4)
"""A client has to mask what it sends; with zeros it stays as it is."""
_LONG, _LONGEST = 126, 127
_CLOSE, _PING, _PONG, _TEXT = 0x88, 0x89, 0x8A, 0x81
_U16: Final = struct.Struct(">H")
_U64: Final = struct.Struct(">Q")


class Window(NamedTuple):
    """What the clients got since the mark.

    Attributes:
        lasted_s: Since then.
        clients: That are connected.
        messages: Over all of them, of every kind.
        fewest: Of the client that got the fewest.
        ages_s: p50, p99 and most of the states looked at; None where there were none.
        looked_at: How many that are.
        cpu_s: Of the clients' own process.
    """

    lasted_s: float
    clients: int
    messages: int
    fewest: int
    ages_s: tuple[float, float, float] | None
    looked_at: int
    cpu_s: float

    @property
    def p50_ms(self) -> float:
        """The median age; infinite where no state came."""
        return 1000 * self.ages_s[0] if self.ages_s else float("inf")

    @property
    def p99_ms(self) -> float:
        """The age that one in a hundred exceeds."""
        return 1000 * self.ages_s[1] if self.ages_s else float("inf")


class Dashboards:
    """The process, from its parent's side."""

    def __init__(self, process: Child) -> None:
        self._process = process

    def add(self, count: int, rigs: Sequence[str] = ("all",), look_at_every: int = 1) -> None:
        """Connect so many more, which watch these rigs in turns; the states of every n-th are looked at.

        Raises:
            RuntimeError: They cannot connect.
        """
        told = self._process.ask(do="add", count=count, rigs=rigs, look_at_every=look_at_every)
        if "problem" in told:
            raise RuntimeError(told["problem"])

    def mark(self) -> None:
        """Begin a window."""
        self._process.ask(do="mark")

    def tell(self) -> Window:
        """What came since the mark."""
        told = self._process.ask(do="tell")
        ages = told.pop("ages_s")
        return Window(**told, ages_s=None if ages is None else (ages[0], ages[1], ages[2]))


@contextmanager
def dashboards(http_port: int, core: int | None = LOAD_CORE) -> Iterator[Dashboards]:
    """None yet, until the block ends."""
    with child("bench.dashboards", http_port, core=core) as process:
        yield Dashboards(process)


# --- the child's side -----------------------------------------------------------------------------


class Dashboard:
    """One client: what it got, and the bytes that are no whole message yet."""

    def __init__(self, sock: socket.socket, *, looked_at: bool) -> None:
        self.sock = sock
        self.messages = 0
        self.ages_s: list[float] | None = [] if looked_at else None
        self._rest = b""

    def read(self) -> bool:
        """Take what is there; False when the server has closed."""
        try:
            data = self.sock.recv(_READ_BYTES)
        except ConnectionError:
            return False
        if not data:
            return False
        at_s = now_s()
        data = self._rest + data if self._rest else data
        begin, size = 0, len(data)
        while begin + 2 <= size:
            body, end = frame_bounds(data, begin)
            if end > size or body > size:
                break
            if not self._take(data, data[begin], body, end, at_s):
                return False
            begin = end
        self._rest = data[begin:]
        return True

    def _take(self, data: bytes, kind: int, body: int, end: int, at_s: float) -> bool:
        if kind == _TEXT:
            self.messages += 1
            if self.ages_s is not None and data.startswith(_STATE, body):
                age = age_s(data[body:end], at_s)
                if age is not None:
                    self.ages_s.append(age)
        elif kind == _PING:
            self.sock.sendall(frame(data[body:end], _PONG))
        return kind != _CLOSE


def frame_bounds(data: bytes, begin: int) -> tuple[int, int]:
    """Where the payload of the server's frame that begins there lies; beyond the end when its header is cut off."""
    length = data[begin + 1]
    if length < _LONG:
        return begin + 2, begin + 2 + length
    if length == _LONG:
        body = begin + 4
        return body, body + _U16.unpack_from(data, begin + 2)[0] if body <= len(data) else body
    body = begin + 10
    return body, body + _U64.unpack_from(data, begin + 2)[0] if body <= len(data) else body


def frame(payload: bytes, kind: int = _TEXT) -> bytes:
    """A client's frame; shorter than 126 bytes."""
    return bytes((kind, 0x80 | len(payload))) + _NO_MASK + payload


class _Crowd:
    """All clients and the selector they are read by."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._clients: set[Dashboard] = set()
        self._made = 0
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        self._marked_s, self._cpu_s = time.monotonic(), time.process_time()

    def run(self) -> None:
        """Read until standard input ends."""
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    line = sys.stdin.readline()
                    if not line:
                        return
                    say(self._obey(json.loads(line)))
                elif not key.data.read():
                    self._lose(key.data)

    def _obey(self, command: dict[str, Any]) -> dict[str, Any]:
        match command["do"]:
            case "add":
                return self._add(command)
            case "mark":
                for client in self._clients:
                    client.messages = 0
                    client.ages_s = None if client.ages_s is None else []
                self._marked_s, self._cpu_s = time.monotonic(), time.process_time()
                return {}
            case _:
                return self._told()

    def _add(self, command: dict[str, Any]) -> dict[str, Any]:
        rigs: list[str] = command["rigs"]
        for number in range(command["count"]):
            try:
                sock = connected(self._port, f"127.0.0.{2 + self._made // PER_ADDRESS % 200}")
            except OSError as refusal:
                return {"problem": f"dashboard {self._made + 1} could not connect: {refusal}"}
            subscribe = {"type": "subscribe_rig", "rig_id": rigs[number % len(rigs)]}
            sock.sendall(frame(json.dumps(subscribe).encode()))
            client = Dashboard(sock, looked_at=number % command["look_at_every"] == 0)
            self._clients.add(client)
            self._selector.register(sock, selectors.EVENT_READ, client)
            self._made += 1
        return {}

    def _told(self) -> dict[str, Any]:
        ages = sorted(age for client in self._clients if client.ages_s for age in client.ages_s)
        counts = [client.messages for client in self._clients]
        return {
            "lasted_s": time.monotonic() - self._marked_s,
            "clients": len(counts),
            "messages": sum(counts),
            "fewest": min(counts, default=0),
            "ages_s": [ages[len(ages) // 2], ages[len(ages) * 99 // 100], ages[-1]] if ages else None,
            "looked_at": len(ages),
            "cpu_s": time.process_time() - self._cpu_s,
        }

    def _lose(self, client: Dashboard) -> None:
        self._selector.unregister(client.sock)
        client.sock.close()
        self._clients.discard(client)


def connected(port: int, source: str) -> socket.socket:
    """A WebSocket after its handshake, from an address of this machine.

    Raises:
        OSError: It was refused.
    """
    sock = socket.create_connection(("127.0.0.1", port), _CONNECT_S, source_address=(source, 0))
    sock.sendall(
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)  # one at a time: what follows is the first message
        if not byte:
            break
        answer += byte
    if not answer.startswith(b"HTTP/1.1 101"):
        sock.close()
        raise ConnectionRefusedError(answer.partition(b"\r\n")[0].decode() or "closed")
    sock.setblocking(True)
    return sock


def main() -> None:
    """Connect and read when told to."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.dashboards", description="Dashboards, told by lines of JSON."
    )
    parser.add_argument("http_port", type=int)
    crowd = _Crowd(parser.parse_args().http_port)
    say({"ready": True})
    crowd.run()


if __name__ == "__main__":
    main()
