"""Records for the emulator's tests: valid by default, changed by keyword."""

from __future__ import annotations

from typing import Any, Final

import orjson

from app.datacloud.emulator.payload import Parsed
from app.datacloud.schema import BY_NAME

MOMENT: Final = "2026-03-01T10:00:00.123Z"
_VALUES: Final = {"string": "x", "number": 1.5, "boolean": True, "date-time": MOMENT}


def make_record(object_name: str = "LapEvent", **changes: Any) -> dict[str, Any]:
    """A record with every field of its object; a change to `...` leaves the field out."""
    record = {field.name: _VALUES[field.type] for field in BY_NAME[object_name].fields}
    return {name: value for name, value in {**record, **changes}.items() if value is not ...}


def parsed(*records: dict[str, Any]) -> list[Parsed]:
    """Records as a body would have held them."""
    return [Parsed(record, orjson.dumps(record)) for record in records]


def body_of(*records: dict[str, Any]) -> bytes:
    """A request body."""
    return orjson.dumps({"data": records})
