"""The schema file that an admin would upload, as the objects that the emulator takes.

The file holds names and types only. What an admin chooses for each object besides, category and keys, comes from our
own table, or from whoever calls.

Source:
    Salesforce, Data 360 Ingestion API, schema file requirements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import yaml

from app.datacloud.schema import BY_NAME, Field, FieldType, ObjectSpec, rule_breaches

_TYPES: Final[Mapping[tuple[Any, Any], FieldType]] = {
    ("string", None): "string",
    ("number", None): "number",
    ("boolean", None): "boolean",
    ("string", "date-time"): "date-time",
}


def objects_of(text: str, known: Mapping[str, ObjectSpec] = BY_NAME) -> tuple[ObjectSpec, ...]:
    """The objects of a schema file, in its order.

    Args:
        text: The file.
        known: Objects by name, for what the file does not hold: category and keys.

    Raises:
        ValueError: The org would refuse the file, or nothing is known of an object; the message says why.
    """
    specs = tuple(_object(name, body, known) for name, body in _schemas(text).items())
    if breaches := rule_breaches(specs):
        raise ValueError("; ".join(breaches))
    return specs


# Any: what a YAML file holds, about to be found out.
def _schemas(text: str) -> Mapping[str, Any]:
    try:
        file = yaml.safe_load(text)
    except yaml.YAMLError as refused:
        raise ValueError(f"not YAML: {' '.join(str(refused).split())}") from None
    top = _mapping(file, "the file")
    if set(top) != {"openapi", "components"}:
        raise ValueError("the file must hold openapi and components, and nothing else")
    if not str(top["openapi"]).startswith("3.0."):
        raise ValueError(f"openapi must be 3.0.x, not {top['openapi']}")
    components = _mapping(top["components"], "components")
    if set(components) != {"schemas"}:
        raise ValueError("components must hold schemas, and nothing else")
    return _mapping(components["schemas"], "schemas")


def _object(name: str, body: Any, known: Mapping[str, ObjectSpec]) -> ObjectSpec:
    if name not in known:
        raise ValueError(f"{name}: its category and keys are not known; names known: {', '.join(sorted(known))}")
    given = _mapping(body, name)
    if given.get("type") != "object":
        raise ValueError(f"{name} must have type: object")
    properties = _mapping(given.get("properties"), f"properties of {name}")
    meanings = {field.name: field for field in known[name].fields}
    fields = []
    for field_name, told in properties.items():
        found = _type(f"{name}.{field_name}", told)
        ours = meanings.get(field_name)
        fields.append(ours._replace(type=found) if ours is not None else Field(str(field_name), found, ""))
    spec = known[name]._replace(fields=tuple(fields))
    for what, key in (("event time", spec.event_time), ("record modified", spec.record_modified)):
        if key is not None and spec.types.get(key) != "date-time":
            raise ValueError(f"{name} has no date-time {key}, its {what}")
    return spec


def _type(where: str, told: Any) -> FieldType:
    given = _mapping(told, where)
    found = _TYPES.get((given.get("type"), given.get("format")))
    if found is None or not set(given) <= {"type", "format"}:
        raise ValueError(f"{where} must be string, number, boolean or string with format: date-time")
    return found


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be a mapping")
    return value
