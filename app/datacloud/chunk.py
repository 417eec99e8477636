"""Chunks: many rows of one object as one stored blob, and back, byte for byte.

A telemetry row repeats itself: pressed together and with a dictionary of the schema's own words, 580 bytes become some
45. That is the difference between 150 MiB and 2 GiB for a day without network, and between one small page and several
per commit. A chunk names the dictionary it was pressed with by its checksum, so that a later version, whose dictionary
is another one, still opens it.

Every chunk and every dead letter carries a checksum over all it says: a salvage believes that and nothing else.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from app.datacloud.schema import OBJECTS, FieldType

MOST_RAW_BYTES: Final = 24 * 1024
"""Of one chunk; a single longer row is a chunk of its own. Pressed, two fill a page; of 32 KiB only one would fit."""
RAW: Final = 0
"""Codec of rows stored as they are."""

_BREAK: Final = b"\n"  # compact JSON holds no raw line break
_LEVEL: Final = 1  # levels 3 and 6 save another 5 and 20 % for up to four times the CPU
_WINDOW: Final = -15  # deflate without header and trailer: the checksum is ours
_SAMPLES: Final[dict[FieldType, tuple[str, ...]]] = {
    "string": ('"RIG_A"', "null"),
    "number": ("0", "0.001"),
    "boolean": ("false", "true"),
    "date-time": ('"2026-01-01T00:00:00.000Z"',),
}


class Chunk(NamedTuple):
    """Rows of one object as they are stored.

    Attributes:
        object: Theirs.
        rows: How many.
        raw_bytes: All bodies together, before pressing.
        at_ms: When the oldest of them was taken over; milliseconds since 1970 UTC.
        crc: Of all the rest; see `seal`.
        codec: `RAW`, or the checksum of the dictionary.
        data: The bodies, with line breaks between.
    """

    object: str
    rows: int
    raw_bytes: int
    at_ms: int
    crc: int
    codec: int
    data: bytes


def cut(bodies: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """The bodies, in order, in pieces of at most `MOST_RAW_BYTES` or of one body."""
    start = size = 0
    for at, body in enumerate(bodies):
        size += len(body) + 1
        if size > MOST_RAW_BYTES and at > start:
            yield bodies[start:at]
            start, size = at, len(body) + 1
    if start < len(bodies):
        yield bodies[start:]


def seal(content: bytes, *facts: str | int) -> int:
    """The checksum of a stored record: of its content and of the columns beside it."""
    return zlib.crc32(content, zlib.crc32("\0".join(map(str, facts)).encode()))


def codec_of(dictionary: bytes) -> int:
    """The codec that names a dictionary; never `RAW`."""
    return zlib.crc32(dictionary) or 1


def dictionary() -> bytes:
    """What this version presses with: rows of every object, the most frequent last, where deflate finds it first."""
    rows = []
    for spec in OBJECTS:
        for pick in (0, -1):
            fields = [f'"{field.name}":{_SAMPLES[field.type][pick]}' for field in spec.fields]
            rows.append("{" + ",".join(fields) + "}")
    return "\n".join(rows).encode()


class Press:
    """Packs rows into chunks and opens them again.

    Args:
        own: The dictionary to pack with; without one, rows are stored as they are.
        known: Dictionaries that earlier versions packed with.
    """

    def __init__(self, own: bytes | None = None, known: Iterable[bytes] = ()) -> None:
        self._own = own
        self._known = {codec_of(each): each for each in (*known, *([own] if own else []))}
        self._fresh = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, zdict=own) if own else None

    def pack(self, name: str, bodies: Sequence[bytes], at_ms: int) -> Chunk:
        """One chunk of all these bodies of the object `name`."""
        joined = _BREAK.join(bodies)
        codec, data = self._pressed(joined)
        raw_bytes = len(joined) - (len(bodies) - 1)
        crc = seal(data, name, len(bodies), raw_bytes, at_ms, codec)
        return Chunk(name, len(bodies), raw_bytes, at_ms, crc, codec, data)

    def squeeze(self, content: bytes) -> tuple[int, bytes]:
        """Content pressed by itself, and the codec it takes to `swell` it again."""
        return self._pressed(content)

    def swell(self, codec: int, data: bytes, most: int) -> bytes | None:
        """What was squeezed, up to `most` bytes; None when it cannot be."""
        return data if codec == RAW else self._unpressed(codec, data, most)

    def open(self, chunk: Chunk) -> tuple[bytes, ...] | None:
        """The bodies; None for a chunk that is not what its checksum says, or of an unknown dictionary."""
        name, rows, raw_bytes, at_ms, crc, codec, data = chunk
        if crc != seal(data, name, rows, raw_bytes, at_ms, codec):
            return None
        joined = self.swell(codec, data, raw_bytes + rows)
        bodies = tuple(joined.split(_BREAK)) if joined is not None else ()
        return bodies if (len(bodies), sum(map(len, bodies))) == (rows, raw_bytes) else None

    def _pressed(self, joined: bytes) -> tuple[int, bytes]:
        if self._own is None or self._fresh is None:
            return RAW, joined
        squeeze = self._fresh.copy()  # a copy spares reading the dictionary again
        data = squeeze.compress(joined) + squeeze.flush()
        return (codec_of(self._own), data) if len(data) < len(joined) else (RAW, joined)

    def _unpressed(self, codec: int, data: bytes, most: int) -> bytes | None:
        if codec not in self._known:
            return None
        swell = zlib.decompressobj(_WINDOW, zdict=self._known[codec])
        try:
            return swell.decompress(data, most)
        except zlib.error:
            return None
