"""`/api/ops` [edge]: how the gateway and its rigs are, for the operator's page."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from app.publish.ops import Ops, ops_body
from app.publish.routes import GET


def add_ops_routes(app: FastAPI, ops: Ops) -> None:
    """Put `/api/ops` on the application; before the files of the pages, which answer every other path."""

    @app.api_route("/api/ops", methods=GET)
    async def operations() -> JSONResponse:
        figures = ops.gateway_figures(), ops.rig_figures(), ops.queue_figures(), ops.client_figures()
        return JSONResponse(ops_body(*figures, ops.port_figures(), ops.sender_figures()))
