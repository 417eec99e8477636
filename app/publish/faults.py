"""A fault of ours tells the client a number and nothing else [edge]; the log has the same number, and the traceback.

Stands inside the security headers and outside everything that may fail. Without it Starlette's own last resort would
answer, which no middleware sees.
"""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)


class Faults:
    """ASGI middleware that answers 500 for whatever was not caught."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            # A socket sends some forty messages a second, and its close can be said at any time.
            await self._app(scope, receive, send_noted if scope["type"] == "http" else send)
        except Exception:
            fault = secrets.token_hex(4)
            logger.exception("fault %s while %s was served", fault, scope["path"])
            if begun:
                raise  # the answer is cut short: only the server can break the connection off
            if scope["type"] == "websocket":
                with suppress(RuntimeError):  # it is closed already
                    await send({"type": "websocket.close", "code": 1011, "reason": f"fault {fault}"})
                return
            sentence = f"The gateway made a mistake: its log has more under fault {fault}"
            await JSONResponse({"error": sentence, "id": fault}, 500)(scope, receive, send)
