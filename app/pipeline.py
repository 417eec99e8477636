"""The path of a datagram: decode → normalise → publish, in one synchronous call per rig.

Nothing here waits, so nothing here needs a queue. A datagram that cannot be read is counted by reason; a
fault of ours while reading one is counted and logged as `internal`, and the show goes on.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

from app.errors import DecodeError, UnsupportedFormat
from app.ingest.bucket import MOST_PER_S
from app.ingest.decoder import decode
from app.ingest.header import PacketHeader
from app.ingest.layouts import FORMATS, PACKET_NAMES
from app.ingest.lease import Lease
from app.ingest.linkmeter import CAR_TELEMETRY, LinkMeter, Traffic, expected_hz
from app.log import Seldom
from app.normalize.events import Event, SessionState
from app.normalize.minting import RigIdentity
from app.normalize.normalizer import Normalizer

logger = logging.getLogger(__name__)

REJECT_REASONS: Final = ("wrong_length", "unknown_packet", "unknown_format", "other_sender", "flood", "internal")

_TOLD_S: Final = 10.0
"""A format that cannot be read is a problem for so long after it was last seen."""


_JUMP_TOLD_S: Final = 60.0
"""A forged datagram is over in a moment; somebody has to have the time to read of it."""


class EventSink(Protocol):
    """Where events go."""

    def publish(self, items: list[Event]) -> None:
        """Take over events; never waits."""


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class RigPipeline:
    """One rig's datagrams, from socket to bus.

    Args:
        identity: What is configured about the rig.
        sink: The bus.
        stale_after_s: A rig that sends nothing for so long is silent.
        lease: Who may speak as the rig.
        wall: UTC now; stamped on every event of the datagram.
        monotonic: Seconds on a clock that does not jump; silence is measured on it.
    """

    def __init__(
        self,
        identity: RigIdentity,
        sink: EventSink,
        stale_after_s: float,
        wall: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        lease: Lease | None = None,
    ) -> None:
        self.identity = identity
        self._sink = sink
        self._stale_after_s = stale_after_s
        self._wall = wall
        self._monotonic = monotonic
        self.normalizer = Normalizer(identity)
        self.packets: Counter[int] = Counter()
        """Valid datagrams by packet id."""
        self.rejected: Counter[str] = Counter(dict.fromkeys(REJECT_REASONS, 0))
        """Datagrams that are not the game's, by reason."""
        self.events: Counter[str] = Counter()
        """Events published, by kind."""
        self.lease = lease or Lease()
        """Who may speak as the rig."""
        self.link = LinkMeter()
        """How much of what the game sends arrives."""
        self.session_state: SessionState | None = None
        """What was told last of the rig's session, or menu."""
        self._last_header: PacketHeader | None = None
        self._foreign_format: int | None = None
        self._foreign_s = 0.0
        self._flood_s: float | None = None
        self.last_packet_at: datetime | None = None
        self._last_s: float | None = None
        self._recent: deque[float] = deque(maxlen=4096)
        self._fault_lines = Seldom()
        self._format_lines = Seldom(60.0)

    @property
    def packets_received(self) -> int:
        """Valid datagrams so far."""
        return self.packets.total()

    @property
    def silent_s(self) -> float | None:
        """Seconds since the last valid datagram; None before the first."""
        return None if self._last_s is None else self._monotonic() - self._last_s

    @property
    def source_address(self) -> str | None:
        """Who sent the last valid datagram; None before the first."""
        return self.lease.holder

    @property
    def packet_format(self) -> int | None:
        """Of the last valid datagram; None before the first."""
        return None if self._last_header is None else self._last_header.packet_format

    @property
    def game_year(self) -> int | None:
        """Last two digits, of the last valid datagram; 0 from F1 25 set to format 2023. None before the first."""
        return None if self._last_header is None else self._last_header.game_year

    @property
    def game_version(self) -> str | None:
        """Build of the game that sent the last valid datagram, as `1.18`; None before the first."""
        header = self._last_header
        return None if header is None else f"{header.game_major_version}.{header.game_minor_version:02d}"

    @property
    def active(self) -> bool:
        """Whether valid datagrams arrive."""
        silent_s = self.silent_s
        return silent_s is not None and silent_s < self._stale_after_s

    @property
    def driving(self) -> bool:
        """Whether the rig's last word is that its own car drives; it stays so while a rig is silent in a session."""
        state, header = self.session_state, self._last_header
        if state is None or header is None or header.session_uid == 0:  # its last datagram came out of a menu
            return False
        in_session = self.normalizer.session_uid is not None and self.normalizer.session_uid == state.session_uid
        return in_session and state.mode == "driving" and not state.game_paused

    @property
    def jump_s(self) -> float | None:
        """How far the session clock of a datagram was off within the last minute; None when none was."""
        jump = self.normalizer.last_jump
        if jump is None or (self._wall() - jump[1]).total_seconds() > _JUMP_TOLD_S:
            return None
        return jump[0]

    def packets_per_s(self) -> int:
        """Valid datagrams in the last second."""
        since = self._monotonic() - 1.0
        while self._recent and self._recent[0] < since:
            self._recent.popleft()
        return len(self._recent)

    def receive(self, datagram: bytes, source: tuple[str, int]) -> None:
        """Take one datagram from the socket; never raises."""
        try:
            packet = decode(datagram)
        except DecodeError as error:
            self._reject(error)
            return
        header = packet.header
        now_s, received_at = self._monotonic(), self._wall()
        if not self.lease.admit(source[0], now_s):
            self.rejected["other_sender"] += 1
            return
        try:
            told = self._online(now_s, received_at, source)
            self._last_s, self.last_packet_at = now_s, received_at
            self._recent.append(now_s)
            self._last_header = header
            self._foreign_format = None
            told += self.normalizer.feed(packet, received_at)
            self._publish(told)
            self.packets[header.packet_id] += 1
            if header.packet_id == CAR_TELEMETRY:
                self.link.note((header, now_s))
        except Exception:
            # A fault of ours must not end the other rig's show; it is counted, logged, and seen in /health.
            self.rejected["internal"] += 1
            if (held := self._fault_lines.admit(self._monotonic())) is not None:
                name = PACKET_NAMES[header.packet_id]
                logger.exception("%s: a %s packet could not be used (%d more since)", self._rig, name, held)

    def refuse(self, address: str, now_s: float) -> None:
        """Count a datagram of a sender that may not speak as the rig, without looking into it."""
        self.rejected["other_sender"] += 1
        self.lease.refuse(address, now_s)

    def overflow(self) -> None:
        """Count a datagram above what a rig may send, without looking into it."""
        self.rejected["flood"] += 1
        self._flood_s = self._monotonic()

    def traffic(self) -> list[Traffic]:
        """Every packet type that the rig's format has: how often it should come, and how often it does."""
        expected: dict[int, float] = {}
        state, packet_format = self.session_state, self.packet_format
        if state is not None and state.mode != "menu" and packet_format and self.normalizer.session_uid is not None:
            own_car = state.mode == "driving"
            expected = expected_hz(packet_format, self.link.send_rate_hz, state.session_type, own_car=own_car)
        return self.link.traffic(self.packets, expected, packet_format)

    def tick(self) -> None:
        """Called four times a second: measure the link, and tell when the rig has fallen silent."""
        self.link.tick(self._monotonic(), self.packets, self.normalizer.session_uid)
        silent_s = self.silent_s
        if silent_s is not None and self.last_packet_at is not None and silent_s >= self._stale_after_s:
            self._publish(self.normalizer.quiet(silent_s, self.last_packet_at, self._wall()))

    @property
    def _rig(self) -> str:
        return self.identity.rig_id

    def _online(self, now_s: float, received_at: datetime, source: tuple[str, int]) -> list[Event]:
        silent_s = None if self._last_s is None else now_s - self._last_s
        if silent_s is not None and silent_s < self._stale_after_s:
            return []
        return self.normalizer.rig_online(received_at, source[0], silent_s)

    def _publish(self, told: list[Event]) -> None:
        if told:
            for event in told:
                self.events[type(event).__name__] += 1
                if type(event) is SessionState:  # isinstance is slow where it fails: pydantic's metaclass answers
                    self.session_state = event
            self._sink.publish(told)

    def _reject(self, error: DecodeError) -> None:
        self.rejected[error.reason] += 1
        if isinstance(error, UnsupportedFormat) and 2000 <= error.packet_format <= 2100:
            self._foreign_format, self._foreign_s = error.packet_format, self._monotonic()
            if self._format_lines.admit(self._monotonic()) is not None:
                logger.warning("%s", self.problem)

    @property
    def problem(self) -> str | None:
        """One sentence for the operator, with the remedy; None when all is well."""
        now_s = self._monotonic()
        if self._foreign_format is not None and now_s - self._foreign_s < _TOLD_S:
            readable = ", ".join(str(year) for year in sorted(FORMATS))
            return f"{self._rig} sends format {self._foreign_format}: set UDP Format to 2025 (read are {readable})"
        if self._flood_s is not None and now_s - self._flood_s < _TOLD_S:
            return (
                f"{self._rig} gets more datagrams from {self.lease.holder} than a game sends: another program sends"
                " with its address, so find and stop it"
            )
        intruder = self.lease.intruder(now_s)
        return None if intruder is None else self._two_senders(intruder)

    def _two_senders(self, intruder: str) -> str:
        per_s, holder = self.lease.other_per_s, self.lease.holder
        rate = "" if per_s is None else f" ({_about(per_s)} datagrams/s, refused)"
        if per_s is not None and per_s > MOST_PER_S:
            return f"{self._rig}'s port is flooded by {intruder}{rate}: find that machine and take it off the network"
        if holder is None:
            return (
                f"{self._rig} hears {intruder}{rate}, which is none of its addresses: set its source right, rebind it,"
                " or stop that sender"
            )
        return f"{self._rig} hears {holder} and {intruder}{rate}: give each game a port of its own"


def _about(per_s: float) -> str:
    """A rate in two digits, in groups of three: it is measured on a share."""
    digits = max(0, len(str(round(per_s))) - 2)
    return f"{round(per_s, -digits):,.0f}".replace(",", " ")
