"""What the outbox tells of itself: a snapshot of plain numbers, made without asking the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class LaneStats(NamedTuple):
    """One object.

    Attributes:
        rows, size: Committed and not yet delivered, also those under way; bodies in bytes.
        oldest_at_s: When the oldest of them was taken over, seconds since 1970 UTC; None when nothing waits.
        oldest_age_s: How long ago that is; never negative, whatever the clock does.
        queued: Taken over and not yet committed.
        taken: Committed, of all time, as all that follow: taken = delivered + rows + letters + letters_lost + purged +
            evicted + damaged.
        delivered: Accepted by the org.
        letters: Dead letters that are there.
        letters_lost: Dead letters that went because there were too many.
        purged: Dead letters that an operator deleted.
        evicted: Given up undelivered, to keep to the budget or to the disk.
        damaged: Lost to a damaged file.
        not_spooled: Rows that found the queue full; they are in none of the others.
        today_appended, today_accepted: Rows of this UTC day, committed and accepted.
        month_appended, month_accepted: Of this UTC month.
        month_accepted_bytes: Bodies of the latter.
    """

    rows: int = 0
    size: int = 0
    oldest_at_s: float | None = None
    oldest_age_s: float = 0.0
    queued: int = 0
    taken: int = 0
    delivered: int = 0
    letters: int = 0
    letters_lost: int = 0
    purged: int = 0
    evicted: int = 0
    damaged: int = 0
    not_spooled: int = 0
    today_appended: int = 0
    today_accepted: int = 0
    month_appended: int = 0
    month_accepted: int = 0
    month_accepted_bytes: int = 0


class OutboxStats(NamedTuple):
    """The whole outbox.

    Attributes:
        lanes: By object, all of them.
        letter_bytes: Bodies of all dead letters.
        file_bytes: The file with its log.
        free_bytes: On its disk; None when the disk does not say.
        problem: Why nothing, or no telemetry, can be written right now, as a sentence; None when all is well.
        alarms: What has happened since the start that an operator must know, as sentences.
    """

    lanes: Mapping[str, LaneStats]
    letter_bytes: int = 0
    file_bytes: int = 0
    free_bytes: int | None = None
    problem: str | None = None
    alarms: tuple[str, ...] = ()


_EVER: Final = ("taken", "delivered", "letters_lost", "purged", "evicted", "damaged")


def lane_stats(name: str, figures: Mapping[tuple[str, str, str], int], oldest_ms: int | None, day: str) -> LaneStats:
    """What the file holds of one object.

    Args:
        name: The object.
        figures: The store's, by day, object and name; a Counter, so that what is not there is 0.
        oldest_ms: When the oldest row that waits was taken over; milliseconds since 1970 UTC.
        day: Today in UTC, such as 2026-03-01.
    """
    month = day[:7]
    return LaneStats(
        rows=figures["now", name, "rows"],
        size=figures["now", name, "size"],
        oldest_at_s=None if oldest_ms is None else oldest_ms / 1000,
        letters=figures["now", name, "letters"],
        not_spooled=figures["", name, "not_spooled"],
        today_appended=figures[day, name, "appended"],
        today_accepted=figures[day, name, "accepted"],
        month_appended=figures[month, name, "appended"],
        month_accepted=figures[month, name, "accepted"],
        month_accepted_bytes=figures[month, name, "accepted_bytes"],
        **{what: figures["", name, what] for what in _EVER},
    )


def at_present(lane: LaneStats, queued: int, refused: int, now_s: float) -> LaneStats:
    """The same with what has changed since: rows queued, rows refused by a full queue, and the time."""
    age_s = 0.0 if lane.oldest_at_s is None else max(0.0, now_s - lane.oldest_at_s)
    return lane._replace(oldest_age_s=age_s, queued=queued, not_spooled=lane.not_spooled + refused)
