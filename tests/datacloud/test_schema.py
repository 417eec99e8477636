from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.datacloud.schema import (
    BY_NAME,
    LAP,
    MOST_FIELDS,
    OBJECTS,
    SESSION,
    Field,
    ObjectSpec,
    rule_breaches,
    schema_yaml,
)

ROOT = Path(__file__).resolve().parents[2]
COMMITTED = ROOT / "app/datacloud/schema.yaml"
RELEASED = Path(__file__).with_name("released_schema.yaml")


def _fields(text: str) -> dict[tuple[str, str], tuple[str, str | None]]:
    """Type and format of every field of a schema file, by object and name."""
    schemas: dict[str, dict[str, Any]] = yaml.safe_load(text)["components"]["schemas"]
    return {
        (name, field): (told["type"], told.get("format"))
        for name, body in schemas.items()
        for field, told in body["properties"].items()
    }


def _with(*fields: Field, spec: ObjectSpec = LAP) -> list[ObjectSpec]:
    return [spec._replace(fields=(*spec.fields, *fields))]


def test_acceptance_15_the_committed_file_is_made_from_the_table() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_yaml()


def test_acceptance_15_nothing_that_was_released_is_gone_or_has_another_type() -> None:
    released, now = _fields(RELEASED.read_text(encoding="utf-8")), _fields(schema_yaml())

    assert {field: now.get(field) for field in released} == released


@pytest.mark.parametrize("change", ["object gone", "field gone", "other type", "renamed"])
def test_the_guard_would_see_a_change_that_an_org_cannot_take_back(change: str) -> None:
    changed = {
        "object gone": OBJECTS[1:],
        "field gone": (SESSION._replace(fields=SESSION.fields[:-1]), *OBJECTS[1:]),
        "other type": (
            SESSION._replace(fields=(*SESSION.fields[:-1], SESSION.fields[-1]._replace(type="number"))),
            *OBJECTS[1:],
        ),
        "renamed": (SESSION._replace(name="Session"), *OBJECTS[1:]),
    }[change]

    released, now = _fields(RELEASED.read_text(encoding="utf-8")), _fields(schema_yaml(changed))

    assert {field: now.get(field) for field in released} != released


def test_acceptance_15_our_objects_keep_every_rule() -> None:
    assert rule_breaches() == []


def test_only_openapi_and_schemas_stand_in_the_file() -> None:
    file = yaml.safe_load(schema_yaml())

    assert set(file) == {"openapi", "components"}
    assert set(file["components"]) == {"schemas"}
    assert list(file["components"]["schemas"]) == [spec.name for spec in OBJECTS]


def test_types_are_those_that_the_upload_takes() -> None:
    assert set(_fields(schema_yaml()).values()) == {
        ("string", None),
        ("string", "date-time"),
        ("number", None),
        ("boolean", None),
    }


def test_the_file_is_in_block_style() -> None:
    assert not set("{}[]") & set(schema_yaml())


def test_every_key_and_time_is_a_field_of_its_object_with_the_right_type() -> None:
    for spec in OBJECTS:
        assert spec.types[spec.primary_key] == "string"
        for name in (spec.event_time, spec.record_modified):
            assert name is None or spec.types[name] == "date-time"
        assert (spec.event_time is not None) == (spec.category == "Engagement")


def test_every_field_says_what_it_means() -> None:
    assert [field.name for spec in OBJECTS for field in spec.fields if not field.meaning.endswith(".")] == []


def test_new_names_stay_with_the_plain_form() -> None:
    names = {field.name for spec in OBJECTS for field in spec.fields} - {"recordModified"}

    assert [name for name in names if name != name.lower() or not name.isidentifier() or name.endswith("_")] == []


def test_objects_are_found_by_name() -> None:
    assert list(BY_NAME.values()) == list(OBJECTS)


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([], "there is no object"),
        ([LAP._replace(fields=())], "has 0 fields"),
        (_with(*(Field(f"f{n}", "number", "") for n in range(MOST_FIELDS))), "has 1018 fields, not 1 to 1000"),
        (_with(Field("a b", "string", "")), "field a b is not 1 to 80 letters"),
        (_with(Field("x" * 81, "string", "")), "is not 1 to 80 letters"),
        (_with(Field("device__c", "string", "")), "field device__c contains __"),
        (_with(Field("version", "string", "")), "field version is a reserved name"),
        (_with(Field("Row_Count", "string", "")), "field Row_Count is a reserved name"),
        (_with(Field("Pit_Lap", "string", "")), "field pit_lap stands twice"),
        ([LAP, LAP], "object lapevent stands twice"),
        ([LAP._replace(name="Lap Event")], "object Lap Event is not 1 to 80 letters"),
        ([LAP._replace(name="Lap__dlm")], "object Lap__dlm contains __"),
        ([LAP._replace(fields=(Field("event_id", "string", ""),))], "without a date-time"),
        ([LAP._replace(primary_key="nope")], "has no field nope, its primary key"),
    ],
)
def test_each_rule_of_the_upload_is_watched(objects: list[ObjectSpec], sentence: str) -> None:
    assert any(sentence in breach for breach in rule_breaches(objects))
