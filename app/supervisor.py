"""Owns the gateway's tasks [edge]: each has a name, and one that dies is loud.

uvicorn goes on answering after a task started in the lifespan has died, so a dead stage turns `/health`
and `/readyz` red and then ends the process, for a restart by whoever keeps it alive.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from typing import Any, Final

from app.metrics import Reading

logger = logging.getLogger(__name__)

DRAIN_S: Final = 6.0
"""How long all stages together may take to finish, however many hang: with the last answers and commits it stays below
the ten seconds after which Docker and systemd kill."""
_HURRIED_S: Final = 0.5
"""The same when somebody asks twice: what waits on the bus is committed, nothing is sent any more."""


class Supervisor:
    """The stages of the gateway.

    Args:
        on_death: Called with the stage's name when a stage ends that should not have; for the first one only.
    """

    def __init__(self, on_death: Callable[[str], None]) -> None:
        self._on_death = on_death
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._up: dict[str, bool] = {}
        self._stopping = False
        self._dead = False
        self._until_s: float | None = None
        self._hurried = asyncio.Event()

    # Any: what a coroutine sends and yields is nobody's business here.
    def start(self, stage: str, work: Coroutine[Any, Any, None]) -> None:
        """Run a stage until it ends or `stop` is called."""
        task = asyncio.create_task(work, name=stage)
        self._tasks[stage] = task
        self._up[stage] = True
        task.add_done_callback(lambda ended: self._ended(stage, ended))

    def stages(self) -> Mapping[str, bool]:
        """Every stage by name, and whether it runs."""
        return dict(self._up)

    def hurry(self) -> None:
        """Somebody asks for the end a second time: no stage is waited for any more, but for a moment."""
        self._hurried.set()

    async def drain(self, stage: str, patience_s: float) -> None:
        """Wait for one stage whose inlet is closed; from here on no end of a stage is a death."""
        self._stopping = True
        if stage in self._tasks:
            await self._wait([self._tasks[stage]], patience_s)

    async def stop(self, patience_s: float) -> None:
        """Give stages whose inlets are closed time to finish, then cancel the rest."""
        self._stopping = True
        if not self._tasks:
            return
        await self._wait(self._tasks.values(), patience_s)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _wait(self, tasks: Collection[asyncio.Task[None]], patience_s: float) -> None:
        """Wait until the tasks end, or there is no time left."""
        now_s = time.monotonic()
        self._until_s = self._until_s or now_s + DRAIN_S
        hurried = asyncio.create_task(self._hurried.wait(), name="hurried")
        ended = asyncio.ensure_future(asyncio.wait(tasks))
        try:
            patience_s = max(0.0, min(patience_s, self._until_s - now_s))
            await asyncio.wait([ended, hurried], timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            if self._hurried.is_set():
                await asyncio.wait(tasks, timeout=_HURRIED_S)
        finally:
            for waiter in (hurried, ended):
                waiter.cancel()

    def readings(self) -> Iterable[Reading]:
        """Which stages run, for Prometheus."""
        for stage, up in self._up.items():
            yield "f1_stage_up", (stage,), float(up)

    def _ended(self, stage: str, task: asyncio.Task[None]) -> None:
        self._up[stage] = False
        if self._stopping:
            return
        error = None if task.cancelled() else task.exception()
        logger.critical("stage %s has died: ending the process", stage, exc_info=error)
        if not self._dead:
            self._dead = True
            self._on_death(stage)
