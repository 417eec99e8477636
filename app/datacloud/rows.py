"""Facts to rows: laps and race events. The only place where canonical names and Data Cloud's meet, with `sampling`
(telemetry) and `sessions`.

Ids hold no clock of ours, so a resend, a restart or a replay lands on the same row. What is known of other people stays
here: rows carry no name but that of the guest in a session's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import orjson

from app.datacloud import schema
from app.datacloud.book import Book
from app.datacloud.encode import encode
from app.datacloud.row import Row
from app.normalize import events
from app.normalize.events import Event, Fact, utc_text

RACE_FACTS: Final[frozenset[type[Fact]]] = frozenset(
    {
        events.LapInvalidated,
        events.FlashbackUsed,
        events.FinalClassification,
        events.FastestLap,
        events.SpeedTrap,
        events.PenaltyIssued,
        events.PenaltyServed,
        events.Overtake,
        events.Collision,
        events.Retirement,
        events.TeamMateInPits,
        events.StartLights,
        events.LightsOut,
        events.ChequeredFlag,
        events.RaceWinner,
        events.RedFlag,
        events.SafetyCar,
        events.DrsChanged,
        events.LapDisputed,
    }
)
"""What happened on the track. Laps and sessions have objects of their own; buttons and the rig's link are no race."""

LapCars = Literal["own", "all"]
# Any: fields of events and columns of rows are of many types.
_Fields = dict[str, Any]
_RESULT_COLUMNS: Final = ("car_index", "position", "laps", "best_lap_time_ms", "total_race_time_ms", "penalties_s")


class RowMaker:
    """Makes the rows of facts.

    Args:
        devices: The rigs' ids in Salesforce, by rig id.
        book: What was told before.
        lap_cars: Whose laps are told: the rig's own car's, or every car's.
    """

    def __init__(self, devices: Mapping[str, str], book: Book, lap_cars: LapCars = "own") -> None:
        self._devices = devices
        self._book = book
        self._lap_cars = lap_cars

    def rows(self, fact: Fact) -> list[Row]:
        """The row of a fact, as a list of one; empty when it has none or says nothing new."""
        if fact.session_key is None:
            return []
        if isinstance(fact, events.LapCompleted):
            row = self._lap(fact)
        elif isinstance(fact, events.LapWithdrawn):
            row = self._withdrawn(fact)
        elif type(fact) in RACE_FACTS:
            row = self._race(fact)
        else:
            row = None
        return [] if row is None else [row]

    def _lap(self, lap: events.LapCompleted) -> Row | None:
        if not lap.own and self._lap_cars == "own":
            return None
        values = {
            **self._common(lap),
            "event_id": _lap_key(lap),
            "lap_number": lap.lap_number,
            "lap_time_ms": lap.lap_time_ms,
            "sector1_ms": lap.sector1_time_ms,
            "sector2_ms": lap.sector2_time_ms,
            "sector3_ms": lap.sector3_time_ms,
            "car_position": lap.position,
            "lap_invalid": not lap.valid,
            "lap_status": lap.status,
            "pit_lap": lap.pit_lap,
            "tyre_compound": lap.tyre_compound,
        }
        return self._book.tell(schema.LAP, values)

    def _withdrawn(self, undone: events.LapWithdrawn) -> Row | None:
        """The lap stays in the org, since a row cannot be taken back, and says that it does not count."""
        lap = self._book.known(schema.LAP, _lap_key(undone))
        if lap is None:
            return None
        changes = {"lap_invalid": True, "lap_status": "withdrawn", "recordModified": utc_text(undone.received_at)}
        return self._book.tell(schema.LAP, lap | changes)

    def _race(self, fact: Fact) -> Row | None:
        values = {
            **self._common(fact),
            "event_id": race_key(fact),
            "event_code": fact.kind,
            "detail": orjson.dumps(_detail(fact)).decode(),
        }
        if type(fact).natural_key is not None:
            return self._book.tell(schema.RACE, values)  # it may be told again after a restart
        return Row(schema.RACE.name, values["event_id"], encode(schema.RACE, values))

    def _common(self, event: Event) -> _Fields:
        received = utc_text(event.received_at)
        return {
            "event_time": received,
            "recordModified": received,
            "device_id": self._devices[event.rig_id],
            "driver_individual_id": event.individual_id,
            "session_key": event.session_key,
            "session_uid": event.session_uid,
            "overall_frame": event.overall_frame,
            "car_index": event.car_index,
        }


def _lap_key(lap: events.LapCompleted | events.LapWithdrawn) -> str:
    return f"{lap.session_key}:{lap.car_index}:L{lap.lap_number}"


def race_key(fact: Fact) -> str:
    """The id of a race event: what names it in its frame, or its natural key where it has one."""
    kind = type(fact)
    if kind.natural_key is not None:
        return ":".join(
            [str(fact.session_key), kind.__name__, *(str(getattr(fact, name)) for name in kind.natural_key)]
        )
    frame = fact.overall_frame if fact.overall_frame else f"t{fact.session_time_s}"
    car = "-" if fact.car_index is None else fact.car_index
    details = (str(getattr(fact, name)) for name in kind.detail_key)
    return ":".join([str(fact.session_key), str(frame), kind.__name__, str(car), *details])


def _detail(fact: Fact) -> _Fields:
    """The fields that are the event's own, without people's names."""
    if isinstance(fact, events.FinalClassification):
        columns = [[getattr(car, name) for car in fact.cars] for name in _RESULT_COLUMNS]
        return dict(zip(_RESULT_COLUMNS, columns, strict=True))
    own = type(fact).model_fields.keys() - Fact.model_fields.keys()
    names = sorted(name for name in own if not name.endswith("driver_name"))
    return {name: _short(getattr(fact, name)) for name in names}


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value
