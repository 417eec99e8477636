"""What Data Cloud is given: one table of objects and fields, the one truth for names.

From it come the schema file for the org (`schema.yaml`), the serializer of rows, the field tables of the papers and the
checks of `validation`. Fields may be added at an object's end and never removed, renamed or retyped: an org that holds
the schema cannot take that back. `tests/datacloud/released_schema.yaml` guards it.

Source:
    `docs/salesforce.md`; Salesforce, Data 360 Ingestion API, schema file requirements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

FieldType = Literal["string", "number", "boolean", "date-time"]
Category = Literal["Engagement", "Other"]


class Field(NamedTuple):
    """One column of an object.

    Attributes:
        name: As it stands in rows and in the schema file.
        type: `number` also for whole numbers; `date-time` is text such as `2026-03-01T10:00:00.123Z`.
        meaning: What it tells, with its unit; a full stop ends it.
        decimals: Fractional digits kept of a number; None leaves it as it is.
    """

    name: str
    type: FieldType
    meaning: str
    decimals: int | None = None


class ObjectSpec(NamedTuple):
    """One object of the org.

    Attributes:
        name: As in the schema file; a lane of the outbox has the same name.
        category: What the admin chooses for the data stream.
        primary_key: Rows with the same value replace each other.
        event_time: Never changes for a row, or it becomes a second one; None where the category has none.
        record_modified: Tells the newer of two rows with one key.
        fields: All columns, in the order in which they were added.
    """

    name: str
    category: Category
    primary_key: str
    event_time: str | None
    record_modified: str | None
    fields: tuple[Field, ...]

    @property
    def types(self) -> Mapping[str, FieldType]:
        """The type of every field by its name."""
        return {field.name: field.type for field in self.fields}


_ID: Final = Field("event_id", "string", "Names the event; the same one again replaces its row.")
_TIME: Final = Field("event_time", "date-time", "When the gateway received it; never changes for a row.")
_MODIFIED: Final = Field("recordModified", "date-time", "When this telling of the row was made.")
_DEVICE: Final = Field("device_id", "string", "The rig, as configured.")
_GUEST: Final = Field("driver_individual_id", "string", "The guest's id in Salesforce; null when none is configured.")
_SESSION: Final = Field("session_key", "string", "The session as this rig lived it: device_id:session_uid.")
_UID: Final = Field("session_uid", "string", "The game's session id; text, since it needs 64 bits.")
_FRAME: Final = Field("overall_frame", "number", "The game's frame counter that never goes back.")
_CAR: Final = Field("car_index", "number", "The car's slot in the game, 0 to 23.")

TELEMETRY: Final = ObjectSpec(
    "TelemetryEvent",
    "Engagement",
    "event_id",
    "event_time",
    "recordModified",
    (
        _ID,
        _TIME,
        _MODIFIED,
        _DEVICE,
        _GUEST,
        _SESSION,
        _UID,
        _FRAME,
        Field("session_time_s", "number", "The game's session clock in seconds; goes back on a flashback.", 3),
        _CAR,
        Field("lap_number", "number", "The lap being driven."),
        Field("lap_distance_m", "number", "Metres from the line; negative before it is first crossed.", 2),
        Field("speed_kph", "number", "Speed in km/h.", 1),
        Field("throttle", "number", "0 to 1.", 3),
        Field("brake", "number", "0 to 1.", 3),
        Field("steer", "number", "-1 (left) to 1 (right).", 3),
        Field("gear", "number", "-1 reverse, 0 neutral, 1 to 8."),
        Field("engine_rpm", "number", "Revolutions a minute.", 0),
        Field("drs", "boolean", "Whether DRS is open."),
        Field("ers_store_energy_j", "number", "Energy in the ERS store in joules; 4 MJ is full.", 0),
        Field("tyre_temp_fl", "number", "Tyre surface temperature front left in °C.", 0),
        Field("tyre_temp_fr", "number", "Tyre surface temperature front right in °C.", 0),
        Field("tyre_temp_rl", "number", "Tyre surface temperature rear left in °C.", 0),
        Field("tyre_temp_rr", "number", "Tyre surface temperature rear right in °C.", 0),
        Field("sample_count", "number", "Frames folded into this row; 1 is a frame as it came."),
    ),
)
LAP: Final = ObjectSpec(
    "LapEvent",
    "Engagement",
    "event_id",
    "event_time",
    "recordModified",
    (
        _ID,
        _TIME,
        _MODIFIED,
        _DEVICE,
        _GUEST,
        _SESSION,
        _UID,
        _CAR,
        Field("lap_number", "number", "The lap that was completed."),
        Field("lap_time_ms", "number", "Lap time in milliseconds."),
        Field("sector1_ms", "number", "Sector 1 in milliseconds."),
        Field("sector2_ms", "number", "Sector 2 in milliseconds."),
        Field("sector3_ms", "number", "Sector 3 in milliseconds."),
        Field("car_position", "number", "Position at the line; 1 is first."),
        Field("lap_invalid", "boolean", "Whether the lap does not count."),
        Field(
            "lap_status",
            "string",
            "provisional (read off the line), confirmed or corrected (by the game's history), withdrawn (undone by a"
            " flashback).",
        ),
        Field("pit_lap", "boolean", "Whether the lap touched the pit lane."),
        Field("tyre_compound", "string", "Soft, Medium, Hard, Inter or Wet."),
    ),
)
RACE: Final = ObjectSpec(
    "RaceEvent",
    "Engagement",
    "event_id",
    "event_time",
    "recordModified",
    (
        _ID,
        _TIME,
        _MODIFIED,
        _DEVICE,
        _SESSION,
        _UID,
        _FRAME,
        Field("event_code", "string", "What happened, such as Overtake, PenaltyIssued or FlashbackUsed."),
        _CAR,
        Field("detail", "string", "The event's own fields as JSON text; holds no person's name."),
    ),
)
SESSION: Final = ObjectSpec(
    "SessionEvent",
    "Other",
    "session_key",
    None,
    "recordModified",
    (
        _SESSION,
        _MODIFIED,
        _DEVICE,
        Field("driver_name", "string", "Who drives the rig's own car."),
        _GUEST,
        _UID,
        Field("track_id", "number", "The game's number of the track."),
        Field("session_type", "number", "The game's number of the session's type."),
        Field("weather", "number", "The game's number of the weather."),
        Field("track_temperature", "number", "Track temperature in °C."),
        Field("air_temperature", "number", "Air temperature in °C."),
        Field("total_laps", "number", "Laps of the race; null where there is no such number."),
        Field("started_at", "date-time", "When the gateway first heard of the session."),
        Field("ended_at", "date-time", "When it ended; null while it runs, or if the gateway was off when it ended."),
        Field("track_name", "string", "The track in words."),
        Field("session_type_name", "string", "The session's type in words."),
        Field("weather_name", "string", "The weather in words."),
        Field("end_reason", "string", "send, classification, new_session or silence; null while it runs."),
    ),
)

OBJECTS: Final = (SESSION, LAP, RACE, TELEMETRY)
"""In the order in which their rows are sent: what is rare and dear before what is plenty."""
BY_NAME: Final[Mapping[str, ObjectSpec]] = {spec.name: spec for spec in OBJECTS}

MOST_FIELDS: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_RESERVED: Final = frozenset(
    "date_id location_id dat_account_currency dat_exchange_rate pacing_period pacing_end_date row_count version".split()
)
_YAML_TYPES: Final[Mapping[FieldType, tuple[str, ...]]] = {
    "string": ("type: string",),
    "number": ("type: number",),
    "boolean": ("type: boolean",),
    "date-time": ("type: string", "format: date-time"),
}


def schema_yaml(objects: Iterable[ObjectSpec] = OBJECTS) -> str:
    """The schema file for the org: OpenAPI 3.0, nothing but `components.schemas`, in block style."""
    lines = ["openapi: 3.0.3", "components:", "  schemas:"]
    for spec in objects:
        lines += [f"    {spec.name}:", "      type: object", "      properties:"]
        for field in spec.fields:
            lines.append(f"        {field.name}:")
            lines += [f"          {line}" for line in _YAML_TYPES[field.type]]
    return "\n".join(lines) + "\n"


def rule_breaches(objects: Iterable[ObjectSpec] = OBJECTS) -> list[str]:
    """A sentence for each rule of the Ingestion API's schema file that the objects break; empty when there is none."""
    found = []
    specs = tuple(objects)
    if not specs:
        found.append("there is no object")
    found += _name_breaches("object", [spec.name for spec in specs])
    for spec in specs:
        names = [field.name for field in spec.fields]
        if not 1 <= len(names) <= MOST_FIELDS:
            found.append(f"{spec.name} has {len(names)} fields, not 1 to {MOST_FIELDS}")
        found += [f"{spec.name}: {breach}" for breach in _name_breaches("field", names)]
        if spec.category == "Engagement" and "date-time" not in spec.types.values():
            found.append(f"{spec.name} is an Engagement object without a date-time")
        if spec.primary_key not in names:
            found.append(f"{spec.name} has no field {spec.primary_key}, its primary key")
    return found


def _name_breaches(what: str, names: list[str]) -> list[str]:
    found = [f"{what} {name} is not 1 to 80 letters, digits, _ or -" for name in names if not _NAME.fullmatch(name)]
    found += [f"{what} {name} contains __" for name in names if "__" in name]
    found += [f"{what} {name} is a reserved name" for name in names if name.lower() in _RESERVED]
    folded = [name.lower() for name in names]
    found += [
        f"{what} {name} stands twice, but for case" for name in sorted({n for n in folded if folded.count(n) > 1})
    ]
    return found
