"""What changed from one format to the next, read off the finished tables and not off how they were made."""

from __future__ import annotations

from app.ingest.layouts.table import Rows, Spec


def fields_added(before: Spec, after: Spec) -> dict[str, list[str]]:
    """Record -> fields that only `after` has, for records both have. Nothing else may be missing."""
    return _added(dict(before.records), dict(after.records))


def packet_fields_added(before: Spec, after: Spec) -> dict[str, list[str]]:
    """As `fields_added`, of the packets' own rows."""
    return _added(_packets(before), _packets(after))


Changes = dict[str, list[tuple[object, object]]]


def rows_changed(before: Spec, after: Spec) -> Changes:
    """Record -> rows of the same name that differ, as (before, after)."""
    return _changed(dict(before.records), dict(after.records))


def packet_rows_changed(before: Spec, after: Spec) -> Changes:
    """As `rows_changed`, of the packets' own rows."""
    return _changed(_packets(before), _packets(after))


def _changed(before: dict[str, Rows], after: dict[str, Rows]) -> Changes:
    found: Changes = {}
    for name in before.keys() & after.keys():
        new = {row.name: row for row in after[name]}
        for row in before[name]:
            if row.name in new and new[row.name] != row:
                found.setdefault(name, []).append((row, new[row.name]))
    return found


def _packets(spec: Spec) -> dict[str, Rows]:
    return {packet.name: packet.rows for packet in spec.packets}


def _added(before: dict[str, Rows], after: dict[str, Rows]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in before.keys() & after.keys():
        old, new = [row.name for row in before[name]], [row.name for row in after[name]]
        added = [field for field in new if field not in old]
        assert [field for field in new if field in old] == old, f"{name} lost or moved fields"
        if added:
            found[name] = added
    return found
