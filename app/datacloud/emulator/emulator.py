"""The emulator as an async context manager: a listener, a clock, chance, the processing, and everything to look at.

async with Emulator(config) as emu:
    ...  # talk to emu.base_url
    emu.process()
    assert emu.rows("LapEvent") == {...}
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from io import BufferedWriter
from typing import Any, Final, Self

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.faults import Fault
from app.datacloud.emulator.lake import Counters, Delivery, LakeKey
from app.datacloud.emulator.org import Org, Seen
from app.datacloud.emulator.payload import Parsed
from app.datacloud.emulator.server import Server

_LOOK_S: Final = 0.25
_AT_ONCE: Final = 500  # records processed before requests get their turn: some 10 ms


class Emulator:
    """A strict stand-in for a Salesforce org with Data Cloud, on loopback.

    Args:
        config: What the org is like.
        clock: Seconds since 1970 UTC.
        seed: Of faults that happen by chance.
    """

    def __init__(
        self, config: EmulatorConfig | None = None, clock: Callable[[], float] = time.time, seed: int = 0
    ) -> None:
        self._journal: BufferedWriter | None = None
        self._org = Org(config or EmulatorConfig(), random.Random(seed), clock, self._write_down)
        self._server = Server(self._org)
        self._ticking: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            OSError: The port is taken, the address is none of this machine, or the journal cannot be written.
        """
        if (path := self.config.journal) is not None:
            self._journal = path.open("ab")
        await self._server.listen()
        self._org.origin = self.base_url
        self._ticking = asyncio.create_task(self._tick(), name="emulator processing")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
        await self._server.close()
        if self._journal is not None:
            self._journal.close()

    # --- where -------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """Of the listener."""
        return self._server.port

    @property
    def base_url(self) -> str:
        """Login host, org and tenant, all in one."""
        host = self.config.host
        if host in ("", "0.0.0.0", "::"):
            host = "127.0.0.1"
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    # --- looking -----------------------------------------------------------------------------------------

    @property
    def config(self) -> EmulatorConfig:
        """As it is now."""
        return self._org.config

    def now_s(self) -> float:
        """Seconds since 1970 UTC by the org's clock."""
        return self._org.now_s()

    def state(self) -> dict[str, Any]:
        """Counters, tokens by age, faults, credits; no secret."""
        return self._org.state()

    def rows(self, object_name: str) -> dict[LakeKey, dict[str, Any]]:
        """The rows by key: the primary key, with the UTC date for Engagement; None is the blank row."""
        return self._org.lake.rows(object_name)

    def problems(self, object_name: str) -> list[dict[str, Any]]:
        """The object's problem records."""
        return self._org.lake.problems(object_name)

    def deliveries(self, object_name: str) -> list[Delivery]:
        """Every accepted record in order of arrival, the newest `keep_deliveries` of them."""
        return self._org.lake.deliveries(object_name)

    def counters(self, object_name: str) -> Counters:
        """What became of the object's records."""
        return self._org.lake.counters(object_name)

    def requests(self, *, path: str | None = None, method: str | None = None, object: str | None = None) -> list[Seen]:
        """The requests that came, in the order in which they were answered; of one path, method or object if named."""
        return [
            seen
            for seen in self._org.seen
            if path in (None, seen.path) and method in (None, seen.method) and object in (None, seen.object)
        ]

    # --- steering ----------------------------------------------------------------------------------------

    def configure(self, **changes: Any) -> None:
        """Change settings from now on; host, port and journal stay.

        Raises:
            ValueError: A name or a value is wrong; nothing is changed.
        """
        self._org.configure(changes)

    def set_faults(self, rules: Iterable[Fault | Mapping[str, Any]]) -> None:
        """Put a plan of faults in force, instead of the one before.

        Raises:
            ValueError: A rule cannot be understood; the old plan stays.
        """
        self._org.set_faults(rules)

    def process(self) -> None:
        """Process everything that waits, now."""
        self._org.process()

    def reset(self) -> None:
        """Forget everything but the configuration and the tokens."""
        self._org.reset()

    def expire_tokens(self) -> None:
        """Let every token end now."""
        self._org.tokens.expire(self.now_s())

    def revoke_tokens(self) -> None:
        """Take every token back."""
        self._org.tokens.revoke()

    def go_down(self) -> None:
        """Refuse connections, and reset those that are open, until `come_back`."""
        self._server.hang_up()

    async def come_back(self) -> None:
        """Listen again, on the same port."""
        await self._server.listen()

    # --- inside ------------------------------------------------------------------------------------------

    async def _tick(self) -> None:
        pause_s = _LOOK_S
        while True:
            await asyncio.sleep(pause_s)
            is_more = self._org.is_processing_due() and self._org.process(_AT_ONCE)
            pause_s = 0 if is_more else _LOOK_S

    def _write_down(self, object_name: str, parsed: Sequence[Parsed]) -> None:
        """Append records to the journal; on the event loop, since nothing may be acknowledged before it is there."""
        if self._journal is None:
            return
        name = object_name.encode()
        # A raw line break in JSON can only be white space between its parts.
        lines = (name + b"\t" + raw.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n" for _, raw in parsed)
        self._journal.write(b"".join(lines))
        self._journal.flush()
