"""`python -m bench.load`: rigs that race, in a process of its own.

Each rig sends the simulated lobby at its own pace, 60 frames a second, and is at another place of it; each run is a new
session. Rigs share the ports in turns. Nothing is copied on the way: a template is changed in place (session, time of
departure) and handed to the kernel. Told `{"rigs": 2, "ports": [20777, 20778], "seconds": 5}`, it sends for so long and
says how it went.
"""

from __future__ import annotations

import heapq
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from typing import Any, Final, NamedTuple

from app.ingest.schedule import session_uid_of_pass
from app.sim.cadence import CAR_TELEMETRY
from bench.child import Child, child, obey
from bench.machine import LOAD_CORE
from bench.stamps import Slots, now_s
from bench.traffic import lobby

_UID_AT: Final = 7  # offset of session_uid in the header
_UID: Final = struct.Struct("<Q")
_FRAME_S: Final = 1 / 60
_GOLDEN: Final = 0.618034
"""Rigs are this share of the lobby apart: so they spread evenly, however many there are."""
_STEPS: Final = 1_000_000


class Sent(NamedTuple):
    """How a run went.

    Attributes:
        datagrams: How many were sent.
        lasted_s: For how long.
        cpu_s: Of the sender.
        late_s: By how much the latest frame missed its time.
    """

    datagrams: int
    lasted_s: float
    cpu_s: float
    late_s: float

    @property
    def per_s(self) -> float:
        """Datagrams a second."""
        return self.datagrams / self.lasted_s


class Load:
    """The sender, from its parent's side."""

    def __init__(self, process: Child) -> None:
        self._process = process
        self._seconds = 0.0

    def begin(self, rigs: int, ports: Sequence[int], seconds: float) -> None:
        """Have so many rigs send to these ports of this machine."""
        self._seconds = seconds
        self._process.tell(rigs=rigs, ports=ports, seconds=seconds)

    def end(self) -> Sent:
        """Wait until they have sent all."""
        return Sent(**self._process.hear(self._seconds + 30))


@contextmanager
def load(core: int | None = LOAD_CORE) -> Iterator[Load]:
    """The sender, until the block ends."""
    with child("bench.load", core=core) as process:
        yield Load(process)


# --- the child's side -----------------------------------------------------------------------------


class _Frame(NamedTuple):
    """What leaves at once: when, templates, and which of them is stamped."""

    at_s: float
    templates: Sequence[tuple[bytearray, bool]]


class _Rig:
    """One rig: a place in the lobby, a socket, a session."""

    def __init__(self, number: int, sock: socket.socket) -> None:
        self.number = number
        self.sock = sock
        self.uid = b""
        self.frames: Iterator[tuple[float, _Frame]] = iter(())


class _Rigs:
    """All of them."""

    def __init__(self, stack: ExitStack) -> None:
        mix = lobby()
        self._lasts_s = mix.lasts_s + _FRAME_S
        at_once = groupby(mix.datagrams, key=lambda each: each[0])
        self._frames = [
            _Frame(at_s, [(bytearray(payload), payload[6] == CAR_TELEMETRY) for _, payload in group])
            for at_s, group in at_once
        ]
        telemetry = next(payload for _, payload in mix.datagrams if payload[6] == CAR_TELEMETRY)
        (self._uid,) = _UID.unpack_from(telemetry, _UID_AT)
        self._slots = Slots(telemetry)
        self._runs = 0
        self._stack = stack
        self._sockets: dict[tuple[int, int], socket.socket] = {}

    def send(self, count: int, ports: Sequence[int], seconds: float) -> Sent:
        """Send for so long."""
        self._runs += 1
        rigs = [_Rig(number, self._socket(number, ports[number % len(ports)])) for number in range(count)]
        due: list[tuple[float, int, _Frame]] = []
        for rig in rigs:
            rig.frames = self._from(rig)
            at_s, frame = next(rig.frames)
            due.append((at_s, rig.number, frame))
        heapq.heapify(due)
        sent, late_s, cpu_s, began_s = 0, 0.0, time.process_time(), time.monotonic()
        while due[0][0] < seconds:
            at_s, number, frame = due[0]
            wait_s = began_s + at_s - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            else:
                late_s = max(late_s, -wait_s)
            sent += self._leave(rigs[number], frame)
            next_s, following = next(rigs[number].frames)
            heapq.heapreplace(due, (next_s, number, following))
        return Sent(sent, time.monotonic() - began_s, time.process_time() - cpu_s, late_s)

    def _socket(self, rig: int, port: int) -> socket.socket:
        if (rig, port) not in self._sockets:
            sock = self._stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.connect(("127.0.0.1", port))
            self._sockets[rig, port] = sock
        return self._sockets[rig, port]

    def _leave(self, rig: _Rig, frame: _Frame) -> int:
        uid, send = rig.uid, rig.sock.send
        for template, stamped in frame.templates:
            template[_UID_AT : _UID_AT + 8] = uid
            if stamped:
                self._slots.stamp(template, now_s())
            try:
                send(template)
            except ConnectionRefusedError:
                pass  # nobody listens any more; whoever counts will tell
        return len(frame.templates)

    def _from(self, rig: _Rig) -> Iterator[tuple[float, _Frame]]:
        """Frames from the rig's place on, round and round; a new round is a new session."""
        start_s = rig.number * _GOLDEN % 1.0 * self._lasts_s
        first = next((k for k, frame in enumerate(self._frames) if frame.at_s >= start_s), 0)
        began_s = -start_s
        for lap in range(_STEPS):
            rig.uid = _UID.pack(session_uid_of_pass(self._uid, (self._runs * _STEPS + lap) * 997 + rig.number + 1))
            for frame in self._frames[first if lap == 0 else 0 :]:
                yield max(0.0, began_s + frame.at_s), frame
            began_s += self._lasts_s


def main() -> None:
    """Send when told to."""
    with ExitStack() as stack:
        rigs = _Rigs(stack)

        def work(command: dict[str, Any]) -> dict[str, Any]:
            return rigs.send(command["rigs"], command["ports"], command["seconds"])._asdict()

        obey(work)


if __name__ == "__main__":
    main()
