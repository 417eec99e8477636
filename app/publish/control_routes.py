"""What an operator can do over HTTP [edge]: rebind and claim a rig, resume an object of Data Cloud.

All of it is a POST with the operator token, and may be pressed twice. Whether somebody may is the door's business.
"""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.publish.control import CloudControl, Control, address_of
from app.publish.routes import GET

logger = logging.getLogger(__name__)


def add_control_routes(app: FastAPI, control: Control, cloud: CloudControl) -> None:
    """Put the operator's routes on the application; before the files of the pages, which answer every other path."""

    @app.api_route("/api/operator", methods=GET)
    async def whether_operator() -> JSONResponse:
        return JSONResponse({"operator": True})

    @app.post("/api/rigs/{rig_id}/rebind")
    async def rebind(rig_id: str, request: Request) -> JSONResponse:
        if not control.rebind(rig_id):
            return _error(404, "There is no such rig: /api/ops lists them")
        _audit("rebind", request, rig_id=rig_id)
        return JSONResponse({"rig_id": rig_id})

    @app.post("/api/rigs/{rig_id}/claim")
    async def claim(rig_id: str, request: Request) -> JSONResponse:
        try:
            address = address_of(await request.body())
            control.claim(rig_id, address)
        except ValueError as refused:
            return _error(422, str(refused))
        _audit("claim", request, rig_id=rig_id, claimed=address)
        return JSONResponse({"rig_id": rig_id, "address": address})

    @app.post("/api/cloud/objects/{name}/resume")
    async def resume(name: str, request: Request) -> JSONResponse:
        if not cloud.resume(name):
            return _error(404, "There is no such object: /api/cloud lists them, and all means every one")
        _audit("resume", request, object=name)
        return JSONResponse({"object": name})


def _audit(what: str, request: Request, **facts: str) -> None:
    address = request.client.host if request.client else "unknown"
    logger.info("the operator asked for %s", what, extra={"address": address, **facts})


def _error(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status)
