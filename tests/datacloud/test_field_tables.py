"""The field tables come from the schema, and the admin's guide holds them as they are."""

from __future__ import annotations

import pytest

from app.datacloud.field_tables import field_tables
from app.datacloud.schema import OBJECTS, ObjectSpec
from tests.gateway import ROOT

GUIDE = ROOT / "docs" / "salesforce.md"


@pytest.mark.parametrize("spec", OBJECTS, ids=lambda spec: spec.name)
def test_each_field_is_a_line_with_its_type_and_its_meaning(spec: ObjectSpec) -> None:
    lines = field_tables([spec]).splitlines()

    assert lines[0] == f"### {spec.name}"
    assert lines[2].startswith(f"Category {spec.category}; primary key `{spec.primary_key}`")
    assert lines[4:6] == ["| field | type | meaning |", "| --- | --- | --- |"]
    assert lines[6:] == [f"| `{field.name}` | {field.type} | {field.meaning} |" for field in spec.fields]


def test_what_an_object_lacks_is_not_mentioned() -> None:
    session = next(spec for spec in OBJECTS if spec.event_time is None)

    assert "event time" not in field_tables([session])


def test_no_meaning_breaks_its_table() -> None:
    assert [field for spec in OBJECTS for field in spec.fields if set("|\n") & set(field.meaning)] == []


def test_the_guide_holds_the_tables_as_they_are() -> None:
    told = GUIDE.read_text(encoding="utf-8").split("<!-- fields: begin -->\n\n")[1].split("\n<!-- fields: end -->")[0]

    assert told == field_tables()
