"""How a layout is written down, and how it is compiled to `struct.Struct`.

A format is a `Spec`: records, packets and events as rows in wire order. `compile_spec` turns it into one
`PacketLayout` per packet. Three ideas make it fast without a line of code per packet:

- the scalars of a packet are read by one precompiled Struct in which arrays of records are padding;
- an array of records becomes a lazy `Records`, so reading one car costs one car;
- `operator.itemgetter` puts wire order into the NamedTuple's order and folds wheel arrays, in C.

The same rows encode: `PacketLayout.pack` is the inverse of `unpack`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from math import prod
from operator import itemgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar, overload

from app.ingest.header import HEADER_SIZE, PacketHeader, write_header

U8: Final = "B"
I8: Final = "b"
U16: Final = "H"
I16: Final = "h"
U32: Final = "I"
F32: Final = "f"
F64: Final = "d"
CHAR: Final = "s"
EVENT_UNION_SIZE: Final = 12
CARS: Final = -1
"""Stands for the number of cars of the format, 22 or 24."""


class Field(NamedTuple):
    """One line of the specification.

    Attributes:
        name: The game's name in snake_case.
        type: A `struct` code.
        shape: `()` scalar, `(4,)` array, `(rows, columns)` table.
        divide_by: The wire holds an integer, the packet gives it divided by this.
    """

    name: str
    type: str
    shape: tuple[int, ...] = ()
    divide_by: int | None = None


class Block(NamedTuple):
    """A nested record, or `count` of them."""

    name: str
    record: str
    count: int | None = None  # type: ignore[assignment]  # hides tuple.count, which nobody misses here


Rows = tuple[Field | Block, ...]


class PacketSpec(NamedTuple):
    """One packet: id, name, documented size with header, rows."""

    packet_id: int
    name: str
    size: int
    rows: Rows


@dataclass(frozen=True)
class Spec:
    """A whole packet format."""

    packet_format: int
    cars: int
    records: Mapping[str, tuple[Field, ...]]
    packets: tuple[PacketSpec, ...]
    events: Mapping[str, tuple[Field, ...]]


T = TypeVar("T", bound=tuple[Any, ...])
Row = TypeVar("Row", bound="Field | Block")
# Any: a row of the wire holds ints, floats, texts and tuples of them; the NamedTuples give them types again.
_Convert = Callable[[Any], Any]


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", errors="replace")


def _text_writer(name: str, size: int) -> _Convert:
    def write(text: str) -> tuple[bytes]:
        raw = text.encode("utf-8")
        if len(raw) > size:  # struct would cut it off without a word
            raise struct.error(f"{name}: {len(raw)} bytes of text in a field of {size}")
        return (raw,)

    return write


class Codec(Generic[T]):
    """Reads and writes one record type: `make(*fields)` from bytes at an offset, and back.

    Fields of `make` that the rows lack are None.
    """

    def __init__(
        self, make: type[T], rows: Sequence[Field], cars: int, *, pads: Mapping[int, int] | None = None
    ) -> None:
        """Compile the rows.

        Args:
            make: A NamedTuple class; its `_fields` are the names looked for.
            rows: Fields in wire order.
            cars: What `CARS` means in a shape.
            pads: Bytes to leave out, keyed by the index of the row before which they lie (`len(rows)` = at the end).
        """
        self._make: Callable[[Any], T] = maker(make)
        shapes = [tuple(cars if n == CARS else n for n in row.shape) for row in rows]
        widths = [1 if row.type == CHAR else prod(shape) for row, shape in zip(rows, shapes, strict=True)]
        starts = [0, *accumulate(widths)]
        pads = pads or {}
        codes = []
        for index, (row, shape) in enumerate(zip(rows, shapes, strict=True)):
            codes.append(f"{pads[index]}x" if index in pads else "")
            codes.append(f"{prod(shape) if shape else 1}{row.type}")
        codes.append(f"{pads[len(rows)]}x" if len(rows) in pads else "")
        self._struct = struct.Struct("<" + "".join(codes))
        self.size = self._struct.size

        where: dict[str, int | slice] = {}
        convert: dict[str, _Convert] = {}
        self._flatten: list[tuple[str, _Convert]] = []
        for row, shape, start, stop in zip(rows, shapes, starts, starts[1:], strict=False):
            scalar = row.type == CHAR or not shape
            where[row.name] = start if scalar else slice(start, stop)
            if row.type == CHAR:
                convert[row.name] = _text
                self._flatten.append((row.name, _text_writer(row.name, prod(shape))))
            elif row.divide_by is not None:
                convert[row.name], flatten = _scaling(row.divide_by)
                self._flatten.append((row.name, flatten))
            elif len(shape) == 2:
                convert[row.name] = _folder(shape[1])
                self._flatten.append((row.name, lambda table: tuple(value for line in table for value in line)))
            elif scalar:
                self._flatten.append((row.name, lambda value: (value,)))
            else:
                self._flatten.append((row.name, tuple))

        names: tuple[str, ...] = make._fields  # type: ignore[attr-defined]  # every NamedTuple has it
        total = starts[-1]
        self._absent = (None,) if any(name not in where for name in names) else ()
        places = [where.get(name, total) for name in names]
        self._pick: Callable[[tuple[Any, ...]], Any] = itemgetter(*places) if len(places) > 1 else _pick_one(places)
        self._convert = [(index, convert[name]) for index, name in enumerate(names) if name in convert]
        self._codes = {
            row.name: f"{prod(shape) if shape else 1}{row.type}" for row, shape in zip(rows, shapes, strict=True)
        }
        self._converted = {row.name for row in rows if row.divide_by is not None or row.type == CHAR}
        self._columns: dict[tuple[str, ...], struct.Struct] = {}

    def values(self, flat: tuple[Any, ...]) -> Any:
        """Wire values in the NamedTuple's order, converted: a tuple or list."""
        picked = self._pick(flat + self._absent) if self._absent else self._pick(flat)
        if not self._convert:
            return picked
        values = list(picked)
        for index, convert in self._convert:
            if values[index] is not None:
                values[index] = convert(values[index])
        return values

    def read(self, buffer: bytes, offset: int) -> T:
        """The record at `offset`; the caller has checked that it is there."""
        return self._make(self.values(self._struct.unpack_from(buffer, offset)))

    def read_values(self, buffer: bytes, offset: int) -> Any:
        """As `read`, without making the NamedTuple."""
        return self.values(self._struct.unpack_from(buffer, offset))

    def read_all(self, buffer: bytes, offset: int, count: int) -> Iterator[T]:
        """`count` records from `offset` on."""
        flats = self._struct.iter_unpack(memoryview(buffer)[offset : offset + count * self.size])
        if self._absent or self._convert:
            return map(self._make, map(self.values, flats))
        return map(self._make, map(self._pick, flats))  # without a Python frame a record

    def columns(self, buffer: bytes, offset: int, count: int, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """These fields alone of `count` records from `offset` on; see `columns`."""
        chosen = self._columns.get(names) or self._chosen(names)
        return chosen.iter_unpack(memoryview(buffer)[offset : offset + count * self.size])

    def _chosen(self, names: tuple[str, ...]) -> struct.Struct:
        if unfit := [name for name in names if name not in self._codes or name in self._converted]:
            raise ValueError(f"no fields of plain numbers: {', '.join(unfit)}")
        if [name for name in self._codes if name in names] != list(names):
            raise ValueError(f"not in wire order: {', '.join(names)}")
        parts = (code if name in names else f"{struct.calcsize(f'<{code}')}x" for name, code in self._codes.items())
        chosen = self._columns[names] = struct.Struct("<" + "".join(parts))
        return chosen

    def write(self, record: T) -> bytes:
        """The inverse of `read`; padding is zero.

        Raises:
            struct.error: A value does not fit its field.
        """
        flat: list[Any] = []
        for name, flatten in self._flatten:
            flat.extend(flatten(getattr(record, name)))
        return self._struct.pack(*flat)


def maker(kind: type[T]) -> Callable[[Any], T]:
    """Makes the NamedTuple of values in its order, as many as it has: its own `_make` and call cost a Python frame."""
    make: Callable[[Any], T] = partial(tuple.__new__, kind)
    return make


def _pick_one(places: Sequence[int | slice]) -> Callable[[tuple[Any, ...]], Any]:
    """`itemgetter` with one place gives the bare item; with none it refuses."""
    if not places:
        return lambda flat: ()
    return lambda flat, place=places[0]: (flat[place],)  # type: ignore[misc]  # mypy cannot infer defaults of lambdas


def _scaling(by: int) -> tuple[_Convert, _Convert]:
    return lambda value: value / by, lambda value: (round(value * by),)


def _folder(columns: int) -> _Convert:
    return lambda flat: tuple(flat[at : at + columns] for at in range(0, len(flat), columns))


class Records(Sequence[T]):
    """The records of one array, decoded when asked for; equal to any sequence of equal records."""

    __slots__ = ("_buffer", "_codec", "_count", "_offset")

    def __init__(self, codec: Codec[T], buffer: bytes, offset: int, count: int) -> None:
        self._codec = codec
        self._buffer = buffer
        self._offset = offset
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return tuple(self)[index]
        if not 0 <= index < self._count:
            raise IndexError(f"record {index} of {self._count}")
        return self._codec.read(self._buffer, self._offset + index * self._codec.size)

    def __iter__(self) -> Iterator[T]:
        return self._codec.read_all(self._buffer, self._offset, self._count)

    def columns(self, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """See the function of this name."""
        return self._codec.columns(self._buffer, self._offset, self._count, names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Records({list(self)!r})"


def columns(records: Sequence[Any], names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """A tuple a record with these fields alone, a fraction of what it costs to make the records.

    Args:
        records: Of a packet.
        names: Of fields of numbers, in wire order; an array's numbers come one after the other.

    Raises:
        ValueError: The names are no such fields, or not in wire order.
    """
    if isinstance(records, Records):
        return records.columns(names)
    return (tuple(_numbers(record, names)) for record in records)


def _numbers(record: Any, names: tuple[str, ...]) -> Iterator[Any]:
    for name in names:
        value = getattr(record, name)
        if isinstance(value, tuple):
            yield from value
        else:
            yield value


class _Array(NamedTuple):
    """Where a block lies in the datagram, and in the packet's NamedTuple."""

    place: int
    name: str
    codec: Codec[Any]
    offset: int
    length: int | None


class PacketLayout:
    """One packet of one format, compiled."""

    def __init__(
        self, spec: PacketSpec, cars: int, make: type[tuple[Any, ...]], codecs: Mapping[str, Codec[Any]]
    ) -> None:
        self.packet_id = spec.packet_id
        self.name = spec.name
        self._make = maker(make)
        names: tuple[str, ...] = make._fields  # type: ignore[attr-defined]  # every NamedTuple has it
        fields = [row for row in spec.rows if isinstance(row, Field)]
        pads: dict[int, int] = {}
        self._arrays: list[_Array] = []
        offset, seen = HEADER_SIZE, 0
        for row in spec.rows:
            if isinstance(row, Field):
                size = struct.calcsize(f"<{prod(cars if n == CARS else n for n in row.shape)}{row.type}")
                seen += 1
            else:
                codec = codecs[row.record]
                count = cars if row.count == CARS else row.count
                size = codec.size * (1 if count is None else count)
                self._arrays.append(_Array(names.index(row.name), row.name, codec, offset, count))
                pads[seen] = pads.get(seen, 0) + size
            offset += size
        self.size = offset
        if self.size != spec.size:
            raise ValueError(f"{spec.name}: rows make {self.size} bytes, documented are {spec.size}")
        self._scalars = Codec(make, fields, cars, pads=pads)
        self._bare = not fields and names == ("header", *(array.name for array in self._arrays))

    def unpack(self, header: PacketHeader, datagram: bytes) -> Any:
        """The packet; `datagram` must be exactly `size` bytes long."""
        if self._bare:
            values: list[Any] = [header, *(self._block(array, datagram) for array in self._arrays)]
            return self._make(values)
        values = list(self._scalars.read_values(datagram, HEADER_SIZE))
        values[0] = header
        for array in self._arrays:
            values[array.place] = self._block(array, datagram)
        return self._make(values)

    @staticmethod
    def _block(array: _Array, datagram: bytes) -> Any:
        if array.length is None:
            return array.codec.read(datagram, array.offset)
        return Records(array.codec, datagram, array.offset, array.length)

    def pack(self, packet: Any) -> bytes:
        """The datagram of a packet: the inverse of `unpack`.

        Raises:
            ValueError: An array has not exactly as many records as the format.
            struct.error: A value does not fit its field.
        """
        body = bytearray(self._scalars.write(packet))
        for array in self._arrays:
            block = getattr(packet, array.name)
            records = [block] if array.length is None else list(block)
            if len(records) != (array.length or 1):
                raise ValueError(f"{self.name}.{array.name}: {len(records)} of {array.length} records")
            start = array.offset - HEADER_SIZE
            body[start : start + array.codec.size * len(records)] = b"".join(map(array.codec.write, records))
        return write_header(packet.header) + bytes(body)


class EventLayout:
    """The Event packet of one format: a code, and a union read by that code."""

    packet_id: Final = 3
    name: Final = "event"
    size: Final = HEADER_SIZE + 4 + EVENT_UNION_SIZE

    def __init__(
        self, members: Mapping[str, Codec[Any]], make: Callable[..., Any], unknown: Callable[[bytes], Any]
    ) -> None:
        self._members = members
        self._make = make
        self._unknown = unknown

    def unpack(self, header: PacketHeader, datagram: bytes) -> Any:
        """The event; a code this format does not list keeps its bytes as `unknown`."""
        code = datagram[HEADER_SIZE : HEADER_SIZE + 4].decode("latin-1")
        member = self._members.get(code)
        if member is None:
            return self._make(header, code, self._unknown(datagram[HEADER_SIZE + 4 :]))
        return self._make(header, code, member.read(datagram, HEADER_SIZE + 4))

    def pack(self, packet: Any) -> bytes:
        """The datagram of an event: the inverse of `unpack`, with leftover bytes zero."""
        code: str = packet.event_string_code
        member = self._members.get(code)
        details: bytes = packet.details.raw if member is None else member.write(packet.details)
        return write_header(packet.header) + code.encode("latin-1") + details.ljust(EVENT_UNION_SIZE, b"\0")


# --- telling one format against another -----------------------------------------------------------


def without(rows: Sequence[Row], *names: str) -> tuple[Row, ...]:
    """The rows less the named ones.

    Raises:
        KeyError: A name is not there.
    """
    missing = set(names) - {row.name for row in rows}
    if missing:
        raise KeyError(f"no rows {sorted(missing)}")
    return tuple(row for row in rows if row.name not in names)


def changed(rows: Sequence[Row], *replacements: Row) -> tuple[Row, ...]:
    """The rows with those of the same name replaced, each in its place.

    Raises:
        KeyError: A name is not there.
    """
    by_name = {row.name: row for row in replacements}
    missing = set(by_name) - {row.name for row in rows}
    if missing:
        raise KeyError(f"no rows {sorted(missing)}")
    return tuple(by_name.get(row.name, row) for row in rows)


def inserted(rows: Sequence[Row], after: str, *new: Row) -> tuple[Row, ...]:
    """The rows with new ones behind the one named `after`.

    Raises:
        ValueError: `after` is not there.
    """
    at = [row.name for row in rows].index(after) + 1
    return (*rows[:at], *new, *rows[at:])


def edited_packets(
    packets: Sequence[PacketSpec],
    sizes: Mapping[int, int],
    edits: Mapping[int, Callable[[Rows], Rows]],
) -> tuple[PacketSpec, ...]:
    """The packets whose id has a size, resized, and edited where there is an edit."""
    return tuple(
        packet._replace(size=sizes[packet.packet_id], rows=edits.get(packet.packet_id, _as_is)(packet.rows))
        for packet in packets
        if packet.packet_id in sizes
    )


def _as_is(rows: Rows) -> Rows:
    return rows
