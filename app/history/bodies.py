"""The JSON that screens are told of the day. Who a guest is in Salesforce stays here: no `individual_id` is in any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from app.history.board import TrackBoard, boards, guest_laps, newest, order, stands_for
from app.history.record import MAP_STEP_M, STEP_M, Columns, LapRecord, Outline, StoredTrace
from app.normalize.events import utc_text

MOST_LAPS: Final = 1000
MOST_ROWS: Final = 50
"""Of a board: a screen that shows more is a list."""
MOST_EXPORTED: Final = 20_000
"""Laps of a day in a file: more than twenty rigs drive from morning to midnight."""

# Any: JSON.
Body = dict[str, Any]


def row(lap: LapRecord, guests: Mapping[str, int], last: LapRecord | None, rank: int | None = None) -> Body:
    """A lap as a row.

    Args:
        lap: It.
        guests: Counts the valid laps of its day by individual.
        last: The valid lap of its day that was completed last.
        rank: Its place on its track's board; None when it has none, or none was asked for.
    """
    return {
        "lap_id": lap.lap_id,
        "rig_id": lap.rig_id,
        "driver_name": lap.driver_name,
        "track": lap.track,
        "session_type": lap.session_type,
        "lap_number": lap.lap_number,
        "lap_time_ms": lap.lap_time_ms,
        "sector1_time_ms": lap.sector1_time_ms,
        "sector2_time_ms": lap.sector2_time_ms,
        "sector3_time_ms": lap.sector3_time_ms,
        "valid": lap.valid,
        "pit_lap": lap.pit_lap,
        "tyre_compound": lap.tyre_compound,
        "completed_at": utc_text(lap.completed_at),
        "guest_laps": None if lap.individual_id is None else guests.get(lap.individual_id, 0),
        "rank": rank,
        "newest": last is not None and lap.lap_id == last.lap_id,
        "newest_guest": stands_for(lap, last),
        "has_trace": lap.has_trace,
    }


def day_body(day: str, version: int, problem: str | None, laps: Sequence[LapRecord]) -> Body:
    """The body of `/api/day`: the boards of all tracks."""
    guests, last = guest_laps(laps), newest(laps)
    tracks = [_board_body(board, guests, last) for board in boards(laps)]
    return {"day": day, "version": version, "problem": problem, "tracks": tracks}


def _board_body(board: TrackBoard, guests: Mapping[str, int], last: LapRecord | None) -> Body:
    """One track: the first rows of its board, and those that a screen shows wherever they stand."""
    ranks = {lap.lap_id: place for place, lap in enumerate(board.rows, 1)}

    def told(lap: LapRecord) -> Body:
        return row(lap, guests, last, ranks.get(lap.lap_id))

    return {
        "track": board.track,
        "laps": board.laps,
        "board": [told(lap) for lap in board.rows[:MOST_ROWS]],
        "newest": None if last is None or last.track != board.track else told(last),
        "rigs": [told(lap) for lap in board.rigs],
    }


def laps_body(day: str, days: Iterable[str], laps: Sequence[LapRecord], track: str | None) -> Body:
    """The body of `/api/laps`: all laps of a day, newest first, of one track or of all."""
    guests, last = guest_laps(laps), newest(laps)
    newest_first = sorted(laps, key=order, reverse=True)
    told = [lap for lap in newest_first if track is None or lap.track == track][:MOST_LAPS]
    return {
        "day": day,
        "days": list(days),
        "tracks": list(dict.fromkeys(lap.track for lap in newest_first if lap.track is not None)),
        "laps": [row(lap, guests, last) for lap in told],
    }


def exported(laps: Sequence[LapRecord], track: str | None) -> list[Body]:
    """All laps of a day as rows, oldest first, of one track or of all."""
    guests, last = guest_laps(laps), newest(laps)
    oldest_first = [lap for lap in sorted(laps, key=order) if track is None or lap.track == track]
    return [row(lap, guests, last) for lap in oldest_first[-MOST_EXPORTED:]]


def lap_body(lap: LapRecord, day_laps: Sequence[LapRecord], trace: StoredTrace, columns: Columns) -> Body:
    """The body of `/api/laps/{lap_id}`: a lap along its distance."""
    return {
        "lap": row(lap, guest_laps(day_laps), newest(day_laps)),
        "length_m": trace.length_m,
        "sector2_start_m": trace.sector2_start_m,
        "sector3_start_m": trace.sector3_start_m,
        "step_m": STEP_M,
        **columns._asdict(),
    }


def map_body(outline: Outline) -> Body:
    """The body of `/api/map`: the driven line of one track."""
    return {
        "track": outline.track,
        "length_m": outline.length_m,
        "step_m": MAP_STEP_M,
        "x": outline.x,
        "z": outline.z,
        "sector2_start_m": outline.sector2_start_m,
        "sector3_start_m": outline.sector3_start_m,
    }
