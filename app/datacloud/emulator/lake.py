"""What the org does with records once it has said 202: the inbox, the processing, the rows, the problem records.

A record waits in the inbox until the next processing. There its key decides: a new key makes a row, a known one
replaces it. For Engagement objects the UTC date of the event time is part of the key, so the same id on another day is
a second row. Rows are kept as the text that came, since parsed they would need five times the memory.

Source:
    Salesforce, Data 360 Ingestion API; Data 360, "Primary Key" and "Record Modified" of data streams.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.messages import instant
from app.datacloud.emulator.payload import Parsed
from app.datacloud.schema import ObjectSpec
from app.datacloud.validation import Record, complaints

LakeKey = str | tuple[str, str] | None
"""Of a row: the primary key; with the UTC date for Engagement; None for the one blank row."""

_PROBLEMS_KEPT: Final = 10_000
_DATE: Final = slice(0, 10)


@dataclass(frozen=True)
class Counters:
    """What became of an object's records.

    Attributes:
        received: Accepted with 202.
        waiting: Accepted and not yet processed.
        inserted: Made a row.
        updated_identical: Said what the row said already.
        updated_changed: Changed a row.
        stale: Older than the row by Record Modified.
        problem: Became a problem record.
        blank: Held nothing but unknown names.
        deleted: Rows that a DELETE took away.
        same_key_other_bytes: Accepted under a primary key whose last record had another text.
    """

    received: int = 0
    waiting: int = 0
    inserted: int = 0
    updated_identical: int = 0
    updated_changed: int = 0
    stale: int = 0
    problem: int = 0
    blank: int = 0
    deleted: int = 0
    same_key_other_bytes: int = 0


class Delivery(NamedTuple):
    """One accepted record.

    Attributes:
        key: The value of its primary key; None without one.
        raw: Its text as it came.
        at_s: When, in seconds since 1970 UTC by the emulator's clock.
    """

    key: str | None
    raw: bytes
    at_s: float

    @property
    def record(self) -> dict[str, Any]:
        """Its values by name."""
        return _loaded(self.raw)


class _Upsert(NamedTuple):
    raw: bytes
    checked: bool


class _Delete(NamedTuple):
    ids: frozenset[str]


@dataclass
class _Table:
    deliveries: deque[Delivery]
    inbox: deque[_Upsert | _Delete] = field(default_factory=deque)
    rows: dict[LakeKey, bytes] = field(default_factory=dict)
    problems: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_PROBLEMS_KEPT))
    counts: Counter[str] = field(default_factory=Counter)
    digests: dict[str, bytes] = field(default_factory=dict)


class Lake:
    """The objects and what they hold.

    Args:
        journal: Is told every accepted record, before anybody else is.
    """

    def __init__(self, journal: Callable[[str, Sequence[Parsed]], None] = lambda object_name, parsed: None) -> None:
        self._journal = journal
        self._tables: dict[str, _Table] = {}

    # --- coming in ---------------------------------------------------------------------------------------

    def accept(self, spec: ObjectSpec, parsed: Sequence[Parsed], config: EmulatorConfig, now_s: float) -> None:
        """Put records into the inbox, all or none.

        Args:
            spec: Their object.
            parsed: The records.
            config: What is remembered, and whether they have been checked already.
            now_s: Seconds since 1970 UTC.
        """
        self._journal(spec.name, parsed)
        table = self._table(spec.name, config)
        checked = config.validation == "strict"
        for record, raw in parsed:
            key = record.get(spec.primary_key)
            if isinstance(key, str):
                self._compare(table, key, raw)
            table.deliveries.append(Delivery(key if isinstance(key, str) else None, raw, now_s))
            table.inbox.append(_Upsert(raw, checked))
        table.counts["received"] += len(parsed)

    def delete(self, spec: ObjectSpec, ids: frozenset[str], config: EmulatorConfig) -> None:
        """Put the deletion of rows into the inbox."""
        self._table(spec.name, config).inbox.append(_Delete(ids))

    @staticmethod
    def _compare(table: _Table, key: str, raw: bytes) -> None:
        digest = hashlib.blake2b(raw, digest_size=12).digest()
        if table.digests.get(key, digest) != digest:
            table.counts["same_key_other_bytes"] += 1
        table.digests[key] = digest

    # --- processing --------------------------------------------------------------------------------------

    def process(self, config: EmulatorConfig, now_s: float, most: int | None = None) -> bool:
        """Work off the inboxes in order of arrival; True when something is left.

        Args:
            config: The rules.
            now_s: Seconds since 1970 UTC.
            most: Stop after about so many records; None works off all.
        """
        done = 0
        for name, table in self._tables.items():
            spec = config.object_named(name)
            while spec is not None and table.inbox and (most is None or done < most):
                item = table.inbox.popleft()
                done += 1
                if isinstance(item, _Delete):
                    _take_away(table, spec, item.ids, now_s)
                else:
                    table.counts[_settle(table, spec, item, config, now_s)] += 1
        return any(table.inbox for table in self._tables.values())

    # --- looking -----------------------------------------------------------------------------------------

    def objects(self) -> list[str]:
        """The objects that something came for."""
        return list(self._tables)

    def rows(self, object_name: str) -> dict[LakeKey, dict[str, Any]]:
        """The rows by key."""
        table = self._tables.get(object_name)
        return {} if table is None else {key: _loaded(raw) for key, raw in table.rows.items()}

    def problems(self, object_name: str) -> list[dict[str, Any]]:
        """The newest problem records, in order."""
        table = self._tables.get(object_name)
        return [] if table is None else list(table.problems)

    def deliveries(self, object_name: str) -> list[Delivery]:
        """The newest accepted records, in order of arrival."""
        table = self._tables.get(object_name)
        return [] if table is None else list(table.deliveries)

    def counters(self, object_name: str) -> Counters:
        """What became of the object's records so far."""
        table = self._tables.get(object_name)
        if table is None:
            return Counters()
        waiting = sum(isinstance(item, _Upsert) for item in table.inbox)
        return Counters(waiting=waiting, **table.counts)

    def processed(self) -> int:
        """Records processed so far, of all objects; what credits are counted by."""
        counts = [table.counts for table in self._tables.values()]
        return sum(sum(count[kind] for kind in _PROCESSED) for count in counts)

    def _table(self, object_name: str, config: EmulatorConfig) -> _Table:
        if object_name not in self._tables:
            self._tables[object_name] = _Table(deque(maxlen=config.keep_deliveries))
        return self._tables[object_name]


_PROCESSED: Final = ("inserted", "updated_identical", "updated_changed", "stale", "problem", "blank")


def _settle(table: _Table, spec: ObjectSpec, item: _Upsert, config: EmulatorConfig, now_s: float) -> str:
    """Bring one record into the rows; the name of the counter that it counts for."""
    record = _loaded(item.raw)
    types = spec.types
    if not any(name in types for name in record):
        table.rows[None] = orjson.dumps(dict.fromkeys(types))
        return "blank"
    if not item.checked and (found := record_complaints(spec, record, config)):
        table.problems.append(_problem(spec, record, found, now_s))
        return "problem"
    return _upsert(table, spec, record, item.raw, config)


def record_complaints(spec: ObjectSpec, record: Record, config: EmulatorConfig) -> list[str]:
    """What is wrong with a record by the rules that are switched on."""
    return complaints(
        spec,
        record,
        all_fields=config.takes_all_fields(spec.name),
        unknown_fields=config.unknown_fields == "ignore",
    )


def lake_key(spec: ObjectSpec, record: Record) -> LakeKey:
    """The key of the row that a valid record makes."""
    key = str(record[spec.primary_key])
    return key if spec.event_time is None else (key, str(record[spec.event_time])[_DATE])


def _upsert(table: _Table, spec: ObjectSpec, record: dict[str, Any], raw: bytes, config: EmulatorConfig) -> str:
    key = lake_key(spec, record)
    known_raw = table.rows.get(key)
    if known_raw is None:
        table.rows[key] = raw
        return "inserted"
    known = record if known_raw == raw else _loaded(known_raw)
    merged = {**known, **record} if spec.name in config.partial else record
    if merged == known:
        return "updated_identical"
    if _is_stale(spec, known, record, config):
        return "stale"
    table.rows[key] = raw if merged is record else orjson.dumps(merged)
    return "updated_changed"


def _is_stale(spec: ObjectSpec, known: Record, record: Record, config: EmulatorConfig) -> bool:
    if spec.record_modified is None:
        return False
    before, now = known.get(spec.record_modified), record.get(spec.record_modified)
    if not isinstance(before, str) or not isinstance(now, str):
        return False
    if _sortable(now) == _sortable(before):
        return config.record_modified_ties == "keep"
    return _sortable(now) < _sortable(before)


def _sortable(date_time: str) -> str:
    return date_time if "." in date_time else date_time.replace("Z", ".000Z")


def _take_away(table: _Table, spec: ObjectSpec, ids: frozenset[str], now_s: float) -> None:
    now = instant(now_s)
    for key in [key for key in table.rows if (key[0] if isinstance(key, tuple) else key) in ids]:
        modified = _loaded(table.rows[key]).get(spec.record_modified) if spec.record_modified is not None else None
        if not isinstance(modified, str) or _sortable(modified) < now:
            del table.rows[key]
            table.counts["deleted"] += 1


def _problem(spec: ObjectSpec, record: Record, found: list[str], now_s: float) -> dict[str, Any]:
    named = {name for name in spec.types if any(f"/{name}:" in line or f"[{name}]" in line for line in found)}
    return {
        "error_code": "SCHEMA_MISMATCH",
        "error_timestamp": instant(now_s),
        "detailed_error": "; ".join(found),
        "error_row": orjson.dumps(record).decode(),
        "error_fields": sorted(named),
        "error_context": spec.name,
    }


def _loaded(raw: bytes) -> dict[str, Any]:
    record: dict[str, Any] = orjson.loads(raw)
    return record
