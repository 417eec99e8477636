"""What a bad network does to a stream: loss, duplication, reordering, truncation, jitter. Pure and seeded.

Takes and gives (at_s, datagram) in order of time. Neighbours change places inside one burst, as seen on a console over
LAN; late packets, which have not been seen but are possible, arrive bursts later.
"""

from __future__ import annotations

import heapq
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BURST_S: Final = 0.004  # datagrams closer than this belong to one frame; frames are 16 ms apart


class Impairment(NamedTuple):
    """How bad the network is; all but the last two are probabilities per datagram.

    Attributes:
        loss: The datagram never arrives.
        duplicate: It arrives twice.
        reorder: It changes places with the next one of its frame.
        late: It arrives `late_s` later, after datagrams of later frames.
        truncate: It arrives cut short.
        jitter_s: Each burst is delayed by up to this; order is kept.
        late_s: See `late`.
    """

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    late: float = 0.0
    truncate: float = 0.0
    jitter_s: float = 0.0
    late_s: float = 0.12


def impair(
    stream: Iterable[tuple[float, bytes]], impairment: Impairment, seed: int | str = 1
) -> Iterator[tuple[float, bytes]]:
    """The stream as it arrives; times never go back.

    Args:
        stream: What was sent, in order of time.
        impairment: What may happen to it.
        seed: Decides what does happen.
    """
    machine = ImpairmentMachine(impairment, seed)
    for at_s, datagram in stream:
        yield from machine.feed(at_s, datagram)
    yield from machine.flush()


class ImpairmentMachine:
    """`impair` for a stream that is not known in advance: feed what comes, send what it returns."""

    def __init__(self, impairment: Impairment, seed: int | str = 1) -> None:
        self._with = impairment
        self._rng = Random(f"impairment/{seed}")
        self._burst: list[bytes] = []
        self._burst_s = 0.0
        self._arrived_s = 0.0
        self._late: list[tuple[float, int, bytes]] = []
        self._count = 0

    def feed(self, at_s: float, datagram: bytes) -> list[tuple[float, bytes]]:
        """What arrives no later than this new datagram's burst begins."""
        out: list[tuple[float, bytes]] = []
        if self._burst and at_s - self._burst_s > _BURST_S:
            out = self._close()
        if not self._burst:
            self._burst_s = at_s
        self._burst.append(datagram)
        return out

    def flush_burst(self) -> list[tuple[float, bytes]]:
        """What arrives if nothing more belongs to the burst being collected."""
        return self._close() if self._burst else []

    def due_s(self) -> float | None:
        """When the burst being collected is complete; None if there is none."""
        return self._burst_s + _BURST_S if self._burst else None

    def flush(self) -> list[tuple[float, bytes]]:
        """All that is still under way."""
        out = self.flush_burst()
        while self._late:
            out.append(self._at(heapq.heappop(self._late)))
        return out

    def _close(self) -> list[tuple[float, bytes]]:
        """The burst as it arrives, and the late ones that are due before it."""
        bad, rng = self._with, self._rng
        arrived_s = max(self._arrived_s, self._burst_s + rng.random() * bad.jitter_s)
        out: list[tuple[float, bytes]] = []
        while self._late and self._late[0][0] <= arrived_s:
            out.append(self._at(heapq.heappop(self._late)))
        self._arrived_s = arrived_s
        for datagram in self._shuffled():
            lost, twice = rng.random() < bad.loss, rng.random() < bad.duplicate
            for _ in range(0 if lost else 2 if twice else 1):
                if rng.random() < bad.late:
                    self._count += 1
                    heapq.heappush(self._late, (arrived_s + bad.late_s, self._count, datagram))
                else:
                    out.append((arrived_s, self._cut(datagram)))
        self._burst = []
        return out

    def _shuffled(self) -> list[bytes]:
        burst, index = self._burst, 0
        while index < len(burst) - 1:
            if self._rng.random() < self._with.reorder:
                burst[index], burst[index + 1] = burst[index + 1], burst[index]
                index += 1
            index += 1
        return burst

    def _cut(self, datagram: bytes) -> bytes:
        if self._rng.random() < self._with.truncate:
            return datagram[: self._rng.randrange(len(datagram))]
        return datagram

    def _at(self, late: tuple[float, int, bytes]) -> tuple[float, bytes]:
        self._arrived_s = max(self._arrived_s, late[0])
        return self._arrived_s, self._cut(late[2])
