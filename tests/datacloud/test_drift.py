"""A schema file that an org was given is held against ours: new is possible, gone and retyped is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.datacloud.drift import Drift, drift, types_of
from app.datacloud.schema import LAP, OBJECTS, Field, schema_yaml

RELEASED = Path(__file__).parent / "released_schema.yaml"
WITHOUT_ITS_LAST = (LAP._replace(fields=LAP.fields[:-1]),)


def test_ours_agrees_with_itself() -> None:
    assert drift(schema_yaml()) == Drift((), (), ())


def test_an_org_with_the_released_file_can_take_ours() -> None:
    assert drift(RELEASED.read_text(encoding="utf-8")).is_possible


def test_a_field_and_an_object_that_the_file_lacks_are_new() -> None:
    found = drift(schema_yaml(WITHOUT_ITS_LAST))

    assert "LapEvent.tyre_compound (string)" in found.new
    assert "RaceEvent (the whole object)" in found.new
    assert found.is_possible


def test_what_ours_lacks_is_gone_and_cannot_be() -> None:
    found = drift(schema_yaml(), WITHOUT_ITS_LAST)

    assert "LapEvent.tyre_compound (string)" in found.gone
    assert "RaceEvent (the whole object)" in found.gone
    assert not found.is_possible


def test_another_type_cannot_be() -> None:
    fields = tuple(Field(field.name, "string", "") for field in LAP.fields)

    found = drift(schema_yaml([spec if spec is not LAP else LAP._replace(fields=fields) for spec in OBJECTS]))

    assert "LapEvent.event_time (string, in ours date-time)" in found.retyped
    assert "LapEvent.lap_number (string, in ours number)" in found.retyped
    assert (found.new, found.gone) == ((), ())
    assert not found.is_possible


def test_a_type_that_we_never_write_is_told_as_it_stands() -> None:
    text = "components: {schemas: {LapEvent: {properties: {lap_number: {type: integer}}}}}"

    assert types_of(text) == {"LapEvent": {"lap_number": "integer"}}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "is not YAML"),
        ("", "it has no components.schemas"),
        ("components: 3", "it has no components.schemas"),
        ("components: {schemas: {LapEvent: {type: object}}}", "LapEvent has no properties"),
        ("components: {schemas: {LapEvent: {properties: {lap_number: 3}}}}", "LapEvent.lap_number has no type"),
    ],
)
def test_what_is_no_schema_file_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        drift(text)
