"""The board of the day: who drove the fastest valid lap.

A guest who is known by id has one row, the best lap; a name may be shared or unknown and is no person, so a lap of
nobody known by id stands alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from app.history.record import LapRecord


class TrackBoard(NamedTuple):
    """One track of a day.

    Attributes:
        laps: How many were driven on it, invalid ones too.
        rows: All of them, fastest first.
        rigs: Each rig's fastest valid lap.
    """

    track: str
    laps: int
    rows: tuple[LapRecord, ...]
    rigs: tuple[LapRecord, ...]


def ranked(laps: Iterable[LapRecord]) -> tuple[LapRecord, ...]:
    """The rows of a board: valid laps, fastest first, of equal time the earlier first, one a guest.

    Args:
        laps: Of one track.
    """
    rows: list[LapRecord] = []
    guests: set[str] = set()
    for lap in sorted((lap for lap in laps if lap.valid), key=_pace):
        if lap.individual_id is not None:
            if lap.individual_id in guests:
                continue
            guests.add(lap.individual_id)
        rows.append(lap)
    return tuple(rows)


def boards(laps: Iterable[LapRecord]) -> tuple[TrackBoard, ...]:
    """All boards of a day, the track with the newest lap first; laps whose track is not known are on none."""
    by_track: dict[str, list[LapRecord]] = {}
    for lap in sorted(laps, key=order, reverse=True):
        if lap.track is not None:
            by_track.setdefault(lap.track, []).append(lap)
    return tuple(
        TrackBoard(track, len(driven), ranked(driven), bests_of_rigs(driven)) for track, driven in by_track.items()
    )


def guest_laps(laps: Iterable[LapRecord]) -> Mapping[str, int]:
    """How many valid laps each guest known by id has driven, over all tracks."""
    return Counter(lap.individual_id for lap in laps if lap.valid and lap.individual_id is not None)


def newest(laps: Iterable[LapRecord]) -> LapRecord | None:
    """The valid lap that was completed last; None when there is none."""
    return max((lap for lap in laps if lap.valid), key=order, default=None)


def stands_for(row: LapRecord, lap: LapRecord | None) -> bool:
    """Whether a row of a board is the faster lap of the guest, known by id, who has driven this one."""
    if lap is None or row.lap_id == lap.lap_id or row.track != lap.track:
        return False
    return row.individual_id is not None and row.individual_id == lap.individual_id


def bests_of_rigs(laps: Iterable[LapRecord]) -> tuple[LapRecord, ...]:
    """The fastest valid lap of each rig that has one, fastest first; whoever drove it.

    Args:
        laps: Of one track.
    """
    bests: dict[str, LapRecord] = {}
    for lap in sorted((lap for lap in laps if lap.valid), key=_pace):
        bests.setdefault(lap.rig_id, lap)
    return tuple(bests.values())


def order(lap: LapRecord) -> tuple[datetime, int, str]:
    """The order of completion; laps that one packet told of are completed in the order of their numbers."""
    return lap.completed_at, lap.lap_number, lap.lap_id


def _pace(lap: LapRecord) -> tuple[int, datetime, int, str]:
    return lap.lap_time_ms, *order(lap)
