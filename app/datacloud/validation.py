"""Is a row what the org's schema says? The same checks, in the same words, before a row is queued and in the emulator.

The live endpoint answers 202 to a row that does not fit and drops it later without a word, so a row is checked here
before it may wait in the outbox.

Source:
    Salesforce, Data 360 Ingestion API, validation endpoint (the form of its report).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from typing import Any, Final

from app.datacloud.schema import FieldType, ObjectSpec

# Any: a record is whatever JSON object came; finding out what it is, is the point.
Record = Mapping[str, Any]

_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z")
_EXPECTED: Final[Mapping[FieldType, str]] = {"string": "String", "number": "Number", "boolean": "Boolean"}


def complaints(spec: ObjectSpec, record: Record, *, all_fields: bool = True, unknown_fields: bool = True) -> list[str]:
    """What is wrong with a record, in the words of the real validation report; empty when it fits.

    Args:
        spec: The object that the record is meant for.
        record: The record as parsed from JSON.
        all_fields: Whether a schema field that is missing counts.
        unknown_fields: Whether a name that the schema does not know is allowed.
    """
    found = []
    types = spec.types
    for name, value in record.items():
        field_type = types.get(name)
        if field_type is not None:
            found += _type_complaint(name, field_type, value)
        elif not unknown_fields:
            found.append(f"#: extraneous key [{name}] is not permitted")
    if all_fields:
        found += [f"#: required key [{field.name}] not found" for field in spec.fields if field.name not in record]
    for required in (spec.primary_key, spec.event_time):
        if required is not None and record.get(required, "") in (None, ""):
            found.append(f"#/{required}: required value missing")
    return found


def _type_complaint(name: str, field_type: FieldType, value: Any) -> list[str]:
    if value is None:
        return []
    if field_type == "date-time":
        if isinstance(value, str) and is_date_time(value):
            return []
        if isinstance(value, str):
            return [f"#/{name}: [{value}] is not a valid date-time. Expected yyyy-MM-dd'T'HH:mm:ss[.SSS]'Z'"]
        return [f"#/{name}: expected type: String, found: {json_type(value)}"]
    expected, found = _EXPECTED[field_type], json_type(value)
    if found == expected or (expected == "Number" and found == "Integer"):
        return []
    return [f"#/{name}: expected type: {expected}, found: {found}"]


def json_type(value: Any) -> str:
    """The type of a parsed JSON value as the report names it; a number that is not finite is no number."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer"
    if isinstance(value, float):
        return "Number" if isfinite(value) else "Null"
    if isinstance(value, str):
        return "String"
    return "JSONObject" if isinstance(value, Mapping) else "JSONArray"


def is_date_time(text: str) -> bool:
    """Whether text is a UTC date and time with a literal Z, without or with three fractional digits."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return False
    return True
