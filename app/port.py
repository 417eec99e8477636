"""One UDP port and the rigs behind it [edge]: who sent a datagram decides whose it is, before it is read.

The sender that holds a rig's lease is found by its address alone. Every other one is a stranger: read only while a
rig's lease is free and the sender may take it, else counted and refused. Several rigs share a port when each has a
`source` in the settings; there a sender that is none of theirs is nobody's, and never guessed to be one's.

Strangers are kept few by the kernel's filter where there is one (`kernel`), as `strangers` says.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_network
from typing import Final

from app.ingest import kernel
from app.ingest.bucket import MOST_PER_S
from app.ingest.lease import Network
from app.ingest.strangers import EVERYTHING, Strangers
from app.ingest.udp import RigEndpoint, open_port
from app.line import Line
from app.log import Seldom
from app.metrics import Reading
from app.publish.advice import PortFigures, SenderFigures, SenderState

logger = logging.getLogger(__name__)

_ROLL_S: Final = 1.0
_OVERFLOW_TOLD_S: Final = 60.0
"""A buffer that was full is over in a moment; somebody has to have the time to read of it."""


class Port:
    """A UDP port.

    Args:
        lines: The rigs that send to it; one, or several with sources that do not overlap.
        host: Local address to listen on.
        buffer_bytes: Kernel receive buffer to ask for.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(
        self, lines: Sequence[Line], host: str, buffer_bytes: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.lines = tuple(lines)
        self._host = host
        self._buffer_bytes = buffer_bytes
        self._monotonic = monotonic
        self._endpoint: RigEndpoint | None = None
        self._holders: dict[str, Line] = {}
        self._told_holders: dict[str, str | None] = {}
        self._strangers = Strangers(monotonic())
        self._filter = b""
        self._no_filter: str | None = "the port is not open"
        self._rolled_s = monotonic()
        self._heard = [0] * len(self.lines)
        self._lines_told = {line.rig.rig_id: Seldom(60.0) for line in self.lines}
        self._dropped = 0
        self._overflow: tuple[int, float] | None = None
        self.unclaimed = 0
        """Datagrams from senders that are no rig's."""

    async def open(self) -> None:
        """Listen.

        Raises:
            PortUnavailable: The port is in use, or may not be opened.
        """
        rigs = " and ".join(line.rig.rig_id for line in self.lines)
        port = self.lines[0].rig.udp_port
        self._endpoint = await open_port(rigs, self._host, port, self.receive, self._buffer_bytes)
        for line in self.lines:
            line.endpoint = self._endpoint
        self._strangers.can_damp = True
        self._refilter()
        if self._no_filter is not None:
            logger.info("%s: %s; strangers' datagrams are refused here instead", rigs, self._no_filter)

    def close(self) -> None:
        """Stop listening, and passing on."""
        if self._endpoint is not None:
            self._endpoint.close()
        for line in self.lines:
            line.forwarder.close()

    # --- the way of a datagram -------------------------------------------------------------------------

    def receive(self, datagram: bytes, source: tuple[str, int]) -> None:
        """Take one datagram from the socket; never raises."""
        line = self._holders.get(source[0])
        if line is None:
            self._from_stranger(datagram, source)
        else:
            line.take(datagram, source)

    def _from_stranger(self, datagram: bytes, source: tuple[str, int]) -> None:
        address, now_s = source[0], self._monotonic()
        line = self._line_for(address)
        if line is not None and line.lease.open_to(address, now_s):
            line.receive(datagram, source)
            if line.lease.holder == address:
                line.heard += 1
                line.forwarder.forward(datagram)
                self._changed_hands(line)
                return
        elif line is not None:
            line.pipeline.refuse(address, now_s)
        else:
            self.unclaimed += 1
        if self._strangers.note(address):
            self._refilter()

    def _line_for(self, address: str) -> Line | None:
        """The rig that a stranger may be, or is refused by; None on a port of several where it is no rig's."""
        if len(self.lines) == 1:
            return self.lines[0]
        return next((line for line in self.lines if line.lease.allows(address)), None)

    def _changed_hands(self, line: Line) -> None:
        """Another sender holds a rig's lease, or nobody does any more."""
        rig, holder, before = line.rig.rig_id, line.lease.holder, self._told_holders.get(line.rig.rig_id)
        if holder is not None:
            self._strangers.forget(holder)
            if holder != before:
                logger.info("%s has a sender", rig, extra={"rig": rig, "address": holder, "before": before})
        self._told_holders[rig] = holder
        self._holders = {each.lease.holder: each for each in self.lines if each.lease.holder is not None}
        self._refilter()

    # --- commands ---------------------------------------------------------------------------------------

    def rebind(self, line: Line) -> None:
        """Forget who holds the rig's lease: the next valid sender that may have it takes it."""
        line.lease.pin(line.rig.source)
        line.lease.forget()
        self._changed_hands(line)

    def claim(self, line: Line, address: str) -> None:
        """From now on only this address may be the rig."""
        line.lease.pin([ip_network(address)])
        self._changed_hands(line)

    # --- four times a second ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Measure who sends how much, tell of second senders, and let the kernel's filter follow."""
        now_s = self._monotonic()
        elapsed_s = now_s - self._rolled_s
        if elapsed_s < _ROLL_S:
            return
        self._rolled_s = now_s
        self._look_for_overflow(now_s, elapsed_s)
        self._strangers.roll(now_s)
        for number, line in enumerate(self.lines):
            line.heard_per_s = (line.heard - self._heard[number]) / elapsed_s
            self._heard[number] = line.heard
        self._tell(now_s)
        self._refilter()
        self._dropped = self._kernel_dropped()  # what is filtered out by the filter before must not count for the next

    def _look_for_overflow(self, now_s: float, elapsed_s: float) -> None:
        """While nothing was filtered out, all that the kernel dropped found no room in the buffer.

        A flood in a rig's name fills it too; that is told by the rig's pipeline, and has another remedy.
        """
        dropped = self._kernel_dropped() - self._dropped
        heard = sum(line.heard for line in self.lines) - sum(self._heard)
        is_flood = dropped + heard > MOST_PER_S * len(self.lines) * elapsed_s
        if dropped > 0 and not is_flood and self._strangers.shares == EVERYTHING:  # which rise only after this
            self._overflow = dropped, now_s

    def _kernel_dropped(self) -> int:
        return (self._endpoint.dropped if self._endpoint is not None else None) or 0

    def _tell(self, now_s: float) -> None:
        for stranger in reversed(self._strangers.listed()):  # the loudest last: it is the one that is told
            line = self._line_for(stranger.address)
            if line is not None and stranger.per_s > 0 and line.lease.intruder(now_s) is not None:
                line.lease.refuse(stranger.address, now_s, stranger.per_s)
        for line in self.lines:
            rig = line.rig.rig_id
            if line.lease.intruder(now_s) and self._lines_told[rig].admit(now_s) is not None:
                logger.warning("%s", line.pipeline.problem)

    def _refilter(self) -> None:
        """Give the kernel the filter that fits; a no-op when it has it already."""
        if self._endpoint is None or not self._strangers.can_damp:
            return
        filter_program = kernel.program(self._rigs(self._monotonic()), self._strangers.shares)
        if filter_program != self._filter:
            self._filter = filter_program
            self._no_filter = self._endpoint.filter(filter_program)
            self._strangers.can_damp = self._no_filter is None

    def _rigs(self, now_s: float) -> Iterator[Network]:
        for line in self.lines:
            holder = line.lease.holder
            if holder is not None:
                yield ip_network(holder)
            if not line.lease.is_held(now_s):
                yield from line.lease.allowed

    # --- what it says of itself -------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """What the operator should do about senders that are no rig's, and about datagrams that found no room."""
        return [sentence for sentence in (self._unclaimed(), self._overflown()) if sentence is not None]

    def _overflown(self) -> str | None:
        if self._overflow is None or self._monotonic() - self._overflow[1] > _OVERFLOW_TOLD_S:
            return None
        return (
            f"UDP port {self.number} lost {self._overflow[0]} datagrams, since the kernel's buffer was full: close"
            " other programs on this host, and let it grant UDP_RECEIVE_BUFFER_BYTES (on Linux by net.core.rmem_max)"
        )

    def _unclaimed(self) -> str | None:
        nobodys = [each for each in self._strangers.listed() if each.per_s > 0 and not self._line_for(each.address)]
        if not nobodys:
            return None
        who = f"{nobodys[0].address} ({nobodys[0].per_s:.0f} datagrams/s)"
        more = f" and {len(nobodys) - 1} more" if len(nobodys) > 1 else ""
        return (
            f"UDP port {self.number} hears {who}{more}, unclaimed by any rig: put its address into the source of the"
            " rig that it is, or stop that sender"
        )

    @property
    def number(self) -> int:
        """The port; the configured one while closed."""
        return self.lines[0].port

    def figures(self) -> PortFigures:
        """The port, as its operator sees it."""
        shares = self._strangers.shares
        return PortFigures(
            port=self.number,
            rig_ids=[line.rig.rig_id for line in self.lines],
            no_filter=self._no_filter,
            least_share=min(shares.of_loud, shares.of_others),
            kernel_dropped=None if self._endpoint is None else self._endpoint.dropped,
            senders_unlisted=self._strangers.unlisted,
        )

    def senders(self) -> Iterator[SenderFigures]:
        """Everybody who sends to it: the rigs first, then the loudest."""
        now_s = self._monotonic()
        for line in self.lines:
            if line.lease.holder is not None:
                silent_s = line.lease.silent_s(now_s)
                yield SenderFigures(
                    self.number, line.rig.rig_id, line.lease.holder, "accepted", line.heard_per_s, silent_s
                )
        for address, per_s, heard_s in self._strangers.listed():
            owner = self._line_for(address)
            refused = owner is not None and not owner.lease.open_to(address, now_s)
            rig_id = owner.rig.rig_id if owner is not None and refused else None
            state: SenderState = "refused" if refused else "unclaimed"
            yield SenderFigures(self.number, rig_id, address, state, per_s, now_s - heard_s)

    def readings(self) -> Iterator[Reading]:
        """The port's numbers for Prometheus."""
        shares = self._strangers.shares
        for line in self.lines:
            rig = (line.rig.rig_id,)
            yield "f1_ingest_source_filter", rig, float(self._no_filter is None)
            yield "f1_ingest_source_filter_share", rig, min(shares.of_loud, shares.of_others)
        if len(self.lines) > 1:
            yield "f1_ingest_unclaimed", (str(self.number),), self.unclaimed


def ports_of(lines: Sequence[Line], host: str, buffer_bytes: int) -> list[Port]:
    """One port for all rigs that send to it; a rig with port 0 has a free one of its own."""
    by_port: dict[object, list[Line]] = {}
    for line in lines:
        by_port.setdefault(line.rig.udp_port or line.rig.rig_id, []).append(line)
    return [Port(group, host, buffer_bytes) for group in by_port.values()]
