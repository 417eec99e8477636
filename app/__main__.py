"""`python -m app`: the gateway with the server settings it is made for.

The same application as `uvicorn app.main:app`, but: it reads `PORT` and says in one sentence when that is taken, it
compresses no WebSocket (that costs ten times the sending), bounds what a client may do, hears a closed terminal and a
second signal, and ends with exit code 0 when told to stop, where plain uvicorn raises the signal again. 1 says that a
stage died, 2 that the configuration is wrong, 3 that a port or the outbox is taken.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Final

import uvicorn

from app.errors import PortUnavailable
from app.ingest.udp import try_port
from app.preflight import begin
from app.publish.listener import bounded_protocol
from app.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.main import Gateway

logger = logging.getLogger(__name__)

EXIT_DIED: Final = 1
EXIT_TAKEN: Final = 3
_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)
"""Ctrl-C, a service manager, a terminal that is closed, and Windows' own."""
_LEAVE_S: Final = 2
"""How long an answer under way may take at the end; a WebSocket is cut after one second. With the drain, it must stay
below the ten seconds after which Docker and systemd kill."""

DESCRIPTORS: Final = 8192
"""Enough for `listener.MOST_CONNECTIONS`; many systems start a process with 1 024, of which 1 000 may be screens."""


class _Server(uvicorn.Server):
    """uvicorn's server, which keeps the signals it has obeyed to itself; a second one ends it at once, yet in order."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS if not _outlives(number)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal asks for an end with all delivered that can be; the next one for the last commit alone."""
        if self.should_exit:
            self.force_exit = True
            self._gateway.hurry()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; when forced, uvicorn leaves out the application's own end, and with it the last commit."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()


def _outlives(number: int) -> bool:
    """Whether we were started to go on after the terminal is closed, as by `nohup`."""
    return number == getattr(signal, "SIGHUP", None) and signal.getsignal(number) is signal.SIG_IGN


def allow_descriptors() -> None:
    """Raise our own limit of open files as far as we may without asking anybody; Windows has none."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # some systems know a lower one than they tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def server(app: FastAPI) -> uvicorn.Server:
    """The server of one application, by its settings."""
    gateway = app.state.gateway
    settings = gateway.settings
    config = uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.port,
        http=bounded_protocol(gateway.refused),
        log_config=None,
        server_header=False,
        proxy_headers=False,  # an address that anybody can write into a header is none
        timeout_graceful_shutdown=_LEAVE_S,
        timeout_keep_alive=5,
        ws_max_queue=16,
        ws_max_size=65_536,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        ws_per_message_deflate=False,
    )
    return _Server(config, gateway)


def listener(settings: Settings) -> socket.socket:
    """The page's port, before anything else is opened.

    Raises:
        PortUnavailable: It is taken, or may not be opened.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # or a port stays taken for a minute after a restart; elsewhere it would let two in
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((settings.http_host, settings.port))
        sock.listen(1)  # bound twice is found out only here; uvicorn sets the length of the queue
    except OSError as refusal:
        sock.close()
        raise PortUnavailable(
            f"HTTP port {settings.port} on {settings.http_host} cannot be opened: {refusal.strerror}: "
            "stop what listens there, often a second gateway, or set PORT to another"
        ) from refusal
    return sock


def try_rig_ports(settings: Settings) -> None:
    """See whether the rigs' ports are free, which they may share; the gateway opens them when all else is ready.

    Raises:
        PortUnavailable: One is taken, or may not be opened.
    """
    for port in dict.fromkeys(rig.udp_port for rig in settings.rigs):
        names = " and ".join(rig.rig_id for rig in settings.rigs if rig.udp_port == port)
        try_port(names, settings.udp_host, port)


def main() -> int:
    """Run until told to stop; the exit code."""
    settings = begin()
    allow_descriptors()
    try:
        sock = listener(settings)
        try_rig_ports(settings)
    except PortUnavailable as taken:
        logger.critical("%s", taken)
        return EXIT_TAKEN
    from app.main import create_app  # only now: it takes a second, and a mistake shall be told at once

    app = create_app(settings)
    running = server(app)
    logger.info("the page is at http://%s:%d/", *sock.getsockname()[:2])
    try:
        running.run([sock])
    except SystemExit as ended:  # uvicorn's own way to say that the start has failed
        return ended.code if isinstance(ended.code, int) else EXIT_DIED
    finally:
        sock.close()
    if not running.started:
        return EXIT_TAKEN
    return EXIT_DIED if app.state.gateway.died else 0


if __name__ == "__main__":
    sys.exit(main())
