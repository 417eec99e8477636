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
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import __version__
from app.addresses import HostAddresses, own_names
from app.bus import Bus
from app.datacloud.config import cloud_config
from app.datacloud.status import OFF
from app.duel.referee import Referee
from app.errors import OutboxUnavailable, PortUnavailable, TokenUnavailable
from app.history.day import Calendar
from app.history.historian import Historian
from app.history.store import Store
from app.ingest.recorder import Recorder
from app.ingest.rotation import MIB, Limits
from app.line import Line
from app.logfile import lines_lost
from app.metrics import Distributions, GatewayCollector, Reading
from app.normalize.events import Event
from app.pipeline import utc_now
from app.preflight import begin
from app.publish.advice import (
    ClientFigures,
    GatewayFigures,
    PortFigures,
    QueueFigures,
    RigFigures,
    SenderFigures,
)
from app.publish.connections import ConnectionsMiddleware
from app.publish.control_routes import add_control_routes
from app.publish.day_routes import add_day_routes
from app.publish.door import Door
from app.publish.faults import Faults
from app.publish.frames import Display
from app.publish.headers import SecurityHeaders
from app.publish.health import RigHealth
from app.publish.hub import Hub
from app.publish.live import LiveView
from app.publish.ops_routes import add_ops_routes
from app.publish.origins import Origins
from app.publish.routes import add_routes
from app.publish.rules import REASONS, Doorkeepers, Rules
from app.runs import Runs
from app.settings import Settings
from app.sources import Sources, forwarder_of
from app.supervisor import Supervisor
from app.token import operator_token
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
        BadSettings: Data Cloud is enabled and its settings cannot be used, or datagrams cannot be passed on as set.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._bus: Bus[Event] = Bus()
        self._recorder = _recorder(settings)
        self._lines = [
            Line(rig, self._bus, settings, self._recorder, forwarder_of(rig, settings)) for rig in settings.rigs
        ]
        self._sources = Sources(self._lines, settings)
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
        self.runs = Runs(Path(settings.history_path).parent, utc_now)
        self.hub = Hub(self._live)
        self.token = operator_token(settings)
        self.refused: Counter[str] = Counter()
        self._addresses = HostAddresses(settings.udp_host)
        self._lags_s: deque[float] = deque(maxlen=_LAGS_KEPT)
        self._began_s = time.monotonic()
        self.died = False
        self._supervisor = Supervisor(on_death=self._end_process)
        self._running = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self.registry.register(GatewayCollector(self._readings))

    # --- life ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the outbox and the rigs' ports, and start the stages.

        Raises:
            TokenUnavailable: The operator token can be neither read nor made.
            OutboxUnavailable: The outbox cannot be used.
            PortUnavailable: A rig's port is taken; what was opened before is closed again.
        """
        if self.token.open() and sys.stderr.isatty():
            sys.stderr.write(f"\n  The operator token, shown only now: {self.token.known}\n\n")
        if self._uplink is not None:
            self._uplink.open()
        self.history.open()
        self.runs.begin()
        try:
            await self._sources.open()
            if self._recorder is not None:
                self._recorder.start()
        except BaseException:
            self._sources.close()
            await self.history.close()
            self.runs.end(in_order=True)
            if self._uplink is not None:
                await self._uplink.close()
            raise
        self._running = True
        self._loop = asyncio.get_running_loop()
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
        self._sources.close()
        self._referee.close()
        await self._supervisor.drain("referee", _DRAIN_S)
        self._bus.close()
        if self._uplink is not None:
            await self._uplink.stop(self._supervisor)
        await self._supervisor.stop(_DRAIN_S)
        await asyncio.gather(self.history.close(), self._stop_recorder(), self.hub.close())
        if self._uplink is not None:
            await self._uplink.close()
        self.runs.end(in_order=not self.died)

    async def _stop_recorder(self) -> None:
        if self._recorder is not None:
            await asyncio.to_thread(self._recorder.stop)

    def hurry(self) -> None:
        """End now: commit what is there, deliver nothing any more. Called by a signal, so on no loop's turn."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._supervisor.hurry)

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
            self._sources.tick()
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
        found += self._sources.problems() + self._referee.problems()
        found += self.history.problems() + self.runs.problems()
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
            starts=self.runs.starts,
            unclean_ends=self.runs.unclean_ends,
        )

    def rig_figures(self) -> Sequence[RigFigures]:
        """Every configured rig, in order."""
        return [line.figures() for line in self._lines]

    def port_figures(self) -> Sequence[PortFigures]:
        """Every UDP port."""
        return self._sources.ports()

    def sender_figures(self) -> Sequence[SenderFigures]:
        """Everybody who sends to one of the ports."""
        return self._sources.senders()

    def queue_figures(self) -> Sequence[QueueFigures]:
        """Every subscriber of the bus."""
        return [
            QueueFigures(each.name, each.waiting, each.delivered, each.dropped, each.conflated)
            for each in self._bus.subscriptions
        ]

    def client_figures(self) -> Sequence[ClientFigures]:
        """Every connected dashboard."""
        return [ClientFigures(*view) for view in self.hub.client_views()]

    # --- what its operator can do (publish.control.Control) -----------------------------------------------

    def rebind(self, rig_id: str) -> bool:
        """The next valid sender is the rig; False when there is no such rig."""
        return self._sources.rebind(rig_id)

    def claim(self, rig_id: str, address: str) -> None:
        """From now on this address is the rig.

        Raises:
            ValueError: That cannot be; the message is a sentence.
        """
        self._sources.claim(rig_id, address)

    def resume(self, name: str) -> bool:
        """Send to a parked object again, or to `all`; False when there is no such object."""
        return self._uplink is not None and self._uplink.resume(name)

    def _readings(self) -> Iterator[Reading]:
        yield "f1_event_queue_size", (), self.queue_size()
        if self._uplink is not None:
            yield from self._uplink.readings()
        else:
            yield "f1_datacloud_uploaded", (), 0
            yield "f1_datacloud_failed", (), 0
        for line in self._lines:
            yield from line.readings()
        yield from self._sources.readings()
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
        for reason in REASONS:
            yield "f1_publish_refused", (reason,), self.refused[reason]
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
        yield from self.runs.readings()
        yield "f1_gateway_log_lost", (), lines_lost()
        yield "f1_gateway_tasks", (), len(asyncio.all_tasks(self._loop)) if self._loop is not None else 0


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
            known = PortUnavailable, OutboxUnavailable, TokenUnavailable
            for error in known if message["type"] == "lifespan.startup.failed" else ():
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
    _protect(app, gateway)
    add_control_routes(app, control=gateway, cloud=gateway)
    add_ops_routes(app, gateway)
    add_day_routes(app, gateway.history.desk)
    add_routes(app, gateway, gateway.registry, gateway.hub.serve, WEB, __version__, gateway.display)
    return app


def _protect(app: FastAPI, gateway: Gateway) -> None:
    """Put what every connection passes around the application, the innermost first."""
    settings = gateway.settings
    keepers = Doorkeepers(
        Origins(own_names(), settings.allowed_hosts, settings.allowed_origins),
        settings.metrics_token.get_secret_value(),
        [ip_network(network) for network in settings.metrics_allow],
    )
    app.add_middleware(
        Door, routes=app.router.routes, rules=Rules(keepers), token=gateway.token, refused=gateway.refused
    )
    app.add_middleware(Faults)
    app.add_middleware(OneSentence)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ConnectionsMiddleware)


def app_from_environment() -> FastAPI:
    """The application as the environment and `.env` say; ends the process with exit code 2 when they are wrong."""
    return create_app(begin())


def __getattr__(name: str) -> FastAPI:
    """Make `app` when it is asked for, so that importing this module reads no environment."""
    if name == "app":
        return app_from_environment()
    raise AttributeError(name)
