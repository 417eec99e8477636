from __future__ import annotations

from pathlib import Path

import pytest

from app.datacloud.emulator.schema_file import objects_of
from app.datacloud.schema import LAP, OBJECTS, schema_yaml

ROOT = Path(__file__).resolve().parents[3]


def test_acceptance_15_the_generated_file_gives_our_own_objects() -> None:
    assert objects_of((ROOT / "app/datacloud/schema.yaml").read_text(encoding="utf-8")) == OBJECTS


def test_an_older_file_gives_objects_with_fewer_fields() -> None:
    older = LAP._replace(fields=LAP.fields[:-1])

    assert objects_of(schema_yaml([older])) == (older,)


def test_an_object_of_somebody_elses_is_known_if_told() -> None:
    other = LAP._replace(name="LapEvent2")

    assert objects_of(schema_yaml([other]), {"LapEvent2": other}) == (other,)


def test_a_field_that_we_do_not_have_is_taken() -> None:
    (spec,) = objects_of(schema_yaml([LAP]) + "        wings:\n          type: number\n")

    assert spec.types["wings"] == "number"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("openapi: 3.0.3", "openapi: 3.1.0", "openapi must be 3.0.x"),
        ("openapi: 3.0.3", "openapi: 3.0.3\ninfo: {}", "openapi and components, and nothing else"),
        ("  schemas:", "  paths: {}\n  schemas:", "schemas, and nothing else"),
        ("LapEvent:", "LapEvents:", "LapEvents: its category and keys are not known"),
        ("type: object", "type: array", "must have type: object"),
        ("type: boolean", "type: integer", "must be string, number, boolean"),
        ("type: boolean", "type: object\n          properties: {}", "must be string, number, boolean"),
        ("format: date-time", "format: date", "must be string, number, boolean"),
        ("event_id:", "event__id:", "contains __"),
        ("event_id:", "event_ident:", "has no field event_id, its primary key"),
        ("event_time:", "event_moment:", "has no date-time event_time, its event time"),
        ("recordModified:", "modified:", "has no date-time recordModified, its record modified"),
        ("pit_lap:", "row_count:", "row_count is a reserved name"),
        ("openapi: 3.0.3", "openapi: [", "not YAML"),
    ],
)
def test_a_file_that_the_org_would_refuse_is_refused(old: str, new: str, sentence: str) -> None:
    text = schema_yaml([LAP])
    assert old in text

    with pytest.raises(ValueError, match=sentence):
        objects_of(text.replace(old, new))


@pytest.mark.parametrize(
    "text", ["", "[]", "openapi: 3.0.3\ncomponents: 3\n", "openapi: 3.0.3\ncomponents: {schemas: }\n"]
)
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a mapping"):
        objects_of(text)


def test_a_file_without_objects_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no object"):
        objects_of("openapi: 3.0.3\ncomponents:\n  schemas: {}\n")
