"""What an operator asks of an outbox: how much waits, what was refused or lost, what it costs. As JSON and as tables.

The tables are made from the JSON, so that both always say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from app.datacloud.holder import Holder
from app.datacloud.tables import LaneBacklog, utc_day

# Any: JSON values.
Body = dict[str, Any]


class Surroundings(NamedTuple):
    """What is known beside what the file says.

    Attributes:
        outbox: Its path.
        file_bytes: The file with its log.
        holder: Who has it open.
        wishes: What was asked of the gateway and not heard yet.
        credits_per_million: What a million rows cost.
    """

    outbox: str
    file_bytes: int
    holder: Holder | None
    wishes: Sequence[str]
    credits_per_million: float


def backlog(lanes: Mapping[str, LaneBacklog], around: Surroundings, now_s: float) -> Body:
    """The answer as JSON.

    Args:
        lanes: What the file says of each object.
        around: What is known beside.
        now_s: Seconds since 1970 UTC.
    """
    day = utc_day(now_s)
    return {
        "outbox": around.outbox,
        "file_bytes": around.file_bytes,
        "held_by": None if around.holder is None else around.holder._asdict(),
        "wishes": list(around.wishes),
        "objects": {name: _lane(lane, now_s) for name, lane in lanes.items()},
        "today": _span(day, lanes, around),
        "month": _span(day[:7], lanes, around),
    }


def _lane(lane: LaneBacklog, now_s: float) -> Body:
    return {
        "waiting_rows": lane.rows,
        "waiting_bytes": lane.size,
        "oldest_age_s": None if lane.oldest_at_s is None else round(max(0.0, now_s - lane.oldest_at_s), 1),
        "delivered": lane.counts.get("delivered", 0),
        "dead_letters": lane.letters,
        "dead_letters_lost": lane.counts.get("letters_lost", 0),
        "purged": lane.counts.get("purged", 0),
        "evicted": lane.counts.get("evicted", 0),
        "not_stored": lane.counts.get("not_spooled", 0),
        "damaged": lane.counts.get("damaged", 0),
    }


def _span(span: str, lanes: Mapping[str, LaneBacklog], around: Surroundings) -> Body:
    """Rows of a day or a month; the credits are those of the rows taken over, as the page counts them."""
    by_object = {name: lane.days.get(span, {}) for name, lane in lanes.items()}
    rows = {name: counts.get("appended", 0) for name, counts in by_object.items()}
    return {
        "utc": span,
        "rows": sum(rows.values()),
        "accepted": sum(counts.get("accepted", 0) for counts in by_object.values()),
        "credits": round(sum(rows.values()) * around.credits_per_million / 1e6, 2),
        "rows_by_object": rows,
    }


# --- for people ------------------------------------------------------------------------------------------

_COLUMNS: Final = (
    ("waiting", "waiting_rows"),
    ("bytes", "waiting_bytes"),
    ("oldest", "oldest_age_s"),
    ("dead letters", "dead_letters"),
    ("evicted", "evicted"),
    ("not stored", "not_stored"),
    ("damaged", "damaged"),
    ("delivered", "delivered"),
)


def told(answer: Body) -> str:
    """The answer for a terminal; ends with a line break."""
    lines = [_head(answer), "", *_lanes(answer["objects"]), "", *_spans(answer)]
    lines += [f"Asked and not heard yet: {wish}." for wish in answer["wishes"]]
    if any(lane["dead_letters"] for lane in answer["objects"].values()):
        lines += ["", "Dead letters are kept: see python -m app.datacloud letters"]
    return "\n".join(lines) + "\n"


def _head(answer: Body) -> str:
    held = answer["held_by"]
    who = "no gateway runs on it" if held is None else f"a running gateway holds it ({Holder(**held)})"
    return f"The outbox {answer['outbox']} has {_size(answer['file_bytes'])}; {who}."


def _lanes(objects: Mapping[str, Body]) -> list[str]:
    ages = [lane["oldest_age_s"] for lane in objects.values() if lane["oldest_age_s"] is not None]
    sums = {key: sum(lane[key] for lane in objects.values()) for _, key in _COLUMNS if key != "oldest_age_s"}
    everything = {**objects, "all": {**sums, "oldest_age_s": max(ages, default=None)}}
    rows = [["object", *(title for title, _ in _COLUMNS)]]
    rows += [[name, *(_cell(key, lane[key]) for _, key in _COLUMNS)] for name, lane in everything.items()]
    return aligned(rows)


def _cell(key: str, value: Any) -> str:
    if key == "oldest_age_s":
        return "–" if value is None else _age(value)
    return _size(value) if key == "waiting_bytes" else number(value)


def _spans(answer: Body) -> list[str]:
    rows = [["", "rows", "accepted", "credits"]]
    for title, span in (("today", answer["today"]), ("month", answer["month"])):
        counts = [number(span["rows"]), number(span["accepted"]), f"{span['credits']:.2f}"]
        rows.append([f"{title} ({span['utc']} UTC)", *counts])
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines


def number(value: int) -> str:
    """A count, in groups of three."""
    return f"{value:,}".replace(",", " ")


def _size(size: int) -> str:
    if size < 10_000:
        return f"{number(size)} B"
    kib = size / 1024
    return f"{kib:.1f} KiB" if kib < 1024 else f"{kib / 1024:.1f} MiB"


def _age(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"
