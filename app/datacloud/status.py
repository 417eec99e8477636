"""How it stands with Data Cloud, as one JSON object for the page and one list of sentences for the operator.

The word "connected" needs evidence: rows that were accepted a moment ago. Everything else is said as what it is.
Whether it is safe to pack up is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, NamedTuple

from app.datacloud.figures import OutboxStats
from app.datacloud.retry import Outcome, Verdict

State = Literal[
    "off", "starting", "connected", "offline", "auth_failed", "parked", "throttled", "storage_failed", "draining"
]
# Any: JSON values.
Body = dict[str, Any]

EVIDENCE_S: Final = 60.0
"""Rows accepted no longer ago are evidence of a connection."""


class Sending(NamedTuple):
    """What the uploader knows.

    Attributes:
        trouble: The last answer, when it was of no use.
        troubled_for_s: Since when there is none better.
        parked: Why objects are parked, by object.
        accepted_age_s: How long ago rows were accepted; None when none were since the start.
        accepted_at: When, as UTC text.
        accepted_object: Whose rows.
        rows_per_s: Rows accepted a second, over the last half minute; None when nothing was sent.
        draining: Whether the gateway is ending and empties the outbox.
    """

    trouble: Verdict | None
    troubled_for_s: float
    parked: Mapping[str, str]
    accepted_age_s: float | None
    accepted_at: str | None
    accepted_object: str | None
    rows_per_s: float | None
    draining: bool


class Cost(NamedTuple):
    """What today costs.

    Attributes:
        rows: Rows of today.
        credits: What they cost.
        credits_per_8h: What an event day costs at the present rate; None while nothing is driven.
        limit_rows: Telemetry stops there; None without a limit.
        telemetry_stopped: Whether it has.
        problem: A sentence, when it is too much.
    """

    rows: int
    credits: float
    credits_per_8h: float | None
    limit_rows: int | None
    telemetry_stopped: bool
    problem: str | None


class LatestLetter(NamedTuple):
    """The newest dead letter since the start."""

    object: str
    reason: str
    at: str


OFF: Final[Body] = {
    "state": "off",
    "sentence": "Nothing is sent to Data Cloud: DATACLOUD_ENABLED is not set",
    "safe_to_pack_up": True,
    "pack_up_sentence": "Nothing waits: Data Cloud is off",
    "problems": [],
    "target": None,
}


def state_of(stats: OutboxStats, sending: Sending) -> State:
    """One word for how it stands; the gravest comes first."""
    if stats.problem is not None:
        return "storage_failed"
    if sending.trouble is not None:
        if sending.trouble.outcome in (Outcome.AUTH, Outcome.FORBIDDEN):
            return "auth_failed"
        return "throttled" if sending.trouble.outcome is Outcome.THROTTLED else "offline"
    if sending.parked:
        return "parked"
    if sending.draining:
        return "draining"
    if sending.accepted_age_s is not None and sending.accepted_age_s < EVIDENCE_S:
        return "connected"
    return "starting"


def body(stats: OutboxStats, sending: Sending, cost: Cost, letter: LatestLetter | None, target: str) -> Body:
    """The JSON of `/api/cloud`."""
    waiting = {name: lane.rows + lane.queued for name, lane in stats.lanes.items()}
    rows = sum(waiting.values())
    state = state_of(stats, sending)
    ages = [lane.oldest_age_s for lane in stats.lanes.values() if lane.rows]
    rate = sending.rows_per_s
    safe = rows == 0 and stats.problem is None
    return {
        "state": state,
        "sentence": _sentence(state, stats, sending, rows),
        "evidence": {
            "last_accepted_at": sending.accepted_at,
            "last_accepted_age_s": _rounded(sending.accepted_age_s),
            "last_object": sending.accepted_object,
        },
        "waiting": {
            "rows": rows,
            "bytes": sum(lane.size for lane in stats.lanes.values()),
            "oldest_age_s": _rounded(max(ages)) if ages else None,
            "by_object": waiting,
        },
        "rate_rows_per_s": _rounded(rate),
        "drain_eta_s": _rounded(rows / rate) if rate and rows and state in ("connected", "draining") else None,
        "safe_to_pack_up": safe,
        "pack_up_sentence": _pack_up(safe, stats, sending),
        "dead_letters": {
            "rows": sum(lane.letters for lane in stats.lanes.values()),
            "by_object": {name: lane.letters for name, lane in stats.lanes.items()},
            "latest": None if letter is None else letter._asdict(),
        },
        "today": {name: value for name, value in cost._asdict().items() if name != "problem"},
        "lost": {
            "evicted": sum(lane.evicted for lane in stats.lanes.values()),
            "not_stored": sum(lane.not_spooled for lane in stats.lanes.values()),
            "damaged": sum(lane.damaged for lane in stats.lanes.values()),
        },
        "problems": problems(stats, sending, cost),
        "target": target,
    }


def problems(stats: OutboxStats, sending: Sending, cost: Cost) -> list[str]:
    """A sentence for each thing that somebody can mend."""
    found: list[str | None] = [
        None if stats.problem is None else f"Rows for Data Cloud cannot be stored: {stats.problem}",
        _trouble(sending),
        *(f"{name} is not sent, its rows are kept: {why}" for name, why in sending.parked.items()),
        *stats.alarms,
        cost.problem,
        _letters(lane.letters for lane in stats.lanes.values()),
    ]
    return [sentence for sentence in found if sentence is not None]


def _trouble(sending: Sending) -> str | None:
    """A hiccup is no news; half a minute of it is."""
    trouble = sending.trouble
    if trouble is None or (trouble.outcome in (Outcome.TRANSIENT, Outcome.THROTTLED) and sending.troubled_for_s < 30):
        return None
    return f"Nothing reaches Data Cloud for {_duration(sending.troubled_for_s)}, rows are kept: {trouble.reason}"


def _letters(counts: Iterable[int]) -> str | None:
    rows = sum(counts)
    if not rows:
        return None
    return f"Data Cloud refused {_rows(rows)}; they are kept: see python -m app.datacloud letters"


def _sentence(state: State, stats: OutboxStats, sending: Sending, rows: int) -> str:
    waiting = f"{_rows(rows)} {'waits' if rows == 1 else 'wait'}"
    match state:
        case "storage_failed":
            return f"Rows cannot be stored: {stats.problem}"
        case "auth_failed" | "throttled" | "offline":
            assert sending.trouble is not None
            what = {"auth_failed": "Not let in", "throttled": "Told to slow down", "offline": "Offline"}[state]
            return f"{what} for {_duration(sending.troubled_for_s)}, {waiting}: {sending.trouble.reason}"
        case "parked":
            return f"{', '.join(sending.parked)} not sent, {waiting}"
        case "draining":
            return f"The gateway is ending and sends what it can; {waiting}"
        case "connected":
            assert sending.accepted_age_s is not None
            return f"Rows reach Data Cloud: the last was accepted {_duration(sending.accepted_age_s)} ago"
        case _:
            waits = waiting if rows else "nothing waits"
            if sending.accepted_age_s is None:
                return f"Nothing has been sent since the start; {waits}"
            return f"The last row was accepted {_duration(sending.accepted_age_s)} ago; {waits}"


def _pack_up(safe: bool, stats: OutboxStats, sending: Sending) -> str:
    if safe:
        refused = sum(lane.letters for lane in stats.lanes.values())
        if refused:
            return f"Safe to pack up: nothing waits, and {_rows(refused)} that the org refused are kept here"
        lost = sum(lane.evicted + lane.damaged + lane.not_spooled + lane.letters_lost for lane in stats.lanes.values())
        if lost:
            return f"Safe to pack up: nothing waits; {_rows(lost)} were lost, see below"
        return (
            "Safe to pack up: every row has been accepted" if sending.accepted_at else "Safe to pack up: nothing waits"
        )
    if stats.problem is not None:
        return "Not yet: rows cannot be stored"
    return "Not yet: what waits is on disk and survives a restart"


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows".replace(",", " ")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
