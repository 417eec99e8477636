"""The connection to the org: rows in, what the ingest endpoint answered out.

It decides nothing about rows: `retry` tells what an answer means, the uploader what becomes of them. Its own business
is the token: a 401 fetches a new one and sends the same bytes once more, at once.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from app.datacloud.auth import AuthState, Session, Tokens
from app.datacloud.call import DEADLINE_S, Caller, http_client
from app.datacloud.config import CloudConfig
from app.datacloud.endpoints import Destination
from app.datacloud.login import scrubbed
from app.datacloud.retry import Answer
from app.datacloud.skew import OrgClock

_GZIP_LEVEL: Final = 1  # on the event loop: 190 kB take some 2 ms


class DataCloud:
    """One org, over one pool of connections.

    Args:
        config: Which org, and who we are.
        deadline_s: A call has its answer by then, if only that there is none.
        wall: Seconds since 1970 UTC.
        monotonic: Seconds on a clock that does not jump.
        draw: Random numbers from 0 to 1.
    """

    def __init__(
        self,
        config: CloudConfig,
        deadline_s: float = DEADLINE_S,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self.requests = Counter[str]()
        """Requests to the ingest endpoint by what came of them: `2xx` to `5xx`, or `none`."""
        self.bytes_sent = 0
        """Bytes of request bodies given to the ingest endpoint, resent ones again."""
        self._deadline_s = deadline_s
        self._http = http_client(config.ca_file)
        self.caller = Caller(self._http, OrgClock(), monotonic)
        self.tokens = Tokens(config, self.caller, wall, monotonic, draw)

    async def upsert(self, destination: Destination, body: bytes) -> Answer:
        """What the endpoint said to rows; only a missing token is an exception.

        Args:
            destination: The object that they are for.
            body: The whole request body; these very bytes are sent.

        Raises:
            AuthFailed: There is no token, since the org refused us.
            Unavailable: There is no token, since nobody answered.
        """
        return await self._send(destination.path, body)

    async def validate(self, destination: Destination, body: bytes) -> Answer:
        """The same, asked of the endpoint that checks rows and stores nothing."""
        return await self._send(f"{destination.path}/actions/test", body)

    def state(self) -> AuthState:
        """How it stands with the login."""
        return self.tokens.state()

    async def close(self) -> None:
        """End what is under way and close the connections."""
        await self.tokens.close()
        await self._http.aclose()

    async def _send(self, path: str, body: bytes) -> Answer:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._send_with_token(path, body)
        except TimeoutError:
            self.requests["none"] += 1
            return Answer(None, {}, "", "timeout", f"no whole answer within {self._deadline_s:g} s")

    async def _send_with_token(self, path: str, body: bytes) -> Answer:
        session = await self.tokens.get()
        answer = await self._post(session, path, body)
        if answer.status == 401:
            self.tokens.revoked(session.token)
            session = await self.tokens.get()
            answer = await self._post(session, path, body)
            if answer.status == 401:
                self.tokens.refused_again(session.token)
        if answer.status is not None and answer.status != 401:
            self.tokens.accepted(session.token)
        return answer

    async def _post(self, session: Session, path: str, body: bytes) -> Answer:
        headers = {"Authorization": f"Bearer {session.token}", "Content-Type": "application/json"}
        if self.config.gzip:
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)  # the same bytes on every attempt
            headers["Content-Encoding"] = "gzip"
        self.bytes_sent += len(body)
        answer = await self.caller.call(
            "POST", session.base_url + path, body, headers, deadline_s=self._deadline_s, again=True
        )
        self.requests["none" if answer.status is None else f"{answer.status // 100}xx"] += 1
        return scrubbed(answer, session.token, self.config.client_id)
