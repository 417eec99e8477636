"""The HTTP surface [edge]: `/ws`, `/health`, `/healthz`, `/readyz`, `/metrics`, some of `/api`, and the pages."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from app.publish.frames import Display
from app.publish.health import Health, health_body

# Any: what the coroutine sends and yields is nobody's business here.
ServeSocket = Callable[[WebSocket], Coroutine[Any, Any, None]]


GET: Final = ["GET", "HEAD"]  # many monitors ask by HEAD


def add_routes(
    app: FastAPI,
    health: Health,
    registry: CollectorRegistry,
    serve_socket: ServeSocket,
    web: Path,
    version: str,
    display: Display,
) -> None:
    """Put every route on the application but those of the day and of ops, which have modules of their own.

    The files of the pages come last, since they answer every other path.
    """

    @app.api_route("/health", methods=GET)
    async def full_health() -> JSONResponse:
        body = health_body(health, version)
        return JSONResponse(body, status_code=503 if body["status"] == "failed" else 200)

    @app.api_route("/healthz", methods=GET)
    async def alive() -> PlainTextResponse:
        return PlainTextResponse("alive\n")

    @app.api_route("/readyz", methods=GET)
    async def ready() -> PlainTextResponse:
        stages = health.stages()
        dead = sorted(stage for stage, up in stages.items() if not up)
        if stages and not dead:
            return PlainTextResponse("ready\n")
        return PlainTextResponse(f"not ready: {', '.join(dead) or 'starting'}\n", status_code=503)

    @app.api_route("/api/cloud", methods=GET)
    async def cloud() -> JSONResponse:
        return JSONResponse(dict(health.cloud()))

    @app.api_route("/metrics", methods=GET)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    @app.api_route("/api/display", methods=GET)
    async def shown() -> JSONResponse:
        return JSONResponse(display._asdict())

    @app.api_route("/compare", methods=GET)
    async def compare() -> FileResponse:
        return FileResponse(web / "compare.html")

    @app.api_route("/ops", methods=GET)
    async def ops() -> FileResponse:
        return FileResponse(web / "ops.html")

    @app.api_route("/rig/{rig_id}", methods=GET)
    async def rig(rig_id: str) -> FileResponse:
        known = any(rig.rig_id == rig_id for rig in health.rigs())
        return FileResponse(web / "rig.html", status_code=200 if known else 404)  # the page says which there are

    @app.websocket("/ws")
    async def live(websocket: WebSocket) -> None:
        await serve_socket(websocket)

    @app.api_route("/api/{rest:path}", methods=GET)
    async def nothing(rest: str) -> JSONResponse:
        return JSONResponse({"detail": "Not Found"}, status_code=404)  # for programs; people get 404.html

    app.mount("/", StaticFiles(directory=web, html=True), name="web")
