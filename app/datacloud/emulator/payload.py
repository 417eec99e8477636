"""The records in a request body, parsed as strictly as the service is known to be, each with its own text.

orjson parses; it already refuses NaN, Infinity, half surrogates and what is not UTF-8. It does not tell whether a name
stood twice, and the standard library, which can, takes three times as long. So first it is proved cheaply, by counting,
that no name can have stood twice; only a body that leaves doubt is parsed again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

_NESTED: Final = frozenset({dict, list})
_COLON: Final = b'":'
_SPACES: Final = (b" ", b"\t", b"\n", b"\r")


class BadPayload(Exception):
    """A body that is refused as a whole; the message says why."""


class Parsed(NamedTuple):
    """One record.

    Attributes:
        record: Its values by name. Any: finding out what they are is validation's business.
        raw: Its text as it stood in the body.
    """

    record: Mapping[str, Any]
    raw: bytes


def records_in(body: bytes, check_duplicate_keys: bool = True) -> list[Parsed]:
    """The records of `{"data": [...]}`, in order.

    Raises:
        BadPayload: It is not that.
    """
    value = json_value(body, check_duplicate_keys)
    if not isinstance(value, dict) or list(value) != ["data"]:
        raise BadPayload('the body must be an object with exactly one name, "data"')
    data = value["data"]
    if not isinstance(data, list) or not data:
        raise BadPayload('"data" must be a list of at least one record')
    for place, record in enumerate(data):
        if not isinstance(record, dict):
            raise BadPayload(f"record {place} is not an object")
        if not _NESTED.isdisjoint(map(type, record.values())):
            raise BadPayload(f"record {place} is nested; records are flat")
    return [Parsed(record, raw) for record, raw in zip(data, _pieces(body, len(data)), strict=True)]


def json_value(body: bytes, check_duplicate_keys: bool = True) -> Any:
    """What a body of JSON says.

    Raises:
        BadPayload: It is not JSON in UTF-8, or a name stands twice.
    """
    try:
        value = orjson.loads(body)
        if check_duplicate_keys and not _has_surely_no_duplicates(body, value):
            json.loads(body, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as refused:
        raise BadPayload(f"JSON parse error: {refused}") from None
    return value


def unzipped(body: bytes, most: int) -> bytes:
    """The body out of its gzip wrapping; at most one byte more than `most`.

    Raises:
        BadPayload: It is not gzip.
    """
    try:
        return zlib.decompressobj(wbits=31).decompress(body, most + 1)
    except zlib.error as refused:
        raise BadPayload(f"the body is not gzip: {refused}") from None


def _has_surely_no_duplicates(body: bytes, value: Any) -> bool:
    """Whether a body of flat records cannot hold a name twice.

    Without white space after a quote, each name is followed by `":` at once. Text may hold `":` too, which only makes
    the count larger than the names that are left; and so does a name that was dropped as the second of its kind.
    """
    # A single byte is looked for twenty times as fast as two, and in most bodies there is no white space at all.
    if any(space in body and b'"' + space in body for space in _SPACES):
        return False
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        return False
    names = len(value) + sum(len(record) for record in value["data"] if isinstance(record, dict))
    return body.count(_COLON) == names


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _pieces(body: bytes, count: int) -> list[bytes]:
    """The text of each of the flat records of a body that is known to be right."""
    inner = body[body.index(b"[") + 1 : body.rindex(b"]")]
    pieces = inner.split(b"},{")
    is_spaced = any(space in inner and (b"}" + space in inner or space + b"{" in inner) for space in _SPACES)
    if len(pieces) == count and not is_spaced:
        last = count - 1
        return [
            (b"{" if place else b"") + piece + (b"}" if place < last else b"") for place, piece in enumerate(pieces)
        ]
    return _walked(inner.decode())


def _walked(text: str) -> list[bytes]:
    """The same for white space between records, or for `},{` inside a text."""
    decoder, place, found = json.JSONDecoder(), 0, []
    while (start := text.find("{", place)) >= 0:
        _, place = decoder.raw_decode(text, start)
        found.append(text[start:place].encode())
    return found
