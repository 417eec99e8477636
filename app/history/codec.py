"""Columns of a lap as bytes, and back: exact for what `laptrace` makes, some 4 kB for a lap of 80 s.

A version, then compressed: the number of entries, and column after column. Values become whole numbers from 1 on (0 is
unknown), each is told as its difference to the one before, and the bytes of equal weight stand together: what changes
slowly is nearly all zeros, which deflate likes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from struct import Struct
from struct import error as StructError
from typing import Any, Final, NamedTuple

from app.history.record import Columns

_VERSION: Final = 1
_COUNT: Final = Struct("<I")
_MOST: Final = 1 << 16
"""Entries, 262 km; a damaged number must not ask for gigabytes."""


class _Form(NamedTuple):
    """How a column is written: bytes a value, parts of one, least value in parts."""

    name: str
    width: int
    parts: int
    least: int


_FORMS: Final = (
    _Form("time_ms", 4, 1, 0),
    _Form("speed_kph", 2, 10, 0),
    _Form("throttle", 1, 100, 0),
    _Form("brake", 1, 100, 0),
    _Form("gear", 1, 1, -1),
    _Form("steer", 1, 100, -100),
)


def encode(columns: Columns) -> bytes:
    """The columns as bytes.

    Raises:
        ValueError: A value is out of its column's range, or the columns are not of one length.
    """
    count = len(columns.time_ms)
    if count > _MOST:
        raise ValueError(f"{count} entries are no lap; at most {_MOST} are written")
    planes = [_COUNT.pack(count)]
    for form, column in zip(_FORMS, columns, strict=True):
        if len(column) != count:
            raise ValueError(f"{form.name} has {len(column)} entries, not {count}")
        planes += _planes(form, column)
    return bytes([_VERSION]) + zlib.compress(b"".join(planes), 6)


def decode(data: bytes) -> Columns:
    """The columns that were encoded.

    Raises:
        ValueError: The bytes are damaged, or of a version that this program does not know.
    """
    if data[:1] != bytes([_VERSION]):
        raise ValueError(f"a trace of version {data[:1].hex() or 'none'}; this program knows {_VERSION}")
    try:
        raw = zlib.decompress(data[1:])
        (count,) = _COUNT.unpack_from(raw)
    except (zlib.error, StructError) as damage:
        raise ValueError(f"a trace is damaged ({damage})") from damage
    size = _COUNT.size + count * sum(form.width for form in _FORMS)
    if count > _MOST or len(raw) != size:
        raise ValueError(f"a trace is damaged ({count} entries in {len(raw)} bytes)")
    columns, at = {}, _COUNT.size
    for form in _FORMS:
        end = at + count * form.width
        columns[form.name] = _values(form, raw[at:end])
        at = end
    return Columns(**columns)


def _planes(form: _Form, column: Sequence[float | None]) -> list[bytes]:
    limit = 1 << (8 * form.width)
    steps, before = [], 0
    for value in column:
        code = 0 if value is None else round(value * form.parts) - form.least + 1
        if not (value is None or 0 < code < limit):
            raise ValueError(f"{form.name} of {value} cannot be written")
        steps.append((code - before) % limit)
        before = code
    packed = _packing(form, len(steps)).pack(*steps)
    return [packed[weight :: form.width] for weight in range(form.width)]


# Any: whole numbers or floats, as the form says.
def _values(form: _Form, planes: bytes) -> list[Any]:
    count = len(planes) // form.width
    packed = bytearray(len(planes))
    for weight in range(form.width):
        packed[weight :: form.width] = planes[weight * count : (weight + 1) * count]
    limit = 1 << (8 * form.width)
    values, code = [], 0
    for step in _packing(form, count).unpack(packed):
        code = (code + step) % limit
        whole = code - 1 + form.least
        values.append(None if code == 0 else whole if form.parts == 1 else whole / form.parts)
    return values


def _packing(form: _Form, count: int) -> Struct:
    return Struct(f"<{count}{'?BH?I'[form.width]}")
