"""A simulated run sent to a gateway in real time, with its truth at hand: what should a screen show at this instant?

The whole run is encoded before the first datagram leaves, so that sending costs nothing but sending. The schedule is
exact: a datagram that left late does not move those after it, and how late the latest one was is told.
"""

from __future__ import annotations

import socket
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from app.ingest.decoder import decode, encode
from app.ingest.packets import ParticipantsPacket
from app.sim.cadence import PARTICIPANTS
from app.sim.ledger import Ledger
from app.sim.run import Run, simulate
from app.sim.sender import merged
from tests.gateway import Running

Rewrite = Callable[[int, bytes], bytes]
"""(rig, datagram) -> the datagram that is sent in its place."""

_PACKET_ID: Final = 6
"""Where a header of format 2023 and later has it."""


class Sending(NamedTuple):
    """A datagram of the run: when it is due in ledger time, whose it is, what it says."""

    at_s: float
    rig: int
    datagram: bytes


class Tempo(NamedTuple):
    """From the monotonic time `monotonic_s` on, ledger time runs from `at_s` at `speed`."""

    monotonic_s: float
    at_s: float
    speed: float


class Play:
    """A run that is being sent.

    Args:
        run: What is played.
        sendings: Its datagrams in order of time.
        ports: UDP ports on loopback, one per rig of the run.
        speed: Times real time.
        later: Other speeds, each with the ledger time from which it holds, in order.
        clock: Monotonic seconds.
        wall: Seconds since 1970, the clock that a browser's `Date.now()` shows.

    Attributes:
        sent_s: Wall time at which each of `sendings` left, as far as it got; None for one that a pause held back.
        late_s: By how much the latest datagram so far missed its time, in seconds.
    """

    def __init__(
        self,
        run: Run,
        sendings: Sequence[Sending],
        ports: Sequence[int],
        speed: float = 1.0,
        later: Sequence[tuple[float, float]] = (),
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.run = run
        self.sendings = sendings
        self.sent_s: list[float | None] = []
        self.late_s = 0.0
        self._ports = ports
        self._clock = clock
        self._wall = wall
        self._changed = threading.Condition()
        self._tempi = [Tempo(clock(), 0.0, speed)]
        for at_s, next_speed in later:
            self._tempi.append(Tempo(self._monotonic_s(at_s), at_s, next_speed))
        self._paused: set[int] = set()
        self._back_s: dict[int, float] = {}
        self._stopped = False

    @property
    def ledger(self) -> Ledger:
        """The truth about the run."""
        return self.run.ledger

    def at_s(self, wall_s: float | None = None) -> float:
        """The ledger time of a wall time (`time.time()`, or `Date.now() / 1000` of a page); None means now."""
        now_s = self._clock()
        return self._at_s(now_s if wall_s is None else wall_s - (self._wall() - now_s))

    def wall_s(self, at_s: float) -> float:
        """The wall time of a ledger time, by what is known of the speed."""
        return self._monotonic_s(at_s) + (self._wall() - self._clock())

    def wait_s(self, at_s: float) -> float:
        """Seconds from now until a ledger time, by what is known of the speed; 0 when it has passed."""
        return max(0.0, self.wall_s(at_s) - self._wall())

    def tempo(self, speed: float) -> None:
        """From now on, whatever was planned, so many times real time."""
        with self._changed:
            now_s = self._clock()
            past = [tempo for tempo in self._tempi if tempo.monotonic_s <= now_s]
            self._tempi = [*past, Tempo(now_s, self._at_s(now_s), speed)]
            self._changed.notify()

    def pause(self, *rigs: int) -> None:
        """Hold back what these rigs send, as if their network were down; the game goes on, and so does the ledger."""
        with self._changed:
            self._paused |= {*rigs}
            for rig in rigs:
                self._back_s.pop(rig, None)

    def resume(self, *rigs: int) -> None:
        """Send again for these rigs, from where the game is now."""
        with self._changed:
            self._paused -= {*rigs}

    def back_s(self, rig: int) -> float | None:
        """Wall time of the first datagram of a rig since the start or its last pause; None before it."""
        return self._back_s.get(rig)

    def send(self) -> None:
        """Send until the end or until `stop`; for a thread of its own."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for sending in self.sendings:
                with self._changed:
                    while not self._stopped and (wait_s := self._due_in_s(sending.at_s)) > 0.0:
                        self._changed.wait(wait_s)
                    if self._stopped:
                        return
                    held = sending.rig in self._paused
                    self.late_s = max(self.late_s, -self._due_in_s(sending.at_s))
                if not held:
                    sock.sendto(sending.datagram, ("127.0.0.1", self._ports[sending.rig]))
                    self._back_s.setdefault(sending.rig, self._wall())
                self.sent_s.append(None if held else self._wall())

    def stop(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _at_s(self, monotonic_s: float) -> float:
        tempo = self._tempi[max(0, bisect_right(self._tempi, monotonic_s, key=lambda tempo: tempo.monotonic_s) - 1)]
        return tempo.at_s + (monotonic_s - tempo.monotonic_s) * tempo.speed

    def _monotonic_s(self, at_s: float) -> float:
        tempo = self._tempi[max(0, bisect_right(self._tempi, at_s, key=lambda tempo: tempo.at_s) - 1)]
        return tempo.monotonic_s + (at_s - tempo.at_s) / tempo.speed

    def _due_in_s(self, at_s: float) -> float:
        return self._monotonic_s(at_s) - self._clock()


@contextmanager
def playing(
    scenario: str,
    gateway: Running,
    *,
    seed: int = 1,
    rate_hz: int = 60,
    packet_format: int = 2025,
    speed: float = 1.0,
    later: Sequence[tuple[float, float]] = (),
    rigs: int | None = None,
    first_rig: int = 0,
    long: bool = False,
    track_id: int | None = None,
    rewrite: Rewrite | None = None,
) -> Iterator[Play]:
    """A run of the simulator that is sent to the gateway's rigs until it ends or the block does.

    Args:
        scenario: A name of `app.sim.scenarios.SCENARIOS`.
        gateway: Who gets it.
        seed, rate_hz, rigs, long, track_id: As of `simulate`. A long run is encoded as a whole, too: 1 MB a second.
        packet_format: 2023 to 2026.
        speed, later: As of `Play`. A run that goes on at a quarter of its speed keeps its rigs live while a test looks.
        first_rig: Which rig of the gateway is the first one of the run.
        rewrite: Changes every datagram before the run begins.
    """
    run = simulate(scenario, seed=seed, rate_hz=rate_hz, rigs=rigs, long=long, track_id=track_id)
    play = Play(run, sendings_of(run, packet_format, rewrite), gateway.rig_ports[first_rig:], speed, later)
    thread = threading.Thread(target=play.send, name=f"play {scenario}", daemon=True)
    thread.start()
    try:
        yield play
    finally:
        play.stop()
        thread.join(5)


def sendings_of(run: Run, packet_format: int, rewrite: Rewrite | None = None) -> list[Sending]:
    """All datagrams of a run in the order in which they are sent."""
    sendings = (Sending(*sending) for sending in merged(run, packet_format))
    if rewrite is None:
        return list(sendings)
    return [sending._replace(datagram=rewrite(sending.rig, sending.datagram)) for sending in sendings]


def with_names(*names: str) -> Rewrite:
    """A rewrite that gives the cars these names, in turn: the car in slot s of rig r gets number s + r.

    A name has room for 31 bytes of UTF-8 in formats 2025 and 2026, for 48 in the older ones.
    """

    def rewrite(rig: int, datagram: bytes) -> bytes:
        if datagram[_PACKET_ID] != PARTICIPANTS:
            return datagram
        packet = decode(datagram)
        assert isinstance(packet, ParticipantsPacket)
        rows = [
            row._replace(name=names[(slot + rig) % len(names)]) if row.name else row
            for slot, row in enumerate(packet.participants)
        ]
        return encode(packet._replace(participants=rows))

    return rewrite
