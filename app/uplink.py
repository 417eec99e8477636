"""The composition root's half for Data Cloud: builds the way from the bus to the org, starts and stops it.

Nothing here decides anything; `main` owns it, and there is none where DATACLOUD_ENABLED is not set.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.bus import Bus
from app.datacloud import status
from app.datacloud.book import Book
from app.datacloud.budget import Budget
from app.datacloud.client import DataCloud
from app.datacloud.config import CloudConfig
from app.datacloud.feed import Feed
from app.datacloud.outbox import Limits, Outbox
from app.datacloud.retry import Backoff, Outcome
from app.datacloud.status import Cost, Sending
from app.datacloud.uploader import Uploader
from app.metrics import Reading
from app.normalize.events import Event, utc_text
from app.pipeline import utc_now
from app.settings import Settings
from app.supervisor import Supervisor

_MIB: Final = 1024 * 1024
_FEED_S: Final = 2.0
_UPLOAD_S: Final = 5.5
"""How long the last rows may take; what is not sent then waits on disk for the next start."""
_CLOSE_S: Final = 2.0
_RATE_WINDOW_S: Final = 30.0

SENT: Final = ("accepted", "dead_lettered", "resent")
LOST: Final = ("evicted", "damaged", "not_stored", "unfit")
OVER_BUDGET: Final = "over_budget"
ROW_OUTCOMES: Final = (*SENT, *LOST, OVER_BUDGET)
"""What may become of a row, as `f1_datacloud_rows_total` names it."""


class Uplink:
    """Everything between the bus and Data Cloud.

    Args:
        settings: The gateway's.
        config: Which org, and who we are.
        bus: Where events come from.
    """

    def __init__(self, settings: Settings, config: CloudConfig, bus: Bus[Event]) -> None:
        self._settings = settings
        self._config = config
        self._bus = bus
        self.outbox = Outbox(
            Path(settings.datacloud_outbox_path),
            Limits(
                budget_bytes=settings.datacloud_outbox_max_mb * _MIB,
                min_free_bytes=settings.datacloud_outbox_min_free_mb * _MIB,
            ),
        )
        self.budget = Budget(
            settings.datacloud_warn_rows_per_day,
            settings.datacloud_max_rows_per_day,
            settings.datacloud_credits_per_million,
        )
        self.cloud = DataCloud(config)
        self.uploader = Uploader(
            self.outbox,
            self.cloud,
            config.destinations,
            flush_s=settings.datacloud_flush_ms / 1000,
            max_body_bytes=settings.datacloud_max_body_bytes,
            max_rps=settings.datacloud_max_rps,
            overrides=config.status_overrides,
            backoff=Backoff(random.random),
        )
        self._feed: Feed | None = None
        self._draining = False
        self._accepted: deque[tuple[float, int]] = deque()

    # --- life ------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the outbox, and take up what was told before.

        Raises:
            OutboxUnavailable: It cannot be used.
        """
        self.outbox.open()
        day = _today()
        self.budget.begin(day, sum(lane.today_appended for lane in self.outbox.stats().lanes.values()))
        self._feed = Feed(
            self._bus,
            self.outbox,
            {rig.rig_id: rig.device_id for rig in self._settings.rigs},
            Book(self.outbox.memories),
            self.budget,
            self._settings.datacloud_telemetry_hz,
            self._settings.datacloud_telemetry_mode,
            self._settings.datacloud_lap_cars,
            wall=utc_now,
        )

    def start(self, supervisor: Supervisor) -> None:
        """Begin to carry rows; `open` comes before."""
        assert self._feed is not None
        self.outbox.on_committed = self.uploader.wake
        self.outbox.on_wish = self._wish
        self.outbox.start(asyncio.get_running_loop())
        supervisor.start("cloud_feed", self._feed.run())
        supervisor.start("cloud_upload", self.uploader.run())

    async def stop(self, supervisor: Supervisor) -> None:
        """After the bus is closed: commit what is left, send what can be sent in a few seconds."""
        self._draining = True
        await supervisor.drain("cloud_feed", _FEED_S)
        self.uploader.drain()
        await supervisor.drain("cloud_upload", _UPLOAD_S)

    async def close(self) -> None:
        """After all stages have ended: let go of the connections and of the file."""
        await self.cloud.close()
        await self.outbox.close(_CLOSE_S)

    def tick(self) -> None:
        """Called a few times a second: keep what the rate is told from."""
        now_s = time.monotonic()
        self._accepted.append((now_s, self._accepted_rows()))
        while now_s - self._accepted[0][0] > _RATE_WINDOW_S:
            self._accepted.popleft()

    def resume(self, name: str) -> bool:
        """Try an object that was parked again at once, or `all`; False when there is no such object."""
        if name not in (*(lane.object for lane in self.uploader.lanes.values()), "all"):
            return False
        self.cloud.tokens.retry_now()
        self.uploader.resume(name)
        return True

    def _wish(self, wish: str) -> None:
        """What a command asks for: `resume OBJECT` or `resume all`."""
        verb, _, name = wish.partition(" ")
        if verb == "resume":
            self.resume(name)

    # --- what it says of itself ------------------------------------------------------------------------

    # Any: JSON.
    def body(self) -> dict[str, Any]:
        """The JSON of `/api/cloud`."""
        return status.body(
            self.outbox.stats(), self._sending(), self._cost(), self.uploader.latest_letter, self._target()
        )

    def problems(self) -> list[str]:
        """A sentence for each thing that somebody can mend."""
        return status.problems(self.outbox.stats(), self._sending(), self._cost())

    def _sending(self) -> Sending:
        now_s, uploader = time.monotonic(), self.uploader
        since_s = uploader.troubled_since_s
        return Sending(
            trouble=uploader.trouble,
            troubled_for_s=0.0 if since_s is None else now_s - since_s,
            parked={name: lane.parked for name, lane in uploader.lanes.items() if lane.parked is not None},
            accepted_age_s=None if uploader.accepted_at_s is None else now_s - uploader.accepted_at_s,
            accepted_at=None if uploader.accepted_at is None else _text(uploader.accepted_at),
            accepted_object=uploader.accepted_object,
            rows_per_s=self._rows_per_s(),
            draining=self._draining,
        )

    def _cost(self) -> Cost:
        day, budget = _today(), self.budget
        rows = budget.rows_of(day)
        return Cost(
            rows=rows,
            credits=round(budget.credits(rows), 2),
            credits_per_8h=budget.credits_per_8h(time.monotonic()),
            limit_rows=budget.max_rows or None,
            telemetry_stopped=budget.telemetry_stopped(day),
            problem=budget.problem(day),
        )

    def _target(self) -> str:
        host = self._config.login_url
        return f"{host} (this machine)" if self._config.allow_insecure_loopback else host.removeprefix("https://")

    def _accepted_rows(self) -> int:
        return sum(lane.rows["accepted"] for lane in self.uploader.lanes.values())

    def _rows_per_s(self) -> float | None:
        if len(self._accepted) < 2:
            return None
        (first_s, first), (last_s, last) = self._accepted[0], self._accepted[-1]
        return (last - first) / (last_s - first_s) if last > first else None

    def readings(self) -> Iterator[Reading]:
        """The numbers for Prometheus."""
        stats, uploader, auth = self.outbox.stats(), self.uploader, self.cloud.state()
        yield "f1_datacloud_uploaded", (), self._accepted_rows()
        yield "f1_datacloud_failed", (), sum(lane.rows["dead_lettered"] for lane in uploader.lanes.values())
        for name, lane in uploader.lanes.items():
            told = stats.lanes[name]
            for outcome in SENT:
                yield "f1_datacloud_rows", (name, outcome), lane.rows[outcome]
            unfit = self._feed.unfit[name] if self._feed else 0
            for outcome, rows in zip(LOST, (told.evicted, told.damaged, told.not_spooled, unfit), strict=True):
                yield "f1_datacloud_rows", (name, outcome), rows
            yield "f1_datacloud_waiting_rows", (name,), told.rows + told.queued
            yield "f1_datacloud_buffer_oldest_age_seconds", (name,), told.oldest_age_s
            yield "f1_datacloud_dead_letters", (name,), told.letters
            yield "f1_datacloud_parked", (name,), float(lane.parked is not None)
        yield "f1_datacloud_rows", ("TelemetryEvent", OVER_BUDGET), self.budget.stopped_rows
        for meaning in Outcome:
            yield "f1_datacloud_requests", (meaning.value,), uploader.outcomes[meaning]
        yield "f1_datacloud_sent_bytes", (), self.cloud.bytes_sent
        yield "f1_datacloud_in_flight", (), uploader.in_flight
        yield "f1_datacloud_body_limit_bytes", (), uploader.limit.bytes
        yield "f1_datacloud_circuit_open", (), float(uploader.circuit.is_open)
        yield "f1_datacloud_buffer_bytes", (), stats.file_bytes
        yield "f1_datacloud_buffer_limit_bytes", (), self.outbox.limits.budget_bytes
        yield "f1_datacloud_disk_reserve_bytes", (), self.outbox.limits.min_free_bytes
        if stats.free_bytes is not None:
            yield "f1_datacloud_disk_free_bytes", (), stats.free_bytes
        yield "f1_datacloud_buffer_failed", (), float(stats.problem is not None)
        yield "f1_datacloud_logins", (), auth.logins
        yield "f1_datacloud_logged_in", (), float(auth.logged_in)
        yield "f1_datacloud_login_refused", (), float(auth.refused)
        if auth.token_age_s is not None:
            yield "f1_datacloud_token_age_seconds", (), auth.token_age_s
        if auth.clock_offset_s is not None:
            yield "f1_datacloud_clock_offset_seconds", (), auth.clock_offset_s
        if uploader.accepted_at_s is not None:
            yield "f1_datacloud_last_accepted_age_seconds", (), time.monotonic() - uploader.accepted_at_s
        today = self.budget.rows_of(_today())
        yield "f1_datacloud_rows_today", (), today
        yield "f1_datacloud_credits_today", (), self.budget.credits(today)


def _today() -> str:
    return f"{utc_now():%Y-%m-%d}"


def _text(instant_s: float) -> str:
    return utc_text(datetime.fromtimestamp(instant_s, UTC))
