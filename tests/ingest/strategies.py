"""Anything the wire can carry, drawn by the layouts' own rows: headers, and changes for `tests.builders`.

NaN is left out, since it does not equal itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

from hypothesis import strategies as st

from app.ingest.header import HEADER_SIZE, PacketHeader, write_header
from app.ingest.layouts import LAYOUTS, SPECS
from app.ingest.layouts.table import CARS, CHAR, Block, Field

U8, U32 = st.integers(0, 2**8 - 1), st.integers(0, 2**32 - 1)
HEADERS = st.builds(
    PacketHeader,
    packet_format=st.integers(0, 2**16 - 1),
    game_year=U8,
    game_major_version=U8,
    game_minor_version=U8,
    packet_version=U8,
    packet_id=U8,
    session_uid=st.integers(0, 2**64 - 1),
    session_time=st.floats(width=32, allow_nan=False),
    frame_identifier=U32,
    overall_frame_identifier=U32,
    player_car_index=U8,
    secondary_player_car_index=U8,
)

_INTEGERS = {"B": (0, 2**8 - 1), "b": (-(2**7), 2**7 - 1), "H": (0, 2**16 - 1), "h": (-(2**15), 2**15 - 1)}
_INTEGERS |= {"I": (0, 2**32 - 1)}


def any_datagrams() -> st.SearchStrategy[bytes]:
    """Bytes of any kind: noise, headers of no game, real headers with bodies of the right and of other lengths."""
    known = st.tuples(HEADERS, st.sampled_from(sorted(LAYOUTS))).flatmap(
        lambda drawn: _bodies(drawn[0]._replace(packet_format=drawn[1][0], packet_id=drawn[1][1]))
    )
    return st.binary(max_size=1500) | HEADERS.map(write_header) | known


def _bodies(header: PacketHeader) -> st.SearchStrategy[bytes]:
    size = LAYOUTS[header.packet_format, header.packet_id].size
    sizes = st.just(size) | st.integers(HEADER_SIZE, 1500)
    return st.tuples(sizes, st.binary(max_size=40)).map(
        lambda drawn: (write_header(header) + drawn[1]).ljust(drawn[0], drawn[1][-1:] or b"\0")[: drawn[0]]
    )


@cache
def record_changes(rows: tuple[Field, ...], cars: int) -> st.SearchStrategy[dict[str, Any]]:
    """Every field of a record or of an event's details."""
    return st.fixed_dictionaries({row.name: _field_values(row, cars) for row in rows})


@cache
def packet_changes(packet_format: int, packet_id: int) -> st.SearchStrategy[dict[str, Any]]:
    """Every field of the packet itself, and up to two records of each array."""
    spec = SPECS[packet_format]
    rows = next(packet.rows for packet in spec.packets if packet.packet_id == packet_id)
    changes: dict[str, st.SearchStrategy[Any]] = {}
    for row in rows:
        if isinstance(row, Block):
            record = record_changes(spec.records[row.record], spec.cars)
            length = spec.cars if row.count == CARS else row.count
            many = st.dictionaries(st.integers(0, (length or 1) - 1), record, max_size=2)
            changes[row.name] = record if length is None else many
        else:
            changes[row.name] = _field_values(row, spec.cars)
    return st.fixed_dictionaries(changes)


def _field_values(row: Field, cars: int) -> st.SearchStrategy[Any]:
    shape = tuple(cars if size == CARS else size for size in row.shape)
    if row.type == CHAR:
        size = prod(shape)
        return st.text(max_size=size).filter(lambda text: "\0" not in text and len(text.encode()) <= size)
    if len(shape) == 2:
        columns = shape[1]
        return st.binary(min_size=prod(shape), max_size=prod(shape)).map(
            lambda flat: tuple(tuple(flat[at : at + columns]) for at in range(0, len(flat), columns))
        )
    if row.type in _INTEGERS:
        number = st.integers(*_INTEGERS[row.type])
        one: st.SearchStrategy[Any] = number if row.divide_by is None else number.map(_divided(row.divide_by))
    else:
        one = st.floats(width=32 if row.type == "f" else 64, allow_nan=False)
    return st.tuples(*[one] * shape[0]) if shape else one


def _divided(by: int) -> Callable[[int], float]:
    return lambda number: number / by
