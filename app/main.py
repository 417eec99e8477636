"""The composition root: builds every part, wires them, starts and stops them. `uvicorn app.main:app`.

Nobody else constructs. Data walks one way: rig ports → pipelines → bus → live view → hub → clients.
Shutdown walks the same way: close the ports, close the bus, let the live view drain, close the clients.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.addresses import HostAddresses
from app.bus import Bus
from app.datacloud.config import cloud_config
from app.datacloud.status import OFF
from app.duel.referee import Referee
from app.errors import OutboxUnavailable, PortUnavailable
from app.history.day import Calendar
from app.history.historian import Historian
from app.history.store import Store
from app.ingest.layouts import PACKET_NAMES
from app.ingest.recorder import Recorder
from app.ingest.rotation import MIB, Limits
from app.ingest.udp import Receive as ReceiveDatagram
from app.ingest.udp import RigEndpoint, open_port
from app.log import configure
from app.metrics import Distributions, GatewayCollector, Reading
from app.normalize.events import Event
from app.normalize.minting import RigIdentity
from app.pipeline import RigPipeline, utc_now
from app.publish.advice import ClientFigures, GatewayFigures, Link, PacketFigures, QueueFigures, RigFigures
from app.publish.connections import ConnectionsMiddleware
from app.publish.day_routes import add_day_routes
from app.publish.frames import Display, RigCard
from app.publish.headers import SecurityHeaders
from app.publish.health import RigHealth
from app.publish.hub import Hub
from app.publish.live import LiveView
from app.publish.ops_routes import add_ops_routes
from app.publish.routes import add_routes
from app.settings import BadSettings, RigSettings, Settings, load_settings, unknown_keys
from app.supervisor import Supervisor
from app.uplink import Uplink

logger = logging.getLogger(__name__)

WEB: Final = Path(__file__).resolve().parent.parent / "web"
_TICK_S: Final = 0.25
"""How often silence is looked for and the loop's lag measured."""
_LAGS_KEPT: Final = round(60 / _TICK_S)
"""A minute of them."""
_DRAIN_S: Final = 2.0
"""How long stages may take to finish what is on the bus."""


class Gateway:
    """The running gateway: everything that is built from one set of settings.

    Raises:
        BadSettings: Data Cloud is enabled and its settings cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._bus: Bus[Event] = Bus()
        self._recorder = _recorder(settings)
        self._lines = [_Line(rig, self._bus, settings, self._recorder) for rig in settings.rigs]
        self.registry = CollectorRegistry()
        for process_wide in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(process_wide)
        self._distributions = Distributions(self.registry)
        self.display = Display(
            settings.display_event_name or None, settings.display_speed_unit, settings.display_temperature_unit
        )
        self._live = LiveView(
            rigs=[(line.card, line.rig.individual_id, line.pipeline) for line in self._lines],
            bus=self._bus,
            rate_hz=settings.live_rate_hz,
            stale_after_s=settings.stale_after_s,
            version=__version__,
            wall=utc_now,
            distributions=self._distributions,
            display=self.display,
        )
        self._referee = Referee([rig.rig_id for rig in settings.rigs], self._bus)
        self._uplink = Uplink(settings, cloud_config(settings), self._bus) if settings.datacloud_enabled else None
        self.history = Historian(
            [rig.rig_id for rig in settings.rigs],
            self._bus,
            Store(Path(settings.history_path), settings.history_max_mb * MIB),
            settings.history_keep_days,
            Calendar(settings.day_starts_at_hour),
            utc_now,
        )
        self.hub = Hub(self._live)
        self._addresses = HostAddresses(settings.udp_host)
        self._lags_s: deque[float] = deque(maxlen=_LAGS_KEPT)
        self._began_s = time.monotonic()
        self.died = False
        self._supervisor = Supervisor(on_death=self._end_process)
        self._running = False
        self.registry.register(GatewayCollector(self._readings))

    # --- life ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the outbox and the rigs' ports, and start the stages.

        Raises:
            OutboxUnavailable: The outbox cannot be used.
            PortUnavailable: A rig's port is taken; what was opened before is closed again.
        """
        if self._uplink is not None:
            self._uplink.open()
        self.history.open()
        try:
            for line in self._lines:
                await line.open()
            if self._recorder is not None:
                self._recorder.start()
        except BaseException:
            self._close_ports()
            await self.history.close()
            if self._uplink is not None:
                await self._uplink.close()
            raise
        self._running = True
        self._supervisor.start("live", self._live.run(self.hub))
        self._supervisor.start("referee", self._referee.run())
        self._supervisor.start("history", self.history.run())
        if self._uplink is not None:
            self._uplink.start(self._supervisor)
        self._supervisor.start("clock", self._clock())
        gc.collect()
        gc.freeze()  # what start-up made lives for good: no later collection need look at it
        for line in self._lines:
            logger.info("%s listens on UDP %d", line.rig.rig_id, line.port)

    async def stop(self) -> None:
        """Close the inlets, drain, close the clients; the outbox closes last."""
        self._running = False
        self._close_ports()
        self._referee.close()
        await self._supervisor.drain("referee", _DRAIN_S)
        self._bus.close()
        if self._uplink is not None:
            await self._uplink.stop(self._supervisor)
        await self._supervisor.stop(_DRAIN_S)
        await self.history.close()
        if self._recorder is not None:
            await asyncio.to_thread(self._recorder.stop)
        await self.hub.close()
        if self._uplink is not None:
            await self._uplink.close()

    def _close_ports(self) -> None:
        for line in self._lines:
            line.close()

    async def _clock(self) -> None:
        """Look for rigs that fell silent, and measure how late the loop wakes us, until the bus closes."""
        due_s = time.monotonic() + _TICK_S
        while self._running:
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            now_s = time.monotonic()
            self._lags_s.append(max(0.0, now_s - due_s))
            self._distributions.loop_lag_s.observe(self._lags_s[-1])
            due_s = now_s + _TICK_S
            for line in self._lines:
                line.pipeline.tick()
            if self._uplink is not None:
                self._uplink.tick()

    def _end_process(self, stage: str) -> None:
        """A dead stage ends the process the way an operator would: uvicorn closes down in order."""
        self.died = True
        signal.raise_signal(signal.SIGTERM)

    # --- what it says of itself (publish.health.Health) ------------------------------------------------

    def rigs(self) -> Sequence[RigHealth]:
        """Every configured rig."""
        return [line.health() for line in self._lines]

    def stages(self) -> Mapping[str, bool]:
        """Every stage by name, and whether it runs."""
        return self._supervisor.stages()

    def problems(self) -> Sequence[str]:
        """One sentence for each thing that the operator can mend, with its remedy."""
        sentences = [line.pipeline.problem for line in self._lines]
        if self._recorder is not None and self._recorder.problem is not None:
            sentences.append(f"Nothing is recorded: {self._recorder.problem}")
        found = [sentence for sentence in sentences if sentence is not None]
        found += self._referee.problems() + self.history.problems()
        return found + (self._uplink.problems() if self._uplink is not None else [])

    # Any: JSON.
    def cloud(self) -> Mapping[str, Any]:
        """How it stands with Data Cloud."""
        return OFF if self._uplink is None else self._uplink.body()

    def queue_size(self) -> int:
        """Events waiting on the bus."""
        return sum(subscription.waiting for subscription in self._bus.subscriptions)

    # --- what it shows its operator (publish.ops.Ops) ---------------------------------------------------

    def gateway_figures(self) -> GatewayFigures:
        """The gateway itself."""
        now_s, local = time.monotonic(), utc_now().astimezone().utcoffset()
        return GatewayFigures(
            now=utc_now(),
            version=__version__,
            uptime_s=now_s - self._began_s,
            host_name=socket.gethostname(),
            addresses=self._addresses.current(now_s),
            http_port=self.settings.port,
            stages=self.stages(),
            problems=self.problems(),
            wanted_buffer_bytes=self.settings.udp_receive_buffer_bytes,
            live_rate_hz=self.settings.live_rate_hz,
            clients_cut=self.hub.clients_cut,
            clients_refused=self.hub.clients_refused,
            loop_lag_ms=1000 * self._lags_s[-1] if self._lags_s else None,
            worst_loop_lag_ms=1000 * max(self._lags_s) if self._lags_s else None,
            cloud_offset_s=None if self._uplink is None else self._uplink.cloud.state().clock_offset_s,
            utc_offset_s=None if local is None else local.total_seconds(),
        )

    def rig_figures(self) -> Sequence[RigFigures]:
        """Every configured rig, in order."""
        return [line.figures() for line in self._lines]

    def queue_figures(self) -> Sequence[QueueFigures]:
        """Every subscriber of the bus."""
        return [
            QueueFigures(each.name, each.waiting, each.delivered, each.dropped, each.conflated)
            for each in self._bus.subscriptions
        ]

    def client_figures(self) -> Sequence[ClientFigures]:
        """Every connected dashboard."""
        return [ClientFigures(*view) for view in self.hub.client_views()]

    def _readings(self) -> Iterator[Reading]:
        yield "f1_event_queue_size", (), self.queue_size()
        if self._uplink is not None:
            yield from self._uplink.readings()
        else:
            yield "f1_datacloud_uploaded", (), 0
            yield "f1_datacloud_failed", (), 0
        for line in self._lines:
            yield from line.readings()
        for subscription in self._bus.subscriptions:
            name = (subscription.name,)
            yield "f1_bus_delivered", name, subscription.delivered
            yield "f1_bus_dropped", name, subscription.dropped
            yield "f1_bus_conflated", name, subscription.conflated
            yield "f1_bus_waiting", name, subscription.waiting
        yield "f1_publish_clients", (), self.hub.clients
        yield "f1_publish_clients_cut", (), self.hub.clients_cut
        yield "f1_publish_clients_overflowed", (), self.hub.clients_overflowed
        yield "f1_publish_clients_refused", (), self.hub.clients_refused
        yield "f1_publish_states_sent", (), self.hub.states_sent
        yield "f1_publish_states_skipped", (), self.hub.states_skipped
        yield "f1_publish_facts_sent", (), self.hub.facts_sent
        if self._recorder is not None:
            yield "f1_ingest_recorded", (), self._recorder.written
            yield "f1_ingest_record_dropped", (), self._recorder.dropped
            yield "f1_ingest_record_failed", (), self._recorder.failed
        yield from self.history.readings()
        yield from self._live.readings()
        yield from self._supervisor.readings()


class _Line:
    """One rig's port and pipeline."""

    def __init__(self, rig: RigSettings, bus: Bus[Event], settings: Settings, recorder: Recorder | None) -> None:
        self.rig = rig
        self._host = settings.udp_host
        self._buffer_bytes = settings.udp_receive_buffer_bytes
        identity = RigIdentity(rig.rig_id, rig.device_id, rig.driver_name, rig.individual_id)
        self.pipeline = RigPipeline(identity, bus, settings.stale_after_s)
        receive = self.pipeline.receive
        self._receive = receive if recorder is None else _recorded(recorder, rig.rig_id, receive)
        self._endpoint: RigEndpoint | None = None

    @property
    def card(self) -> RigCard:
        """What a client is told of the rig."""
        return RigCard(self.rig.rig_id, self.rig.udp_port, self.rig.device_id, self.rig.driver_name)

    @property
    def port(self) -> int:
        """The port it listens on; the configured one while closed."""
        return self._endpoint.port if self._endpoint is not None else self.rig.udp_port

    async def open(self) -> None:
        """Listen."""
        self._endpoint = await open_port(
            self.rig.rig_id, self._host, self.rig.udp_port, self._receive, self._buffer_bytes
        )

    def close(self) -> None:
        """Stop listening."""
        if self._endpoint is not None:
            self._endpoint.close()

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
            receive_buffer_bytes=None if self._endpoint is None else self._endpoint.receive_buffer_bytes,
            packets=[PacketFigures(*row) for row in pipeline.traffic()],
            problem=pipeline.problem,
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
        if self._endpoint is not None:
            yield "f1_ingest_socket_errors", (rig,), self._endpoint.socket_errors
            yield "f1_ingest_receive_buffer_bytes", (rig,), self._endpoint.receive_buffer_bytes
        for kind, count in pipeline.events.items():
            yield "f1_normalize_events", (rig, kind), count
        normalizer = pipeline.normalizer
        for reason, count in normalizer.ignored.items():
            yield "f1_normalize_ignored", (rig, reason), count
        for table, count in normalizer.unknown.items():
            yield "f1_normalize_unknown", (rig, table), count
        for kind, count in normalizer.implausible.items():
            yield "f1_normalize_implausible", (rig, kind), count
        yield "f1_normalize_session_active", (rig,), float(normalizer.session_uid is not None)
        yield "f1_normalize_driving", (rig,), float(pipeline.driving)


def _recorder(settings: Settings) -> Recorder | None:
    """The recorder that the settings ask for; None when nothing is to be recorded."""
    if not settings.record_dir:
        return None
    limits = Limits(
        total_bytes=settings.record_max_mb * MIB,
        max_age_s=settings.record_max_age_h * 3600,
        file_s=settings.record_file_minutes * 60,
    )
    ports = {rig.rig_id: rig.udp_port for rig in settings.rigs}
    return Recorder(Path(settings.record_dir), ports, limits, settings.record_blank_names)


def _recorded(recorder: Recorder, rig_id: str, receive: ReceiveDatagram) -> ReceiveDatagram:
    """`receive`, with every datagram recorded first."""

    def record_and_receive(datagram: bytes, source: tuple[str, int]) -> None:
        recorder.record(rig_id, datagram, source, time.time())
        receive(datagram, source)

    return record_and_receive


class OneSentence:
    """ASGI middleware: a start that fails for a reason an operator can mend says so without a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; only the lifespan's messages are looked at."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return

        async def send_shortened(message: Message) -> None:
            text = message.get("message", "")
            for error in (PortUnavailable, OutboxUnavailable) if message["type"] == "lifespan.startup.failed" else ():
                _, marker, sentence = text.rpartition(f"{error.__name__}: ")
                if marker:
                    message = {**message, "message": sentence.strip()}
            await send(message)

        await self._app(scope, receive, send_shortened)


def create_app(settings: Settings) -> FastAPI:
    """The ASGI application of one gateway; it starts and stops with the application's lifespan."""
    gateway = Gateway(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await gateway.start()
        try:
            yield
        finally:
            await gateway.stop()

    app = FastAPI(title="Rig Gateway", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.gateway = gateway
    app.add_middleware(OneSentence)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ConnectionsMiddleware)
    add_ops_routes(app, gateway)
    add_day_routes(app, gateway.history.desk)
    add_routes(app, gateway, gateway.registry, gateway.hub.serve, WEB, __version__, gateway.display)
    return app


def app_from_environment() -> FastAPI:
    """The application as the environment and `.env` say; ends the process with exit code 2 when they are wrong."""
    try:
        settings = load_settings()
        configure(settings.log_level, settings.log_format)
        app = create_app(settings)
    except BadSettings as refused:
        sys.stderr.write(f"The configuration cannot be used:\n{refused}\n")
        raise SystemExit(2) from None
    for sentence in unknown_keys():
        logger.warning("%s", sentence)
    return app


def __getattr__(name: str) -> FastAPI:
    """Make `app` when it is asked for, so that importing this module reads no environment."""
    if name == "app":
        return app_from_environment()
    raise AttributeError(name)
