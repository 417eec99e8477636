"""Watches all rigs and tells what is between them [edge]: events off the bus, derived events back onto it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from app.bus import Bus, KeepInOrder, Subscription
from app.duel.duel import Disagreement, Duel, Twins
from app.duel.sectors import Sectors
from app.normalize.events import (
    DuelState,
    Event,
    FlashbackUsed,
    LapCompleted,
    LapDisputed,
    LapInvalidated,
    LapProgress,
    LapStarted,
    LapWithdrawn,
    SectorCompleted,
    SessionEnded,
    SessionState,
    SharedRace,
)

_HELD: Final = 8192
"""Events waiting for the referee: some 30 s of two rigs; full, the oldest loses and is counted."""
_INHERITED: Final = (
    "rig_id",
    "session_uid",
    "session_key",
    "session_time_s",
    "overall_frame",
    "car_index",
    "received_at",
    "driver_name",
    "individual_id",
)
"""What a derived event takes from the event that caused it."""
_HEARD: Final = (
    LapProgress,
    SessionState,
    LapStarted,
    SectorCompleted,
    LapCompleted,
    LapInvalidated,
    LapWithdrawn,
    FlashbackUsed,
    SessionEnded,
)


class Referee:
    """Derives `DuelState`, `SharedRace` and `LapDisputed` from what the rigs tell.

    Args:
        rig_ids: All rigs, in the order they are configured.
        bus: Where events come from and go to.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(
        self, rig_ids: Sequence[str], bus: Bus[Event], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._duel = Duel(rig_ids)
        self._sectors = {rig_id: Sectors() for rig_id in rig_ids}
        self._bus = bus
        self._monotonic = monotonic
        self._events: Subscription[Event] = bus.subscribe("referee", KeepInOrder(_HELD), of=_HEARD)

    def close(self) -> None:
        """Take nothing more; `run` ends when what waits is derived."""
        self._events.close()

    async def run(self) -> None:
        """Derive until the bus is closed."""
        async for batch in self._events:
            now_s = self._monotonic()
            for event in batch:
                self._bus.publish(self.derive(event, now_s))

    def derive(self, event: Event, now_s: float) -> list[Event]:
        """What one event brings to light."""
        found = self._duel.feed(event, now_s)
        sectors = self._sectors[event.rig_id]
        sectors.feed(event)
        derived = [self._told(event, finding) for finding in found]
        if isinstance(event, LapProgress):
            standing = self._duel.standing(event.rig_id, now_s)
            shown = sectors.shown()
            fields = {
                "other_rig_id": standing.other,
                "same_race": standing.same_race,
                "delta_to_best_ms": standing.delta_to_best_ms,
                "delta_to_other_ms": standing.delta_to_other_ms,
                "gap_to_other_ms": standing.gap_to_other_ms,
                "chasing": standing.chasing,
                "sectors_lap_number": shown.lap_number,
                "sector_times_ms": shown.times_ms,
                "sector_marks": shown.marks,
            }
            derived.append(DuelState.model_validate({**_taken(event, _INHERITED), **fields}))
        return derived

    def problems(self) -> list[str]:
        """One sentence for each pair of rigs that cannot be two."""
        return [
            f"{one} and {other} get the same game's stream: give each game a port of its own"
            for one, other in self._duel.same_car(self._monotonic())
        ]

    @staticmethod
    def _told(event: Event, finding: Twins | Disagreement) -> Event:
        taken = _taken(event, _INHERITED)
        if isinstance(finding, Twins):
            fields = {
                "other_rig_id": finding.other_rig_id,
                "other_car_index": finding.other_car_index,
                "same_car": finding.same_car,
            }
            return SharedRace.model_validate({**taken, **fields})
        fields = {
            "lap_number": finding.lap_number,
            "lap_time_ms": finding.lap_time_ms,
            "other_lap_time_ms": finding.other_lap_time_ms,
        }
        return LapDisputed.model_validate({**taken, **fields})


# Any: an event's fields are of many types; pydantic checks them by name.
def _taken(event: Event, names: Iterable[str]) -> dict[str, Any]:
    values = vars(event)
    return {name: values[name] for name in names}
