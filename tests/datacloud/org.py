"""An emulated org for tests: strict, processing only on request, with a key of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.emulator import Emulator
from app.datacloud.emulator.throwaway import new_key_pem, throwaway_app

key_pem = cache(new_key_pem)  # one for the whole run: a new one takes a tenth of a second


@asynccontextmanager
async def throwaway_org(
    directory: Path, clock: Callable[[], float] = time.time, seed: int = 0, **config: Any
) -> AsyncIterator[tuple[Emulator, dict[str, str]]]:
    """A running emulator, and the gateway's settings by name that point at it.

    Args:
        directory: Takes the key.
        clock: The org's, in seconds since 1970 UTC.
        seed: Of faults that happen by chance.
        config: Settings of the emulator other than strict ones.
    """
    app = throwaway_app(directory, key_pem())
    given = {"apps": app.apps, "users": app.users, "validation": "strict", "process_interval_s": None, **config}
    async with Emulator(EmulatorConfig(**given), clock, seed) as emulator:
        yield emulator, app.settings(emulator.base_url)
