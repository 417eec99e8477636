"""The day over HTTP [edge]: `/api/day`, `/api/laps` (also `.csv`), one lap, `/api/map`; errors are JSON sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from app.publish.laps_csv import csv_chunks
from app.publish.routes import GET


class Archive(Protocol):
    """What the day holds, as JSON text."""

    def day(self) -> tuple[int, bytes]:
        """The boards of today: a version that rises with every change, and the body."""

    async def laps(self, day: str | None, track: str | None) -> bytes:
        """The laps of a day, None for today, and of a track, None for all; TimeoutError when the disk hangs."""

    async def export(self, day: str | None, track: str | None) -> tuple[str, Sequence[Mapping[str, object]]]:
        """The day that is meant, and all its laps as rows; TimeoutError when the disk hangs."""

    async def lap(self, lap_id: str) -> bytes | None:
        """A lap along its distance; None when there is none, or no trace of it; TimeoutError when the disk hangs."""

    def map(self, track: str) -> bytes | None:
        """The map of a track; None while it is not learned."""


def add_day_routes(app: FastAPI, archive: Archive) -> None:
    """Put the routes of the day on the application; before the files of the pages, which answer every other path."""

    @app.api_route("/api/day", methods=GET)
    async def day(request: Request) -> Response:
        version, body = archive.day()
        tag = f'"{version}"'
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(body, media_type="application/json", headers={"ETag": tag})

    @app.api_route("/api/laps", methods=GET)
    async def laps(day: str = "", track: str = "") -> Response:
        if day and not _is_day(day):
            return _no_day(day)
        try:
            return _json(await archive.laps(day or None, track or None))
        except TimeoutError:
            return _slow()

    @app.api_route("/api/laps.csv", methods=GET)
    async def laps_as_csv(day: str = "", track: str = "") -> Response:
        if day and not _is_day(day):
            return _no_day(day)
        try:
            meant, rows = await archive.export(day or None, track or None)
        except TimeoutError:
            return _slow()
        headers = {"Content-Disposition": f'attachment; filename="laps-{meant}.csv"'}
        return StreamingResponse(csv_chunks(rows), media_type="text/csv; charset=utf-8", headers=headers)

    @app.api_route("/api/laps/{lap_id:path}", methods=GET)
    async def lap(lap_id: str) -> Response:
        try:
            body = await archive.lap(lap_id)
        except TimeoutError:
            return _slow()
        return _error(404, "There is no such lap, or no trace of it was kept") if body is None else _json(body)

    @app.api_route("/api/map", methods=GET)
    async def track_map(track: str = "") -> Response:
        if not track:
            return _error(422, "Say which track, such as /api/map?track=Catalunya")
        body = archive.map(track)
        # Not an error: a browser would write one into its console for every wall that waits for the first lap.
        return Response(status_code=204) if body is None else _json(body)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _no_day(text: str) -> JSONResponse:
    return _error(422, f"{text[:40]!r} is no day: write it like 2026-11-25")


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _error(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status)


def _slow() -> JSONResponse:
    return _error(503, "The disk with the laps does not answer; try again in a moment")
