"""`python -m app`: the gateway with the server settings it is made for.

The same application as `uvicorn app.main:app`, but: it reads `PORT`, compresses no WebSocket (that costs ten
times the sending), bounds what a client may do, and ends with exit code 0 on SIGTERM, where plain uvicorn
raises the signal again. 1 says that a stage died, 2 that the configuration is wrong, 3 that a port is taken.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final

import uvicorn
from fastapi import FastAPI

from app.main import app_from_environment
from app.publish.listener import bounded_protocol

DESCRIPTORS: Final = 8192
"""Enough for `listener.MOST_CONNECTIONS`; many systems start a process with 1 024, of which 1 000 may be screens."""


class _Server(uvicorn.Server):
    """uvicorn's server, which keeps the signals it has obeyed to itself."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


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
    return _Server(
        uvicorn.Config(
            app,
            host=settings.http_host,
            port=settings.port,
            http=bounded_protocol(gateway.refused),
            log_config=None,
            server_header=False,
            proxy_headers=False,  # an address that anybody can write into a header is none
            timeout_graceful_shutdown=5,
            timeout_keep_alive=5,
            ws_max_queue=16,
            ws_max_size=65_536,
            ws_ping_interval=20,
            ws_ping_timeout=20,
            ws_per_message_deflate=False,
        )
    )


def main() -> int:
    """Run until told to stop; the exit code."""
    app = app_from_environment()
    allow_descriptors()
    running = server(app)
    try:
        running.run()
    except SystemExit as ended:  # uvicorn's own way to say that a port is taken
        return ended.code if isinstance(ended.code, int) else 1
    if not running.started:
        return 3
    return 1 if app.state.gateway.died else 0


if __name__ == "__main__":
    sys.exit(main())
