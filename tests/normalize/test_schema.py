"""The committed schema of the canonical events."""

from __future__ import annotations

from pathlib import Path

from app.normalize.events import FACTS, SAMPLES
from app.normalize.schema import events_schema, schema_text

COMMITTED = Path(__file__).resolve().parent.parent.parent / "docs" / "events.schema.json"


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_text(), "run make schema, and tell the CHANGELOG"


def test_every_event_is_one_of_the_choices_and_fixes_its_kind() -> None:
    schema = events_schema()

    names = {kind.__name__ for kind in (*SAMPLES, *FACTS)}
    assert {choice["$ref"].rpartition("/")[2] for choice in schema["oneOf"]} == names
    assert {schema["$defs"][name]["properties"]["kind"]["const"] for name in names} == names


def test_every_event_must_carry_its_identity() -> None:
    schema = events_schema()

    identity = {"event_id", "kind", "rig_id", "session_uid", "overall_frame", "car_index", "received_at"}
    for kind in (*SAMPLES, *FACTS):
        assert identity <= set(schema["$defs"][kind.__name__]["required"])
