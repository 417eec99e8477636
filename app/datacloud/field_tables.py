"""The fields of every object as Markdown: the tables of `docs/salesforce.md`, from the one truth for names."""

from __future__ import annotations

from collections.abc import Iterable

from app.datacloud.schema import OBJECTS, ObjectSpec


def field_tables(objects: Iterable[ObjectSpec] = OBJECTS) -> str:
    """A heading, what the admin chooses, and a table of the fields, for each object; ends with a line break."""
    return "\n".join(_table(spec) for spec in objects)


def _table(spec: ObjectSpec) -> str:
    lines = [f"### {spec.name}", "", _choices(spec), "", "| field | type | meaning |", "| --- | --- | --- |"]
    lines += [f"| `{field.name}` | {field.type} | {field.meaning} |" for field in spec.fields]
    return "\n".join(lines) + "\n"


def _choices(spec: ObjectSpec) -> str:
    keys = [
        ("primary key", spec.primary_key),
        ("event time", spec.event_time),
        ("record modified", spec.record_modified),
    ]
    named = [f"{what} `{name}`" for what, name in keys if name is not None]
    return f"Category {spec.category}; {', '.join(named)}."
