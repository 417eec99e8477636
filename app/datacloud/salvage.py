"""What can still be read of a damaged SQLite file: pages in, records out, without SQLite.

SQLite gives up on a file whose header or inner pages are broken, although nearly all leaf pages, where the rows are,
may be whole. Here every page is looked at by itself: does it say that it is a leaf, do its cells parse? What comes out
are candidates; `found` accepts of them only those whose own checksum, or whose shape, says that they are ours.

A page that stands in the write-ahead log counts in the newest version that was committed there. Pages on the free list
are left out while the list can be followed: they hold rows that were delivered long ago.

Source:
    SQLite, "Database File Format": 1.5 The Freelist, 1.6 B-tree Pages, 2.1 Record Format, 4.1 WAL File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from app.datacloud.chunk import Chunk, codec_of, seal
from app.datacloud.schema import BY_NAME
from app.datacloud.validation import is_date_time

Value = int | float | str | bytes | None

MAGIC: Final = b"SQLite format 3\0"

_TABLE_LEAF: Final = 0x0D
_INDEX_LEAF: Final = 0x0A
_INDEX_INNER: Final = 0x02
_WAL_HEAD: Final = 32
_WAL_MAGIC: Final = b"\x37\x7f\x06"
_FRAME_HEAD: Final = 24
_MOST_PAYLOAD: Final = 64 * 1024 * 1024
"""No record of ours is longer; a length beyond is damage."""
_INT_SIZES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class Bytes(Protocol):
    """What pages are cut out of: a file's bytes, or something that reads them when they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


class Record(NamedTuple):
    """A row of some table, as it stands on a leaf: its rowid, None for a table without, and its columns."""

    rowid: int | None
    values: tuple[Value, ...]


class FoundChunk(NamedTuple):
    """A chunk and its place in the order."""

    seq: int
    chunk: Chunk


class FoundLetter(NamedTuple):
    """A dead letter."""

    id: int
    object: str
    at_ms: int
    status: int
    reason: str
    crc: int
    body: bytes


class FoundDictionary(NamedTuple):
    """What chunks were pressed with."""

    codec: int
    data: bytes


class FoundMemory(NamedTuple):
    """What is remembered of a row that has left."""

    object: str
    key: str
    event_time: str
    codec: int
    said: bytes
    at_ms: int


class FoundTally(NamedTuple):
    """A count of a day, or of all time where the day is empty."""

    day: str
    object: str
    name: str
    n: int


Found = FoundChunk | FoundLetter | FoundDictionary | FoundMemory | FoundTally


class Pages:
    """A database file's pages, those in its write-ahead log included.

    Args:
        main: The database file.
        wal: Its write-ahead log; may be empty.
        page_size: To be assumed where neither tells it any more; in bytes.
    """

    def __init__(self, main: Bytes, wal: Bytes, page_size: int) -> None:
        self._main = main
        self._wal = wal
        self.size = _page_size(main, wal) or page_size
        self._in_wal = _committed(wal, self.size)
        self.count = max(-(-len(main) // self.size), max(self._in_wal, default=0))
        self.usable = self.size - self._reserved()

    def page(self, number: int) -> bytes:
        """The page of a number from 1 on; shorter than a page, or empty, where the file has been cut."""
        if number in self._in_wal:
            start = self._in_wal[number]
            return self._wal[start : start + self.size]
        start = (number - 1) * self.size
        return self._main[start : start + self.size] if number > 0 else b""

    def free(self) -> set[int]:
        """The pages on the free list, as far as it can be followed."""
        first = self.page(1)
        if len(first) < 100 or first[:16] != MAGIC:
            return set()
        (trunk,) = struct.unpack_from(">I", first, 32)
        found: set[int] = set()
        while trunk and trunk <= self.count and trunk not in found:
            found.add(trunk)
            page = self.page(trunk)
            if len(page) < self.size:
                break
            following, leaves = struct.unpack_from(">II", page, 0)
            if leaves <= self.size // 4 - 2:
                found.update(struct.unpack_from(f">{leaves}I", page, 8))
            trunk = following
        return found

    def _reserved(self) -> int:
        first = self.page(1)
        reserved = first[20] if len(first) > 20 and first[:16] == MAGIC else 0
        return reserved if reserved <= self.size - 480 else 0


def records(pages: Pages) -> Iterator[Record]:
    """Every record that parses, in the order of the pages."""
    free = pages.free()
    for number in range(1, pages.count + 1):
        if number not in free:
            yield from _cells(pages, number)


def found(record: Record) -> Found | None:
    """What of ours a record is; None for anything else."""
    rowid, values = record
    if rowid is not None:
        return _chunk(rowid, values) or _letter(rowid, values) or _dictionary(rowid, values)
    return _tally(values) or _memory(values)


# --- what is ours ------------------------------------------------------------------------------------------------


def _chunk(seq: int, values: Sequence[Value]) -> FoundChunk | None:
    match values:
        case (None, str(name), int(rows), int(raw_bytes), int(at_ms), int(crc), int(codec), bytes(data)):
            if name in BY_NAME and crc == seal(data, name, rows, raw_bytes, at_ms, codec):
                return FoundChunk(seq, Chunk(name, rows, raw_bytes, at_ms, crc, codec, data))
    return None


def _letter(row_id: int, values: Sequence[Value]) -> FoundLetter | None:
    match values:
        case (None, str(name), int(at_ms), int(status), str(reason), int(crc), bytes(body)):
            if name in BY_NAME and crc == seal(body, name, at_ms, status, reason):
                return FoundLetter(row_id, name, at_ms, status, reason, crc, body)
    return None


def _dictionary(codec: int, values: Sequence[Value]) -> FoundDictionary | None:
    match values:
        case (None, bytes(data)) if codec == codec_of(data):
            return FoundDictionary(codec, data)
    return None


def _tally(values: Sequence[Value]) -> FoundTally | None:
    match values:
        case (str(day), str(name), str(what), int(n)):
            if name in BY_NAME and what.isidentifier() and _is_span(day):
                return FoundTally(day, name, what, n)
    return None


def _is_span(day: str) -> bool:
    """Whether it is a day, a month, or nothing for all time."""
    return not day or is_date_time((day if len(day) > 7 else f"{day}-01") + "T00:00:00Z")


def _memory(values: Sequence[Value]) -> FoundMemory | None:
    match values:
        case (str(name), str(key), str(event_time), int(codec), bytes(said), int(at_ms)):
            if name in BY_NAME and is_date_time(event_time):
                return FoundMemory(name, key, event_time, codec, said, at_ms)
    return None


# --- SQLite's format ---------------------------------------------------------------------------------------------


def _page_size(main: Bytes, wal: Bytes) -> int | None:
    """As the file or its log tells it, in bytes."""
    told = 0
    if len(main) >= 18 and main[:16] == MAGIC:
        (told,) = struct.unpack(">H", main[16:18])
        told = 65_536 if told == 1 else told
    if not _is_page_size(told) and len(wal) >= _WAL_HEAD and wal[:3] == _WAL_MAGIC:
        (told,) = struct.unpack(">I", wal[8:12])
    return told if _is_page_size(told) else None


def _is_page_size(size: int) -> bool:
    return 512 <= size <= 65_536 and size & (size - 1) == 0


def _committed(wal: Bytes, page_size: int) -> Mapping[int, int]:
    """Where in the log the newest committed version of each page begins, by page number.

    The frames' own checksums are not looked at: they are chained, so one damaged frame would hide all later ones, and
    what is taken from a page is checked record by record.
    """
    newest: dict[int, int] = {}
    pending: dict[int, int] = {}
    is_whole = wal[:3] == _WAL_MAGIC
    salts = wal[16:24] if is_whole else wal[_WAL_HEAD + 8 : _WAL_HEAD + 16]
    for start in range(_WAL_HEAD, len(wal) - _FRAME_HEAD - page_size + 1, _FRAME_HEAD + page_size):
        number, size_after, frame_salts = struct.unpack(">II8s", wal[start : start + 16])
        if frame_salts != salts:
            break  # left over from before the log was begun anew
        if number:
            pending[number] = start + _FRAME_HEAD
        if size_after:
            newest |= pending
            pending.clear()
    return newest


def _cells(pages: Pages, number: int) -> Iterator[Record]:
    page = pages.page(number)
    start = 100 if number == 1 else 0
    if len(page) < pages.size or page[start] not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER):
        return
    kind = page[start]
    (cells,) = struct.unpack_from(">H", page, start + 3)
    pointers = start + (12 if kind == _INDEX_INNER else 8)
    if pointers + 2 * cells > pages.size:
        return
    for at in struct.unpack_from(f">{cells}H", page, pointers):
        record = _cell(pages, page, kind, at)
        if record is not None:
            yield record


def _cell(pages: Pages, page: bytes, kind: int, at: int) -> Record | None:
    """The record of one cell; None when its bytes make no sense."""
    try:
        if kind == _INDEX_INNER:
            at += 4  # the left child
        size, at = _varint(page, at)
        rowid = None
        if kind == _TABLE_LEAF:
            rowid, at = _varint(page, at)
        payload = _payload(pages, page, at, size, _most_local(pages.usable, kind))
        return None if payload is None else Record(rowid, _columns(payload))
    except (IndexError, ValueError, struct.error):
        return None


def _most_local(usable: int, kind: int) -> int:
    """How many bytes of a record may stand on the page itself."""
    return usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23


def _payload(pages: Pages, page: bytes, at: int, size: int, most_local: int) -> bytes | None:
    """A record's bytes, put together from its page and its chain of overflow pages."""
    if not 0 < size <= min(_MOST_PAYLOAD, pages.count * pages.size):
        return None
    if size <= most_local:
        return page[at : at + size] if at + size <= len(page) else None
    least = (pages.usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (pages.usable - 4)
    local = local if local <= most_local else least
    parts, missing = [page[at : at + local]], size - local
    (following,) = struct.unpack_from(">I", page, at + local)
    while missing > 0:
        overflow = pages.page(following) if following else b""
        if len(overflow) < pages.size:
            return None
        part = overflow[4 : 4 + min(missing, pages.usable - 4)]
        parts.append(part)
        missing -= len(part)  # a chain that goes in circles ends with the size
        (following,) = struct.unpack_from(">I", overflow, 0)
    return b"".join(parts)


def _columns(payload: bytes) -> tuple[Value, ...]:
    head_size, at = _varint(payload, 0)
    if head_size > len(payload):
        raise ValueError("a header longer than its record")
    kinds = []
    while at < head_size:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    at = head_size
    for kind in kinds:
        value, at = _column(payload, at, kind)
        values.append(value)
    return tuple(values)


def _column(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (8, 9):
        return kind - 8, at
    size = _INT_SIZES.get(kind, 8 if kind == 7 else (kind - 12) // 2)
    part = payload[at : at + size]
    if kind in (10, 11) or len(part) < size:
        raise ValueError("a column that is not there")
    if kind in _INT_SIZES:
        return int.from_bytes(part, "big", signed=True), at + size
    if kind == 7:
        return float(struct.unpack(">d", part)[0]), at + size
    return part.decode() if kind % 2 else part, at + size


def _varint(page: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = page[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | page[at + 8], at + 9
