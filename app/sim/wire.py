"""All cars of a packet in one precompiled Struct per format, derived from ingest's layout tables.

The simulator computes each car once, as a *wide row*: the wire values of all fields that any format has. Wide rows of
all cars are packed together; another format is those same bytes, or a selection from them. The generic `encode` takes
many times as long; a property test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from math import prod
from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from app.ingest.layouts import SPECS
from app.ingest.layouts.table import CARS, Block, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WIDEST: Final = {"car_status": 2026, "car_telemetry2": 2026}
_USUAL: Final = 2025


def wide_rows(record: str) -> tuple[Field, ...]:
    """The fields of a record's wide row: those of the format that has them all."""
    return SPECS[_WIDEST.get(record, _USUAL)].records[record]


def _codes(rows: Sequence[Field]) -> str:
    return "".join(f"{prod(row.shape)}{row.type}" if row.shape else row.type for row in rows)


def positions(rows: Sequence[Field]) -> dict[str, range]:
    """Where each field's values lie in a flat row."""
    places, at = {}, 0
    for row in rows:
        width = prod(row.shape) if row.shape else 1
        places[row.name] = range(at, at + width)
        at += width
    return places


@cache
def wide_struct(record: str, cars: int) -> Struct:
    """Packs the wide rows of so many cars."""
    return Struct("<" + _codes(wide_rows(record)) * cars)


@dataclass(frozen=True, slots=True)
class CarsPacket:
    """One packet about all cars, in one format.

    Attributes:
        record: Name of the repeated record.
        cars: Slots in the packet.
        record_size: Bytes of one slot.
        tail: The scalars behind the cars.
        pick: Values of a wide row that this format has, None if all.
        rescale: (position in the picked row, factor) of fields that travel as scaled integers here only.
        is_wide: Wide rows are this format's bytes as they are.
    """

    record: str
    cars: int
    codes: str
    record_size: int
    tail: Struct
    pick: tuple[int, ...] | None
    rescale: tuple[tuple[int, int], ...]
    is_wide: bool

    def body(self, wide: bytes, cars: int, tail: Sequence[float] = ()) -> bytes:
        """The bytes after the header, from the packed wide rows of the first `cars` slots; other slots are 0."""
        if not self.is_wide:
            wide = self._converted(wide, cars)
        return wide + bytes((self.cars - cars) * self.record_size) + self.tail.pack(*tail)

    def _converted(self, wide: bytes, cars: int) -> bytes:
        unpack, select, pack, size = _converter(self, cars)
        values = select(unpack(wide))
        if self.rescale:
            values = list(values)
            for place, factor in self.rescale:
                values[place::size] = [round(value * factor) for value in values[place::size]]
        return pack(*values)


@cache
def _converter(
    packet: CarsPacket, cars: int
) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., bytes], int]:
    wide = wide_struct(packet.record, cars)
    width = wide_struct(packet.record, 1)
    values = len(width.unpack(bytes(width.size)))
    chosen = range(values) if packet.pick is None else packet.pick
    select = itemgetter(*(car * values + place for car in range(cars) for place in chosen))
    return wide.unpack, select, Struct("<" + packet.codes * cars).pack, len(chosen)


@cache
def cars_packet(packet_format: int, packet_id: int) -> CarsPacket:
    """The compiled packet.

    Raises:
        StopIteration: The format has no such packet.
        ValueError: The packet is not cars followed by scalars.
    """
    spec = SPECS[packet_format]
    packet = next(packet for packet in spec.packets if packet.packet_id == packet_id)
    block = packet.rows[0]
    scalars = [row for row in packet.rows[1:] if isinstance(row, Field)]
    if not isinstance(block, Block) or block.count != CARS or len(scalars) != len(packet.rows) - 1:
        raise ValueError(f"{packet.name} is not cars followed by scalars")
    rows, wide = spec.records[block.record], wide_rows(block.record)
    places, by_name = positions(wide), {row.name: row for row in wide}
    here = positions(rows)
    pick = tuple(place for row in rows for place in places[row.name])
    return CarsPacket(
        record=block.record,
        cars=spec.cars,
        codes=_codes(rows),
        record_size=Struct("<" + _codes(rows)).size,
        tail=Struct("<" + _codes(scalars)),
        pick=None if len(rows) == len(wide) else pick,
        rescale=tuple(
            (here[row.name].start, row.divide_by)
            for row in rows
            if row.divide_by is not None and by_name[row.name].divide_by is None
        ),
        is_wide=_codes(rows) == _codes(wide) and len(rows) == len(wide),
    )


@cache
def scalars_packet(packet_format: int, packet_id: int) -> tuple[Struct, Callable[[Sequence[float]], Sequence[float]]]:
    """Struct of a packet without records, and what it takes of the values of format 2025's."""
    rows = {
        year: [
            row
            for row in next(p for p in SPECS[year].packets if p.packet_id == packet_id).rows
            if isinstance(row, Field)
        ]
        for year in (packet_format, _USUAL)
    }
    places = positions(rows[_USUAL])
    chosen = [place for row in rows[packet_format] for place in places[row.name]]
    return Struct("<" + _codes(rows[packet_format])), itemgetter(*chosen)


@cache
def _parts(packet_format: int, packet_id: int) -> tuple[tuple[tuple[str, ...], Struct, bool], ...]:
    """Runs of scalars, and blocks, of a packet in wire order: (names, Struct, is a block of records)."""
    spec = SPECS[packet_format]
    rows = next(packet for packet in spec.packets if packet.packet_id == packet_id).rows
    parts: list[tuple[tuple[str, ...], Struct, bool]] = []
    for is_block, run in groupby(rows, key=lambda row: isinstance(row, Block)):
        if is_block:
            blocks = [row for row in run if isinstance(row, Block)]
            parts += [((row.name,), Struct("<" + _codes(spec.records[row.record])), True) for row in blocks]
        else:
            fields = [row for row in run if isinstance(row, Field)]
            parts.append((tuple(row.name for row in fields), Struct("<" + _codes(fields)), False))
    return tuple(parts)


def sparse_body(packet: Any) -> bytes:  # Any: packets differ in their fields
    """The bytes after the header of a packet most of whose records are empty; its values are the wire's as they are."""
    body = []
    for names, struct, is_block in _parts(packet.header.packet_format, packet.header.packet_id):
        if is_block:
            empty = bytes(struct.size)
            body += [struct.pack(*record) if any(record) else empty for record in getattr(packet, names[0])]
        else:
            values: list[float] = []
            for name in names:
                value = getattr(packet, name)
                if isinstance(value, tuple):
                    values += value
                else:
                    values.append(value)
            body.append(struct.pack(*values))
    return b"".join(body)
