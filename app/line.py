"""One rig behind its port [edge]: what it may send is recorded, passed on and read; and it is asked how it is.

Which datagrams are the rig's is the port's business (`port`), what is done with them the pipeline's; who builds a line
is `main`'s.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.bus import Bus
from app.ingest.bucket import Bucket
from app.ingest.forwarder import TARGETS, Forwarder
from app.ingest.layouts import PACKET_NAMES
from app.ingest.lease import Lease
from app.ingest.recorder import Recorder
from app.ingest.udp import Receive, RigEndpoint
from app.metrics import Reading
from app.normalize.events import Event
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline
from app.publish.advice import Link, PacketFigures, RigFigures
from app.publish.frames import RigCard
from app.publish.health import RigHealth
from app.settings import RigSettings, Settings


class Line:
    """One rig.

    Args:
        rig: Its settings.
        bus: Where its events go.
        settings: All settings.
        recorder: Keeps its datagrams; None records nothing.
        forwarder: Passes its datagrams on.
    """

    def __init__(
        self, rig: RigSettings, bus: Bus[Event], settings: Settings, recorder: Recorder | None, forwarder: Forwarder
    ) -> None:
        self.rig = rig
        identity = RigIdentity(rig.rig_id, rig.device_id, rig.driver_name, rig.individual_id)
        self.lease = Lease(rig.source)
        self.pipeline = RigPipeline(identity, bus, settings.stale_after_s, lease=self.lease)
        receive = self.pipeline.receive
        self.receive = receive if recorder is None else _recorded(recorder, rig.rig_id, receive)
        """Reads one datagram that may be the rig's."""
        self.forwarder = forwarder
        self._bucket = Bucket(settings.udp_max_datagrams_per_s, time.monotonic)
        self.heard = 0
        """Datagrams from the address that holds the rig's lease."""
        self.heard_per_s = 0.0
        self.endpoint: RigEndpoint | None = None
        """The port that it is heard on, while that is open."""

    def take(self, datagram: bytes, source: tuple[str, int]) -> None:
        """Take one datagram of the sender that holds the rig's lease."""
        self.heard += 1
        if not self._bucket.take():
            self.pipeline.overflow()
            return
        if self.forwarder.targets:
            self.forwarder.forward(datagram)
        self.receive(datagram, source)

    @property
    def card(self) -> RigCard:
        """What a client is told of the rig."""
        return RigCard(self.rig.rig_id, self.rig.udp_port, self.rig.device_id, self.rig.driver_name)

    @property
    def port(self) -> int:
        """The port it listens on; the configured one while closed."""
        return self.endpoint.port if self.endpoint is not None else self.rig.udp_port

    def health(self) -> RigHealth:
        """The rig, as `/health` shows it."""
        pipeline = self.pipeline
        return RigHealth(
            rig_id=self.rig.rig_id,
            port=self.port,
            driver=self.rig.driver_name,
            packets_received=pipeline.packets_received,
            packets_rejected=pipeline.rejected.total(),
            packets_per_s=pipeline.packets_per_s(),
            last_packet_time=pipeline.last_packet_at,
            active=pipeline.active,
            session_uid=pipeline.normalizer.session_uid,
        )

    def figures(self) -> RigFigures:
        """The rig, as its operator sees it."""
        pipeline, state, silent_s = self.pipeline, self.pipeline.session_state, self.pipeline.silent_s
        link: Link = "never" if silent_s is None else "live" if pipeline.active else "stale"
        return RigFigures(
            rig_id=self.rig.rig_id,
            driver_name=self.rig.driver_name or (None if state is None else state.driver_name),
            device_id=self.rig.device_id,
            link=link,
            port=self.port,
            source_address=pipeline.source_address,
            packet_format=pipeline.packet_format,
            game_year=pipeline.game_year,
            game_version=pipeline.game_version,
            session_type=None if state is None else state.session_type,
            mode=None if state is None else state.mode,
            telemetry_public=None if state is None else state.telemetry_public,
            last_packet_age_s=silent_s,
            packets_per_s=pipeline.packets_per_s(),
            packets_received=pipeline.packets_received,
            rejected=pipeline.rejected,
            ignored=pipeline.normalizer.ignored,
            send_rate_hz=pipeline.link.send_rate_hz,
            loss_ratio=pipeline.link.loss_ratio,
            receive_buffer_bytes=None if self.endpoint is None else self.endpoint.receive_buffer_bytes,
            packets=[PacketFigures(*row) for row in pipeline.traffic()],
            problem=pipeline.problem,
            jump_s=pipeline.jump_s,
        )

    def readings(self) -> Iterator[Reading]:
        """The rig's numbers for Prometheus."""
        rig, pipeline = self.rig.rig_id, self.pipeline
        yield "f1_packets_received", (rig,), pipeline.packets_received
        for packet_id, name in PACKET_NAMES.items():
            yield "f1_ingest_packets", (rig, name), pipeline.packets[packet_id]
        for reason, count in pipeline.rejected.items():
            yield "f1_ingest_rejected", (rig, reason), count
        if pipeline.silent_s is not None:
            yield "f1_ingest_last_packet_age_seconds", (rig,), pipeline.silent_s
        if pipeline.link.loss_ratio is not None:
            yield "f1_ingest_loss_ratio", (rig,), pipeline.link.loss_ratio
        if pipeline.link.send_rate_hz is not None:
            yield "f1_ingest_send_rate_hz", (rig,), pipeline.link.send_rate_hz
        if self.endpoint is not None:
            yield "f1_ingest_socket_errors", (rig,), self.endpoint.socket_errors
            yield "f1_ingest_receive_buffer_bytes", (rig,), self.endpoint.receive_buffer_bytes
            if (dropped := self.endpoint.dropped) is not None:
                yield "f1_ingest_kernel_dropped", (rig,), dropped
        for target, forwarded, lost in zip(TARGETS, self.forwarder.forwarded, self.forwarder.dropped, strict=False):
            yield "f1_ingest_forwarded", (rig, target), forwarded
            yield "f1_ingest_forward_dropped", (rig, target), lost
        for kind, count in pipeline.events.items():
            yield "f1_normalize_events", (rig, kind), count
        normalizer = pipeline.normalizer
        for reason, count in normalizer.ignored.items():
            yield "f1_normalize_ignored", (rig, reason), count
        for table, count in normalizer.unknown.items():
            yield "f1_normalize_unknown", (rig, table), count
        for kind, count in normalizer.implausible.items():
            yield "f1_normalize_implausible", (rig, kind), count
        yield "f1_normalize_jumps", (rig,), normalizer.jumps
        yield "f1_normalize_session_active", (rig,), float(normalizer.session_uid is not None)
        yield "f1_normalize_driving", (rig,), float(pipeline.driving)


def _recorded(recorder: Recorder, rig_id: str, receive: Receive) -> Receive:
    """`receive`, with every datagram recorded first."""

    def record_and_receive(datagram: bytes, source: tuple[str, int]) -> None:
        recorder.record(rig_id, datagram, source, time.time())
        receive(datagram, source)

    return record_and_receive
