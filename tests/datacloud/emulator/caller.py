"""A client for the emulator's tests: it does nothing that a test does not ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.datacloud.emulator.emulator import Emulator
from tests.datacloud.emulator.records import body_of, make_record
from tests.datacloud.org import throwaway_org

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE: Final = {
    "grant_type": "urn:salesforce:grant-type:external:cdp",
    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
}
LAPS: Final = "/api/v1/ingest/sources/F1Telemetry/LapEvent"


def signed(settings: Mapping[str, str], now_s: float, **claims: Any) -> str:
    """A login assertion as the gateway would sign it; a claim of `...` is left out."""
    usual = {
        "iss": settings["SF_CLIENT_ID"],
        "sub": settings["SF_USERNAME"],
        "aud": settings["SF_JWT_AUDIENCE"],
        "exp": int(now_s) + 120,
    }
    kept = {name: value for name, value in {**usual, **claims}.items() if value is not ...}
    return jwt.encode(kept, _key(Path(settings["SF_PRIVATE_KEY_PATH"]).read_bytes()), algorithm="RS256")


@cache
def _key(pem: bytes) -> RSAPrivateKey:
    key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


class Caller:
    """Somebody who talks to an emulator.

    Attributes:
        emulator: The other side.
        http: Connections to it.
        token: For the Ingestion API; empty before `sign_in`.
    """

    def __init__(self, emulator: Emulator, settings: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self.emulator, self.http, self.token = emulator, http, ""
        self._settings = settings

    async def login(self, **claims: Any) -> httpx.Response:
        """Log in with an assertion whose claims can be changed."""
        assertion = signed(self._settings, self.emulator.now_s(), **claims)
        return await self.http.post("/services/oauth2/token", data={"grant_type": JWT_BEARER, "assertion": assertion})

    async def exchange(self, core: str, **fields: str) -> httpx.Response:
        """Exchange a core token."""
        return await self.http.post("/services/a360/token", data={**EXCHANGE, "subject_token": core, **fields})

    async def sign_in(self) -> None:
        """Get a new token and use it from now on."""
        core = (await self.login()).json()["access_token"]
        self.token = (await self.exchange(core)).json()["access_token"]

    async def send(
        self,
        *records: dict[str, Any],
        url: str = LAPS,
        method: str = "POST",
        body: bytes | None = None,
        **headers: str,
    ) -> httpx.Response:
        """One ingestion request: a valid lap, unless told otherwise. `_` stands for `-` in headers' names."""
        usual = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        told = {name.replace("_", "-"): text for name, text in headers.items()}
        content = body if body is not None else body_of(*(records or (make_record(),)))
        return await self.http.request(method, url, content=content, headers={**usual, **told})


@asynccontextmanager
async def calling(directory: Path, **config: Any) -> AsyncIterator[Caller]:
    """A caller who has signed in to an org of its own."""
    async with (
        throwaway_org(directory, **config) as (emulator, settings),
        httpx.AsyncClient(base_url=emulator.base_url, timeout=5) as http,
    ):
        caller = Caller(emulator, settings, http)
        await caller.sign_in()
        yield caller
