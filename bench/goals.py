"""What is aimed for, row by row, and the table that holds what was measured against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple

from bench import report

Kind = Literal["share", "times", "count", "ms", "s", "MB", "bytes"]


class Goal(NamedTuple):
    """One figure and what it should be.

    Attributes:
        row: Number of the table's row; a row may have several figures.
        figure: Its name in the findings.
        kind: How it is written.
        goal: At most, or at least; None where only the moonshot asks for it.
        moonshot: The same, further out; None where only the goal does.
        at_least: More is better.
    """

    row: int
    figure: str
    kind: Kind
    goal: float | None
    moonshot: float | None
    at_least: bool = False


ROWS: Final[Mapping[int, str]] = {
    1: "CarTelemetry datagram → validated canonical event, beside f1-packets to plain values",
    2: "all 22 cars to plain values, beside the same",
    3: "receive CPU per datagram beside the asyncio endpoint as shipped: 7 100/s; 50 000/s",
    4: "event-loop stall survived at 20 rigs without a drop, beside the default buffer",
    5: "fan-out CPU per message beside one `os.write` a client; beside serialising for each",
    6: "clients on one core at 2 × 20 Hz, p99 ≤ 50 ms, nobody hung",
    7: "outbox CPU per event beside aiosqlite, one row a commit, `synchronous=FULL`",
    8: "batch building beside `len(json.dumps())` a tick; the largest body",
    9: "age of the newest telemetry at the client, p99, beside a 50 ms ticker: 2; 20 rigs",
    10: "whole gateway beside receive-and-count, CPU: 2; 20 rigs",
    11: "the same beside the naive pipeline, 2 rigs",
    12: "longest stop of the collector with 100 000 buffered events beside keeping models",
    13: "rigs on one core, 60 Hz, nothing lost, p99 ≤ 50 ms, 2 clients a rig",
    14: "process start → UDP ports open; memory with two rigs",
}
GOALS: Final = (
    Goal(1, "decode.event", "share", 1 / 40, 1 / 75),
    Goal(2, "decode.plain", "share", 1 / 35, 1 / 45),
    Goal(3, "receive.20", "times", 0.45, 0.3),
    Goal(3, "receive.140", "times", 0.25, 0.1),
    Goal(4, "stall", "times", 20, 39, at_least=True),
    Goal(5, "fanout.write", "times", 2.5, 1.2),
    Goal(5, "fanout.dumps", "share", 1 / 3, 1 / 6),
    Goal(6, "clients", "count", 1_000, 2_400, at_least=True),
    Goal(7, "outbox.burst", "share", 1 / 60, 1 / 300),
    Goal(8, "upload", "share", 1 / 100, 1 / 500),
    Goal(8, "upload.bytes", "bytes", 200_000, None),
    Goal(9, "freshness.2", "share", 1 / 4, 1 / 10),
    Goal(9, "freshness.20", "share", 1 / 4, 1 / 10),
    Goal(9, "freshness.2.ms", "ms", None, 2),
    Goal(9, "freshness.20.ms", "ms", None, 2),
    Goal(10, "whole.2", "times", 5, 2.5),
    Goal(10, "whole.20", "times", 7, 3.5),
    Goal(11, "whole.naive", "share", 1 / 5, 1 / 10),
    Goal(12, "collector", "share", 1 / 10, 1 / 100),
    Goal(13, "rigs", "count", 40, 100, at_least=True),
    Goal(14, "start.s", "s", 1.5, 0.8),
    Goal(14, "start.mb", "MB", 120, 80),
)


def summary(figures: Mapping[str, float]) -> str:
    """The table, a line for each row of which something was measured."""
    lines = []
    for row, group in groupby(GOALS, key=lambda goal: goal.row):
        goals = list(group)
        if any(goal.figure in figures for goal in goals):
            lines.append(_line(row, goals, figures))
    return report.table(("row", "what", "goal", "moonshot", "measured", "verdict"), lines)


def verdict(goals: Sequence[Goal], figures: Mapping[str, float]) -> str:
    """What a row has reached: the moonshot, the goal, or by how much it missed the one that it missed most."""
    if any(goal.figure not in figures for goal in goals):
        return "not all measured"
    missed = max(beyond(goal, goal.goal, figures[goal.figure]) for goal in goals)
    if missed > 1:
        return f"**missed**, {missed:.1f} × the goal" if missed < float("inf") else "**missed**"
    if all(beyond(goal, goal.moonshot, figures[goal.figure]) <= 1 for goal in goals):
        return "moonshot"
    return "goal"


def beyond(goal: Goal, wanted: float | None, found: float) -> float:
    """By which factor the figure is worse than wanted; at most 1 when it is not, or nothing is wanted."""
    if wanted is None:
        return 0.0
    if goal.at_least:
        return wanted / found if found else float("inf")
    return found / wanted


def _line(row: int, goals: Sequence[Goal], figures: Mapping[str, float]) -> Sequence[str]:
    told = [_told(goal.kind, figures.get(goal.figure)) for goal in goals]
    after = f" after {figures['start.minutes']:g} min" if row == 14 and "start.minutes" in figures else ""
    return (
        str(row),
        ROWS[row],
        _wanted(goals, [goal.goal for goal in goals]),
        _wanted(goals, [goal.moonshot for goal in goals]),
        f"**{'; '.join(told)}**{after}",
        verdict(goals, figures),
    )


def _wanted(goals: Sequence[Goal], wanted: Sequence[float | None]) -> str:
    """Equal ones of one kind are told once."""
    told = dict.fromkeys(
        f"{'≥' if goal.at_least else '≤'} {_told(goal.kind, each)}"
        for goal, each in zip(goals, wanted, strict=True)
        if each is not None
    )
    return "; ".join(told)


def _told(kind: Kind, value: float | None) -> str:
    if value is None:
        return "–"
    match kind:
        case "share":
            return report.share(value)
        case "times":
            return f"{value:.2g}" if value < 10 else f"{value:.0f}"
        case "count":
            return report.thousands(value)
        case "bytes":
            return f"{report.thousands(value)} bytes"
        case "ms":
            return f"{value:.2g} ms" if value < 10 else f"{value:.0f} ms"
        case "s":
            return f"{value:.2g} s"
        case "MB":
            return f"{value:.0f} MB"
