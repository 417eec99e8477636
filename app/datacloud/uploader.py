"""The loop that empties the outbox [edge]: lease → send → judge → acknowledge.

A row is acknowledged only when the org has accepted it, or refused that very row. Whatever else happens, it stays in
the outbox and the same bytes are sent again; the org keeps one row a key. What an answer means is `retry`'s business,
when the next call may leave is `pace`'s, and what an object has been accused of is `lane`'s.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol

from app.datacloud.batch import FLOOR_BYTES, SERVICE_LIMIT_BYTES, BodyLimit, Rows, cut, halves
from app.datacloud.encode import envelope, envelope_bytes
from app.datacloud.endpoints import Destination
from app.datacloud.lane import PROBE_S, Lane, Waiting
from app.datacloud.outbox import Lease, OutboxStats, Refusal
from app.datacloud.pace import MOST_IN_FLIGHT, Circuit, Rate, Slots
from app.datacloud.retry import Answer, Backoff, Outcome, Verdict, judge
from app.datacloud.schema import OBJECTS, TELEMETRY
from app.datacloud.status import LatestLetter
from app.datacloud.turnstile import Turnstile
from app.errors import AuthFailed, Unavailable
from app.log import Seldom
from app.normalize.events import utc_text

logger = logging.getLogger(__name__)

_AUTH_LOOK_S: Final = 5.0
"""How often a failed login is looked at; whether it is tried again is for `auth` to say."""
_FORBIDDEN_S: Final = (60.0, 600.0)
_SUSPECT_TRIES: Final = 3
_IDLE_S: Final = 60.0
_GIANT: Final = f"the row alone is longer than the {SERVICE_LIMIT_BYTES} bytes of a request; it was not sent"


class Cloud(Protocol):
    """Who sends a body: `client.DataCloud`."""

    async def upsert(self, destination: Destination, body: bytes) -> Answer:
        """One request; raises AuthFailed or Unavailable when there is no token to send it with."""


class RowStore(Protocol):
    """Where rows wait: `outbox.Outbox`."""

    async def lease(self, object_name: str, max_bytes: int, max_rows: int | None = None) -> Lease | None:
        """The oldest rows that nobody works on."""

    def ack(self, lease: Lease, refused: Sequence[Refusal] = ()) -> None:
        """All of it is delivered but the refused, which become dead letters."""

    def nack(self, lease: Lease) -> None:
        """All of it waits again."""

    def stats(self) -> OutboxStats:
        """What waits."""


class _Parked(Exception):
    """The object is parked: the batch goes back."""


class _TooLarge(Exception):
    """Several rows that are more than a body may hold by now: they are cut anew."""


class Uploader:
    """Empties the outbox.

    Args:
        store: The outbox.
        cloud: Who sends.
        destinations: Where the rows of each object go.
        flush_s: A row waits at most so long for company.
        max_body_bytes: Largest request body.
        max_rps: Most requests a second.
        overrides: What a status means where this org differs.
        wall: Seconds since 1970 UTC, for dates in answers.
        monotonic: Seconds on a clock that does not jump.
        backoff: How long to wait after trouble.
    """

    def __init__(
        self,
        store: RowStore,
        cloud: Cloud,
        destinations: Mapping[str, Destination],
        flush_s: float,
        max_body_bytes: int,
        max_rps: float,
        overrides: Mapping[int, Outcome],
        backoff: Backoff,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._cloud = cloud
        self._flush_s = flush_s
        self._overrides = overrides
        self._backoff = backoff
        self._wall = wall
        self._monotonic = monotonic
        self.lanes = {
            spec.name: Lane(spec.name, destinations[spec.name], place, MOST_IN_FLIGHT if spec is TELEMETRY else 1)
            for place, spec in enumerate(OBJECTS)
        }
        self.limit = BodyLimit(max_body_bytes)
        self.rate = Rate(max_rps)
        self.slots = Slots()
        self.circuit = Circuit()
        self._turnstile = Turnstile(self.rate, self.slots, self.circuit, monotonic)
        self.outcomes: Counter[Outcome] = Counter()
        """Answers by what they meant."""
        self.trouble: Verdict | None = None
        """The last answer that was of no use; None since a useful one."""
        self.troubled_since_s: float | None = None
        self.accepted_at_s: float | None = None
        """When rows were accepted last, on the monotonic clock."""
        self.accepted_at: float | None = None
        """The same in seconds since 1970 UTC."""
        self.accepted_object: str | None = None
        self.latest_letter: LatestLetter | None = None
        """The newest row that became a dead letter."""
        self._forbidden = 0
        self._punished_at_s = float("-inf")
        self._is_trouble_told = False
        self._wake = asyncio.Event()
        self._draining = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: BaseException | None = None
        self._lines = Seldom(30.0)

    @property
    def in_flight(self) -> int:
        """Requests that are on their way."""
        return self._turnstile.in_flight

    # --- life ------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """New rows wait: look at once."""
        self._wake.set()

    def resume(self, object_name: str) -> None:
        """Somebody says that the cause for which an object was parked is mended; `all` means every object."""
        for lane in self.lanes.values():
            if object_name in (lane.object, "all"):
                lane.resume()
                logger.info("%s is resumed", lane.object)
        if self.trouble is not None and self.trouble.outcome in (Outcome.AUTH, Outcome.FORBIDDEN):
            self._forbidden = 0
            self.circuit.release()
            self._turnstile.look()
        self.wake()

    async def run(self) -> None:
        """Send until cancelled; batches under way wait in the outbox again then."""
        for lane in self.lanes.values():
            lane.hurry()  # or a backlog of telemetry, which is a full batch, would go before a lap that waits alone
        try:
            while not (self._draining and self.idle()):
                self._wake.clear()
                await self._lease_what_is_due()
                await self._sleep()
                if self._fault is not None:
                    raise self._fault
        finally:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._turnstile.close()

    def drain(self) -> None:
        """Wait for no more company: `run` ends when all that waits is delivered, or cannot be for now."""
        self._draining = True
        self._flush_s = 0.0
        self.wake()

    def idle(self) -> bool:
        """Whether there is nothing that could be sent at this moment."""
        if self.circuit.troubled or self._monotonic() < self.circuit.not_before_s:
            return True
        stats = self._store.stats()
        return not self._tasks and all(
            lane.parked is not None or not (stats.lanes[lane.object].rows or stats.lanes[lane.object].queued)
            for lane in self.lanes.values()
        )

    async def _sleep(self) -> None:
        now_s = self._monotonic()
        wakes = [wakes_s for lane in self.lanes.values() if (wakes_s := lane.wakes_s()) is not None]
        wait_s = max(0.0, min(wakes) - now_s) if wakes else _IDLE_S
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wake.wait()

    async def _lease_what_is_due(self) -> None:
        for lane in self.lanes.values():
            while lane.wants(self._waiting_of(lane), self.limit.bytes, self._flush_s, self._monotonic()):
                lease = await self._store.lease(lane.object, self.limit.bytes)
                if lease is None:
                    lane.nothing_there(self._monotonic())
                    break
                lane.leased_one(len(lease.rows), _size(lease))
                task = asyncio.create_task(self._deliver(lane, lease), name=f"upload {lane.object}")
                self._tasks.add(task)
                task.add_done_callback(self._delivered)

    def _delivered(self, task: asyncio.Task[None]) -> None:
        """A delivery tells its own faults; one that breaks off all the same ends the stage rather than go unseen."""
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._fault = fault
            self.wake()

    def _waiting_of(self, lane: Lane) -> Waiting:
        return _waiting(self._store.stats(), lane.object)

    # --- one batch -------------------------------------------------------------------------------------

    async def _deliver(self, lane: Lane, lease: Lease) -> None:
        refused: list[Refusal] = []
        settled = False
        try:
            await self._work_off(lane, lease.rows, refused)
            settled = True
        except _Parked:
            pass
        except Exception:
            # A fault of ours must neither end the upload nor go unseen; the rows stay where they are.
            logger.exception("%s: a batch could not be sent by a fault of ours", lane.object)
            lane.park("an internal fault, see the log", self._monotonic())
        finally:
            if settled:
                self._store.ack(lease, refused)
                lane.settled(len(lease.rows) - len(refused), len(refused))
                self._tell_letters(lane, refused)
            else:
                self._store.nack(lease)
            lane.returned(len(lease.rows), _size(lease))
            self.wake()

    async def _work_off(self, lane: Lane, rows: Rows, refused: list[Refusal]) -> None:
        """Send all rows, taken apart where need be; returns when each is accepted or stands in `refused`."""
        parts = list(reversed(cut(rows, self.limit.bytes)))
        suspect, is_schema_proven = 0, False
        while parts:
            part = parts.pop()
            if len(part) == 1 and envelope_bytes(part) > SERVICE_LIMIT_BYTES:
                refused.append(Refusal(part[0], 0, _GIANT))
                continue
            try:
                verdict, status = await self._call(lane, part)
            except _TooLarge:
                parts += reversed(cut(part, self.limit.bytes))
                continue
            match verdict.outcome:
                case Outcome.DELIVERED:
                    lane.accepted()
                    is_schema_proven = True
                case Outcome.RECORD | Outcome.SIZE if len(part) > 1:
                    parts += reversed(halves(part))
                case Outcome.RECORD | Outcome.SIZE:
                    refusal = Refusal(part[0], status, verdict.reason)
                    if _blames_a_row(verdict.outcome, part[0]) and lane.row_refused() and not is_schema_proven:
                        self._park(lane, f"schema rejected: {verdict.reason}", PROBE_S)
                    refused.append(refusal)
                case Outcome.CONFIG | Outcome.PROGRAM:
                    self._park(lane, verdict.reason)
                case Outcome.SUSPECT:
                    suspect += 1
                    if suspect >= _SUSPECT_TRIES:
                        self._park(lane, verdict.reason)
                    parts.append(part)
                case _:
                    lane.rows["resent"] += len(part)
                    parts.append(part)

    def _tell_letters(self, lane: Lane, refused: Sequence[Refusal]) -> None:
        for refusal in refused:
            at = utc_text(datetime.fromtimestamp(self._wall(), UTC))
            self.latest_letter = LatestLetter(lane.object, refusal.reason, at)
            logger.error("%s: one row is dead-lettered: %s", lane.object, refusal.reason)

    def _park(self, lane: Lane, reason: str, seconds: float | None = None) -> None:
        if lane.parked is None:
            logger.error("%s is parked, its rows are kept: %s", lane.object, reason)
        lane.park(reason, self._monotonic(), seconds)
        raise _Parked

    # --- one call --------------------------------------------------------------------------------------

    async def _call(self, lane: Lane, part: Rows) -> tuple[Verdict, int]:
        """What the answer to one request means, and its status (0 without one)."""
        await self._turnstile.enter(lane.urgency)
        try:
            left_at_s = self._monotonic()
            self._look_again(lane, part, left_at_s)
            body = envelope(part)
            verdict, answer = await self._ask(lane, body)
            self._learn(verdict, answer, len(body), left_at_s)
        finally:
            self._turnstile.leave()  # after learning: whoever goes next goes by what was learnt
        if verdict.outcome is Outcome.DELIVERED:
            self.accepted_at_s, self.accepted_at, self.accepted_object = self._monotonic(), self._wall(), lane.object
        return verdict, (answer and answer.status) or 0

    def _look_again(self, lane: Lane, part: Rows, now_s: float) -> None:
        """Whether the part is still to be sent: while it waited for its turn, another may have learnt that it is not.

        Raises:
            _Parked: Its object rests by now.
            _TooLarge: The limit has become smaller.
        """
        if lane.rests(now_s):
            raise _Parked
        if len(part) > 1 and envelope_bytes(part) > self.limit.bytes:
            raise _TooLarge

    async def _ask(self, lane: Lane, body: bytes) -> tuple[Verdict, Answer | None]:
        try:
            answer = await self._cloud.upsert(lane.destination, body)
        except AuthFailed as refused:
            return Verdict(Outcome.AUTH, str(refused)), None
        except Unavailable as gone:
            return Verdict(Outcome.TRANSIENT, str(gone), gone.retry_after_s), None
        return judge(answer, self._wall(), self._overrides), answer

    def _learn(self, verdict: Verdict, answer: Answer | None, size: int, left_at_s: float) -> None:
        """Let what came back set the pace of all that follows."""
        self.outcomes[verdict.outcome] += 1
        now_s = self._monotonic()
        is_news = left_at_s >= self._punished_at_s  # four calls under way that fail alike are one piece of bad news
        if verdict.outcome in (Outcome.TRANSIENT, Outcome.THROTTLED):
            self.circuit.failed(now_s + (verdict.retry_after_s or 0.0))
            if is_news:
                self._slow_down(verdict, answer, now_s)
        elif verdict.outcome is Outcome.AUTH:
            self.circuit.hold(now_s + _AUTH_LOOK_S)
        elif verdict.outcome is Outcome.FORBIDDEN:
            if is_news:
                self.circuit.hold(now_s + _doubling(_FORBIDDEN_S, self._forbidden))
                self._forbidden += 1
        else:
            self._answered(verdict, size)
            return
        if is_news:
            self._punished_at_s = now_s
        self._tell_trouble(verdict, now_s)

    def _slow_down(self, verdict: Verdict, answer: Answer | None, now_s: float) -> None:
        self.circuit.hold(now_s + self._backoff.failed())
        if verdict.outcome is Outcome.THROTTLED:
            self.rate.halve(now_s)
        if verdict.outcome is Outcome.THROTTLED or (answer is not None and answer.fault == "timeout"):
            self.slots.bad()

    def _answered(self, verdict: Verdict, size: int) -> None:
        self.circuit.answered()
        self._forbidden = 0
        if verdict.outcome is Outcome.DELIVERED:
            self._backoff.succeeded()
            self.slots.good()
            self.limit.accepted(size)
        elif verdict.outcome is Outcome.SIZE and size > FLOOR_BYTES:
            self.limit.refused(size)
        self.trouble = self.troubled_since_s = None
        if self._is_trouble_told:
            self._is_trouble_told = False
            logger.info("Data Cloud answers again")

    def _tell_trouble(self, verdict: Verdict, now_s: float) -> None:
        if self.trouble is None:
            self.troubled_since_s = now_s
        self.trouble = verdict
        if (held := self._lines.admit(now_s)) is not None:
            self._is_trouble_told = True
            logger.warning("Data Cloud: %s (%d more since)", verdict.reason, held)
        self.wake()  # who drains need not wait for company any more


def _blames_a_row(outcome: Outcome, row: bytes) -> bool:
    """Whether a single row was refused for what it says: one that fits into the smallest body cannot be too large."""
    return outcome is Outcome.RECORD or len(row) < FLOOR_BYTES


def _doubling(bounds_s: tuple[float, float], times: int) -> float:
    first_s, most_s = bounds_s
    return min(most_s, first_s * 2.0 ** min(times, 30))


def _size(lease: Lease) -> int:
    return sum(map(len, lease.rows))


def _waiting(stats: OutboxStats, object_name: str) -> Waiting:
    """What of an object is committed and not yet delivered, also what is under way."""
    lane = stats.lanes[object_name]
    return Waiting(lane.rows, lane.size)
