"""What the tables say about each NamedTuple: which formats have it, and with which fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from types import NoneType
from typing import Any, get_args, get_type_hints

from app.ingest.layouts import SPECS
from app.ingest.layouts.table import Block
from tests.builders import EVENT_ID, make_event_packet, make_packet

Fields = Mapping[type, Mapping[int, frozenset[str]]]
"""NamedTuple -> packet format -> names of its rows."""


@cache
def packets() -> Fields:
    """Of every packet but Event."""
    found: dict[type, dict[int, frozenset[str]]] = defaultdict(dict)
    for packet_format, spec in SPECS.items():
        for packet in spec.packets:
            made = make_packet(packet.packet_id, packet_format)
            found[type(made)][packet_format] = frozenset({"header", *(row.name for row in packet.rows)})
    return found


@cache
def records() -> Fields:
    """Of every record inside a packet."""
    found: dict[type, dict[int, frozenset[str]]] = defaultdict(dict)
    for packet_format, spec in SPECS.items():
        for packet in spec.packets:
            made = make_packet(packet.packet_id, packet_format)
            for row in packet.rows:
                if isinstance(row, Block):
                    block = getattr(made, row.name)
                    record = block if row.count is None else block[0]
                    names = frozenset(field.name for field in spec.records[row.record])
                    found[type(record)][packet_format] = names
    return found


@cache
def events() -> Fields:
    """Of the details of every event code."""
    found: dict[type, dict[int, frozenset[str]]] = defaultdict(dict)
    for packet_format, spec in SPECS.items():
        for code, rows in spec.events.items():
            details = make_event_packet(code, packet_format).details
            found[type(details)][packet_format] = frozenset(row.name for row in rows)
    assert EVENT_ID not in {packet.packet_id for spec in SPECS.values() for packet in spec.packets}
    return found


def all_names(by_format: Mapping[int, frozenset[str]]) -> frozenset[str]:
    """The names that any format has."""
    return frozenset().union(*by_format.values())


def names_some_format_lacks(by_format: Mapping[int, frozenset[str]]) -> frozenset[str]:
    """The names missing where the NamedTuple itself is there."""
    return all_names(by_format) - frozenset.intersection(*by_format.values())


def optional_names(kind: Any) -> frozenset[str]:
    """The names annotated `| None`."""
    hints = get_type_hints(kind)
    return frozenset(name for name in kind._fields if NoneType in get_args(hints[name]))
