"""What Data Cloud was told under which key, so that nothing is told twice and a correction stays one row.

A lap is told at the line, confirmed or corrected later, and told once more after a restart; a session changes while
it runs. All tellings share a key, and the service keeps the newest. So a telling that says nothing new makes no row,
and one that does keeps the first telling's event time: with another UTC date it would become a second row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.datacloud.encode import Values, decode, encode
from app.datacloud.row import Memory, Row
from app.datacloud.schema import LAP, RACE, SESSION, ObjectSpec
from app.normalize.events import utc_text

_TIMES: Final = ("event_time", "recordModified", "started_at")
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {LAP.name: ("car_position", "pit_lap", "tyre_compound")}
"""Fields in which a None takes nothing back: a lap that only the history tells does not know them."""
_BOUND: Final[Mapping[str, tuple[str, ...]]] = {
    LAP.name: ("driver_individual_id",),
    RACE.name: ("overall_frame",),
}
"""Fields that the first telling settles: who drove a lap is known when it is driven. When a guest has changed and the
gateway is started anew, the game's history tells the laps of the guest before once more."""
_SETTLED: Final = ("confirmed", "corrected")
_MOST: Final = 50_000
"""Tellings of this run that are held in memory, some 25 MB; an event day has some hundreds."""


class Book:
    """The tellings by key.

    Args:
        memories: Those of earlier runs, by `object:key`; read, never changed.
    """

    def __init__(self, memories: Mapping[str, Memory]) -> None:
        self._memories = memories
        self._newer: dict[str, Memory] = {}

    def known(self, spec: ObjectSpec, key: str) -> dict[str, Any] | None:
        """What the newest telling of a key says; None when there was none."""
        memory = self._memory(spec, key)
        return decode(memory.said) if memory is not None else None

    def tell(self, spec: ObjectSpec, values: Values) -> Row | None:
        """The row of one telling, to be remembered with it; None when it says nothing new."""
        key = str(values[spec.primary_key])
        before = self.known(spec, key)
        told = dict(values) if before is None else _after(spec, before, values)
        if before is not None and _says_the_same(spec, before, told):
            return None
        body = encode(spec, told)
        memory = Memory(told[spec.event_time or "started_at"] or told["recordModified"], body)
        self._newer.pop(f"{spec.name}:{key}", None)  # what was told last stands last: the first to go is the oldest
        self._newer[f"{spec.name}:{key}"] = memory
        if len(self._newer) > _MOST:
            del self._newer[next(iter(self._newer))]
        return Row(spec.name, key, body, memory)

    def forget(self, rows: Iterable[Row]) -> None:
        """These rows were not taken: telling them again is news."""
        for row in rows:
            self._newer.pop(f"{row.object}:{row.key}", None)

    def _memory(self, spec: ObjectSpec, key: str) -> Memory | None:
        name = f"{spec.name}:{key}"
        return self._newer.get(name) or self._memories.get(name)


def _after(spec: ObjectSpec, before: Values, values: Values) -> dict[str, Any]:
    """The values of a later telling: first times kept, newer than what it replaces."""
    told = dict(values)
    for name in _KEPT.get(spec.name, ()):
        if told.get(name) is None:
            told[name] = before.get(name)
    for name in _BOUND.get(spec.name, ()):
        told[name] = before[name]
    first = "started_at" if spec is SESSION else spec.event_time
    if first is not None and before.get(first) is not None:
        told[first] = before[first]
    told["recordModified"] = max(told["recordModified"], _just_after(before["recordModified"]))
    return told


def _says_the_same(spec: ObjectSpec, before: Values, told: Values) -> bool:
    ignored = set(_TIMES)
    if told.get("lap_status") in _SETTLED and before.get("lap_status") in _SETTLED:
        ignored.add("lap_status")  # history says it again after a restart: that confirms what was corrected
    names = (field.name for field in spec.fields if field.name not in ignored)
    return all(before.get(name) == told.get(name) for name in names)


def _just_after(instant: str) -> str:
    """A millisecond later: the service keeps the row that was modified last, also when our clock was set back."""
    return utc_text(datetime.fromisoformat(instant) + timedelta(milliseconds=1))
