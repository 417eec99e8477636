"""A running outbox, connection and uploader, wired as `app/uplink.py` wires them, for tests that count what arrives.

    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(make_rows(10))
        await gateway.all_settled()
        assert sent(emulator, "TelemetryEvent") == ...

Waits after trouble are a few hundredths of a second here, and a row waits 20 ms for company; `changes` say otherwise.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from app.datacloud import status
from app.datacloud.client import DataCloud
from app.datacloud.config import cloud_config
from app.datacloud.emulator.emulator import Emulator
from app.datacloud.emulator.faults import Action, Fault
from app.datacloud.emulator.messages import INGEST
from app.datacloud.emulator.org import Seen
from app.datacloud.login import EXCHANGE_PATH, LOGIN_PATH
from app.datacloud.outbox import Limits, Outbox
from app.datacloud.pace import MOST_IN_FLIGHT, Slots
from app.datacloud.retry import Backoff
from app.datacloud.row import Row
from app.datacloud.schema import OBJECTS
from app.datacloud.status import Cost, Sending
from app.datacloud.tables import Letter
from app.datacloud.uploader import Uploader
from app.datacloud.visit import Visit
from app.settings import Settings
from tests.datacloud.boxes import MIB, until

FREE: Final = Cost(rows=0, credits=0.0, credits_per_8h=None, limit_rows=None, telemetry_stopped=False, problem=None)
LIMITS: Final = Limits(budget_bytes=64 * MIB, min_free_bytes=0)
PATIENCE_S: Final = 8.0


class Leaping:
    """A clock that goes as the real one does, and that a test can set ahead."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.ahead_s = 0.0
        self._clock = clock

    def __call__(self) -> float:
        return self._clock() + self.ahead_s


class Gateway:
    """The sending half of a gateway.

    Attributes:
        outbox, cloud, uploader: As wired.
        task: The uploader's `run`.
    """

    def __init__(self, outbox: Outbox, cloud: DataCloud, uploader: Uploader, monotonic: Callable[[], float]) -> None:
        self.outbox = outbox
        self.cloud = cloud
        self.uploader = uploader
        self.task = asyncio.create_task(uploader.run(), name="cloud_upload")
        self._monotonic = monotonic

    def append(self, rows: Sequence[Row]) -> None:
        """Take rows over; there is room for them."""
        assert self.outbox.append(rows) == 0

    def waiting(self, *objects: str) -> int:
        """Rows that are not settled, of these objects or of all."""
        lanes = self.outbox.stats().lanes
        return sum(lanes[name].rows + lanes[name].queued for name in objects or lanes)

    def letters(self) -> list[Letter]:
        """The dead letters."""
        with Visit(self.outbox.path) as visit:
            return visit.letters(limit=1000)

    async def all_settled(self, *objects: str, patience_s: float = PATIENCE_S) -> None:
        """Return when nothing waits, of these objects or of all."""
        await until(lambda: self.task.done() or not self.waiting(*objects), patience_s)
        assert not self.waiting(*objects), "the uploader has ended"

    async def parked(self, object_name: str) -> str:
        """Why an object is parked, as soon as it is and nothing of it is under way."""
        lane = self.uploader.lanes[object_name]
        await until(lambda: lane.parked is not None and not lane.leases)
        await self.outbox.commit()
        assert lane.parked is not None
        return lane.parked

    async def in_trouble(self) -> None:
        """Return when an answer was of no use."""
        await until(lambda: self.uploader.trouble is not None)

    def told(self) -> Sending:
        """What the uploader says of itself."""
        uploader, now_s = self.uploader, self._monotonic()
        since_s, accepted_s = uploader.troubled_since_s, uploader.accepted_at_s
        return Sending(
            trouble=uploader.trouble,
            troubled_for_s=0.0 if since_s is None else now_s - since_s,
            parked={name: lane.parked for name, lane in uploader.lanes.items() if lane.parked is not None},
            accepted_age_s=None if accepted_s is None else now_s - accepted_s,
            accepted_at=None if uploader.accepted_at is None else "then",
            accepted_object=uploader.accepted_object,
            rows_per_s=None,
            draining=False,
        )

    def state(self) -> status.State:
        """One word for how it stands."""
        return status.state_of(self.outbox.stats(), self.told())

    def body(self) -> status.Body:
        """The JSON of `/api/cloud`."""
        return status.body(self.outbox.stats(), self.told(), FREE, self.uploader.latest_letter, "here")


@asynccontextmanager
async def sending(
    directory: Path,
    emulator: Emulator,
    settings: Mapping[str, str],
    *,
    flush_s: float = 0.02,
    max_rps: float = 250.0,
    deadline_s: float = 5.0,
    backoff: Backoff | None = None,
    make_cloud: Callable[..., DataCloud] = DataCloud,
    wall: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    **changes: Any,
) -> AsyncIterator[Gateway]:
    """A gateway's sending half that runs; rows that are left lie in the outbox when it ends.

    Args:
        directory: Takes the outbox.
        emulator: Where it sends; it must run.
        settings: By name, as `throwaway_org` gives them.
        flush_s: A row waits at most so long for company.
        max_rps: Most requests a second.
        deadline_s: Of a call.
        backoff: How long to wait after trouble.
        make_cloud: Makes the connection, out of what `DataCloud` is made of.
        wall: Seconds since 1970 UTC, of the uploader and the connection.
        monotonic: Seconds on a clock that does not jump, of the uploader.
        changes: To the settings, by their names in lower case.
    """
    assert settings["SF_LOGIN_URL"] == emulator.base_url
    given = {name.lower(): value for name, value in settings.items()}
    all_settings = Settings(_env_file=None, **{**given, **changes})  # type: ignore[call-arg]  # pydantic-settings' documented parameter
    config = cloud_config(all_settings)
    outbox = Outbox(directory / "outbox.sqlite3", LIMITS)
    cloud = make_cloud(config, deadline_s, wall)
    uploader = Uploader(
        outbox,
        cloud,
        config.destinations,
        flush_s=flush_s,
        max_body_bytes=all_settings.datacloud_max_body_bytes,
        max_rps=max_rps,
        overrides=config.status_overrides,
        backoff=backoff or short_waits(),
        wall=wall,
        monotonic=monotonic,
    )
    outbox.open()
    outbox.on_committed = uploader.wake
    outbox.start(asyncio.get_running_loop())
    gateway = Gateway(outbox, cloud, uploader, monotonic)
    try:
        yield gateway
    finally:
        await ended(gateway.task)
        await cloud.close()
        await outbox.close(5)


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task, and raise what it failed with, if it did."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def short_waits() -> Backoff:
    """Waits of hundredths of a second."""
    return Backoff(random.Random(7).random, base_s=0.01, cap_s=0.05)


def upload_fault(action: Action, **conditions: Any) -> Fault:
    """A fault that meets uploads only, not logins."""
    return Fault(action, path_regex=f"^{INGEST}", **conditions)


def widen(slots: Slots) -> None:
    """Let it have as many requests in flight as after a good while."""
    while slots.limit < MOST_IN_FLIGHT:
        slots.good()


def changed(row: Row, **values: object) -> Row:
    """A row with other values, also such as its object does not allow."""
    body = json.dumps({**json.loads(row.body), **values}, separators=(",", ":"), ensure_ascii=False)
    return row._replace(body=body.encode(), key=str(values.get("event_id", row.key)))


def poisoned(row: Row) -> Row:
    """A row that a strict org refuses."""
    return changed(row, recordModified="yesterday")


# --- what arrived ----------------------------------------------------------------------------------------


def sent(emulator: Emulator, object_name: str) -> list[bytes]:
    """The text of all records that were accepted, in the order of their arrival; those that came twice, twice."""
    return [delivery.raw for delivery in emulator.deliveries(object_name)]


def bodies(rows: Iterable[Row], object_name: str | None = None) -> list[bytes]:
    """The text of rows, of one object if it is named."""
    return [row.body for row in rows if object_name in (None, row.object)]


def uploads(emulator: Emulator, object_name: str | None = None) -> list[Seen]:
    """The requests to the ingest endpoint, of one object if it is named."""
    return [seen for seen in emulator.requests() if seen.path.startswith(INGEST) and object_name in (None, seen.object)]


def logins(emulator: Emulator) -> tuple[int, int]:
    """How often somebody logged in, and how often a token was exchanged."""
    return len(emulator.requests(path=LOGIN_PATH)), len(emulator.requests(path=EXCHANGE_PATH))


def statuses(emulator: Emulator, object_name: str | None = None) -> Counter[int | None]:
    """How the ingest endpoint answered, and how often; None where it did not."""
    return Counter(seen.status for seen in uploads(emulator, object_name))


def assert_exactly_once(emulator: Emulator, rows: Collection[Row]) -> None:
    """Every row arrived, once, as it was; and the org has made a row of each."""
    emulator.process()
    for name in [spec.name for spec in OBJECTS]:
        expected = bodies(rows, name)
        counted = emulator.counters(name)
        assert sorted(sent(emulator, name)) == sorted(expected)
        assert len(emulator.rows(name)) == len({row.key for row in rows if row.object == name})
        assert (counted.problem, counted.blank, counted.same_key_other_bytes) == (0, 0, 0)
        assert counted.received == counted.inserted + counted.updated_identical + counted.updated_changed
