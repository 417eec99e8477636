"""Values of a row to its JSON: all fields of the object, in the schema's order and with the schema's digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

import orjson

from app.datacloud.schema import Field, ObjectSpec

# Any: a row's values are text, numbers, booleans and None; `validation` says which belongs where.
Values = Mapping[str, Any]

ENVELOPE_BYTES: Final = len(b'{"data":[]}')


def encode(spec: ObjectSpec, values: Values) -> bytes:
    """The row as compact JSON in UTF-8; a field without a value is null, as the service wants every field named."""
    return orjson.dumps({field.name: _rounded(field, values.get(field.name)) for field in spec.fields})


def decode(body: bytes) -> dict[str, Any]:
    """The values of an encoded row."""
    values: dict[str, Any] = orjson.loads(body)
    return values


def envelope(rows: Sequence[bytes]) -> bytes:
    """The request body that carries encoded rows."""
    return b'{"data":[' + b",".join(rows) + b"]}"


def envelope_bytes(rows: Iterable[bytes]) -> int:
    """The length of that body, without making it."""
    lengths = [len(row) for row in rows]
    return ENVELOPE_BYTES + sum(lengths) + max(0, len(lengths) - 1)


def _rounded(field: Field, value: Any) -> Any:
    """A 32-bit float has some seven digits: what `repr` adds beyond them is noise that would be paid for."""
    if field.decimals is None or not isinstance(value, float) or not isfinite(value):
        return value
    return round(value, field.decimals) + 0.0 if field.decimals else round(value)  # + 0.0: no minus before a zero
