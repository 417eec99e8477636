"""The emulated org as a whole: what it holds, what it says to a request, and how it is steered.

`server` reads requests and plays the faults that have to do with the connection; it asks here for everything else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from app.datacloud.emulator import control, ingest, login
from app.datacloud.emulator.config import EmulatorConfig, changed
from app.datacloud.emulator.faults import Chance, Fault, Plan, fault_of
from app.datacloud.emulator.lake import Lake
from app.datacloud.emulator.limiter import TokenBucket
from app.datacloud.emulator.messages import CONTROL, INGEST, Head, Reply, json_reply
from app.datacloud.emulator.payload import Parsed
from app.datacloud.emulator.tokens import TokenBook

_LARGEST_OTHER: Final = 1_048_576  # bytes of a body outside of the Ingestion API


@dataclass(frozen=True)
class Seen:
    """A request that came.

    Attributes:
        at_s: When, in seconds since 1970 UTC by the emulator's clock.
        method: As sent.
        path: Without the query, where a client that is wrong might put secrets.
        object: The object of an ingestion request.
        status: Of the answer; None when there was none.
        body_bytes: How much of the body was read.
        records: How many records it held, where it came so far.
        token_id: Names the token it carried, if that is known.
        fault: The fault it met.
        connection: Number of its connection.
        body: The body, where `keep_bodies` is on.
    """

    at_s: float
    method: str
    path: str
    object: str | None
    status: int | None
    body_bytes: int
    records: int | None
    token_id: str | None
    fault: str | None
    connection: int
    body: bytes | None = None


class Org:
    """One org.

    Args:
        config: What it is like.
        chance: For faults that happen by chance.
        clock: Seconds since 1970 UTC.
        journal: Is told every accepted record before it is acknowledged.
    """

    def __init__(
        self,
        config: EmulatorConfig,
        chance: Chance,
        clock: Callable[[], float],
        journal: Callable[[str, Sequence[Parsed]], None],
    ) -> None:
        self.config = config
        self.origin = ""
        """Of the listener; set by whoever listens."""
        self.tokens = TokenBook()
        self._chance, self._clock, self._journal = chance, clock, journal
        self.jump_s = 0.0
        """How far `clock_jump` has moved the clock."""
        self.reset()

    def now_s(self) -> float:
        """Seconds since 1970 UTC, as the org sees them."""
        return self._clock() + self.jump_s

    # --- steering ----------------------------------------------------------------------------------------

    def reset(self) -> None:
        """Forget everything but the configuration and the tokens; the faults go too."""
        self.jump_s = 0.0
        self.lake = Lake(self._journal)
        self.bucket = TokenBucket()
        self.seen: deque[Seen] = deque(maxlen=self.config.keep_requests)
        self.plan = Plan((), self._chance, self._clock())
        self.processed_s = self._clock()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings from now on.

        Raises:
            ValueError: A name or a value is wrong; nothing is changed.
        """
        self.config = changed(self.config, changes)

    def set_faults(self, rules: Iterable[Fault | Mapping[str, Any]]) -> None:
        """Put a plan in force, instead of the one before.

        Raises:
            ValueError: A rule cannot be understood; the old plan stays.
        """
        faults = [rule if isinstance(rule, Fault) else fault_of(rule) for rule in rules]
        self.plan = Plan(faults, self._chance, self._clock())

    def process(self, most: int | None = None) -> bool:
        """Process what waits, about `most` records of it; True when some are left."""
        left = self.lake.process(self.config, self.now_s(), most)
        if not left:
            self.processed_s = self._clock()
        return left

    def is_processing_due(self) -> bool:
        """Whether the interval has passed since the last processing."""
        interval_s = self.config.process_interval_s
        return interval_s is not None and self._clock() - self.processed_s >= interval_s

    def state(self) -> dict[str, Any]:
        """What there is to know, without any secret."""
        now_s, processed = self.now_s(), self.lake.processed()
        return {
            "now_s": now_s,
            "objects": {name: asdict(self.lake.counters(name)) for name in self.lake.objects()},
            "requests": len(self.seen),
            "tokens": [
                {
                    "id": issued.id,
                    "kind": issued.kind,
                    "username": issued.login.username,
                    "age_s": now_s - issued.issued_s,
                    "expires_in_s": issued.expires_s - now_s,
                    "revoked": issued.revoked,
                }
                for issued in self.tokens
            ],
            "faults": self.plan.state(),
            "credits": {"streaming": processed * self.config.credits_per_million / 1e6, "batch": 0.0},
        }

    # --- requests ----------------------------------------------------------------------------------------

    def met(self, head: Head) -> Fault | None:
        """The fault that decides how a request ends; those that only change the org have happened then."""
        if head.path.startswith(CONTROL):
            return None
        ends = None
        for fault in self.plan.decide(head, self._clock()):
            match fault.action:
                case "expire_tokens":
                    self.tokens.expire(self.now_s())
                case "revoke_tokens":
                    self.tokens.revoke()
                case "clock_jump":
                    self.jump_s += fault.seconds
                case _:
                    ends = fault
        return ends

    def early(self, head: Head) -> Reply | None:
        """The refusal that needs no body, or None."""
        if head.path.startswith(INGEST):
            return ingest.early_refusal(head, self.config, self.bucket, self.tokens, self.now_s())
        if head.path.startswith(CONTROL) and not head.is_local:
            return json_reply(403, {"error": "the control plane is for this machine only"})
        if head.path in login.PATHS or head.path.startswith(CONTROL):
            return None
        return json_reply(404, {"error": "not found"})

    def body_limit(self, head: Head) -> int:
        """How many bytes of a body are worth keeping."""
        return self.config.max_body_bytes if head.path.startswith(INGEST) else _LARGEST_OTHER

    def answer(self, head: Head, body: bytes) -> Reply:
        """What is said to a request that was not refused early.

        Args:
            head: The request.
            body: Its body; where it is longer than `body_limit`, at least one byte more than that.
        """
        now_s = self.now_s()
        if head.path.startswith(INGEST):
            return ingest.answer(head, body, self.config, self.lake, now_s)
        if len(body) > _LARGEST_OTHER:
            return json_reply(413, {"error": "the body is too large"})
        if head.path in login.PATHS:
            return login.answer(head, body, self.config, self.tokens, self.origin, now_s)
        return control.answer(head, body, self)

    def faulty(self, head: Head, fault: Fault) -> Reply:
        """What `status` and `accepted_false` say; nothing of the request is looked at."""
        if fault.action == "accepted_false":
            return json_reply(202, {"accepted": False})
        named = {name.lower() for name in fault.headers}
        headers = list(fault.headers.items())
        if fault.body and "content-type" not in named:
            headers.append(("Content-Type", "text/html" if fault.body.lstrip().startswith("<") else "application/json"))
        if fault.code in (429, 503) and "retry-after" not in named:
            headers += ingest.retry_after(self.config, self.now_s())
        body = b"" if fault.code in (204, 304) else fault.body.encode()
        return Reply(fault.code, body, tuple(headers))

    def note(self, head: Head, reply: Reply | None, body: bytes, body_bytes: int, fault: Fault | None) -> None:
        """Remember a request and how it ended."""
        if head.path.startswith(CONTROL):
            return
        issued = self.tokens.find(ingest.bearer(head) or "")
        self.seen.append(
            Seen(
                self.now_s(),
                head.method,
                head.path,
                head.object,
                None if reply is None else reply.status,
                body_bytes,
                None if reply is None else reply.records,
                None if issued is None else issued.id,
                None if fault is None else fault.action,
                head.connection,
                body if self.config.keep_bodies else None,
            )
        )
